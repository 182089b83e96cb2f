/** CONNECT (§3.1): the client introduces itself. */

import { outOfRange, wrongType } from '../../errors.js'
import type { Reader } from '../bytes.js'
import { checkInteger, flag } from '../fields.js'
import type { ConnectProperties, Properties } from '../properties.js'
import { emitProperties, NO_PROPERTIES, readProperties } from '../property-list.js'
import type { ProtocolVersion, QoS, WithDefaults } from '../protocol.js'
import type { Sink } from '../sink.js'
import { checkTopicName, isTopicName } from '../topic.js'

/** Properties that a Will may carry (§3.1.3.2). */
export type WillProperties = Pick<
  Properties,
  | 'willDelayInterval'
  | 'payloadFormatIndicator'
  | 'messageExpiryInterval'
  | 'contentType'
  | 'responseTopic'
  | 'correlationData'
  | 'userProperties'
>

/** The message that the server publishes when the client vanishes (§3.1.2.5). */
export interface Will {
  topic: string
  payload: Uint8Array
  qos: QoS
  retain: boolean
  properties: WillProperties
}

/** CONNECT with every field. */
export interface Connect {
  type: 'connect'
  protocolVersion: ProtocolVersion
  /** The top bit of the protocol level, by which bridges are known in 3.1 and 3.1.1. */
  bridgeMode: boolean
  /** Clean Start (5.0), Clean Session (3.1, 3.1.1). */
  cleanStart: boolean
  /** Seconds, 0 to 65 535; 0 turns it off. */
  keepAlive: number
  clientId: string
  will: Will | undefined
  username: string | undefined
  password: Uint8Array | undefined
  properties: ConnectProperties
}

/** A Will as a caller writes it. Default: no properties. */
export type WillInput = WithDefaults<Will, 'properties'>
/** CONNECT as a caller writes it. Defaults: `cleanStart` true, `keepAlive` 0, an empty `clientId`, and none of the rest. */
export type ConnectInput = WithDefaults<
  Omit<Connect, 'will'>,
  'bridgeMode' | 'cleanStart' | 'keepAlive' | 'clientId' | 'username' | 'password' | 'properties'
> & { will?: WillInput | undefined }

/** The bits of the Connect Flags (§3.1.2.3). */
const RESERVED = 0x01
const CLEAN_START = 0x02
const WILL = 0x04
const WILL_RETAIN = 0x20
const PASSWORD = 0x40
const USERNAME = 0x80

const BRIDGE = 0x80

export function completeConnect(input: ConnectInput): Connect {
  return {
    type: 'connect',
    protocolVersion: input.protocolVersion,
    bridgeMode: input.bridgeMode ?? false,
    cleanStart: input.cleanStart ?? true,
    keepAlive: input.keepAlive ?? 0,
    clientId: input.clientId ?? '',
    will: input.will ? { ...input.will, properties: input.will.properties ?? NO_PROPERTIES } : undefined,
    username: input.username ?? undefined,
    password: input.password ?? undefined,
    properties: input.properties ?? NO_PROPERTIES,
  }
}

export function emitConnect(sink: Sink, packet: Connect, version: ProtocolVersion): void {
  const { protocolVersion, bridgeMode, cleanStart, clientId, will, username, password, properties } = packet
  if (protocolVersion !== version) throw outOfRange('connect.protocolVersion', `${version}`, protocolVersion)
  const bridge = flag(bridgeMode, BRIDGE, 'connect.bridgeMode')
  if (bridge && version === 5) throw outOfRange('connect.bridgeMode', 'false in MQTT 5.0', bridgeMode)
  let flags = flag(cleanStart, CLEAN_START, 'connect.cleanStart')
  if (will !== undefined) {
    flags |= WILL | flag(will.retain, WILL_RETAIN, 'connect.will.retain')
    flags |= checkInteger(will.qos, 0, 2, 'connect.will.qos') << 3 // [MQTT-3.1.2-12]
  }
  if (password !== undefined) flags |= PASSWORD
  if (username !== undefined) flags |= USERNAME

  // Stryker disable next-line StringLiteral: the name is ours, so that no error names the field
  sink.text(protocolName(version), '') // [MQTT-3.1.2-1]
  sink.byte(version | bridge)
  sink.byte(flags)
  sink.uint16(packet.keepAlive, 'connect.keepAlive')
  emitProperties(sink, properties, 'connect', version)
  // §3.1.2.11.10
  if (properties.authenticationData !== undefined && properties.authenticationMethod === undefined) {
    throw wrongType('connect.properties.authenticationMethod', 'a string with authenticationData', undefined)
  }
  // [MQTT-3.1.3-1] The order of the payload.
  sink.text(clientId, 'connect.clientId')
  // [MQTT-3.1.3-7 of 3.1.1]
  if (clientId === '' && !cleanStart && version !== 5) {
    throw outOfRange('connect.clientId', 'one without cleanStart before MQTT 5.0', '')
  }
  if (will !== undefined) {
    emitProperties(sink, will.properties, 'will', version)
    sink.text(will.topic, 'connect.will.topic', checkTopicName)
    sink.binary(will.payload, 'connect.will.payload')
  }
  if (username !== undefined) sink.text(username, 'connect.username')
  if (password !== undefined) {
    // [MQTT-3.1.2-22 of 3.1.1]
    if (username === undefined && version !== 5) {
      throw outOfRange('connect.username', 'one with a password before MQTT 5.0', username)
    }
    sink.binary(password, 'connect.password')
  }
}

/** CONNECT says itself which version it is of. */
export function decodeConnect(reader: Reader): Connect {
  const name = reader.text('protocolName')
  const level = reader.byte('protocolVersion')
  const version = protocolVersion(reader, name, level)
  const flags = reader.byte('Connect Flags')
  checkFlags(reader, flags, version)
  const keepAlive = reader.uint16('keepAlive')
  const cleanStart = (flags & CLEAN_START) !== 0
  const properties: ConnectProperties = readProperties(reader, version)
  // §3.1.2.11.10
  if (properties.authenticationData !== undefined && properties.authenticationMethod === undefined) {
    throw reader.refuse('properties.authenticationMethod', 'one with authenticationData', 'none')
  }
  const clientId = reader.text('clientId')
  // [MQTT-3.1.3-8 of 3.1.1] That 3.1 asks for 1 to 23 characters is not enforced: hardly anyone does.
  if (clientId === '' && !cleanStart && version !== 5) {
    throw reader.refuse('clientId', 'one without Clean Session', 'none', 0x85)
  }
  return {
    type: 'connect',
    protocolVersion: version,
    bridgeMode: level > BRIDGE,
    cleanStart,
    keepAlive,
    clientId,
    will: (flags & WILL) === 0 ? undefined : readWill(reader, flags, version),
    username: (flags & USERNAME) === 0 ? undefined : reader.text('username'),
    password: (flags & PASSWORD) === 0 ? undefined : reader.binary('password'),
    properties,
  }
}

function readWill(reader: Reader, flags: number, version: ProtocolVersion): Will {
  const properties: WillProperties = readProperties(reader, version, 'will')
  const topic = reader.text('will.topic')
  if (!isTopicName(topic)) {
    throw reader.refuse('will.topic', 'a Topic Name', 'another text', 0x90)
  }
  return {
    topic,
    payload: reader.binary('will.payload'),
    qos: ((flags >> 3) & 3) as QoS,
    retain: (flags & WILL_RETAIN) !== 0,
    properties,
  }
}

function checkFlags(reader: Reader, flags: number, version: ProtocolVersion): void {
  const willQoS = (flags >> 3) & 3
  // [MQTT-3.1.2-3]
  if ((flags & RESERVED) !== 0) throw reader.malformed('Connect Flags', 'a reserved flag of 0', 1)
  // [MQTT-3.1.2-12]
  if (willQoS === 3) throw reader.malformed('will.qos', '0, 1 or 2', 3)
  // [MQTT-3.1.2-11] [MQTT-3.1.2-13]
  if ((flags & WILL) === 0 && (willQoS !== 0 || (flags & WILL_RETAIN) !== 0)) {
    throw reader.malformed('will', 'Will QoS and Will Retain of 0 without a Will', 'others')
  }
  // [MQTT-3.1.2-22 of 3.1.1]
  if (version !== 5 && (flags & PASSWORD) !== 0 && (flags & USERNAME) === 0) {
    throw reader.malformed('username', 'one with a password before MQTT 5.0', 'none')
  }
}

function protocolName(version: ProtocolVersion): string {
  return version === 3 ? 'MQIsdp' : 'MQTT'
}

function protocolVersion(reader: Reader, name: string, level: number): ProtocolVersion {
  if (name === 'MQTT' && level === 5) return 5
  const version = level & ~BRIDGE
  if (name === 'MQTT' && version === 4) return 4
  if (name === 'MQIsdp' && version === 3) return 3
  // [MQTT-3.1.2-1] [MQTT-3.1.2-2]
  const got = name === 'MQTT' || name === 'MQIsdp' ? `${name} at level ${level}` : 'another protocol'
  throw reader.refuse('protocolVersion', 'MQTT at level 4 or 5, or MQIsdp at level 3', got, 0x84)
}
