/** Keep Alive (§3.1.2.10): when to send PINGREQ, and when silence means that the connection is dead. */

export class KeepAlive {
  /** ms; 0 is off. */
  readonly #interval: number
  /** ms that the server has to answer a PINGREQ. */
  readonly #patience: number
  readonly #always: boolean
  #due = Infinity
  #dead = Infinity

  /** `interval` and `patience` in ms. `always` sends PINGREQ whatever else was sent. */
  constructor(interval: number, patience: number, always: boolean) {
    this.#interval = interval
    // A silent server is noticed within one and a half intervals.
    this.#patience = Math.min(patience, interval / 2)
    this.#always = always
  }

  get deadline(): number {
    return this.#dead < this.#due ? this.#dead : this.#due
  }

  start(now: number): void {
    if (this.#interval > 0) this.#due = now + this.#interval
  }

  /** Something was sent: [MQTT-3.1.2-20] asks for PINGREQ only where nothing else was, for an interval. */
  sent(now: number): void {
    if (this.#due !== Infinity && !this.#always) this.#due = now + this.#interval
  }

  /** PINGREQ was sent. */
  pinged(now: number): void {
    if (this.#interval === 0) return
    this.#due = now + this.#interval
    if (this.#dead === Infinity) this.#dead = now + this.#patience
  }

  /** Any byte from the server proves that it lives. */
  received(): void {
    this.#dead = Infinity
  }

  pingDue(now: number): boolean {
    return now >= this.#due
  }

  expired(now: number): boolean {
    return now >= this.#dead
  }
}
