/** A step of connecting that a signal can end: whatever was begun is freed, and no listener stays on the signal. */

import type { CancelSignal } from '../../src/index.js'

/**
 * Runs `begin`, which returns what frees it. When `signal` aborts first, that is called and the promise rejects with
 * the signal's reason. A rejection by `begin` itself also frees; its result does not.
 */
export function cancellable<T>(
  signal: CancelSignal,
  begin: (resolve: (value: T) => void, reject: (error: unknown) => void) => () => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    let free: (() => void) | undefined
    let failed = false
    const fail = (error: unknown): void => {
      failed = true
      signal.removeEventListener('abort', abort)
      free?.()
      reject(error)
    }
    const succeed = (value: T): void => {
      signal.removeEventListener('abort', abort)
      resolve(value)
    }
    const abort = (): void => fail(signal.reason)
    signal.addEventListener('abort', abort)
    try {
      free = begin(succeed, fail)
      // It failed before it could say how it is freed.
      if (failed) free()
    } catch (error) {
      fail(error)
    }
  })
}
