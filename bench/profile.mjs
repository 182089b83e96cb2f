/**
 * `npm run profile -- <part> [<text of a case>]`: runs our side of each case once, writes a CPU profile of it, and says
 * where the time went. The file opens in Chromium's developer tools (Performance, Load profile), VS Code, or speedscope.
 */

import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../test/support/setup.mjs'
import { takeFigure } from './measure.mjs'
import { OURS } from './report.mjs'
import { ensureReady } from './setup.mjs'

await ensureReady()
const { PARTS } = await import('./parts/index.mjs')
const [part = '', text = ''] = process.argv.slice(2)
if (!(part in PARTS)) {
  console.error(`npm run profile -- <part> [<text of a case>], where <part> is one of ${Object.keys(PARTS).join(', ')}`)
  process.exit(1)
}
for (const theCase of PARTS[part].cases.filter(({ name, contenders }) => name.includes(text) && OURS in contenders)) {
  const folder = join(ROOT, 'bench/profiles', theCase.name.replace(/[^\w.-]+/g, '-'))
  mkdirSync(folder, { recursive: true })
  const before = new Set(readdirSync(folder))
  const figures = await takeFigure(theCase, OURS, ['--cpu-prof', `--cpu-prof-dir=${folder}`])
  const file = readdirSync(folder).find((name) => !before.has(name))
  if (!file) throw new Error(`${theCase.name}: Node wrote no profile into ${folder}`)
  console.log(`${theCase.name}: ${JSON.stringify(figures)}\n  ${join(folder, file)}`)
  for (const [where, share] of readShares(join(folder, file)).slice(0, 12))
    console.log(`  ${(100 * share).toFixed(1).padStart(5)} %  ${where}`)
}

/** The share of the time that was spent in each function itself, the largest first. */
function readShares(file) {
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, 'utf8'))
  const places = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]))
  const times = new Map()
  let all = 0
  for (const [at, id] of samples.entries()) {
    const place = places.get(id)
    if (place === '(idle)') continue
    times.set(place, (times.get(place) ?? 0) + timeDeltas[at])
    all += timeDeltas[at]
  }
  return [...times].map(([place, time]) => [place, time / all]).sort(([, a], [, b]) => b - a)
}

function nameOf({ functionName, url, lineNumber }) {
  const file = url.replace(/^file:\/\//, '').replace(ROOT, '')
  return `${functionName || '(anonymous)'}${file ? ` ${file}:${lineNumber + 1}` : ''}`
}
