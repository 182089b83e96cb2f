/** A question to the session, and the promise of its answer. */

import type { CancelSignal } from './cancel.js'
import type { Parts } from './parts.js'
import { Pending, type Waiter } from './pending.js'

/** `put` asks the session, which answers by way of `tag`. `answered` makes the result, before anything else happens. */
export function ask<A, T>(
  { session, connection }: Parts,
  signal: CancelSignal | undefined,
  put: (tag: Waiter<A>) => void,
  answered: (answer: A) => T,
): Promise<T> {
  const tag: Waiter<A> = {
    resolve: (answer) => pending.resolve(answered(answer)),
    reject: (error) => pending.reject(error),
  }
  const pending = new Pending<T>(signal, { cancel: () => session.cancel(tag) })
  if (!signal?.aborted) {
    try {
      put(tag)
      connection.update()
    } catch (error) {
      // It was not taken over: its signal is let go of.
      pending.reject(error)
    }
  }
  return pending.promise
}
