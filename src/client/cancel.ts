/** Giving up: a signal of our own, like the standard's AbortController, and waiting that a signal can cut short. */

import type { CancelSignal } from './transport.js'

export class Cancel implements CancelSignal {
  aborted = false
  reason: unknown
  readonly #listeners = new Set<() => void>()

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.add(listener)
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.delete(listener)
  }

  abort(reason: unknown): void {
    if (this.aborted) return
    this.aborted = true
    this.reason = reason
    const listeners = [...this.#listeners]
    this.#listeners.clear()
    for (const listener of listeners) listener()
  }

  /** Aborts when `other` does; returns what ends that. */
  follow(other: CancelSignal | undefined): () => void {
    if (!other) return () => {}
    const abort = (): void => this.abort(other.reason)
    if (other.aborted) abort()
    else other.addEventListener('abort', abort)
    return () => other.removeEventListener('abort', abort)
  }
}

/** `promise`, or a rejection with the signal's reason, whichever is first. */
export function unlessAborted<T>(promise: Promise<T>, signal: CancelSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason)
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort)
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
