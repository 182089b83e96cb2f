/** Giving up: a signal of our own, like the standard's AbortController, and listening to any. */

/** The standard's `AbortSignal`, as far as we need it; the real one fits. */
export interface CancelSignal {
  readonly aborted: boolean
  readonly reason: unknown
  addEventListener(type: 'abort', listener: () => void): void
  removeEventListener(type: 'abort', listener: () => void): void
}

export class Cancel implements CancelSignal {
  aborted = false
  reason: unknown
  /** Made with the first: there is one of these for each client. */
  #listeners: Set<() => void> | undefined

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners ??= new Set()
    this.#listeners.add(listener)
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners?.delete(listener)
    if (this.#listeners?.size === 0) this.#listeners = undefined
  }

  abort(reason: unknown): void {
    if (this.aborted) return
    this.aborted = true
    this.reason = reason
    const listeners = [...(this.#listeners ?? [])]
    this.#listeners = undefined
    for (const listener of listeners) listener()
  }
}

/** Calls `abort` when `signal` aborts, at once if it has; returns what ends that. */
export function onAbort(signal: CancelSignal | undefined, abort: (reason: unknown) => void): () => void {
  return signal ? listen(signal, abort) : NOTHING
}

const NOTHING = (): void => {}

/** The same where there is a signal. */
export function listen(signal: CancelSignal, abort: (reason: unknown) => void): () => void {
  const listener = (): void => abort(signal.reason)
  if (signal.aborted) listener()
  else signal.addEventListener('abort', listener)
  return () => signal.removeEventListener('abort', listener)
}
