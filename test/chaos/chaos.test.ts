/** The short form of the suite; docs/delivery.md tells of the long one. `EMQTT_SEED` repeats a run. */

import { describe, expect, test } from 'vitest'
import type { ProtocolVersion } from '../../platform/node/index.js'
import type { Side } from '../support/exchange-log.js'
import { describeRun, judge, type Verdict } from './judge.js'
import type { ChaosPlan } from './plan.js'
import { runChaos } from './run.js'

const SEED = Number(process.env.EMQTT_SEED ?? Math.floor(Math.random() * 2 ** 32))
const CUTS = 20
const MESSAGES = 2_000
/** ms: much more than a run takes, so that only one that stands still is given up. */
const PATIENCE = 60_000

const VERSIONS: readonly ProtocolVersion[] = [3, 4, 5]
const BOTH: readonly Side[] = ['writer', 'reader']

async function account(
  plan: Pick<ChaosPlan, 'broker' | 'protocolVersion' | 'qos' | 'victims'> & { restarts?: number },
): Promise<{ verdict: Verdict; again: string }> {
  const { broker, protocolVersion, qos, victims } = plan
  const size = { cuts: CUTS, messages: MESSAGES, patience: PATIENCE }
  const run = await runChaos({ restarts: 0, early: true, ...plan, ...size, seed: SEED })
  const verdict = judge(run)
  const title = `seed ${SEED}, ${broker}, version ${protocolVersion}, QoS ${qos}, ${victims.join(' and ')} cut`
  expect(run.cuts, 'cuts').toBe(CUTS)
  expect(run.messages, 'messages').toBeGreaterThanOrEqual(MESSAGES)
  return { verdict, again: `EMQTT_SEED=${SEED} repeats it\n${describeRun(title, run, verdict)}` }
}

describe(`${CUTS} cuts during ${MESSAGES} messages through mosquitto: seed ${SEED}`, () => {
  for (const protocolVersion of VERSIONS) {
    for (const qos of [1, 2] as const) {
      test(`each message of QoS ${qos} comes ${qos === 1 ? 'at least once' : 'once, but for what the broker doubled,'} and in order in version ${protocolVersion}`, {
        timeout: PATIENCE * 2,
      }, async () => {
        const { verdict, again } = await account({ broker: 'mosquitto', protocolVersion, qos, victims: BOTH })
        const { doubled, byBroker, reordered, reorderedByBroker } = verdict
        expect(verdict, again).toMatchObject({ lost: 0, faults: [], unexplained: [] })
        // What mosquitto itself sends twice or out of order, after two cuts in quick succession.
        expect({ doubled, reordered }, again).toEqual({ doubled: byBroker, reordered: reorderedByBroker })
      })
    }
  }
})

describe(`${CUTS} cuts during ${MESSAGES} messages through a mosquitto that is killed and stopped: seed ${SEED}`, () => {
  // What a broker forgets when it is killed, test/integration/kills.test.ts accounts for.
  test('our clients do nothing wrong, and all promises settle', { timeout: PATIENCE * 2 }, async () => {
    const plan = { broker: 'mosquitto', protocolVersion: 5, qos: 2, victims: BOTH, restarts: 2 } as const
    const { verdict, again } = await account(plan)
    expect(verdict.faults, again).toEqual([])
  })
})

describe(`${CUTS} cuts during ${MESSAGES} messages through the embedded broker: seed ${SEED}`, () => {
  for (const protocolVersion of [4, 5] as const) {
    for (const qos of [1, 2] as const) {
      test(`a writer that is cut off loses, doubles and reorders nothing: version ${protocolVersion}, QoS ${qos}`, {
        timeout: PATIENCE * 2,
      }, async () => {
        const { verdict, again } = await account({ broker: 'embedded', protocolVersion, qos, victims: ['writer'] })
        expect(verdict, again).toMatchObject({ lost: 0, doubled: 0, reordered: 0, faults: [], unexplained: [] })
      })
    }
  }

  // Aedes 2.0.0-beta.1 forgets, doubles and reorders what it owes to a reader that was cut off.
  test('a reader that is cut off hands out what it is sent, and answers it in order', {
    timeout: PATIENCE * 2,
  }, async () => {
    const { verdict, again } = await account({ broker: 'embedded', protocolVersion: 5, qos: 2, victims: ['reader'] })
    expect(verdict.faults, again).toEqual([])
  })
})
