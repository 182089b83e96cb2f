/** Renews credentials before they expire: asks for others while the connection lives on, and only then lets it go. */

import type { Authentication } from './authentication.js'
import { Cancel } from './cancel.js'
import { askCredentials } from './credentials.js'
import { credentialsError, credentialsExpired } from './failures.js'
import type { Credentials } from './options.js'
import type { Parts } from './parts.js'
import { unlessAborted, within } from './pending.js'
import { fraction } from './reconnect.js'

/** A renewal comes before the end by a tenth of the time that is left, within these bounds, ms. */
const LEAST_MARGIN = 1_000
const MOST_MARGIN = 30_000

/** Between two renewals, ms: credentials that expire sooner, or have done so, do not have us connect in a loop. */
const LEAST_DISTANCE = 1_000

/** Between two questions for others while there are none, ms: doubled each time up to this. */
const MOST_DISTANCE = 30_000

export class Expiry {
  readonly #parts: Parts
  readonly #authentication: Authentication
  /** Has another connection made in the place of this one. */
  readonly #replace: (fresh: Credentials) => void
  /** That of the connection. Aborted when it is gone. */
  #watch: Cancel | undefined
  /** Of the credentials in force. */
  #expiresAt = Infinity
  /** When to renew them, by the wall clock; Infinity while that is done. */
  #renewAt = Infinity
  #questions = 0
  #cancelTimer: (() => void) | undefined

  constructor(parts: Parts, authentication: Authentication, replace: (fresh: Credentials) => void) {
    this.#parts = parts
    this.#authentication = authentication
    this.#replace = replace
  }

  /** A connection is made, by credentials that expire then, or never. */
  start(expiresAt = Infinity): void {
    this.stop()
    if (expiresAt === Infinity) return
    this.#watch = new Cancel()
    this.#expiresAt = expiresAt
    this.#questions = 0
    const left = expiresAt - this.#parts.platform.wallClock()
    const margin = Math.min(MOST_MARGIN, Math.max(LEAST_MARGIN, left / 10))
    this.#plan(Math.max(LEAST_DISTANCE, left - this.#jittered(margin)))
  }

  /** The connection is gone. */
  stop(): void {
    this.#plan(Infinity)
    this.#watch?.abort(undefined)
    this.#watch = undefined
  }

  /** Holds the plan against the wall clock, which may have gone on while no timer ran, or may have been set. */
  check(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    if (this.#renewAt === Infinity) return
    const { platform } = this.#parts
    const wait = this.#renewAt - platform.wallClock()
    if (wait > 0) this.#cancelTimer = platform.setTimer(() => this.check(), Math.ceil(wait))
    else {
      this.#renewAt = Infinity
      void this.#renew(this.#watch as Cancel)
    }
  }

  #plan(wait: number): void {
    this.#renewAt = this.#parts.platform.wallClock() + wait
    this.check()
  }

  async #renew(watch: Cancel): Promise<void> {
    try {
      const fresh = await this.#ask(watch)
      const { expiresAt = Infinity } = fresh
      // To go on with them would cost a connection that still works, maybe for a wrong clock of ours.
      if (expiresAt <= this.#parts.platform.wallClock()) throw credentialsExpired()
      // An application may keep a token until it has expired: later it gives another.
      if (expiresAt > this.#expiresAt) {
        if (this.#authentication.method === undefined) {
          this.#replace(fresh)
          return
        }
        await this.#authentication.renew(undefined, undefined, () => this.start(expiresAt))
        return
      }
    } catch (error) {
      if (!watch.aborted) this.#parts.events.raise(error)
    }
    if (!watch.aborted) this.#plan(this.#jittered(Math.min(MOST_DISTANCE, 2 * LEAST_DISTANCE * 2 ** this.#questions++)))
  }

  /** Bounded by `connectTimeout`, as at an attempt. */
  #ask(watch: Cancel): Promise<Credentials> {
    const { platform, settings } = this.#parts
    const { connectTimeout: ms } = settings
    const late = () => credentialsError('credentials', new Error(`no answer within ${ms} ms (connectTimeout)`))
    return within(platform, ms, late, unlessAborted(askCredentials(settings), watch))
  }

  /** From half of `ms` on: those whose tokens were made at once do not come at once. */
  #jittered(ms: number): number {
    return ms * (0.5 + fraction(this.#parts.platform) / 2)
  }
}
