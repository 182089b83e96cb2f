/** What was sent, by Packet Identifier, until it is answered: each is found at the same cost, however many there are. */

/** A message or a request. */
interface Numbered {
  readonly packet: { readonly packetId: number | undefined }
  /** Its place in the order. */
  turn: number
}

/**
 * A table of our own, because a `Map` leaves its old one behind each time it makes a new one. Once that is in the old
 * generation, it keeps what it held alive, so that nearly every message outlives the young collections: QoS 1 took 2.5
 * times the CPU by that. Here the table stays, and what is taken out leaves nothing behind.
 */
export class InFlight<T extends Numbered> {
  /** A power of two of them. Identifiers are given one after the other: few in flight need few slots. */
  #slots: (T | undefined)[] = [undefined]
  #turns = 0
  size = 0

  get(packetId: number): T | undefined {
    const entry = this.#slots[packetId & (this.#slots.length - 1)]
    return entry?.packet.packetId === packetId ? entry : undefined
  }

  has(packetId: number): boolean {
    return this.get(packetId) !== undefined
  }

  /** Puts an entry behind all others, by the Packet Identifier of its packet; also one that is in here. */
  add(entry: T): void {
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
  all(): T[] {
    return this.#slots.filter((entry) => entry !== undefined)
  }

  /** All, in the order in which they were added last. */
  inOrder(): T[] {
    return this.all().sort((a, b) => a.turn - b.turn)
  }

  /** False where another is in its slot. */
  #place(entry: T): boolean {
    const slots = this.#slots
    const at = (entry.packet.packetId as number) & (slots.length - 1)
    const there = slots[at]
    if (there) return there === entry
    slots[at] = entry
    this.size++
    return true
  }
}
