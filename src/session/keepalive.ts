/** Keep Alive (§3.1.2.10): when to send PINGREQ, and when silence means that the connection is dead. */

/**
 * ms that a server has to show a sign of life when the machine may have slept or its network changed. A slow network
 * (satellite, 2G) answers in 2 s; waking radio and TCP, which sends again after 1 and 3 s, need the rest. A wrong verdict
 * costs one connection more, and no message.
 */
const PROBE = 5_000

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
  /** Whether the PINGREQ that waits for its answer is a probe. */
  #probing = false
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
    this.#probing = false
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

  /**
   * Whether to send PINGREQ now, which has to be answered soon, also where one waits for its answer already. Not while
   * the answer could not be seen; and only once until it comes, so that a probe ends however often it is asked for.
   */
  probe(now: number): boolean {
    if (this.#probing || !this.#listening || (this.quiet && !this.#always)) return false
    this.#probing = true
    this.#deadAt = now + Math.min(PROBE, this.#patience)
    return true
  }

  /** A whole packet came. */
  heard(now: number): void {
    this.#heardAt = now
  }

  /** Any byte from the server proves that it lives. */
  alive(): void {
    this.#deadAt = Infinity
    this.#probing = false
  }

  expired(now: number): boolean {
    return this.#listening && now >= this.#deadAt
  }
}
