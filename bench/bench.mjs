/** One run of the measurements, as data: what was measured, where, with what, and all numbers. */

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import { join } from 'node:path'
import { ROOT } from '../test/support/setup.mjs'
import { measure } from './measure.mjs'
import { PARTS } from './parts/index.mjs'

/**
 * @param {readonly string[]} names Of the parts.
 * @param {{ rounds: number, only?: string }} options
 */
export async function runBench(names, { rounds, only = '' }) {
  const began = new Date().toISOString()
  const machine = describeMachine()
  if (machine.load > 0.5)
    console.log(`The machine is busy (load ${machine.load}): times will be worse than they are, ratios rough.`)
  const parts = {}
  for (const name of names) {
    const cases = PARTS[name].cases.filter((one) => one.name.includes(only))
    const tell = (text) => process.stderr.isTTY && process.stderr.write(`\r\x1b[K${name}: ${text}`)
    parts[name] = { found: await measure(cases, { rounds, tell }) }
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
  }
  return { began, ended: new Date().toISOString(), rounds, machine, versions: readVersions(), parts }
}

function describeMachine() {
  return {
    node: process.version,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memory: Math.round(totalmem() / 2 ** 30),
    load: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  }
}

/** Of us (the commit) and of those beside us. */
function readVersions() {
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'bench/package.json'), 'utf8'))
  return { emqtt: readCommit(), ...dependencies }
}

function readCommit() {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim()
  } catch {
    return 'unknown'
  }
}
