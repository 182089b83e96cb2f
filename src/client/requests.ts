/** What the application asks of the session, each a promise that is settled by what the session tells. */

import type { Publish } from '../codec/packets/publish.js'
import type { Subscribe } from '../codec/packets/subscribe.js'
import type { Unsubscribe } from '../codec/packets/unsubscribe.js'
import { ask } from './ask.js'
import type { CancelSignal } from './cancel.js'
import { HANDED_OVER } from './connection.js'
import { closedError } from './failures.js'
import type { Parts } from './parts.js'
import { Pending, unlessAborted } from './pending.js'
import type { Answer, PublishResult } from './results.js'
import type { Supervisor } from './supervisor.js'

export class Requests {
  readonly #parts: Parts
  readonly #supervisor: Supervisor
  /** Of the whole client. */
  readonly #signal: CancelSignal | undefined
  /** The application wants no more than what was asked for so far. */
  closing = false

  constructor(parts: Parts, supervisor: Supervisor, signal: CancelSignal | undefined) {
    this.#parts = parts
    this.#supervisor = supervisor
    this.#signal = signal
  }

  get #over(): boolean {
    return this.closing || this.#supervisor.over
  }

  call<T>(
    packet: Subscribe | Unsubscribe,
    signal: CancelSignal | undefined,
    answered: (answer: Answer) => T,
  ): Promise<T> {
    if (this.#over) return this.refuse()
    return ask(
      this.#parts,
      signal,
      (tag) => this.#parts.session.call(packet, tag, this.#parts.platform.now()),
      answered,
    )
  }

  publish(packet: Publish, untilAccepted: boolean, signal: CancelSignal | undefined): Promise<PublishResult> {
    if (this.#over) return this.refuse()
    if (signal?.aborted) return Promise.reject(signal.reason)
    const { session, connection } = this.#parts
    const { qos } = packet
    // Nobody waits for a message of QoS 0, unless it has to wait itself.
    if (qos === 0 && session.sendsAtOnce) {
      session.publish(packet, undefined, connection.now)
      connection.update()
      return untilAccepted ? Promise.resolve(HANDED_OVER) : unlessAborted(connection.flushed(), signal)
    }
    const pending = new Pending<PublishResult>(signal, session)
    try {
      session.publish(packet, pending, connection.now, qos > 0 && untilAccepted)
      connection.update()
    } catch (error) {
      // It was not taken over: its signal is let go of.
      pending.reject(error)
    }
    if (untilAccepted && qos === 0) pending.resolve(HANDED_OVER)
    return pending.promise
  }

  ping(signal: CancelSignal | undefined): Promise<number> {
    return ask(
      this.#parts,
      signal,
      (tag) => this.#parts.session.ping(tag, this.#parts.platform.now()),
      ({ roundTrip }: { roundTrip: number }) => roundTrip,
    )
  }

  /** A call after the end. */
  refuse(): Promise<never> {
    return Promise.reject(this.#signal?.aborted ? this.#signal.reason : this.#parts.events.named(closedError()))
  }
}
