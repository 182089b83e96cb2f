/** A promise that somebody waits for, and that is settled once: by an answer, an error, or the caller's signal. */

import { Cancel, type CancelSignal, listen } from './cancel.js'
import type { Platform } from './transport.js'

/** Who is told how a request ended. The session carries it as a tag. */
export interface Waiter<T> {
  resolve(value: T): void
  reject(error: unknown): void
}

export class Pending<T> implements Waiter<T> {
  readonly promise: Promise<T>
  #resolve!: (value: T) => void
  #reject!: (error: unknown) => void
  #release: (() => void) | undefined

  /** `asked` is told when the signal settles it. */
  constructor(signal?: CancelSignal, asked?: { cancel(pending: Pending<T>): void }) {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    if (signal) this.#listen(signal, asked)
  }

  resolve(value: T): void {
    this.#release?.()
    this.#resolve(value)
  }

  /** The rejection counts as seen: who does not wait for the promise is not punished with an unhandled rejection. */
  reject(error: unknown): void {
    this.#release?.()
    this.promise.catch(() => {})
    this.#reject(error)
  }

  /** Apart, because a function that makes closures allocates for them even where it makes none. */
  #listen(signal: CancelSignal, asked?: { cancel(pending: Pending<T>): void }): void {
    this.#release = listen(signal, (reason) => {
      this.reject(reason)
      asked?.cancel(this)
    })
  }
}

/** `promise`, or a rejection with the signal's reason, whichever is first. */
export function unlessAborted<T>(promise: Promise<T>, signal: CancelSignal | undefined): Promise<T> {
  if (!signal) return promise
  const pending = new Pending<T>(signal)
  follow(promise, pending)
  return pending.promise
}

/** Tells `waiter` what becomes of `promise`. */
export function follow<T>(promise: Promise<T>, waiter: Waiter<T>): void {
  promise.then(
    (value) => waiter.resolve(value),
    (error) => waiter.reject(error),
  )
}

/** `promise`, or a rejection with what `late` makes once `ms` are over, whichever is first. Leaves no timer. */
export function within<T>(platform: Platform, ms: number, late: () => unknown, promise: Promise<T>): Promise<T> {
  const cancel = new Cancel()
  const stopTimer = platform.setTimer(() => cancel.abort(late()), ms)
  return unlessAborted(promise, cancel).finally(stopTimer)
}
