/** Packet Identifiers of what this side sends (§2.2.1): which is free is asked of those who use them. */

/** Something that uses Packet Identifiers, such as a map by id. */
interface User {
  has(packetId: number): boolean
  readonly size: number
}

const HIGHEST = 65_535

export class PacketIds {
  readonly #messages: User
  readonly #calls: User
  #last = 0

  constructor(messages: User, calls: User) {
    this.#messages = messages
    this.#calls = calls
  }

  get exhausted(): boolean {
    return this.#messages.size + this.#calls.size >= HIGHEST
  }

  /** The next free id after the last one given, so that an id rests as long as possible before it comes again. */
  take(): number {
    // [MQTT-2.2.1-3] A new packet gets a non-zero Packet Identifier that is not in use.
    do this.#last = (this.#last % HIGHEST) + 1
    while (this.#messages.has(this.#last) || this.#calls.has(this.#last))
    return this.#last
  }
}
