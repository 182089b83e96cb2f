/** What a client left behind that keeps a process alive: connections and timers. */

import { setImmediate as turn } from 'node:timers/promises'
import type { ChaosProxy } from './proxy.js'

/** How many timers run in this process. */
export function countTimers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
}

/** ms for what is under way to end: a socket that was closed needs some turns of the event loop. */
const PATIENCE = 5_000

/**
 * What there is more of than `before`, in sentences, once all clients have stopped. Their connections are counted at the
 * proxies: a client that has stopped has closed them itself, and the proxies close none before.
 */
export async function describeLeaks(
  before: number,
  proxies: readonly ChaosProxy[],
  patience = PATIENCE,
): Promise<string[]> {
  const deadline = performance.now() + patience
  const look = (): string[] => {
    const timers = countTimers() - before
    return [
      ...proxies.filter(({ open }) => open > 0).map(({ open }) => `a stopped client left ${open} connections open`),
      ...(timers > 0 ? [`stopped clients left ${timers} timers`] : []),
    ]
  }
  let leaks = look()
  while (leaks.length > 0 && performance.now() < deadline) {
    await turn()
    leaks = look()
  }
  return leaks
}
