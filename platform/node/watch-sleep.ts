/** Node tells nothing of sleep: when the clock has gone on by much more than a timer asked for, the machine slept. */

/** How often the clock is looked at, ms. */
const EVERY = 10_000

/** Who wants to know: one timer does for all, however many clients there are. */
const watchers = new Set<(online: boolean) => void>()
let timer: NodeJS.Timeout | undefined

/** `now` has to count the time in which the machine slept, which timers do not. The process may end meanwhile. */
export function watchSleep(now: () => number, slept: (online: boolean) => void): () => void {
  watchers.add(slept)
  timer ??= watch(now)
  return () => {
    watchers.delete(slept)
    if (watchers.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

function watch(now: () => number): NodeJS.Timeout {
  let last = now()
  const look = (): void => {
    const time = now()
    const late = time - last > 2 * EVERY
    last = time
    if (late) for (const slept of [...watchers]) slept(true)
  }
  return setInterval(look, EVERY).unref()
}
