/** Keep Alive (§3.1.2.10): when to send PINGREQ, and when silence means that the connection is dead. */

export class KeepAlive {
  /** ms; Infinity is off. */
  readonly #interval: number
  /** ms that the server has to answer a PINGREQ. */
  readonly #patience: number
  readonly #always: boolean
  #sentAt: number
  #heardAt: number
  /** Set by PINGREQ, taken back by any byte. */
  #deadAt = Infinity
  /** Whether the network is read. */
  #listening = true
  /** No PINGREQ is wanted, unless it is always. */
  quiet = false

  /** `interval` (0 is off) and `patience` in ms. `always` sends PINGREQ whatever else was sent. */
  constructor(interval: number, patience: number, always: boolean, now: number) {
    this.#interval = interval || Infinity
    // A silent server is noticed within one and a half intervals.
    this.#patience = interval ? Math.min(patience, interval / 2) : Infinity
    this.#always = always
    this.#sentAt = this.#heardAt = now
  }

  /** [MQTT-3.1.2-20] PINGREQ is due where nothing was sent for an interval; also where nothing was heard for one. */
  get deadline(): number {
    const deadAt = this.#listening ? this.#deadAt : Infinity
    if (this.quiet && !this.#always) return deadAt
    return Math.min(deadAt, (this.#listening ? Math.min(this.#sentAt, this.#heardAt) : this.#sentAt) + this.#interval)
  }

  /** While the network is not read, the server is kept informed, and its silence means nothing. */
  listen(listening: boolean, now: number): void {
    this.#listening = listening
    this.#heardAt = now
    if (this.#deadAt < Infinity) this.#deadAt = now + this.#patience
  }

  sent(now: number): void {
    if (!this.#always) this.#sentAt = now
  }

  /** PINGREQ was sent. */
  pinged(now: number): void {
    this.#sentAt = this.#heardAt = now
    this.#deadAt = Math.min(this.#deadAt, now + this.#patience)
  }

  /** A whole packet came. */
  heard(now: number): void {
    this.#heardAt = now
  }

  /** Any byte from the server proves that it lives. */
  alive(): void {
    this.#deadAt = Infinity
  }

  expired(now: number): boolean {
    return this.#listening && now >= this.#deadAt
  }
}
