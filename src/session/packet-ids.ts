/** Packet Identifiers of what this side sends (§2.2.1): which is free is asked of those who use them. */

/** Something that uses Packet Identifiers, such as a map by id. */
interface User {
  has(packetId: number): boolean
  readonly size: number
}

const HIGHEST = 65_535

export class PacketIds {
  readonly #users: readonly User[]
  #last = 0

  constructor(...users: User[]) {
    this.#users = users
  }

  get exhausted(): boolean {
    let used = 0
    for (const user of this.#users) used += user.size
    return used >= HIGHEST
  }

  /** The next free id after the last one given, so that an id rests as long as possible before it comes again. */
  take(): number {
    // [MQTT-2.2.1-3] A new packet gets a non-zero Packet Identifier that is not in use.
    do {
      this.#last = this.#last === HIGHEST ? 1 : this.#last + 1
    } while (this.#inUse(this.#last))
    return this.#last
  }

  #inUse(packetId: number): boolean {
    for (const user of this.#users) if (user.has(packetId)) return true
    return false
  }
}
