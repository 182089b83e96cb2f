/** A promise that somebody waits for, and that is settled once: by an answer, an error, or the caller's signal. */

import type { CancelSignal } from './transport.js'

export class Pending<T> {
  readonly promise: Promise<T>
  #resolve!: (value: T) => void
  #reject!: (error: unknown) => void
  #release: (() => void) | undefined

  /** `cancelled` is called when the signal settles it. */
  constructor(signal?: CancelSignal, cancelled?: (pending: Pending<T>) => void) {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    if (!signal) return
    const abort = (): void => {
      this.reject(signal.reason)
      cancelled?.(this)
    }
    if (signal.aborted) abort()
    else {
      signal.addEventListener('abort', abort)
      this.#release = () => signal.removeEventListener('abort', abort)
    }
  }

  resolve(value: T): void {
    this.#release?.()
    this.#resolve(value)
  }

  /** The rejection counts as seen: who does not wait for the promise is not punished with an unhandled rejection. */
  reject(error: unknown): void {
    this.#release?.()
    this.promise.catch(ignore)
    this.#reject(error)
  }
}

function ignore(): void {}
