/** The short form of the kills of `npm run chaos`. `EMQTT_SEED` repeats a run. */

import { describe, expect, test } from 'vitest'
import { describeKills, judgeKills, type KillsVerdict } from './process-judge.js'
import { type KillsPlan, runProcessKills } from './process-kills.js'

const SEED = Number(process.env.EMQTT_SEED ?? Math.floor(Math.random() * 2 ** 32))
/** ms: much more than a run takes, so that only one that stands still is given up. */
const PATIENCE = 60_000

async function account(
  plan: Pick<KillsPlan, 'kills' | 'victims' | 'cuts' | 'protocolVersion' | 'sync' | 'broker'>,
): Promise<{ verdict: KillsVerdict; again: string }> {
  const run = await runProcessKills({ ...plan, seed: SEED, patience: PATIENCE })
  const verdict = judgeKills(run)
  expect(run.kills, 'kills').toBe(plan.kills)
  expect(verdict.accepted, 'accepted').toBeGreaterThan(0)
  return { verdict, again: `EMQTT_SEED=${SEED} repeats it\n${describeKills(plan.broker, run, verdict)}` }
}

describe(`processes with file stores are killed with SIGKILL: seed ${SEED}`, () => {
  const long = { timeout: PATIENCE * 2 }
  const none = { lost: 0, doubled: 0, reordered: 0, faults: [] }

  test(
    'a writer and a reader lose nothing that was accepted, double nothing at QoS 2, and keep the order',
    long,
    async () => {
      const plan = {
        broker: 'mosquitto',
        protocolVersion: 4,
        sync: true,
        victims: ['writer', 'reader'],
        cuts: 0,
      } as const
      const { verdict, again } = await account({ ...plan, kills: 4 })
      expect(verdict, again).toMatchObject({ ...none, doubledByBroker: 0 })
    },
  )

  test('the same where their connections are cut as well, but for what the broker doubles', long, async () => {
    const plan = {
      broker: 'mosquitto',
      protocolVersion: 5,
      sync: false,
      victims: ['writer', 'reader'],
      cuts: 4,
    } as const
    const { verdict, again } = await account({ ...plan, kills: 4 })
    expect(verdict, again).toMatchObject(none)
  })

  test(
    'a reader that stays gets from a killed writer each message, of QoS 2 once, through the embedded broker',
    long,
    async () => {
      const plan = { broker: 'embedded', protocolVersion: 5, sync: false, victims: ['writer'], cuts: 0 } as const
      const { verdict, again } = await account({ ...plan, kills: 3 })
      expect(verdict, again).toMatchObject({ ...none, doubledByBroker: 0 })
    },
  )
})
