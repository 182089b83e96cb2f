/** Typed events. A listener that throws harms nobody, and an event that nobody hears is no error. */

import { type CancelSignal, onAbort } from './cancel.js'

/** Called for each event. A promise that it returns is watched: an error becomes the event `error`. */
export type Listener<T> = (event: T) => unknown

/** How long a listener stays. */
export interface ListenOptions {
  /** When it aborts, the listener is removed. */
  signal?: CancelSignal
}

/** Calls what an application gave, and looks after what it throws and returns. */
export type Caller = (call: () => unknown) => void

/** Listeners by name of event. */
export class Emitter<Events extends object> {
  /** Made with the first of them. */
  #listeners: Map<keyof Events, Set<Listener<never>>> | undefined
  readonly #call: Caller

  /** `failed` is told of what a listener throws, or rejects with. */
  constructor(failed: (error: unknown) => void) {
    this.#call = (call) => guard(call, failed)
  }

  on<K extends keyof Events>(name: K, listener: Listener<Events[K]>, { signal }: ListenOptions = {}): () => void {
    // A function of its own, so that one listener may be added twice and each removed by its disposer.
    const entry: Listener<Events[K]> = (event) => listener(event)
    this.#listeners ??= new Map()
    const listeners = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, listeners.add(entry))
    const release = onAbort(signal, () => listeners.delete(entry))
    return () => {
      release()
      listeners.delete(entry)
    }
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
    return Boolean(this.#listeners?.get(name)?.size)
  }

  emit<K extends keyof Events>(name: K, event: Events[K], call = this.#call): void {
    for (const listener of [...(this.#listeners?.get(name) ?? [])]) call(() => (listener as Listener<Events[K]>)(event))
  }

  clear(): void {
    this.#listeners = undefined
  }
}

/** Calls `call`; `failed` hears what it throws, or rejects with. Gives the promise that it returned, if it did. */
export function guard(call: () => unknown, failed: (error: unknown) => void): PromiseLike<void> | undefined {
  try {
    const result = call() as PromiseLike<unknown> | undefined | null
    if (typeof result?.then === 'function') return result.then(() => {}, failed)
  } catch (error) {
    failed(error)
  }
  return undefined
}
