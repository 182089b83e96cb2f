/** Holds the account of every message of a run: accepted, seen, in which order, and whose fault it was if not. */

import { accountFor } from '../support/broker-account.js'
import type { Entry } from '../support/exchange-log.js'
import { faultsOf } from '../support/exchange-rules.js'
import { type ChaosRun, topicOf } from './run.js'

export interface Verdict {
  readonly lost: number
  /** At QoS 2. */
  readonly doubled: number
  /** Of these and of what was lost, what the broker did, as the packets prove. Not looked at where it was restarted. */
  readonly byBroker: number
  /** At QoS 1, as it may be. */
  readonly repeated: number
  /** First deliveries of a message behind one of the same topic that was published later. */
  readonly reordered: number
  /** The same of what the reader received: those that it was sent in that order. */
  readonly reorderedByBroker: number
  /** Whatever our clients can be blamed for. */
  readonly faults: readonly string[]
  /** Losses and doubles for which there is no proof that the broker did it. Not looked at where it was restarted. */
  readonly unexplained: readonly string[]
}

export function judge(run: ChaosRun): Verdict {
  const { log, messages, restarts } = run
  const { entries } = log
  const deliveries = new Map<number, number>()
  const settled = new Set<number>()
  let qos2 = false
  for (const { what, message = -1, qos } of entries) {
    if (what === 'delivered') deliveries.set(message, (deliveries.get(message) ?? 0) + 1)
    if (what === 'settled') settled.add(message)
    if (what === 'delivered' && qos === 2) qos2 = true
  }
  const again = [...deliveries.values()].filter((count) => count > 1).length
  const received = entries.filter(({ side, what, type }) => side === 'reader' && what === 'got' && type === 'publish')
  const delivered = entries.filter(({ what }) => what === 'delivered')
  // What a broker that is killed forgets needs its database to be proved: test/integration/kills.test.ts has it.
  const { unexplained, anomalies } = restarts > 0 ? { unexplained: [], anomalies: [] } : accountFor(log, messages)
  return {
    lost: [...settled].filter((message) => !deliveries.has(message)).length,
    doubled: qos2 ? again : 0,
    repeated: qos2 ? 0 : again,
    reordered: countOutOfOrder(delivered),
    reorderedByBroker: countOutOfOrder(received),
    faults: [...run.faults, ...faultsOf(log, messages)],
    unexplained,
    byBroker: new Set(anomalies.map(({ message }) => message)).size,
  }
}

/** Of what comes for the first time, what is behind a later message of its topic. */
function countOutOfOrder(entries: readonly Entry[]): number {
  const seen = new Set<number>()
  const last = new Map<string, number>()
  let count = 0
  for (const { message = -1 } of entries) {
    if (seen.has(message)) continue
    seen.add(message)
    const topic = topicOf(message)
    const before = last.get(topic) ?? -1
    if (message < before) count++
    last.set(topic, Math.max(before, message))
  }
  return count
}

/** One line, as `npm run chaos` prints it. */
export function describeRun(
  title: string,
  { cuts, messages, restarts, reconnects, took }: ChaosRun,
  verdict: Verdict,
): string {
  const { lost, doubled, byBroker, repeated, reordered, reorderedByBroker, faults, unexplained } = verdict
  const line = [
    title,
    `${cuts} cuts`,
    `${messages} messages`,
    `${lost} lost`,
    `${doubled} doubled${restarts > 0 ? '' : ` (${byBroker} by the broker)`}`,
    `${repeated} repeated at QoS 1`,
    `${reordered} reordered (${reorderedByBroker} by the broker)`,
    `${reconnects} reconnects`,
    `${faults.length} faults`,
    `${(took / 1000).toFixed(1)} s`,
  ].join(', ')
  const found = [...faults.map((fault) => `FAULT: ${fault}`), ...unexplained.map((one) => `UNEXPLAINED: ${one}`)]
  return [line, ...found.slice(0, 20).map((one) => `  ${one}`)].join('\n')
}
