/** Topic Aliases (§3.3.2.3.4): numbers that stand for topics, each direction its own, for one network connection. */

import type { Publish } from '../codec/packets/publish.js'
import { protocolError, violation } from '../codec/reason.js'
import type { Theirs } from './limits.js'

/** The bytes that a Topic Alias costs: an identifier and a two-byte integer. */
const COST = 3

/**
 * The packet to send for `packet`, which itself never holds an alias: it may have to go out again elsewhere. The first
 * topics keep their aliases: replacing them would thrash when topics take turns.
 */
export function withAlias(packet: Publish, size: number, aliases: Map<string, number>, theirs: Theirs): Publish {
  const topicAliasMaximum = theirs.topicAliasMaximum as number
  let { topic } = packet
  if (topic.length <= COST) return packet
  let topicAlias = aliases.get(topic)
  if (topicAlias !== undefined) topic = ''
  else {
    topicAlias = aliases.size + 1
    // [MQTT-3.3.2-9] No alias above the server's Topic Alias Maximum.
    // The property may also lengthen the Property Length by a byte, and with it the Remaining Length.
    if (topicAlias > topicAliasMaximum || size + COST + 2 > (theirs.maximumPacketSize ?? Infinity)) return packet
    aliases.set(topic, topicAlias)
  }
  return { ...packet, topic, properties: { ...packet.properties, topicAlias } }
}

/** Gives a packet of the server's, which has an alias, its topic instead, and learns. `maximum` is what our CONNECT said. */
export function resolveAlias(packet: Publish, topics: Map<number, string>, maximum: number): void {
  const { topicAlias: alias, ...properties } = packet.properties
  const topicAlias = alias as number
  if (topicAlias > maximum)
    throw violation(0x94, `publish.topicAlias: expected at most ${maximum} (our CONNECT), got ${topicAlias}`)
  if (packet.topic !== '') topics.set(topicAlias, packet.topic)
  const topic = topics.get(topicAlias)
  if (topic === undefined) throw protocolError(`publish.topicAlias: expected one with a topic, got ${topicAlias}`)
  packet.topic = topic
  packet.properties = properties
}
