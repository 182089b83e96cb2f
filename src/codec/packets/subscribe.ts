/** SUBSCRIBE (§3.8): the client asks for messages. */

import { outOfRange, wrongType } from '../../errors.js'
import type { Reader } from '../bytes.js'
import { checkInteger, checkNotEmpty, flag, readList, readPacketId } from '../fields.js'
import type { Properties } from '../properties.js'
import { emitProperties, NO_PROPERTIES, readProperties } from '../property-list.js'
import type { ProtocolVersion, QoS, WithDefaults } from '../protocol.js'
import type { Sink } from '../sink.js'
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

/** SUBSCRIBE with every field. */
export interface Subscribe {
  type: 'subscribe'
  /** 1 to 65 535. */
  packetId: number
  properties: SubscribeProperties
  /** One at least. */
  subscriptions: SubscriptionRequest[]
}

/** A Topic Filter as a caller writes it. Defaults: `qos` 0, `noLocal` and `retainAsPublished` false, `retainHandling` 0. */
export type SubscriptionRequestInput = WithDefaults<
  SubscriptionRequest,
  'qos' | 'noLocal' | 'retainAsPublished' | 'retainHandling'
>
/** SUBSCRIBE as a caller writes it. Default: no properties. */
export type SubscribeInput = WithDefaults<Omit<Subscribe, 'subscriptions'>, 'properties'> & {
  subscriptions: SubscriptionRequestInput[]
}

const NO_LOCAL = 0b100
const RETAIN_AS_PUBLISHED = 0b1000

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

export function emitSubscribe(sink: Sink, packet: Subscribe, version: ProtocolVersion): void {
  const { subscriptions } = packet
  sink.uint16(packet.packetId, 'subscribe.packetId', 1)
  emitProperties(sink, packet.properties, 'subscribe', version)
  checkNotEmpty(subscriptions, 'subscribe.subscriptions') // [MQTT-3.8.3-2]
  for (const { filter, qos, noLocal, retainAsPublished, retainHandling } of subscriptions) {
    sink.text(filter, 'subscribe.filter', checkTopicFilter)
    const options =
      flag(noLocal, NO_LOCAL, 'subscribe.noLocal') |
      flag(retainAsPublished, RETAIN_AS_PUBLISHED, 'subscribe.retainAsPublished') |
      (checkInteger(retainHandling, 0, 2, 'subscribe.retainHandling') << 4)
    if (version !== 5 && options !== 0) {
      throw outOfRange('subscribe.subscriptions', 'no options but qos before MQTT 5.0', filter)
    }
    // [MQTT-3.8.3-4]
    if (noLocal && isShared(filter)) throw outOfRange('subscribe.noLocal', 'false for a shared subscription', noLocal)
    sink.byte(options | checkInteger(qos, 0, 2, 'subscribe.qos'))
  }
}

export function decodeSubscribe(reader: Reader, version: ProtocolVersion): Subscribe {
  const packetId = readPacketId(reader)
  const properties = readProperties(reader, version)
  const subscriptions = readList(reader, 'subscriptions', () => readRequest(reader, version)) // [MQTT-3.8.3-2]
  return { type: 'subscribe', packetId, properties, subscriptions }
}

function readRequest(reader: Reader, version: ProtocolVersion): SubscriptionRequest {
  const filter = readTopicFilter(reader, 'filter')
  const options = reader.byte('Subscription Options')
  const qos = options & 3
  const retainHandling = (options >> 4) & 3
  const noLocal = (options & NO_LOCAL) !== 0
  // [MQTT-3.8.3-5] [MQTT-3-8.3-4 of 3.1.1]
  if (options >= (version === 5 ? 0b0100_0000 : 0b100)) {
    throw reader.malformed('Subscription Options', 'reserved bits of 0', options)
  }
  // §3.8.3.1
  if (qos === 3) throw reader.refuse('qos', '0, 1 or 2', 3)
  if (retainHandling === 3) throw reader.refuse('retainHandling', '0, 1 or 2', 3)
  // [MQTT-3.8.3-4]
  if (noLocal && isShared(filter)) throw reader.refuse('noLocal', '0 for a shared subscription', 1)
  return {
    filter,
    qos: qos as QoS,
    noLocal,
    retainAsPublished: (options & RETAIN_AS_PUBLISHED) !== 0,
    retainHandling: retainHandling as 0 | 1 | 2,
  }
}
