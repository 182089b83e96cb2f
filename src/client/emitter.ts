/** Typed events. A listener that throws harms nobody, and an event that nobody hears is no error. */

import type { CancelSignal } from './transport.js'

export type Listener<T> = (event: T) => unknown

export interface ListenOptions {
  /** When it aborts, the listener is removed. */
  signal?: CancelSignal
}

/** Looks after what the listeners of one event return, and throw. */
export interface Watcher {
  watch(result: unknown): void
  fail(error: unknown): void
}

export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<Listener<never>>>()
  readonly #watcher: Watcher

  /** `failed` is told of what a listener throws, or rejects with. */
  constructor(failed: (error: unknown) => void) {
    this.#watcher = watcher(failed)
  }

  on<K extends keyof Events>(name: K, listener: Listener<Events[K]>, options: ListenOptions = {}): () => void {
    const { signal } = options
    if (signal?.aborted) return () => {}
    // A function of its own, so that one listener may be added twice and each removed by its disposer.
    const entry: Listener<Events[K]> = (event) => listener(event)
    const listeners = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, listeners.add(entry))
    const dispose = (): void => {
      signal?.removeEventListener('abort', dispose)
      if (listeners.delete(entry) && listeners.size === 0 && this.#listeners.get(name) === listeners) {
        this.#listeners.delete(name)
      }
    }
    signal?.addEventListener('abort', dispose)
    return dispose
  }

  once<K extends keyof Events>(name: K, listener: Listener<Events[K]>, options?: ListenOptions): () => void {
    const dispose = this.on(
      name,
      (event) => {
        dispose()
        return listener(event)
      },
      options,
    )
    return dispose
  }

  has(name: keyof Events): boolean {
    return this.#listeners.has(name)
  }

  emit<K extends keyof Events>(name: K, event: Events[K], watcher = this.#watcher): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        watcher.watch((listener as Listener<Events[K]>)(event))
      } catch (error) {
        watcher.fail(error)
      }
    }
  }

  clear(): void {
    this.#listeners.clear()
  }
}

/** One that tells `failed`, also when a promise that a listener returned rejects. */
export function watcher(failed: (error: unknown) => void): Watcher {
  return {
    watch: (result) => {
      if (isPromise(result)) result.then(undefined, failed)
    },
    fail: failed,
  }
}

export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined | null)?.then === 'function'
}
