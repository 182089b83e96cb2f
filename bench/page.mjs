/** docs/performance.md of one run: what falls short first, then every row, then how it grows. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../test/support/setup.mjs'
import { PARTS } from './parts/index.mjs'
import { plotCurve } from './plot.mjs'
import { REASONS } from './reasons.mjs'
import { LIMIT, OURS, otherNames, readCurves, readRows, showNumber, showValue } from './report.mjs'

/** The numbers that the page shows: it can be made again from them, and a test holds it to that. */
export const RESULTS = join(ROOT, 'docs/performance/results.json')

/** @param {any} results */
export function writePage(results) {
  mkdirSync(join(ROOT, 'docs/performance'), { recursive: true })
  writeFileSync(RESULTS, `${JSON.stringify(results)}\n`)
  for (const [path, text] of Object.entries(makePage(results))) writeFileSync(join(ROOT, path), text)
}

export function readResults() {
  return JSON.parse(readFileSync(RESULTS, 'utf8'))
}

/**
 * The files by their path.
 * @param {any} results
 * @returns {Record<string, string>}
 */
export function makePage(results) {
  const rows = readRows(results)
  const curves = readCurves(results)
  const text = [describe(results), describeShort(rows, curves), describeAll(rows), describeCurves(curves), HOW].join(
    '\n\n',
  )
  const plots = curves.map((curve) => [`docs/${plotOf(curve)}`, plotCurve(curve, curve.points)])
  return { 'docs/performance.md': `${text}\n`, ...Object.fromEntries(plots) }
}

function plotOf({ name }) {
  return `performance/${name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}.svg`
}

function describe({ began, ended, rounds, machine, versions }) {
  const minutes = Math.round((Date.parse(ended) - Date.parse(began)) / 60_000)
  const others = Object.entries(versions)
    .filter(([name]) => name !== OURS)
    .map(([name, version]) => `${name} ${version}`)
  return `# Performance

Made by one run of \`npm run bench -- --page\`: ${began.slice(0, 10)}, ${minutes} minutes, commit ${versions.emqtt}, Node ${machine.node.slice(1)},
${machine.cores} cores (${machine.cpu}), loopback; beside ${others.join(', ')}. Each figure is the median
of ${rounds} fresh processes, all clients in turn. Times move by up to 40 % from run to run and from machine to machine, so what counts is
the ratio within the run. \`limit\` is what is possible at all: a bare socket with the same bytes in the same shape, or what the
part says. No client was given an option that makes it faster. \`npm run bench -- <part>\` takes one part, \`npm run profile -- <part>\` shows where the time goes.`
}

function describeShort(rows, curves) {
  const short = rows.filter(({ met }) => met === false)
  const aimed = rows.filter(({ met }) => met !== undefined)
  const bent = curves.filter(({ figures }) => figures.some(({ bends }) => bends))
  const notes = explain([...short, ...bent])
  return [
    '## What falls short',
    short.length === 0
      ? `All ${aimed.length} targets are met.`
      : `${short.length} of ${aimed.length} targets are missed.\n\n${makeTable(short)}`,
    bent.length === 0 ? 'No curve bends up.' : `What bends up: ${bent.map(({ name }) => name).join('; ')}.`,
    ...(notes.length > 0 ? [notes.join('\n')] : []),
  ].join('\n\n')
}

/** One reason may be that of several. */
function explain(all) {
  const names = new Map()
  for (const { name } of all) {
    const reason = REASONS[name]
    if (reason) names.set(reason, [...(names.get(reason) ?? []), name])
  }
  return [...names].map(([reason, of]) => `- **${of.join('; ')}:** ${reason}`)
}

function describeAll(rows) {
  return Object.entries(PARTS)
    .map(([part, { title, says }]) => [title, says, rows.filter((row) => row.part === part)])
    .filter(([, , own]) => own.length > 0)
    .map(([title, says, own]) => `## ${title}\n\n${says[0].toUpperCase()}${says.slice(1)}.\n\n${makeTable(own)}`)
    .join('\n\n')
}

function describeCurves(curves) {
  const head =
    'What one unit costs, the more of them there are. A curve bends up where a unit at the end costs over 1.5 times what it did at the three points before.'
  return ['## How it grows', head, ...curves.map(describeCurve)].join('\n\n')
}

function describeCurve(curve) {
  const { name, says, x, points, figures } = curve
  const head = [x, ...figures.map(({ name: what, unit, per }) => `${what}, ${unit}${per ? ` per ${per}` : ''}`)]
  const lines = points.map(({ x: at, units }) => [
    showNumber(at),
    ...figures.map(({ figure }) => showNumber(units[figure])),
  ])
  const end = ['at the end', ...figures.map(({ growth, bends }) => growthOf(growth, bends))]
  const table = [head, head.map(() => '--:'), ...lines, end].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
  return [
    `### ${name[0].toUpperCase()}${name.slice(1)}`,
    ...(says ? [says] : []),
    `![${name}](${plotOf(curve)})`,
    table,
  ].join('\n\n')
}

function growthOf(growth, bends) {
  return Number.isNaN(growth) ? '' : `${showNumber(growth)} x${bends ? ', **bends up**' : ''}`
}

/** Columns only for those who are in it. */
function makeTable(rows) {
  const names = [OURS, ...otherNames(rows), ...(rows.some(({ values }) => LIMIT in values) ? [LIMIT] : [])]
  const aimed = rows.some(({ met }) => met !== undefined)
  const head = ['', 'unit', ...names, ...(aimed ? ['reached', 'wanted', ''] : [])]
  const line = (row) => [
    row.name,
    row.unit,
    ...names.map((name) => showValue(row, name)),
    ...(aimed ? [showNumber(row.reached), row.wanted, { true: 'met', false: '**short**' }[row.met] ?? ''] : []),
  ]
  const rule = head.map((_, at) => (at < 2 ? '---' : '--:'))
  return [head, rule, ...rows.map(line)].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

const HOW = `## How it is measured

- Each figure comes from a process that was started for it, and so does what it talks to (the null broker: one that acknowledges at once and
  does nothing else, one that only sends, or mosquitto). Another client is the first in each round.
- Before anything is timed, what the other side got is checked, byte by byte or by count; a figure with a wrong count is none.
- Then there is a warm-up of the same work, and then the time is taken. \`CPU\` is user and system time of the client's process.
- The other clients are used as their documentation says, with what is fastest for them; what was chosen stands in \`bench/clients\`.
- What does not vary from machine to machine is held by the tests: sizes of the bundles, allocations, writes, modules loaded.`
