/** CONNECT (§3.1): the client introduces itself. */

import { outOfRange, wrongType } from '../../errors.js'
import { type Reader, varintSize, type Writer } from '../bytes.js'
import { checkBoolean, checkBytes, checkInteger, checkQoS, versionName } from '../fields.js'
import { type ConnectProperties, type Properties, propertySet } from '../properties.js'
import { measureProperties, NO_PROPERTIES, readProperties, writeProperties } from '../property-list.js'
import type { ProtocolVersion, QoS, WithDefaults } from '../protocol.js'
import { malformed, protocolError, violation } from '../reason.js'
import { checkTopicName, isTopicName } from '../topic.js'
import { utf8Length } from '../utf8.js'

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

export type WillInput = WithDefaults<Will, 'properties'>
export type ConnectInput = WithDefaults<
  Omit<Connect, 'will'>,
  'bridgeMode' | 'cleanStart' | 'keepAlive' | 'clientId' | 'username' | 'password' | 'properties'
> & { will?: WillInput | undefined }

const PROPERTIES = propertySet('connect')
const WILL_PROPERTIES = propertySet('will')

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

/** Checks all of it; returns the Remaining Length. */
export function connectLength(packet: Connect, version: ProtocolVersion): number {
  const { clientId, will, username, password, properties } = packet
  if (packet.protocolVersion !== version) {
    throw outOfRange('connect.protocolVersion', `${version}, the version that is encoded`, packet.protocolVersion)
  }
  checkBoolean(packet.bridgeMode, 'connect.bridgeMode')
  if (packet.bridgeMode && version === 5) throw outOfRange('connect.bridgeMode', 'false in MQTT 5.0', true)
  checkBoolean(packet.cleanStart, 'connect.cleanStart')
  checkInteger(packet.keepAlive, 0, 65_535, 'connect.keepAlive')
  // Name, level, flags, Keep Alive.
  let length = 2 + protocolName(version).length + 1 + 1 + 2
  const listed = measureProperties(properties, PROPERTIES, version)
  if (version === 5) length += varintSize(listed) + listed
  // §3.1.2.11.10
  if (properties.authenticationData !== undefined && properties.authenticationMethod === undefined) {
    throw wrongType('connect.properties.authenticationMethod', 'a string with authenticationData', undefined)
  }
  length += 2 + utf8Length(clientId, 'connect.clientId')
  // [MQTT-3.1.3-7 of 3.1.1]
  if (clientId === '' && !packet.cleanStart && version !== 5) {
    throw outOfRange('connect.clientId', `one character at least without cleanStart in ${versionName(version)}`, '')
  }
  if (will !== undefined) length += willLength(will, version)
  if (username !== undefined) length += 2 + utf8Length(username, 'connect.username')
  if (password !== undefined) {
    checkBytes(password, 65_535, 'connect.password')
    // [MQTT-3.1.2-22 of 3.1.1]
    if (username === undefined && version !== 5) {
      throw outOfRange('connect.username', `one with a password in ${versionName(version)}`, username)
    }
    length += 2 + password.length
  }
  return length
}

function willLength(will: Will, version: ProtocolVersion): number {
  checkQoS(will.qos, 'connect.will.qos') // [MQTT-3.1.2-12]
  checkBoolean(will.retain, 'connect.will.retain')
  checkBytes(will.payload, 65_535, 'connect.will.payload')
  const listed = measureProperties(will.properties, WILL_PROPERTIES, version)
  const length = 2 + checkTopicName(will.topic, 'connect.will.topic') + 2 + will.payload.length
  return version === 5 ? length + varintSize(listed) + listed : length
}

export function writeConnect(writer: Writer, packet: Connect, version: ProtocolVersion): void {
  const { will, username, password } = packet
  writer.begin(0x10, connectLength(packet, version))
  writer.text(protocolName(version)) // [MQTT-3.1.2-1]
  writer.byte(packet.bridgeMode ? version | BRIDGE : version)
  let flags = packet.cleanStart ? CLEAN_START : 0
  if (will !== undefined) flags |= WILL | (will.qos << 3) | (will.retain ? WILL_RETAIN : 0)
  if (password !== undefined) flags |= PASSWORD
  if (username !== undefined) flags |= USERNAME
  writer.byte(flags)
  writer.uint16(packet.keepAlive)
  if (version === 5) writeProperties(writer, packet.properties, PROPERTIES)
  // [MQTT-3.1.3-1] The order of the payload.
  writer.text(packet.clientId)
  if (will !== undefined) {
    if (version === 5) writeProperties(writer, will.properties, WILL_PROPERTIES)
    writer.text(will.topic)
    writer.binary(will.payload)
  }
  if (username !== undefined) writer.text(username)
  if (password !== undefined) writer.binary(password)
}

/** CONNECT says itself which version it is of. */
export function decodeConnect(reader: Reader): Connect {
  const name = reader.text('connect.protocolName')
  const level = reader.byte('connect.protocolVersion')
  const version = protocolVersion(name, level)
  const flags = reader.byte('connect: Connect Flags')
  checkFlags(flags, version)
  const keepAlive = reader.uint16('connect.keepAlive')
  const cleanStart = (flags & CLEAN_START) !== 0
  const properties: ConnectProperties = version === 5 ? readProperties(reader, PROPERTIES) : NO_PROPERTIES
  // §3.1.2.11.10
  if (properties.authenticationData !== undefined && properties.authenticationMethod === undefined) {
    throw protocolError('connect.properties.authenticationMethod: expected one with authenticationData, got none')
  }
  const clientId = reader.text('connect.clientId')
  // [MQTT-3.1.3-8 of 3.1.1] That 3.1 asks for 1 to 23 characters is not enforced: hardly anyone does.
  if (clientId === '' && !cleanStart && version !== 5) {
    throw violation(0x85, 'connect.clientId: expected one character at least without Clean Session, got none')
  }
  return {
    type: 'connect',
    protocolVersion: version,
    bridgeMode: level > BRIDGE,
    cleanStart,
    keepAlive,
    clientId,
    will: (flags & WILL) === 0 ? undefined : readWill(reader, flags, version),
    username: (flags & USERNAME) === 0 ? undefined : reader.text('connect.username'),
    password: (flags & PASSWORD) === 0 ? undefined : reader.binary('connect.password'),
    properties,
  }
}

function readWill(reader: Reader, flags: number, version: ProtocolVersion): Will {
  const properties: WillProperties = version === 5 ? readProperties(reader, WILL_PROPERTIES) : NO_PROPERTIES
  const topic = reader.text('connect.will.topic')
  if (!isTopicName(topic)) {
    throw violation(0x90, 'connect.will.topic: expected a Topic Name of one character at least, without + and #')
  }
  return {
    topic,
    payload: reader.binary('connect.will.payload'),
    qos: ((flags >> 3) & 3) as QoS,
    retain: (flags & WILL_RETAIN) !== 0,
    properties,
  }
}

function checkFlags(flags: number, version: ProtocolVersion): void {
  const willQoS = (flags >> 3) & 3
  // [MQTT-3.1.2-3]
  if ((flags & RESERVED) !== 0) throw malformed('connect: expected a reserved flag of 0, got 1')
  // [MQTT-3.1.2-12]
  if (willQoS === 3) throw malformed('connect.will.qos: expected 0, 1 or 2, got 3')
  // [MQTT-3.1.2-11] [MQTT-3.1.2-13]
  if ((flags & WILL) === 0 && (willQoS !== 0 || (flags & WILL_RETAIN) !== 0)) {
    throw malformed('connect.will: expected Will QoS and Will Retain of 0 without a Will, got others')
  }
  // [MQTT-3.1.2-22 of 3.1.1]
  if (version !== 5 && (flags & PASSWORD) !== 0 && (flags & USERNAME) === 0) {
    throw malformed(`connect.username: expected one with a password in ${versionName(version)}, got none`)
  }
}

function protocolName(version: ProtocolVersion): string {
  return version === 3 ? 'MQIsdp' : 'MQTT'
}

function protocolVersion(name: string, level: number): ProtocolVersion {
  if (name === 'MQTT' && level === 5) return 5
  const version = level & ~BRIDGE
  if (name === 'MQTT' && version === 4) return 4
  if (name === 'MQIsdp' && version === 3) return 3
  // [MQTT-3.1.2-1] [MQTT-3.1.2-2]
  const got = name === 'MQTT' || name === 'MQIsdp' ? `${name} at level ${level}` : 'another protocol'
  throw violation(0x84, `connect.protocolVersion: expected MQTT at level 4 or 5, or MQIsdp at level 3, got ${got}`)
}
