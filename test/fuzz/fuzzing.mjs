/** One run of the fuzzer: what it is given, what it says meanwhile, and what becomes of what it finds. */

import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { runnerImport } from 'vite'
import { ROOT } from '../support/setup.mjs'
import { bundleTargets, PRODUCT } from './build.mjs'
import { CACHE } from './places.mjs'

/** @typedef {import('./corpus.ts').Target} Target */
/** @typedef {{ seconds?: number | undefined, runs?: number | undefined, seed: number }} Limit */

/** Bytes of an input. Longer ones only repeat themselves. */
const LONGEST = { decoder: 256, differential: 256, session: 200 }
/** MiB: no input may have us hold more. */
const MEMORY = 768
/** ms that an input may take. By the clock: on a machine with much else to do, one of a millisecond took five seconds. */
const PATIENCE = 60_000
/** The exit code of the fuzzer for what went wrong. */
const FOUND = 77

/**
 * A file of ours in TypeScript, as it is now.
 * @param {string} path
 * @returns {Promise<any>}
 */
async function load(path) {
  const { module } = await runnerImport(join(ROOT, 'test/fuzz', path), {
    root: ROOT,
    configFile: false,
    logLevel: 'error',
    oxc: { target: 'node20' },
  })
  return module
}

export async function prepare() {
  await bundleTargets()
}

/**
 * @param {string} name
 * @param {Target} target
 */
function folderOf(name, target) {
  const folder = join(CACHE, name, target)
  mkdirSync(folder, { recursive: true })
  return folder
}

/**
 * A folder with exactly these inputs.
 * @param {string} folder
 * @param {Uint8Array[]} inputs
 */
function fill(folder, inputs) {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const [index, input] of inputs.entries()) writeFileSync(join(folder, String(index)), input)
}

/**
 * Fuzzes one target. Resolves to whether something went wrong, which was told then.
 * @param {string} node
 * @param {Target} target
 * @param {Limit} limit
 */
export async function fuzzTarget(node, target, { seconds, runs, seed }) {
  const { inputsOf } = await load('corpus.ts')
  const seeds = folderOf('seeds', target)
  fill(seeds, inputsOf(target))
  const crashes = folderOf('crashes', target)
  const known = new Set(readdirSync(crashes))
  const flags = [
    `-seed=${seed}`,
    `-artifact_prefix=${crashes}/`,
    `-max_len=${LONGEST[target]}`,
    `-rss_limit_mb=${MEMORY}`,
    '-print_final_stats=1',
    ...(seconds === undefined ? [] : [`-max_total_time=${Math.floor(seconds)}`]),
    ...(runs === undefined ? [] : [`-runs=${runs}`]),
  ]
  console.log(`${target}: seed ${seed}`)
  const { code, output } = await startFuzzer(node, target, [folderOf('corpus', target), seeds], flags, tell(target))
  const found = readdirSync(crashes).filter((name) => !known.has(name))
  for (const name of found) await explain(target, join(crashes, name))
  if (code === 0) return false
  if (found.length === 0) console.log(output.slice(-20).join('\n'))
  console.log(`${target}: ${code === FOUND ? 'something went wrong' : `the fuzzer ended with ${code}`}`)
  return true
}

/**
 * Says now and then how far it is, and in the end.
 * @param {Target} target
 */
function tell(target) {
  const started = performance.now()
  let last = started
  let [executions, edges, inputs] = ['0', '0', '0']
  return (/** @type {string | undefined} */ line) => {
    const state = line?.match(/^#(\d+)\s.*cov: (\d+) .*corp: (\d+)/)
    if (state) [, executions = '', edges = '', inputs = ''] = state
    // Also where something went wrong before it began to count.
    executions = line?.match(/^stat::number_of_executed_units: (\d+)/)?.[1] ?? executions
    const now = performance.now()
    if (line !== undefined && (!state || now - last < 10_000)) return
    last = now
    const rate = Math.round(Number(executions) / ((now - started) / 1000))
    console.log(`${target}: ${executions} executions, ${rate}/s, ${edges} edges, ${inputs} inputs kept`)
  }
}

/**
 * @param {string} node
 * @param {Target} target
 * @param {string[]} folders
 * @param {string[]} flags
 * @param {(line?: string) => void} [told] called with each line, and in the end
 * @returns {Promise<{ code: number | null, output: string[] }>}
 */
function startFuzzer(node, target, folders, flags, told = () => undefined) {
  const bundle = join(CACHE, 'bundle')
  // What is fuzzed is watched, and the codec that ours is held against.
  const watched = ['-i', join(bundle, PRODUCT), ...(target === 'differential' ? ['-i', 'mqtt-packet/'] : [])]
  const options = ['--sync', '-e', 'nothing', ...watched, '--disableBugDetectors', '.*', '--timeout', String(PATIENCE)]
  const script = [
    join(ROOT, 'test/fuzz/start.mjs'),
    join(bundle, `${target}.mjs`),
    ...folders,
    ...options,
    '--',
    ...flags,
  ]
  const child = spawn(node, script, {
    cwd: ROOT,
    env: { ...process.env, EMQTT_FUZZ_NODE: node },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  /** @type {string[]} */
  const output = []
  createInterface(child.stderr).on('line', (line) => {
    output.push(line)
    if (output.length > 200) output.shift()
    told(line)
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      told()
      resolve({ code, output })
    })
  })
}

/**
 * Prints what went wrong, so that one can read it, and the shortest input that does.
 * @param {Target} target
 * @param {string} file
 */
async function explain(target, file) {
  const { explain: tellOf, fuzz } = await load(`targets/${target}.ts`)
  const { shorten } = await load('shorten.ts')
  const { input, error } = shorten(Uint8Array.from(readFileSync(file)), fuzz)
  const digits = Buffer.from(input).toString('hex')
  console.log(
    [
      `\n${target}: ${error ?? 'it went wrong once, and not again'}`,
      ...tellOf(input).map((/** @type {string} */ line) => `  ${line}`),
      `The input is in ${file}; shortened it is ${digits}.`,
      `To have npm test replay it, add { "what": "…", "input": "${digits}" } to the crashes of ${target} in test/fuzz/corpus.json.\n`,
    ].join('\n'),
  )
}

/**
 * Puts into corpus.json what reaches edges that the seeds do not, and as little of it as does.
 * @param {string} node
 * @param {Target} target
 */
export async function keepFound(node, target) {
  const { foundOf, seedsOf } = await load('corpus.ts')
  /** @type {(hex: string) => Uint8Array} */
  const toBytes = (hex) => Uint8Array.from(Buffer.from(hex, 'hex'))
  const seeds = folderOf('seeds', target)
  fill(seeds, foundOf(target).kept.map(toBytes))
  const merged = folderOf('merged', target)
  fill(merged, seedsOf(target))
  const known = new Set(readdirSync(merged))
  // By branches alone: how often each was passed would keep ten times as many.
  const flags = ['-merge=1', '-use_counters=0', `-max_len=${LONGEST[target]}`, `-rss_limit_mb=${MEMORY}`]
  const { code, output } = await startFuzzer(node, target, [merged, seeds, folderOf('corpus', target)], flags)
  if (code !== 0) throw new Error(`${target}: what was found could not be merged.\n${output.slice(-20).join('\n')}`)
  const kept = readdirSync(merged)
    .filter((name) => !known.has(name))
    .map((name) => readFileSync(join(merged, name)).toString('hex'))
    .sort((a, b) => a.length - b.length || (a < b ? -1 : 1))
  const file = join(ROOT, 'test/fuzz/corpus.json')
  const corpus = JSON.parse(readFileSync(file, 'utf8'))
  corpus[target].kept = kept
  writeFileSync(file, `${JSON.stringify(corpus, undefined, 2)}\n`)
  console.log(`${target}: ${kept.length} inputs are in test/fuzz/corpus.json`)
}
