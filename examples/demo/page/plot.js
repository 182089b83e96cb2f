/** Draws time series as SVG: a large plot that glides with the clock, and sparklines. It knows nothing of MQTT. */

const SVG = 'http://www.w3.org/2000/svg'
const KEEP = 180_000
const SHORTEST = 6_000
const LONGEST = 120_000
const GUTTER = { left: 44, right: 14, top: 12, bottom: 26 }

/** How far the right edge is behind the clock: the slowest reading is in by then, so that the line never jumps. */
const LAG = 2_300
/** A longer silence than this is drawn as a gap. */
const GAP = 6_000

/** Values over time, oldest first. What arrives late, after an outage, finds its place. */
export class Series {
  points = []

  constructor({ label, unit, digits, span }) {
    Object.assign(this, { label, unit, digits, span })
  }

  add(time, value) {
    const { points } = this
    let index = points.length
    while (index > 0 && points[index - 1].time > time) index -= 1
    points.splice(index, 0, { time, value })
    while (points[0].time < time - KEEP) points.shift()
  }

  format(value) {
    return value.toFixed(this.digits)
  }

  /** The points from `from` to `to`, the line cut exactly at `to`, in pieces without a gap. */
  pieces(from, to) {
    const pieces = []
    let piece = []
    for (let i = 0; i < this.points.length; i += 1) {
      const point = this.points[i]
      const before = this.points[i - 1]
      const gap = before !== undefined && point.time - before.time > GAP
      if (gap && piece.length > 0) {
        pieces.push(piece)
        piece = []
      }
      if (point.time > to) {
        if (before !== undefined && before.time <= to && !gap) {
          const part = (to - before.time) / (point.time - before.time)
          piece.push({ time: to, value: before.value + (point.value - before.value) * part })
        }
        break
      }
      const next = this.points[i + 1]
      if (point.time >= from || (next !== undefined && next.time >= from)) piece.push(point)
    }
    if (piece.length > 0) pieces.push(piece)
    return pieces
  }
}

function element(name, attributes = {}, parent = undefined) {
  const node = document.createElementNS(SVG, name)
  set(node, attributes)
  parent?.append(node)
  return node
}

function set(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value)
}

/** Keeps one child of `group` per item, by key, so that the page does not make and drop nodes 60 times a second. */
function keyed(group, items, make, update) {
  group.known ??= new Map()
  const stale = new Set(group.known.keys())
  for (const item of items) {
    stale.delete(item.key)
    let node = group.known.get(item.key)
    if (node === undefined) {
      node = make(item)
      group.append(node)
      group.known.set(item.key, node)
    }
    update(node, item)
  }
  for (const key of stale) {
    group.known.get(key).remove()
    group.known.delete(key)
  }
}

const path = (points, x, y) =>
  points.map((p, i) => `${i ? 'L' : 'M'}${x(p.time).toFixed(1)} ${y(p.value).toFixed(1)}`).join('')

/** The step of 1, 2 or 5 times a power of ten that cuts `range` into about `count` parts. */
function niceStep(range, count) {
  const rough = range / count
  const power = 10 ** Math.floor(Math.log10(rough))
  return power * (rough / power > 7 ? 10 : rough / power > 3 ? 5 : rough / power > 1.5 ? 2 : 1)
}

function extent(pieces, span) {
  let low = Infinity
  let high = -Infinity
  for (const piece of pieces) {
    for (const { value } of piece) {
      low = Math.min(low, value)
      high = Math.max(high, value)
    }
  }
  if (low > high) return undefined
  const room = Math.max((high - low) * 0.12, (span - (high - low)) / 2)
  return { low: low - room, high: high + room }
}

const clock = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})

/**
 * Puts the large plot into `parent`. `show(series)` picks what it draws, `draw()` is to be called once per frame.
 * `bands` are spans of time to hatch, `{ from, to? }`; `marks` are moments to name, `{ time, text }`.
 */
export function createPlot(parent, { bands, marks, onPoint }) {
  const svg = element('svg', {}, parent)
  const pattern = element(
    'pattern',
    { id: 'hatch', width: 6, height: 6, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' },
    element('defs', {}, svg),
  )
  element('line', { class: 'hatch', x1: 0, y1: 0, x2: 0, y2: 6 }, pattern)
  const bandGroup = element('g', {}, svg)
  const gridGroup = element('g', {}, svg)
  const timeGroup = element('g', {}, svg)
  const markGroup = element('g', {}, svg)
  const area = element('path', { class: 'area' }, svg)
  const line = element('path', { class: 'line' }, svg)
  const dot = element('circle', { class: 'dot', r: 4.5 }, svg)
  const cross = element('g', { class: 'cross' }, svg)
  const crossLine = element('line', {}, cross)
  const crossDot = element('circle', { r: 3.5 }, cross)

  let series
  let scale
  let width = 0
  let height = 0
  let pointer
  let last = 0

  new ResizeObserver(() => {
    width = svg.clientWidth
    height = svg.clientHeight
    set(svg, { viewBox: `0 0 ${width} ${height}` })
  }).observe(svg)
  svg.addEventListener('pointermove', (event) => {
    pointer = event.clientX - svg.getBoundingClientRect().left
  })
  svg.addEventListener('pointerleave', () => {
    pointer = undefined
  })

  /** The y axis follows the data, without haste. */
  function follow(wanted, elapsed) {
    const part = scale === undefined ? 1 : 1 - Math.exp(-elapsed / 220)
    scale ??= wanted
    scale = { low: scale.low + (wanted.low - scale.low) * part, high: scale.high + (wanted.high - scale.high) * part }
  }

  function draw() {
    if (series === undefined || width === 0) return
    const now = Date.now()
    const to = now - LAG
    const first = series.points[0]?.time ?? to
    const from = to - Math.min(Math.max(to - first, SHORTEST), LONGEST)
    const pieces = series.pieces(from, to)
    const wanted = extent(pieces, series.span)
    if (wanted !== undefined) follow(wanted, now - last)
    last = now

    const right = width - GUTTER.right
    const bottom = height - GUTTER.bottom
    const x = (time) => GUTTER.left + ((time - from) / (to - from)) * (right - GUTTER.left)
    const y = (value) => bottom - ((value - scale.low) / (scale.high - scale.low)) * (bottom - GUTTER.top)
    const inside = (value) => Math.min(Math.max(value, GUTTER.left), right)

    const values = []
    if (scale !== undefined) {
      const step = niceStep(scale.high - scale.low, 4)
      const digits = Math.max(0, -Math.floor(Math.log10(step)))
      for (let n = Math.ceil(scale.low / step); n * step <= scale.high; n += 1) {
        values.push({ key: `${(n * step).toFixed(digits)}`, value: n * step })
      }
    }
    keyed(
      gridGroup,
      values,
      ({ key }) => {
        const tick = element('g', { class: 'tick' })
        element('line', {}, tick)
        element('text', { 'text-anchor': 'end', dy: '0.35em' }, tick).textContent = key
        return tick
      },
      (tick, { value }) => {
        set(tick.firstChild, { x1: GUTTER.left, x2: right, y1: y(value), y2: y(value) })
        set(tick.lastChild, { x: GUTTER.left - 8, y: y(value) })
      },
    )

    const seconds =
      [1, 2, 5, 10, 15, 20, 30, 60].find((s) => ((right - GUTTER.left) / (to - from)) * s * 1000 >= 76) ?? 120
    const times = []
    for (let time = Math.ceil(from / (seconds * 1000)) * seconds * 1000; time <= to; time += seconds * 1000) {
      times.push({ key: time, time })
    }
    keyed(
      timeGroup,
      times,
      ({ time }) => {
        const tick = element('g', { class: 'time' })
        element('line', {}, tick)
        element('text', { 'text-anchor': 'middle' }, tick).textContent = clock.format(time)
        return tick
      },
      (tick, { time }) => {
        const edge = Math.min(x(time) - GUTTER.left, right - x(time))
        set(tick.firstChild, { x1: x(time), x2: x(time), y1: bottom, y2: bottom + 5 })
        set(tick.lastChild, { x: x(time), y: height - 5, opacity: Math.min(1, Math.max(0, (edge - 12) / 18)) })
      },
    )

    keyed(
      bandGroup,
      bands.filter((band) => (band.to ?? now) > from && band.from < to).map((band) => ({ key: band.from, band })),
      () => element('rect', { class: 'band', fill: 'url(#hatch)' }),
      (rect, { band }) => {
        const left = inside(x(band.from))
        set(rect, { x: left, y: GUTTER.top, width: inside(x(band.to ?? now)) - left, height: bottom - GUTTER.top })
      },
    )

    keyed(
      markGroup,
      marks.filter(({ time }) => time > from && time < to).map((mark) => ({ key: mark.time, ...mark })),
      ({ text }) => {
        const mark = element('g', { class: 'mark' })
        element('line', {}, mark)
        element('text', { y: GUTTER.top + 8 }, mark).textContent = text
        return mark
      },
      (mark, { time }) => {
        const near = right - x(time) < 90
        set(mark.firstChild, { x1: x(time), x2: x(time), y1: GUTTER.top, y2: bottom })
        set(mark.lastChild, { x: x(time) + (near ? -6 : 6), 'text-anchor': near ? 'end' : 'start' })
      },
    )

    set(line, { d: pieces.map((piece) => path(piece, (time) => inside(x(time)), y)).join('') })
    set(area, {
      d: pieces
        .map((piece) => {
          const [a, b] = [inside(x(piece[0].time)), inside(x(piece.at(-1).time))]
          return `${path(piece, (time) => inside(x(time)), y)}L${b.toFixed(1)} ${bottom}L${a.toFixed(1)} ${bottom}Z`
        })
        .join(''),
    })

    const end = pieces.at(-1)?.at(-1)
    dot.classList.toggle('stale', end === undefined || end.time < to - GAP / 2)
    set(
      dot,
      end === undefined
        ? { visibility: 'hidden' }
        : { cx: inside(x(end.time)), cy: y(end.value), visibility: 'visible' },
    )

    let nearest
    if (pointer !== undefined) {
      for (const point of pieces.flat()) {
        if (nearest === undefined || Math.abs(x(point.time) - pointer) < Math.abs(x(nearest.time) - pointer))
          nearest = point
      }
    }
    set(cross, { visibility: nearest === undefined ? 'hidden' : 'visible' })
    if (nearest !== undefined) {
      const at = inside(x(nearest.time))
      set(crossLine, { x1: at, x2: at, y1: GUTTER.top, y2: bottom })
      set(crossDot, { cx: at, cy: y(nearest.value) })
    }
    onPoint(
      nearest === undefined
        ? undefined
        : `${series.format(nearest.value)} ${series.unit} at ${clock.format(nearest.time)}`,
    )
  }

  return {
    show(next) {
      series = next
      scale = undefined
    },
    draw,
  }
}

/** Draws a small line of the last minute into `parent`, without axes. */
export function drawSpark(parent, series) {
  const svg = parent.firstChild ?? element('svg', {}, parent)
  const line = svg.firstChild ?? element('path', {}, svg)
  const { clientWidth: width, clientHeight: height } = svg
  const to = series.points.at(-1)?.time
  if (to === undefined || width === 0) return
  const from = to - 60_000
  const pieces = series.pieces(from, to)
  const range = extent(pieces, series.span)
  if (range === undefined) return
  const x = (time) => Math.max(0, ((time - from) / 60_000) * (width - 2))
  const y = (value) => height - 2 - ((value - range.low) / (range.high - range.low)) * (height - 4)
  set(svg, { viewBox: `0 0 ${width} ${height}` })
  set(line, { d: pieces.map((piece) => path(piece, x, y)).join('') })
}
