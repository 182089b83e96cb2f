/** SUBSCRIBE (§3.8): the client asks for messages. */

import { outOfRange, wrongType } from '../../errors.js'
import { type Reader, varintSize, type Writer } from '../bytes.js'
import { checkBoolean, checkNotEmpty, checkPacketId, checkQoS, readPacketId, versionName } from '../fields.js'
import { type Properties, propertySet } from '../properties.js'
import { measureProperties, NO_PROPERTIES, readProperties, writeProperties } from '../property-list.js'
import type { ProtocolVersion, QoS, WithDefaults } from '../protocol.js'
import { malformed, protocolError } from '../reason.js'
import { checkTopicFilter, isShared, readTopicFilter } from '../topic.js'

/** Properties that SUBSCRIBE may carry (§3.8.2.1). */
export type SubscribeProperties = Pick<Properties, 'subscriptionIdentifier' | 'userProperties'>

/** A Topic Filter and its Subscription Options (§3.8.3.1). All but `qos` are of 5.0. */
export interface SubscriptionRequest {
  filter: string
  qos: QoS
  noLocal: boolean
  retainAsPublished: boolean
  /** Retained messages are sent: 0 always, 1 for a new subscription only, 2 never. */
  retainHandling: 0 | 1 | 2
}

export interface Subscribe {
  type: 'subscribe'
  /** 1 to 65 535. */
  packetId: number
  properties: SubscribeProperties
  /** One at least. */
  subscriptions: SubscriptionRequest[]
}

export type SubscriptionRequestInput = WithDefaults<
  SubscriptionRequest,
  'qos' | 'noLocal' | 'retainAsPublished' | 'retainHandling'
>
export type SubscribeInput = WithDefaults<Omit<Subscribe, 'subscriptions'>, 'properties'> & {
  subscriptions: SubscriptionRequestInput[]
}

const PROPERTIES = propertySet('subscribe')

export function completeSubscribe(input: SubscribeInput): Subscribe {
  const { subscriptions } = input
  return {
    type: 'subscribe',
    packetId: input.packetId,
    properties: input.properties ?? NO_PROPERTIES,
    subscriptions: Array.isArray(subscriptions) ? subscriptions.map(completeRequest) : subscriptions,
  }
}

function completeRequest(input: SubscriptionRequestInput): SubscriptionRequest {
  if (typeof input !== 'object' || input === null) throw wrongType('subscribe.subscriptions', 'objects', input)
  return {
    filter: input.filter,
    qos: input.qos ?? 0,
    noLocal: input.noLocal ?? false,
    retainAsPublished: input.retainAsPublished ?? false,
    retainHandling: input.retainHandling ?? 0,
  }
}

/** Checks all of it; returns the Remaining Length. */
export function subscribeLength(packet: Subscribe, version: ProtocolVersion): number {
  const { subscriptions } = packet
  checkPacketId(packet.packetId, 'subscribe.packetId')
  checkNotEmpty(subscriptions, 'subscribe.subscriptions') // [MQTT-3.8.3-2]
  const listed = measureProperties(packet.properties, PROPERTIES, version)
  let length = version === 5 ? 2 + varintSize(listed) + listed : 2
  for (const request of subscriptions) length += requestLength(request, version)
  return length
}

function requestLength(request: SubscriptionRequest, version: ProtocolVersion): number {
  const { filter, noLocal, retainAsPublished, retainHandling } = request
  const bytes = checkTopicFilter(filter, 'subscribe.filter')
  checkQoS(request.qos, 'subscribe.qos')
  checkBoolean(noLocal, 'subscribe.noLocal')
  checkBoolean(retainAsPublished, 'subscribe.retainAsPublished')
  checkQoS(retainHandling, 'subscribe.retainHandling')
  if (version !== 5 && (noLocal || retainAsPublished || retainHandling !== 0)) {
    throw outOfRange('subscribe.subscriptions', `no options but qos in ${versionName(version)}`, filter)
  }
  // [MQTT-3.8.3-4]
  if (noLocal && isShared(filter)) throw outOfRange('subscribe.noLocal', 'false for a shared subscription', noLocal)
  return 2 + bytes + 1
}

export function writeSubscribe(writer: Writer, packet: Subscribe, version: ProtocolVersion): void {
  writer.begin(0x82, subscribeLength(packet, version)) // [MQTT-3.8.1-1]
  writer.uint16(packet.packetId)
  if (version === 5) writeProperties(writer, packet.properties, PROPERTIES)
  for (const request of packet.subscriptions) {
    writer.text(request.filter)
    writer.byte(
      request.qos |
        (request.noLocal ? 0b100 : 0) |
        (request.retainAsPublished ? 0b1000 : 0) |
        (request.retainHandling << 4),
    )
  }
}

export function decodeSubscribe(reader: Reader, version: ProtocolVersion): Subscribe {
  const packetId = readPacketId(reader, 'subscribe.packetId')
  const properties = version === 5 ? readProperties(reader, PROPERTIES) : NO_PROPERTIES
  // [MQTT-3.8.3-2]
  if (reader.left === 0) throw protocolError('subscribe.subscriptions: expected one at least, got none')
  const subscriptions: SubscriptionRequest[] = []
  while (reader.left > 0) subscriptions.push(readRequest(reader, version))
  return { type: 'subscribe', packetId, properties, subscriptions }
}

function readRequest(reader: Reader, version: ProtocolVersion): SubscriptionRequest {
  const filter = readTopicFilter(reader, 'subscribe.filter')
  const options = reader.byte('subscribe: Subscription Options')
  const qos = options & 3
  const retainHandling = (options >> 4) & 3
  const noLocal = (options & 0b100) !== 0
  // [MQTT-3.8.3-5] [MQTT-3-8.3-4 of 3.1.1]
  if (options >= (version === 5 ? 0b0100_0000 : 0b100)) {
    throw malformed(`subscribe: expected reserved bits of 0 in the Subscription Options, got ${options}`)
  }
  // §3.8.3.1
  if (qos === 3) throw protocolError('subscribe.qos: expected 0, 1 or 2, got 3')
  if (retainHandling === 3) throw protocolError('subscribe.retainHandling: expected 0, 1 or 2, got 3')
  // [MQTT-3.8.3-4]
  if (noLocal && isShared(filter)) throw protocolError('subscribe.noLocal: expected 0 for a shared subscription, got 1')
  return {
    filter,
    qos: qos as QoS,
    noLocal,
    retainAsPublished: (options & 0b1000) !== 0,
    retainHandling: retainHandling as 0 | 1 | 2,
  }
}
