/** A server that keeps to the standard: what it owes for what it got, and the messages that it sends. */

import type { Packet, PacketInput } from '../../../src/codec/index.js'
import type { Publish, PublishInput } from '../../../src/codec/packets/publish.js'
import type { ProtocolVersion, QoS } from '../../../src/codec/protocol.js'

interface Outgoing {
  readonly packet: PublishInput & { packetId: number }
  /** PUBREC came. */
  released: boolean
  /** It takes a place in the client's Receive Maximum on this connection. */
  placed: boolean
}

export class Peer {
  readonly #version: ProtocolVersion
  /** Not sent yet. */
  owed: PacketInput[] = []
  readonly #outgoing = new Map<number, Outgoing>()
  #lastId = 0
  /** The client's Receive Maximum. */
  #room = 65_535

  constructor(version: ProtocolVersion) {
    this.#version = version
  }

  /** Nothing is left to say, and no answer of the client is missing. */
  get idle(): boolean {
    return this.owed.length + this.#outgoing.size === 0
  }

  opened(room: number): void {
    this.owed = []
    this.#room = room
    for (const each of this.#outgoing.values()) each.placed = false
  }

  /** CONNACK was sent. [MQTT-4.4.0-1] */
  connected(resumed: boolean): void {
    if (!resumed) this.#outgoing.clear()
    for (const [packetId, each] of this.#outgoing) if (each.released) this.owed.push({ type: 'pubrel', packetId })
    this.#sendAgain()
  }

  /** A message for the client, if it may be sent; at QoS 0 always. */
  publish(qos: QoS, topic: string, payload: Uint8Array): PacketInput | undefined {
    if (qos === 0) return { type: 'publish', topic, payload }
    if (this.#placed >= this.#room || this.#outgoing.size >= 20 || this.#waiting) return undefined
    do this.#lastId = (this.#lastId % 30) + 1
    while (this.#outgoing.has(this.#lastId))
    const packet = { type: 'publish', topic, payload, qos, packetId: this.#lastId } as const
    this.#outgoing.set(packet.packetId, { packet, released: false, placed: true })
    return packet
  }

  /** A packet of the client. */
  got(packet: Packet): void {
    switch (packet.type) {
      case 'publish':
        this.#gotPublish(packet)
        return
      case 'pubrel':
        this.owed.push({ type: 'pubcomp', packetId: packet.packetId })
        return
      case 'subscribe': {
        const reasonCodes = packet.subscriptions.map(({ qos }) => qos)
        this.owed.push({ type: 'suback', packetId: packet.packetId, reasonCodes })
        return
      }
      case 'unsubscribe': {
        const reasonCodes = this.#version === 5 ? packet.filters.map(() => 0) : []
        this.owed.push({ type: 'unsuback', packetId: packet.packetId, reasonCodes })
        return
      }
      case 'pingreq':
        this.owed.push({ type: 'pingresp' })
        return
      case 'pubrec': {
        const outgoing = this.#outgoing.get(packet.packetId)
        if (packet.reasonCode >= 0x80) this.#done(packet.packetId)
        else {
          if (outgoing) outgoing.released = true
          this.owed.push({ type: 'pubrel', packetId: packet.packetId })
        }
        return
      }
      case 'puback':
      case 'pubcomp':
        this.#done(packet.packetId)
        return
      default:
    }
  }

  #gotPublish({ qos, packetId }: Publish): void {
    if (qos > 0) this.owed.push({ type: qos === 1 ? 'puback' : 'pubrec', packetId: packetId as number })
  }

  #done(packetId: number): void {
    this.#outgoing.delete(packetId)
    this.#sendAgain()
  }

  get #placed(): number {
    return [...this.#outgoing.values()].filter(({ placed }) => placed).length
  }

  /** Whether a message of an older connection has no room yet. */
  get #waiting(): boolean {
    return [...this.#outgoing.values()].some(({ placed, released }) => !placed && !released)
  }

  /** What an older connection left, as far as there is room. */
  #sendAgain(): void {
    for (const each of this.#outgoing.values()) {
      if (each.released || each.placed || this.#placed >= this.#room) continue
      each.placed = true
      this.owed.push({ ...each.packet, dup: true })
    }
  }
}
