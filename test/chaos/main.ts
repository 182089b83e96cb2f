/** The long form of the suite: `npm run chaos`. */

import type { ProtocolVersion } from '../../platform/node/index.js'
import { describeRun, judge } from './judge.js'
import type { ChaosPlan } from './plan.js'
import { describeKills, judgeKills } from './process-judge.js'
import { type KillsPlan, runProcessKills } from './process-kills.js'
import { runChaos } from './run.js'

const { env } = process

/** What the variable `EMQTT_<name>` lists, each of them one of `all`; without it, all. */
function chosen<T extends string | number>(name: string, all: readonly T[]): readonly T[] {
  const given = env[`EMQTT_${name}`]
  if (given === undefined) return all
  const wanted = given.split(',')
  const found = all.filter((each) => wanted.includes(String(each)))
  if (found.length !== wanted.length)
    throw new RangeError(`EMQTT_${name}: expected some of ${all.join(', ')}, separated by commas, got ${given}`)
  return found
}

function count(name: string, standard: number): number {
  const given = Number(env[`EMQTT_${name}`] ?? standard)
  if (!Number.isInteger(given) || given < 0)
    throw new RangeError(`EMQTT_${name}: expected a whole number from 0, got ${env[`EMQTT_${name}`]}`)
  return given
}

const VICTIMS = { both: ['writer', 'reader'], writer: ['writer'], reader: ['reader'] } as const
const BROKERS = ['mosquitto', 'embedded'] as const
const SIDES = ['both', 'writer', 'reader'] as const

/** Runs what the environment asks for, one after the other; resolves to whether all of it passed. */
export async function runAll(): Promise<boolean> {
  const seed = count('SEED', Math.floor(Math.random() * 2 ** 32))
  const [cuts, kills] = [count('CUTS', 1_000), count('KILLS', 200)]
  const cut = cuts === 0 || (await cutAll(seed, cuts))
  const killed = kills === 0 || (await killAll(seed, kills))
  return cut && killed
}

/** Connections are cut. */
async function cutAll(seed: number, cuts: number): Promise<boolean> {
  const messages = count('MESSAGES', 100_000)
  const restarts = count('RESTARTS', 0)
  const early = chosen('EARLY', [1, 0])[0] === 1
  let passed = true
  for (const broker of chosen('BROKER', BROKERS))
    for (const protocolVersion of chosen<ProtocolVersion>('VERSION', [3, 4, 5]))
      for (const qos of chosen('QOS', [1, 2] as const))
        for (const side of chosen('SIDE', SIDES)) {
          const plan: ChaosPlan = {
            ...{ seed, cuts, messages, qos, protocolVersion, broker, victims: VICTIMS[side], early, restarts },
            patience: 60_000 + cuts * 1_000 + messages * 10,
          }
          const run = await runChaos(plan)
          const verdict = judge(run)
          const cut = `${side} cut${early ? '' : ', none early'}${restarts > 0 ? `, ${restarts} restarts` : ''}`
          const title = `seed ${seed}, ${broker}, version ${protocolVersion}, QoS ${qos}, ${cut}`
          console.log(describeRun(title, run, verdict))
          // Aedes 2.0.0-beta.1 forgets, doubles and reorders what it owes to a reader that was cut off.
          const toExplain = broker === 'embedded' && side !== 'writer' ? [] : verdict.unexplained
          if (verdict.faults.length + toExplain.length > 0) passed = false
        }
  return passed
}

/** Processes are killed: over a whole network, and over one that is cut as often. */
async function killAll(seed: number, kills: number): Promise<boolean> {
  let passed = true
  for (const broker of chosen('BROKER', BROKERS))
    for (const protocolVersion of chosen<ProtocolVersion>('VERSION', [3, 4, 5]))
      for (const sync of chosen('SYNC', [1, 0]))
        for (const side of chosen('SIDE', SIDES))
          for (const network of chosen('NETWORK', ['whole', 'cut'] as const)) {
            // Aedes 2.0.0-beta.1 forgets, doubles and reorders what it owes to a reader that was cut off.
            if (broker === 'embedded' && (side !== 'writer' || network === 'cut')) continue
            const plan: KillsPlan = {
              ...{ seed, kills, protocolVersion, broker, victims: VICTIMS[side], sync: sync === 1 },
              cuts: network === 'cut' ? kills : 0,
              patience: 60_000 + kills * 5_000,
            }
            const run = await runProcessKills(plan)
            const verdict = judgeKills(run)
            const stores = `sync ${sync === 1 ? 'on' : 'off'}`
            const title = `seed ${seed}, ${broker}, version ${protocolVersion}, ${stores}, ${side} killed`
            console.log(describeKills(title, run, verdict))
            if (verdict.faults.length > 0) passed = false
          }
  return passed
}
