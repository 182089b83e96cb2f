import { expect, test } from 'vitest'

// By a name that the compiler does not follow: bench is JavaScript that it does not check.
const load = (name: string) => import(new URL(`../../bench/${name}.mjs`, import.meta.url).href)
const { plotCurve } = await load('plot')
const { readCurve } = await load('report')

type Point = Record<'values' | 'units', { time: number }>

/** A curve of which only `times` differs, in µs at each x; what was not measured is undefined. */
function curveOf(times: readonly (number | undefined)[], { per = 'message', from = 1 } = {}) {
  const xs = times.map((_, at) => (from === 0 && at === 0 ? 0 : 10 ** at))
  const curve = {
    name: 'messages <in flight>',
    x: 'messages',
    points: xs.map((x) => ({ x, case: `growth/${x}` })),
    figures: [{ figure: 'time', name: 'Time', unit: 'µs', ...(per && { per }) }],
  }
  const found = Object.fromEntries(
    xs.map((x, at) => {
      const time = times[at]
      // The rounds differ, and their median counts.
      const figures = time === undefined ? {} : { time: [time * 3, time, time / 2] }
      return [`growth/${x}`, { emqtt: { figures, failures: time === undefined ? ['it broke'] : [] } }]
    }),
  )
  return readCurve(curve, found)
}

test('a figure that grows with x costs the same for each unit, and does not bend', () => {
  const { points, figures } = curveOf([50, 100, 500, 5_000, 55_000])
  expect(points.map(({ values }: Point) => values.time)).toEqual([50, 100, 500, 5_000, 55_000])
  expect(points.map(({ units }: Point) => units.time)).toEqual([50, 10, 5, 5, 5.5])
  expect(figures).toMatchObject([{ growth: 1.1, bends: false }])
})

test('a figure that grows faster than x bends up, and the plot says so', () => {
  const curve = curveOf([1, 10, 100, 1_000, 20_000])
  expect(curve.figures).toMatchObject([{ growth: 2, bends: true }])
  expect(plotCurve(curve, curve.points)).toContain('2, bends up')
  expect(plotCurve(curve, curve.points)).toContain('class="bends curve"')
})

test('what there is once, and the first points pay for, does not hide that the last one costs more', () => {
  expect(curveOf([9_000, 9_000, 9_000, 1_000, 10_000, 100_000, 2_000_000]).figures).toMatchObject([{ bends: true }])
})

test('a figure that is not by x bends where it grows itself', () => {
  expect(curveOf([1, 1, 1, 1, 1.4], { per: '' }).figures).toMatchObject([{ growth: 1.4, bends: false }])
  expect(curveOf([1, 1, 1, 1, 1.6], { per: '' }).figures).toMatchObject([{ growth: 1.6, bends: true }])
})

test('a point that was not measured is left out, and its failure is told', () => {
  const { points, figures } = curveOf([undefined, 10, 100, 1_000, 10_000])
  expect(points[0]).toMatchObject({ units: { time: Number.NaN }, failures: ['it broke'] })
  expect(figures).toMatchObject([{ growth: 1, bends: false }])
  const svg = plotCurve({ name: 'a', x: 'b', figures }, points)
  expect(svg.match(/<circle/g)).toHaveLength(4)
  expect(svg).not.toContain('NaN')
})

test('at an x of 0 there is no unit to divide by, and no place in a plot by magnitude', () => {
  const curve = curveOf([7, 10, 100, 1_000], { from: 0 })
  expect(curve.points[0]).toMatchObject({ x: 0, values: { time: 7 }, units: { time: Number.NaN } })
  expect(plotCurve(curve, curve.points).match(/<circle/g)).toHaveLength(3)
})

test('a plot is ASCII and well-formed, the same for the same numbers, and for numbers that differ in the fourth digit', () => {
  const plot = (time: number) => {
    const curve = curveOf([4, 30, time, 2_000])
    return plotCurve(curve, curve.points)
  }
  const svg = plot(250)
  expect(svg).toMatch(/^<svg [^\u0080-\uffff]*<\/svg>\n$/)
  expect(svg).toContain('<title>messages &#60;in flight&#62;</title>')
  expect(svg).toContain('&#181;s per message')
  expect(svg.match(/<g /g)?.length).toBe(svg.match(/<\/g>/g)?.length)
  expect(plot(250)).toBe(svg)
  expect(plot(250.01)).toBe(svg)
  expect(plot(300)).not.toBe(svg)
})
