/**
 * `npm run fuzz`: sets up what it needs and fuzzes, one target after the other, until it is stopped or its limit is reached.
 * docs/fuzzing.md tells more.
 */

import { setPriority } from 'node:os'
import { parseArgs } from 'node:util'
import { ensureFuzzer } from '../support/fuzzer.mjs'
import { ensureDependencies } from '../support/setup.mjs'

const USAGE = `npm run fuzz                      every target for a minute, again and again
npm run fuzz -- session           this one alone: decoder, differential, session
npm run fuzz -- --seconds 60      for so long, all targets together
npm run fuzz -- --runs 1000000    so many executions of each target
npm run fuzz -- --seed 7          the same numbers again; what is random is printed otherwise
npm run fuzz -- --keep            then add what was found to test/fuzz/corpus.json, as little of it as reaches the same`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string' },
    runs: { type: 'string' },
    seed: { type: 'string' },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

/**
 * @param {'seconds' | 'runs' | 'seed'} name
 */
function numberOf(name) {
  const value = values[name]
  if (value === undefined) return undefined
  if (/^[1-9]\d*$/.test(value)) return Number(value)
  throw new Error(`--${name}: expected a number of 1 or more, got ${value}\n${USAGE}`)
}

async function main() {
  if (values.help) {
    console.log(USAGE)
    return
  }
  const [seconds, runs] = [numberOf('seconds'), numberOf('runs')]
  let seed = numberOf('seed')
  await ensureDependencies()
  // Not before it is installed.
  const { TARGETS } = await import('./places.mjs')
  const unknown = positionals.find((name) => !TARGETS.some((target) => target === name))
  if (unknown !== undefined) throw new Error(`expected ${TARGETS.join(', ')}, got ${unknown}\n${USAGE}`)
  const targets = TARGETS.filter((name) => positionals.length === 0 || positionals.includes(name))
  const node = await ensureFuzzer()
  const { fuzzTarget, keepFound, prepare } = await import('./fuzzing.mjs')
  await prepare()
  const endless = seconds === undefined && runs === undefined
  // Who fuzzes for hours wants to do something else meanwhile.
  if (endless) setPriority(15)
  do {
    for (const target of targets) {
      const limit = endless ? { seconds: 60 } : { seconds: seconds && Math.max(1, seconds / targets.length), runs }
      // Random, unless told: another run is to try something else.
      const found = await fuzzTarget(node, target, { ...limit, seed: seed ?? 1 + Math.floor(Math.random() * 2 ** 31) })
      if (found) process.exitCode = 1
    }
    if (seed !== undefined) seed++
  } while (endless && !process.exitCode && !values.keep)
  if (values.keep) for (const target of targets) await keepFound(node, target)
}

await main().catch((error) => {
  console.error(error.message)
  process.exitCode = 1
})
