/** What keeps a process alive, and what of it a client left behind. */

import { setImmediate as turn } from 'node:timers/promises'
import type { ChaosProxy } from './proxy.js'

/** Sockets, timers and look-ups, by kind, as Node counts them. */
export function openResources(): Map<string, number> {
  const counts = new Map<string, number>()
  for (const kind of process.getActiveResourcesInfo())
    if (/^(Timeout|Immediate|.*(TCP|TLS|Pipe)\w*(Wrap|Req\w*)|GetAddrInfo\w*)$/.test(kind))
      counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return counts
}

/** ms for what is under way to end: a socket that was closed needs some turns of the event loop. */
const PATIENCE = 5_000

/** One sentence for each kind of thing of which there is more than `before`, once all clients have stopped. */
export async function describeLeaks(
  before: ReadonlyMap<string, number>,
  proxies: readonly ChaosProxy[],
): Promise<string[]> {
  const deadline = performance.now() + PATIENCE
  const look = (): string[] => [
    // A client that has stopped has closed its sockets itself; the proxies close none of theirs before.
    ...proxies.filter(({ open }) => open > 0).map(({ open }) => `a stopped client left ${open} connections open`),
    ...[...openResources()]
      .filter(([kind, count]) => kind === 'Timeout' && count > (before.get(kind) ?? 0))
      .map(([kind, count]) => `stopped clients left ${count - (before.get(kind) ?? 0)} × ${kind}`),
  ]
  let leaks = look()
  while (leaks.length > 0 && performance.now() < deadline) {
    await turn()
    leaks = look()
  }
  return leaks
}
