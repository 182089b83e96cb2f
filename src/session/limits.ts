/** What the server said in CONNACK that it can take (`theirs`), and who keeps to it. */

import type { Auth } from '../codec/packets/auth.js'
import type { ConnackProperties } from '../codec/packets/connack.js'
import type { Publish } from '../codec/packets/publish.js'
import type { Subscribe } from '../codec/packets/subscribe.js'
import type { Unsubscribe } from '../codec/packets/unsubscribe.js'
import { hasWildcard, parseSharedFilter } from '../codec/topic.js'
import type { MqttError } from '../errors.js'
import { aboveLimit } from './failures.js'

/** The properties of CONNACK (§3.2.2.3). What is unsaid has no limit; a 3.x server cannot say any of it. */
export type Theirs = Readonly<ConnackProperties>

/** The error of a packet that the server said it would refuse; `size` in bytes. */
export function refusal(
  packet: Publish | Subscribe | Unsubscribe | Auth,
  size: number,
  theirs: Theirs,
): MqttError | undefined {
  if (packet.type === 'publish') {
    const { qos, retain } = packet
    const { maximumQos = 2 } = theirs
    // [MQTT-3.2.2-11] No PUBLISH above the Maximum QoS.
    if (qos > maximumQos) return aboveLimit(0x9b, 'publish.qos', `at most ${maximumQos}`, qos)
    // [MQTT-3.2.2-14] No RETAIN where Retain Available is 0.
    if (retain && theirs.retainAvailable === false) return aboveLimit(0x9a, 'publish.retain', 'false', retain)
  } else if (packet.type === 'subscribe') {
    const { subscriptionIdentifier } = packet.properties
    if (subscriptionIdentifier !== undefined && theirs.subscriptionIdentifierAvailable === false)
      return aboveLimit(0xa1, 'subscribe.properties.subscriptionIdentifier', 'none', subscriptionIdentifier)
    for (const { filter } of packet.subscriptions) {
      if (theirs.sharedSubscriptionAvailable === false && parseSharedFilter(filter))
        return aboveLimit(0x9e, 'subscribe.filter', 'no shared one', filter)
      if (theirs.wildcardSubscriptionAvailable === false && hasWildcard(filter))
        return aboveLimit(0xa2, 'subscribe.filter', 'no + and #', filter)
    }
  }
  const { maximumPacketSize = Infinity } = theirs
  // [MQTT-3.2.2-15] No packet is sent that exceeds the server's Maximum Packet Size.
  if (size > maximumPacketSize) return aboveLimit(0x95, packet.type, `at most ${maximumPacketSize} bytes`, size)
  return undefined
}
