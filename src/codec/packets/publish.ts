/** PUBLISH (§3.3): a message. */

import { outOfRange } from '../../errors.js'
import { MAX_VARINT, type Reader, varintSize, type Writer } from '../bytes.js'
import { checkBytes, checkInteger, checkPacketId, flag, readPacketId } from '../fields.js'
import type { Properties } from '../properties.js'
import { measureProperties, NO_PROPERTIES, readProperties, writeProperties } from '../property-list.js'
import type { ProtocolVersion, QoS, WithDefaults } from '../protocol.js'
import { malformed } from '../reason.js'
import { checkTopicName } from '../topic.js'
import { readTopicName } from '../topic-names.js'
import { utf8Length } from '../utf8.js'

/** Properties that PUBLISH may carry (§3.3.2.3). */
export type PublishProperties = Pick<
  Properties,
  | 'payloadFormatIndicator'
  | 'messageExpiryInterval'
  | 'topicAlias'
  | 'responseTopic'
  | 'correlationData'
  | 'userProperties'
  | 'subscriptionIdentifiers'
  | 'contentType'
>

/** PUBLISH with every field. */
export interface Publish {
  type: 'publish'
  dup: boolean
  qos: QoS
  retain: boolean
  /** Empty only with a Topic Alias. */
  topic: string
  /** 1 to 65 535 at QoS 1 and 2, undefined at QoS 0. */
  packetId: number | undefined
  properties: PublishProperties
  /** Decoded, it is a view of the chunk that it came in. */
  payload: Uint8Array
}

/** PUBLISH as a caller writes it. Defaults: `qos` 0, `dup` and `retain` false, no properties, an empty `payload`. */
export type PublishInput = WithDefaults<Publish, 'dup' | 'qos' | 'retain' | 'packetId' | 'properties' | 'payload'>

const EMPTY = new Uint8Array(0)
const DUP = 0b1000

export function completePublish(input: PublishInput): Publish {
  return {
    type: 'publish',
    dup: input.dup ?? false,
    qos: input.qos ?? 0,
    retain: input.retain ?? false,
    topic: input.topic,
    packetId: input.packetId ?? undefined,
    properties: input.properties ?? NO_PROPERTIES,
    payload: input.payload ?? EMPTY,
  }
}

/** The topic that was checked last: a message is measured when it is published, and again when it is written. */
let checked: string | undefined
let checkedBytes = 0

function topicLength(topic: string): number {
  if (topic !== checked) {
    const bytes = utf8Length(topic, 'publish.topic')
    checkTopicName(topic, 'publish.topic')
    checked = topic
    checkedBytes = bytes
  }
  return checkedBytes
}

/** Checks all of it; returns the Remaining Length. Written out, because it is what a client does most. */
export function publishLength(packet: Publish, version: ProtocolVersion): number {
  const { dup, qos, topic, packetId, properties, payload } = packet
  checkInteger(qos, 0, 2, 'publish.qos')
  flag(dup, 1, 'publish.dup')
  flag(packet.retain, 1, 'publish.retain')
  let length = 2
  if (qos !== 0) {
    checkPacketId(packetId, 'publish.packetId')
    length += 2
  } else {
    // [MQTT-3.3.1-2] DUP is 0 for every QoS 0 message.
    if (dup) throw outOfRange('publish.dup', 'false at QoS 0', dup)
    // [MQTT-2.2.1-2] No Packet Identifier at QoS 0.
    if (packetId !== undefined) throw outOfRange('publish.packetId', 'undefined at QoS 0', packetId)
  }
  const listed = measureProperties(properties, 'publish', version)
  if (version === 5) length += varintSize(listed) + listed
  const aliased = topic === '' && properties.topicAlias !== undefined // §3.3.2.3.4
  if (!aliased) length += topicLength(topic)
  return length + checkBytes(payload, MAX_VARINT, 'publish.payload').length
}

export function writePublish(writer: Writer, packet: Publish, version: ProtocolVersion): void {
  const { qos, payload } = packet
  const length = publishLength(packet, version)
  const apart = writer.keeps(payload)
  const flags = (packet.dup ? DUP : 0) | (qos << 1) | (packet.retain ? 1 : 0)
  writer.begin(0x30 | flags, length, apart ? payload.length : 0)
  writer.text(packet.topic)
  if (qos !== 0) writer.uint16(packet.packetId as number)
  if (version === 5) writeProperties(writer)
  if (apart) writer.reference(payload)
  else writer.raw(payload, payload.length)
}

/** The flags were checked with the first byte. */
export function decodePublish(reader: Reader, version: ProtocolVersion): Publish {
  const flags = reader.first
  const qos = ((flags >> 1) & 3) as QoS
  const topic = readTopicName(reader)
  const packetId = qos === 0 ? undefined : readPacketId(reader)
  const properties: PublishProperties = readProperties(reader, version)
  // [MQTT-4.7.3-1] §3.3.2.1: the Topic Name is empty only where a Topic Alias stands for it.
  if (topic === '' && properties.topicAlias === undefined) {
    throw reader.refuse('topic', 'a Topic Name or a Topic Alias', 'neither')
  }
  return {
    type: 'publish',
    dup: (flags & DUP) !== 0,
    qos,
    retain: (flags & 1) !== 0,
    topic,
    packetId,
    properties,
    // Stryker disable next-line StringLiteral: what is left is there, so that no error names it
    payload: reader.view(reader.left, 'payload'),
  }
}

/** Checks the flags of a PUBLISH (§3.3.1) as soon as they are there. */
export function checkPublishFlags(flags: number): void {
  const qos = (flags >> 1) & 3
  // [MQTT-3.3.1-4]
  if (qos === 3) throw malformed('publish.qos: expected 0, 1 or 2, got 3')
  // [MQTT-3.3.1-2]
  if (qos === 0 && (flags & DUP) !== 0) throw malformed('publish.dup: expected 0 at QoS 0, got 1')
}
