/** What each side said it can take, in CONNECT (`ours`) and in CONNACK (`theirs`), and who keeps to it. */

import type { Connack } from '../codec/packets/connack.js'
import type { Connect } from '../codec/packets/connect.js'
import type { Publish } from '../codec/packets/publish.js'
import type { Subscribe } from '../codec/packets/subscribe.js'
import { parseSharedFilter } from '../codec/topic.js'
import { type MqttError, RefusedError } from '../errors.js'

const NO_LIMIT = 0xffffffff

/** What the server has to keep. */
export interface Ours {
  readonly receiveMaximum: number
  readonly topicAliasMaximum: number
}

/** What we have to keep. A 3.x server cannot say any of it: it has no limits. */
export interface Theirs {
  readonly receiveMaximum: number
  readonly maximumPacketSize: number
  readonly maximumQos: number
  readonly topicAliasMaximum: number
  readonly retainAvailable: boolean
  readonly wildcardSubscriptionAvailable: boolean
  readonly subscriptionIdentifierAvailable: boolean
  readonly sharedSubscriptionAvailable: boolean
}

/** The limits that a CONNECT states (§3.1.2.11), with the standard's defaults. */
export function oursOf({ properties }: Connect): Ours {
  return {
    receiveMaximum: properties.receiveMaximum ?? 65_535,
    topicAliasMaximum: properties.topicAliasMaximum ?? 0,
  }
}

/** The limits that a CONNACK states (§3.2.2.3), with the standard's defaults. */
export function theirsOf({ properties }: Connack): Theirs {
  return {
    receiveMaximum: properties.receiveMaximum ?? 65_535,
    maximumPacketSize: properties.maximumPacketSize ?? NO_LIMIT,
    maximumQos: properties.maximumQos ?? 2,
    topicAliasMaximum: properties.topicAliasMaximum ?? 0,
    retainAvailable: properties.retainAvailable ?? true,
    wildcardSubscriptionAvailable: properties.wildcardSubscriptionAvailable ?? true,
    subscriptionIdentifierAvailable: properties.subscriptionIdentifierAvailable ?? true,
    sharedSubscriptionAvailable: properties.sharedSubscriptionAvailable ?? true,
  }
}

/** The error of a message that the server said it would refuse; `size` is that of its PUBLISH in bytes. */
export function refusePublish(packet: Publish, size: number, theirs: Theirs): MqttError | undefined {
  // [MQTT-3.2.2-11] No PUBLISH above the Maximum QoS.
  if (packet.qos > theirs.maximumQos) {
    return refused(
      0x9b,
      'QOS_NOT_SUPPORTED',
      `publish.qos: the server takes at most ${theirs.maximumQos}, got ${packet.qos}`,
    )
  }
  // [MQTT-3.2.2-14] No RETAIN where Retain Available is 0.
  if (packet.retain && !theirs.retainAvailable) {
    return refused(
      0x9a,
      'RETAIN_NOT_SUPPORTED',
      'publish.retain: the server keeps no retained messages; publish without retain',
    )
  }
  return refuseSize('publish', size, theirs)
}

/** The error of a subscription that the server said it would refuse. */
export function refuseSubscribe(packet: Subscribe, size: number, theirs: Theirs): MqttError | undefined {
  if (packet.properties.subscriptionIdentifier !== undefined && !theirs.subscriptionIdentifierAvailable) {
    return refused(
      0xa1,
      'SUBSCRIPTION_IDENTIFIERS_NOT_SUPPORTED',
      'subscribe.properties.subscriptionIdentifier: the server takes none',
    )
  }
  for (const { filter } of packet.subscriptions) {
    const shared = parseSharedFilter(filter)
    if (shared && !theirs.sharedSubscriptionAvailable) {
      return refused(
        0x9e,
        'SHARED_SUBSCRIPTIONS_NOT_SUPPORTED',
        `subscribe.filter: the server has no shared subscriptions, got ${filter}`,
      )
    }
    if (!theirs.wildcardSubscriptionAvailable && (filter.includes('+') || filter.includes('#'))) {
      return refused(
        0xa2,
        'WILDCARD_SUBSCRIPTIONS_NOT_SUPPORTED',
        `subscribe.filter: the server takes no wildcards, got ${filter}`,
      )
    }
  }
  return refuseSize('subscribe', size, theirs)
}

/** [MQTT-3.2.2-15] No packet is sent that exceeds the server's Maximum Packet Size. */
export function refuseSize(field: string, size: number, theirs: Theirs): MqttError | undefined {
  if (size <= theirs.maximumPacketSize) return undefined
  return refused(
    0x95,
    'PACKET_TOO_LARGE',
    `${field}: the packet has ${size} bytes, the server takes at most ${theirs.maximumPacketSize}`,
  )
}

function refused(reasonCode: number, code: string, message: string): MqttError {
  return new RefusedError(message, { code, phase: 'session', reasonCode })
}
