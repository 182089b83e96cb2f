/** mqtt-packet, the codec of MQTT.js and Aedes, behind our names: what it reads of one packet, and what it writes. */

import type { Packet as Foreign, Packet as ForeignPacket, IConnackPacket } from 'mqtt-packet'
import mqttPacket from 'mqtt-packet'
import type { Packet } from '../../src/codec/index.js'
import type { ProtocolVersion } from '../../src/codec/protocol.js'

/** What mqtt-packet made of the bytes of one packet. */
export interface Theirs {
  /** In our names; undefined if it was refused. */
  packet: Packet | undefined
  /** What it called the packet itself. */
  raw: Fields | undefined
  error: Error | undefined
  /** Bytes of the body that it read; it does not look whether those are all, or more than there are. */
  end: number
}

export type Fields = Record<string, unknown>

/** Where it names a property differently. */
const NAMES: Readonly<Record<string, string>> = {
  maximumQoS: 'maximumQos',
  subscriptionIdentifiersAvailable: 'subscriptionIdentifierAvailable',
}
const THEIR_NAMES = Object.fromEntries(Object.entries(NAMES).map(([theirs, ours]) => [ours, theirs]))

export function readTheirs(bytes: Uint8Array, version: ProtocolVersion): Theirs {
  const parser = mqttPacket.parser({ protocolVersion: version } as IConnackPacket & { protocolVersion: number })
  const result: Theirs = { packet: undefined, raw: undefined, error: undefined, end: 0 }
  parser.on('error', (error: Error) => {
    result.error ??= error
  })
  parser.on('packet', (packet: ForeignPacket) => {
    result.raw ??= packet as unknown as Fields
    result.end ||= (parser as unknown as { _pos: number })._pos
  })
  try {
    parser.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))
  } catch (error) {
    result.error = error as Error
  }
  if (!result.error && result.raw) result.packet = toOurs(result.raw, version)
  else result.error ??= new Error('it gave no packet')
  return result
}

/** The bytes that it makes of a packet, or its error. */
export function writeTheirs(packet: Packet, version: ProtocolVersion): Uint8Array | Error {
  try {
    const bytes = mqttPacket.generate(toTheirs(packet) as unknown as Foreign, { protocolVersion: version } as never)
    return Uint8Array.from(bytes)
  } catch (error) {
    return error as Error
  }
}

/**
 * A packet as both can say it: mqtt-packet keeps user properties by their names, and so loses the order of those of
 * different names.
 */
export function comparable(packet: Packet): Packet {
  const named = withSortedNames(packet)
  return named.type === 'connect' && named.will ? { ...named, will: withSortedNames(named.will) } : named
}

function withSortedNames<T extends object>(holder: T): T {
  const properties = (holder as { properties?: { userProperties?: [string, string][] } }).properties
  if (!properties?.userProperties) return holder
  const userProperties = [...properties.userProperties].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return { ...holder, properties: { ...properties, userProperties } }
}

function toOurs(raw: Fields, version: ProtocolVersion): Packet {
  const { cmd: type, messageId: packetId } = raw
  const properties = listToOurs(raw.properties, type === 'publish')
  const reasonCode = raw.reasonCode ?? 0
  return fieldsOf() as unknown as Packet

  function fieldsOf(): Fields {
    switch (type) {
      case 'connect':
        return {
          type,
          protocolVersion: raw.protocolVersion,
          bridgeMode: raw.bridgeMode === true,
          cleanStart: raw.clean,
          keepAlive: raw.keepalive,
          clientId: raw.clientId,
          will: raw.will === undefined ? undefined : willToOurs(raw.will as Fields),
          username: raw.username,
          password: raw.password,
          properties,
        }
      case 'connack':
        return {
          type,
          sessionPresent: raw.sessionPresent,
          reasonCode: version === 5 ? reasonCode : raw.returnCode,
          properties,
        }
      case 'publish': {
        const { dup, qos, retain, topic, payload } = raw
        return { type, dup, qos, retain, topic, packetId, properties, payload }
      }
      case 'subscribe': {
        const subscriptions = (raw.subscriptions as Fields[]).map(({ topic, qos, nl, rap, rh }) => ({
          filter: topic,
          qos,
          noLocal: nl ?? false,
          retainAsPublished: rap ?? false,
          retainHandling: rh ?? 0,
        }))
        return { type, packetId, properties, subscriptions }
      }
      case 'suback':
        return { type, packetId, reasonCodes: raw.granted, properties }
      case 'unsubscribe':
        return { type, packetId, filters: raw.unsubscriptions, properties }
      case 'unsuback':
        return { type, packetId, reasonCodes: raw.granted ?? [], properties }
      case 'pingreq':
      case 'pingresp':
        return { type }
      case 'disconnect':
      case 'auth':
        return { type, reasonCode, properties }
      default:
        return { type, packetId, reasonCode, properties }
    }
  }
}

function willToOurs({ topic, payload, qos, retain, properties }: Fields): Fields {
  return { topic, payload, qos, retain, properties: listToOurs(properties, false) }
}

function listToOurs(properties: unknown, isPublish: boolean): Fields {
  const list: Fields = {}
  for (const [name, value] of Object.entries((properties ?? {}) as Fields)) {
    if (name === 'userProperties') {
      const pairs = Object.entries(value as Record<string, string | string[]>)
      list[name] = pairs.flatMap(([key, values]) => [values].flat().map((each) => [key, each]))
    } else if (name === 'payloadFormatIndicator' && typeof value === 'boolean') list[name] = Number(value)
    else if (name === 'subscriptionIdentifier' && isPublish) list.subscriptionIdentifiers = [value].flat()
    else list[NAMES[name] ?? name] = value
  }
  return list
}

function toTheirs(packet: Packet): Fields {
  const { type: cmd } = packet
  const properties = 'properties' in packet ? listToTheirs(packet.properties) : undefined
  switch (packet.type) {
    case 'connect': {
      const { protocolVersion, bridgeMode, cleanStart: clean, keepAlive: keepalive, clientId, will, username } = packet
      return {
        ...{ cmd, protocolId: protocolVersion === 3 ? 'MQIsdp' : 'MQTT', protocolVersion, bridgeMode, clean },
        ...{ keepalive, clientId, username, properties, password: packet.password && Buffer.from(packet.password) },
        will: will && { ...will, payload: Buffer.from(will.payload), properties: listToTheirs(will.properties) },
      }
    }
    case 'connack': {
      const { sessionPresent, reasonCode } = packet
      return { cmd, sessionPresent, reasonCode, returnCode: reasonCode, properties }
    }
    case 'publish': {
      const { dup, qos, retain, topic, packetId: messageId, payload } = packet
      return { cmd, dup, qos, retain, topic, messageId, properties, payload: Buffer.from(payload) }
    }
    case 'subscribe': {
      const subscriptions = packet.subscriptions.map(
        ({ filter: topic, qos, noLocal: nl, retainAsPublished: rap, retainHandling: rh }) => ({
          topic,
          qos,
          nl,
          rap,
          rh,
        }),
      )
      return { cmd, messageId: packet.packetId, subscriptions, properties }
    }
    case 'suback':
    case 'unsuback':
      return { cmd, messageId: packet.packetId, granted: packet.reasonCodes, properties }
    case 'unsubscribe':
      return { cmd, messageId: packet.packetId, unsubscriptions: packet.filters, properties }
    case 'pingreq':
    case 'pingresp':
      return { cmd }
    case 'disconnect':
    case 'auth':
      return { cmd, reasonCode: packet.reasonCode, properties }
    default:
      return { cmd, messageId: packet.packetId, reasonCode: packet.reasonCode, properties }
  }
}

function listToTheirs(properties: object): Fields {
  const list: Fields = {}
  for (const [name, value] of Object.entries(properties)) {
    if (name === 'userProperties') {
      const byName: Record<string, string[]> = Object.create(null)
      for (const [key, each] of value as [string, string][]) {
        byName[key] ??= []
        byName[key].push(each)
      }
      list[name] = byName
    } else if (name === 'payloadFormatIndicator') list[name] = value === 1
    else if (name === 'subscriptionIdentifiers') list.subscriptionIdentifier = value
    else if (value instanceof Uint8Array) list[name] = Buffer.from(value)
    else list[THEIR_NAMES[name] ?? name] = value
  }
  return list
}
