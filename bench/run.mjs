/**
 * `npm run bench [-- <part> …] [-- options]`: sets up what the measurements need, takes them from the built dist, prints
 * a table, and writes the numbers to bench/results/. Without a part: all of them, which is what docs/performance.md shows.
 *
 *   --rounds 3    --case <text>, only cases with it in their name    --page, writes docs/performance.md of this run
 *   --from <file> of numbers, instead of measuring
 */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ensureDependencies, ROOT } from '../test/support/setup.mjs'
import { ensureReady } from './setup.mjs'

/** Those that compare nothing and print their own: what they measure, and what Node is told. */
const ALONE = {
  'slow-subscriber': { says: 'memory and losses with a subscriber that is too slow', node: ['--expose-gc'] },
  store: { says: 'what it costs to keep the session in a directory', node: [] },
}

await ensureDependencies()
const { PARTS } = await import('./parts/index.mjs')

const [first = ''] = process.argv.slice(2)
if (first in ALONE) await runAlone(first)
else await runParts()

async function runAlone(part) {
  await ensureReady()
  const args = [...ALONE[part].node, join(ROOT, 'bench', `${part}.mjs`), ...process.argv.slice(3)]
  const [code] = await once(spawn(process.execPath, args, { stdio: 'inherit' }), 'close')
  process.exitCode = code ?? 1
}

async function runParts() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '3' },
      case: { type: 'string', default: '' },
      page: { type: 'boolean', default: false },
      from: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  const unknown = positionals.filter((name) => !(name in PARTS))
  if (unknown.length > 0 || values.help) return showHelp(unknown)
  const results = values.from ? JSON.parse(readFileSync(values.from, 'utf8')) : await takeResults(positionals, values)
  const { printTable } = await import('./report.mjs')
  printTable(results)
  if (!values.page) return
  const { writePage } = await import('./page.mjs')
  writePage(results)
}

async function takeResults(positionals, { rounds, case: only }) {
  await ensureReady()
  const { runBench } = await import('./bench.mjs')
  const names = positionals.length > 0 ? positionals : Object.keys(PARTS)
  const results = await runBench(names, { rounds: Number(rounds), only })
  const folder = join(ROOT, 'bench/results')
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${results.began.replace(/[:.]/g, '-')}.json`)
  writeFileSync(file, `${JSON.stringify(results, undefined, 2)}\n`)
  console.log(`All numbers: ${file}\n`)
  return results
}

function showHelp(unknown) {
  if (unknown.length > 0) {
    console.error(`There is no part ${unknown.join(', ')}.`)
    process.exitCode = 1
  }
  const say = unknown.length > 0 ? console.error : console.log
  say('npm run bench [-- <part> …] [-- --rounds 3 --case <text> --page --from <file>], where <part> is one of')
  for (const [name, { says }] of Object.entries({ ...PARTS, ...ALONE })) say(`  ${name.padEnd(18)}${says}`)
}
