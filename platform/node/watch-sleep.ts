/** Node tells nothing of sleep: when the clock has gone on by much more than a timer asked for, the machine slept. */

/** How often the clock is looked at, ms. */
const EVERY = 10_000

/** `now` has to count the time in which the machine slept, which timers do not. The process may end meanwhile. */
export function watchSleep(now: () => number, slept: () => void): () => void {
  let last = now()
  const timer = setInterval(() => {
    const time = now()
    if (time - last > 2 * EVERY) slept()
    last = time
  }, EVERY)
  timer.unref()
  return () => clearInterval(timer)
}
