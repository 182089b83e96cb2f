/** Messages in flight by Packet Identifier, each found at the same cost, however many there are. */

import type { Entry } from './records.js'

/**
 * A table of our own, because a `Map` leaves its old one behind each time it makes a new one. Once that is in the old
 * generation, it keeps what it held alive, so that nearly every message outlives the young collections: QoS 1 took 2.5
 * times the CPU by that. Here the table stays, and what is taken out leaves nothing behind.
 */
export class InFlight {
  /** A power of two of them. Identifiers are given one after the other: few messages need few slots. */
  #slots: (Entry | undefined)[] = [undefined]
  #turns = 0
  size = 0

  get(packetId: number): Entry | undefined {
    const entry = this.#slots[packetId & (this.#slots.length - 1)]
    return entry?.packet.packetId === packetId ? entry : undefined
  }

  has(packetId: number): boolean {
    return this.get(packetId) !== undefined
  }

  /** Puts an entry behind all others, by the Packet Identifier of its packet; also one that is in here. */
  add(entry: Entry): void {
    entry.turn = ++this.#turns
    // With a slot for each Packet Identifier, which is 512 KiB, each has its own.
    while (!this.#place(entry)) {
      const entries = this.all()
      this.#slots = Array(2 * this.#slots.length).fill(undefined)
      this.size = 0
      for (const each of entries) this.#place(each)
    }
  }

  delete(packetId: number): void {
    if (!this.has(packetId)) return
    this.#slots[packetId & (this.#slots.length - 1)] = undefined
    this.size--
  }

  clear(): void {
    this.#slots = [undefined]
    this.size = 0
  }

  /** All, in no order. */
  all(): Entry[] {
    return this.#slots.filter((entry) => entry !== undefined)
  }

  /** All, in the order in which they were added last. */
  inOrder(): Entry[] {
    return this.all().sort((a, b) => a.turn - b.turn)
  }

  /** False where another is in its slot. */
  #place(entry: Entry): boolean {
    const slots = this.#slots
    const at = (entry.packet.packetId as number) & (slots.length - 1)
    const there = slots[at]
    if (there) return there === entry
    slots[at] = entry
    this.size++
    return true
  }
}
