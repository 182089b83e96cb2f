/** One timer of any length: the host's own overflows after 24.8 days and then fires at once. */

const LONGEST = 2 ** 31 - 1

/** Calls `callback` once after `ms`; `Infinity` is never. Returns what cancels it. */
export function setTimer(callback: () => void, ms: number): () => void {
  let handle: ReturnType<typeof setTimeout>
  const wait = (left: number): void => {
    handle = left > LONGEST ? setTimeout(wait, LONGEST, left - LONGEST) : setTimeout(callback, left)
  }
  wait(ms)
  return () => clearTimeout(handle)
}
