/** Topic Aliases (§3.3.2.3.4): numbers that stand for topics, each direction its own, for one network connection. */

import type { Publish } from '../codec/packets/publish.js'
import { protocolError, violation } from '../codec/reason.js'

/** The bytes that a Topic Alias costs: an identifier and a two-byte integer. */
const COST = 3

/** The aliases that we give. The first topics keep theirs: replacing them would thrash when topics take turns. */
export class OutboundAliases {
  readonly #maximum: number
  readonly #aliases = new Map<string, number>()

  /** `maximum` is the server's Topic Alias Maximum; 0 means that it takes none. */
  constructor(maximum: number) {
    this.#maximum = maximum
  }

  /** The packet to send for `packet`, which itself never holds an alias: it may have to go out again elsewhere. */
  apply(packet: Publish, size: number, maximumPacketSize: number): Publish {
    // [MQTT-3.3.2-9] No alias above the server's Topic Alias Maximum.
    if (this.#maximum === 0 || packet.topic.length <= COST) return packet
    const known = this.#aliases.get(packet.topic)
    if (known !== undefined) return { ...packet, topic: '', properties: { ...packet.properties, topicAlias: known } }
    // The property may also lengthen the Property Length by a byte, and with it the Remaining Length.
    if (this.#aliases.size >= this.#maximum || size + COST + 2 > maximumPacketSize) return packet
    const topicAlias = this.#aliases.size + 1
    this.#aliases.set(packet.topic, topicAlias)
    return { ...packet, properties: { ...packet.properties, topicAlias } }
  }
}

/** The aliases that the server gives. */
export class InboundAliases {
  readonly #maximum: number
  readonly #topics = new Map<number, string>()

  /** `maximum` is the Topic Alias Maximum of our CONNECT. */
  constructor(maximum: number) {
    this.#maximum = maximum
  }

  /** Gives `packet` its topic, and learns. */
  resolve(packet: Publish): void {
    const alias = packet.properties.topicAlias
    if (alias === undefined) return
    if (alias > this.#maximum) {
      throw violation(
        0x94,
        `publish.topicAlias: expected at most ${this.#maximum}, the Topic Alias Maximum of our CONNECT, got ${alias}`,
      )
    }
    if (packet.topic !== '') {
      this.#topics.set(alias, packet.topic)
      return
    }
    const topic = this.#topics.get(alias)
    if (topic === undefined) {
      throw protocolError(`publish.topicAlias: ${alias} was not given a topic on this connection`)
    }
    packet.topic = topic
  }
}
