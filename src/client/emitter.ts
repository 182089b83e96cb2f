/** Typed events. A listener that throws harms nobody, and an event that nobody hears is no error. */

import { type CancelSignal, onAbort } from './cancel.js'

/** Called for each event. A promise that it returns is watched: an error becomes the event `error`. */
export type Listener<T> = (event: T) => unknown

/** How long a listener stays. */
export interface ListenOptions {
  /** When it aborts, the listener is removed. */
  signal?: CancelSignal
}

const NOBODY: readonly never[] = []

/** Listeners by name of event. */
export abstract class Emitter<Events extends object> implements Guardian {
  /** Made with the first of them. */
  #listeners: Map<keyof Events, Set<Listener<never>>> | undefined

  /** Is told of what a listener throws, or rejects with. */
  abstract failed(error: unknown): void

  on<K extends keyof Events>(name: K, listener: Listener<Events[K]>, { signal }: ListenOptions = {}): () => void {
    // A function of its own, so that one listener may be added twice and each removed by its disposer.
    const entry: Listener<Events[K]> = (event) => listener(event)
    this.#listeners ??= new Map()
    const listeners = this.#listeners?.get(name) ?? new Set()
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

  /** Those who hear of `name` now. */
  listeners<K extends keyof Events>(name: K): readonly Listener<Events[K]>[] {
    const listeners = this.#listeners?.get(name)
    return listeners?.size ? ([...listeners] as Listener<Events[K]>[]) : NOBODY
  }

  emit<K extends keyof Events>(name: K, event: Events[K], guardian: Guardian = this): void {
    for (const listener of this.listeners(name)) guard(listener, event, guardian)
  }

  clear(): void {
    this.#listeners = undefined
  }
}

/** Who hears of what a call threw. */
interface Guardian {
  failed(error: unknown): void
}

/** Calls `call`; `guardian` hears what it throws, or rejects with. Gives the promise that it returned, if it did. */
export function guard<T>(
  call: (argument: T) => unknown,
  argument: T,
  guardian: Guardian,
): PromiseLike<void> | undefined {
  try {
    const result = call(argument) as PromiseLike<unknown> | undefined | null
    if (typeof result?.then === 'function')
      return result.then(
        () => {},
        (error) => guardian.failed(error),
      )
  } catch (error) {
    guardian.failed(error)
  }
  return undefined
}
