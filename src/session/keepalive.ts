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
    return Math.min(this.#deadAt, this.#sentAt + this.#interval, this.#heardAt + this.#interval)
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
    return now >= this.#deadAt
  }
}
