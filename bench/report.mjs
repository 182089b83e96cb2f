/** What a run found, as lines of a table: ours, the others', the limit, the ratio that counts, and whether it is met. */

import { PARTS } from './parts/index.mjs'
import { median } from './work.mjs'

/** The name under which ours is measured, and what is possible at all. */
export const OURS = 'emqtt'
export const LIMIT = 'limit'

/**
 * The rows of a run, in the order of the parts.
 * @param {any} results
 */
export function readRows(results) {
  return Object.entries(results.parts).flatMap(([part, { found }]) =>
    PARTS[part].rows.filter((row) => row.case in found).map((row) => readRow(part, row, results)),
  )
}

function readRow(part, row, results) {
  const { found } = results.parts[part]
  const contenders = Object.keys(found[row.case])
  const values = Object.fromEntries(contenders.map((name) => [name, readFigure(found, row.case, name, row.figure)]))
  return {
    part,
    ...row,
    values,
    failures: Object.fromEntries(
      contenders.map((name) => [name, found[row.case][name].failures]).filter(([, list]) => list.length > 0),
    ),
    ...judge(row, values, found),
  }
}

/** The median of the rounds; NaN where there is none. */
export function readFigure(found, theCase, contender, figure) {
  return median(found[theCase]?.[contender]?.figures[figure] ?? [])
}

/** What the target is about, in words; our share of it; and whether it is met. */
function judge({ target, case: own, figure }, values, found) {
  if (!target) return { wanted: '', reached: Number.NaN, met: undefined }
  const other = target.of === undefined ? 1 : readFigure(found, target.case ?? own, target.of, figure)
  const reached = values[OURS] / other
  const met = target.least === undefined ? reached <= target.most : reached >= target.least
  const bound = target.least === undefined ? `≤ ${target.most}` : `≥ ${target.least}`
  return { wanted: target.of === undefined ? bound : `${bound} × ${target.case ?? target.of}`, reached, met }
}

/** @param {any} results */
export function printTable(results) {
  const rows = readRows(results)
  const others = otherNames(rows)
  const head = ['', 'unit', OURS, ...others, LIMIT, 'reached', 'wanted', '']
  const lines = rows.map((row) => [
    row.name,
    row.unit,
    ...[OURS, ...others, LIMIT].map((name) => showValue(row, name)),
    showNumber(row.reached),
    row.wanted,
    row.met === undefined ? '' : row.met ? 'met' : 'SHORT',
  ])
  const widths = head.map((_, at) => Math.max(...[head, ...lines].map((line) => line[at].length)))
  for (const line of [head, ...lines])
    console.log(line.map((cell, at) => (at < 2 ? cell.padEnd(widths[at]) : cell.padStart(widths[at]))).join('  '))
  for (const row of rows)
    for (const [name, failures] of Object.entries(row.failures)) console.log(`${row.name}, ${name}: ${failures[0]}`)
}

/** Those beside us that the rows know, in the order in which they come. */
export function otherNames(rows) {
  return [...new Set(rows.flatMap((row) => Object.keys(row.values)))].filter((name) => name !== OURS && name !== LIMIT)
}

/** A number of a row for a reader; `failed` where it was to be there, empty where it was not. */
export function showValue(row, name) {
  if (!(name in row.values)) return ''
  return Number.isNaN(row.values[name]) ? 'failed' : showNumber(row.values[name])
}

/** Three figures, and thousands apart: nobody reads more out of it, and it does not hold more. */
export function showNumber(number) {
  if (Number.isNaN(number)) return ''
  if (Math.abs(number) >= 1_000) return Number(number.toPrecision(3)).toLocaleString('en-US')
  return String(Number(number.toPrecision(3)))
}
