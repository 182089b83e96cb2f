/**
 * What a run found, as lines of a table: ours, the others', the limit, the ratio that counts, and whether it is met; and
 * as curves: what a unit costs the more of them there are, and whether that grows.
 */

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

/** A curve bends up where a unit costs so many times as much at the end as before. */
export const BEND = 1.5

/** The points before the last one that say what a unit cost before: at the first ones, what is there once counts more. */
const BEFORE = 3

/**
 * The curves of a run, in the order of the parts, as far as they were measured: of each point the medians in `values` and,
 * by x where the figure is `per` something, in `units`; NaN where there is none. Of each figure `growth`, what a unit costs
 * at the last point by the median of the three before, and whether it `bends`.
 * @param {any} results
 */
export function readCurves(results) {
  return Object.entries(results.parts).flatMap(([part, { found }]) =>
    (PARTS[part].curves ?? [])
      .filter(({ points }) => points.some((point) => point.case in found))
      .map((curve) => ({ part, ...readCurve(curve, found) })),
  )
}

/**
 * @param {import('./part.mjs').Curve} curve
 * @param {any} found
 */
export function readCurve(curve, found) {
  const points = curve.points.map(({ x, case: theCase }) => {
    const values = Object.fromEntries(
      curve.figures.map(({ figure }) => [figure, readFigure(found, theCase, OURS, figure)]),
    )
    const unit = ({ figure, per }) => (per === undefined ? values[figure] : x > 0 ? values[figure] / x : Number.NaN)
    return {
      x,
      values,
      units: Object.fromEntries(curve.figures.map((figure) => [figure.figure, unit(figure)])),
      failures: found[theCase]?.[OURS]?.failures ?? [],
    }
  })
  const figures = curve.figures.map((figure) => {
    const units = points.map((point) => point.units[figure.figure])
    const known = units.slice(0, -1).filter((number) => !Number.isNaN(number))
    const growth = units.at(-1) / median(known.slice(-BEFORE))
    return { ...figure, growth, bends: growth > BEND }
  })
  return { ...curve, points, figures }
}

/**
 * The rows, then the curves.
 * @param {any} results
 */
export function printTable(results) {
  printRows(readRows(results))
  for (const curve of readCurves(results)) printCurve(curve)
}

function printRows(rows) {
  if (rows.length === 0) return
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

function printCurve({ name, points, figures }) {
  for (const { figure, name: what, unit, per, growth, bends } of figures) {
    const units = points.map((point) => `${showNumber(point.x)}: ${showNumber(point.units[figure])}`).join('  ')
    const end = `${showNumber(growth)} x at the end${bends ? ', BENDS UP' : ''}`
    console.log(`${name}: ${what}, ${unit}${per === undefined ? '' : ` per ${per}`}, ${end}\n  ${units}`)
  }
  for (const { x, failures } of points) if (failures.length > 0) console.log(`${name} at ${x}: ${failures[0]}`)
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
