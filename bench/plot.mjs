/**
 * A curve as SVG, a panel for each of its figures: what a unit costs, by x. The same numbers make the same bytes; places
 * are whole pixels and labels have three digits at most, so that a little noise changes little.
 */

const PANEL = { width: 300, height: 230 }
/** Beside each other: a page on GitHub is not wider. */
const MOST_COLUMNS = 3
/** Where the axes are in a panel. */
const LEFT = 52
const RIGHT = PANEL.width - 18
const TOP = 56
const BOTTOM = PANEL.height - 42

/** What varies by more than that is shown by its magnitude. */
const WIDE = 20

/** GitHub shows it in an `<img>`, where only the reader's system says whether it is dark: so it brings its background. */
const STYLE = `
svg { font: 12px sans-serif }
.paper { fill: #fff } .title { fill: #1f2328; font-weight: bold } text { fill: #59636e }
.grid { stroke: #d1d9e0 } .curve { stroke: #0969da; fill: none; stroke-width: 2 } .point { fill: #0969da }
.bends.curve { stroke: #cf222e } .bends.point, text.bends { fill: #cf222e }
@media (prefers-color-scheme: dark) {
.paper { fill: #0d1117 } .title { fill: #f0f6fc } text { fill: #9198a1 }
.grid { stroke: #3d444d } .curve { stroke: #4493f8 } .point { fill: #4493f8 }
.bends.curve { stroke: #f85149 } .bends.point, text.bends { fill: #f85149 }
}
`

/**
 * @param {{ name: string, x: string, figures: readonly { figure: string, name: string, unit: string, per?: string, bends: boolean }[] }} curve
 * @param {readonly { x: number, units: Readonly<Record<string, number>> }[]} points As `readCurves` gives them.
 */
export function plotCurve({ name, x, figures }, points) {
  const columns = figures.length > MOST_COLUMNS ? Math.ceil(figures.length / 2) : figures.length
  const width = PANEL.width * columns
  const height = PANEL.height * Math.ceil(figures.length / columns)
  const panels = figures.map((figure, at) => {
    // At 0 there is no unit, and no place on an axis of magnitudes.
    const known = points
      .map((point) => ({ x: point.x, y: threeDigits(point.units[figure.figure]) }))
      .filter((point) => point.x > 0)
    const place = `${(at % columns) * PANEL.width} ${Math.floor(at / columns) * PANEL.height}`
    return `<g transform="translate(${place})">\n${plotPanel(figure, x, known)}\n</g>`
  })
  const svg = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escapeMarkup(name)}</title>`,
    `<style>${STYLE}</style>`,
    `<rect class="paper" width="${width}" height="${height}"/>`,
    ...panels,
    '</svg>',
  ]
  return `${svg.join('\n').replace(/[^\0-\x7f]/g, (sign) => `&#${sign.codePointAt(0)};`)}\n`
}

function plotPanel({ name, unit, per, bends }, xName, all) {
  const points = all.filter(({ y }) => Number.isFinite(y))
  const xAxis = magnitudes(all.map(({ x }) => x))
  const yAxis = makeAxis(points.map(({ y }) => y))
  const across = (number) => Math.round(LEFT + xAxis.share(number) * (RIGHT - LEFT))
  const up = (number) => Math.round(BOTTOM - yAxis.share(number) * (BOTTOM - TOP))
  const places = points.map(({ x, y }) => `${across(x)},${up(y)}`)
  const [before, last] = [undefined, undefined, ...points].slice(-2)
  const lines = [
    text(LEFT - 40, 22, name, 'class="title"'),
    text(LEFT - 40, 40, per === undefined ? unit : `${unit} per ${per}`),
    text((LEFT + RIGHT) / 2, PANEL.height - 8, xName, MIDDLE),
    ...yAxis.ticks.flatMap((tick) => [
      line(LEFT, up(tick), RIGHT, up(tick)),
      text(LEFT - 6, up(tick) + 4, showShort(tick), 'text-anchor="end"'),
    ]),
    ...xAxis.ticks.flatMap((tick) => [
      line(across(tick), BOTTOM, across(tick), BOTTOM + 4),
      text(across(tick), BOTTOM + 17, showShort(tick), MIDDLE),
    ]),
    `<polyline class="${bends ? 'bends ' : ''}curve" points="${places.join(' ')}"/>`,
    ...places.map((place) => {
      const [cx, cy] = place.split(',')
      return `<circle class="${bends ? 'bends ' : ''}point" cx="${cx}" cy="${cy}" r="3"/>`
    }),
  ]
  if (last) {
    const said = `${showShort(last.y)}${bends ? ', bends up' : ''}`
    // Where the curve does not come from.
    const away = before && before.y > last.y && up(last.y) < BOTTOM - 20 ? 18 : -8
    lines.push(text(across(last.x) + 4, up(last.y) + away, said, `text-anchor="end"${bends ? ' class="bends"' : ''}`))
  }
  return lines.join('\n')
}

const MIDDLE = 'text-anchor="middle"'

function text(x, y, said, attributes = '') {
  return `<text x="${x}" y="${y}"${attributes && ` ${attributes}`}>${escapeMarkup(said)}</text>`
}

function line(x1, y1, x2, y2) {
  return `<line class="grid" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"/>`
}

function escapeMarkup(said) {
  return said.replace(/[&<>]/g, (sign) => `&#${sign.codePointAt(0)};`)
}

/** From 0 where the numbers are near to each other, else by magnitude. */
function makeAxis(numbers) {
  const above = numbers.filter((number) => number > 0)
  if (above.length === numbers.length && Math.max(...above) > WIDE * Math.min(...above)) return magnitudes(numbers)
  const most = above.length > 0 ? Math.max(...above) : 1
  const step = [1, 2, 2.5, 5, 10]
    .map((part) => part * 10 ** Math.floor(Math.log10(most / 4)))
    .find((part) => part * 4 >= most)
  const end = step * Math.ceil(most / step)
  const ticks = Array.from({ length: Math.round(end / step) + 1 }, (_, at) => at * step)
  return { ticks, share: (number) => Math.max(0, number) / end }
}

/** Ticks at powers of ten, no more than seven of them. */
function magnitudes(numbers) {
  const first = Math.floor(Math.log10(Math.min(...numbers)))
  const last = Math.max(first + 1, Math.ceil(Math.log10(Math.max(...numbers))))
  const every = Math.ceil((last - first + 1) / 7)
  const ticks = []
  for (let power = first; power <= last; power += every) ticks.push(10 ** power)
  return { ticks, share: (number) => (Math.log10(number) - first) / (last - first) }
}

function threeDigits(number) {
  return Number(number.toPrecision(3))
}

/** 1.5k, 268M */
function showShort(number) {
  const rounded = threeDigits(number)
  const [size, sign] = [
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ].find(([size]) => rounded >= size) ?? [1, '']
  return `${threeDigits(rounded / size)}${sign}`
}
