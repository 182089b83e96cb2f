/** The figures of a soak: a table of them, and whether they are flat. */

/** What a process holds after a full garbage collection, when all that it published is delivered. */
export interface Sample {
  /** Since the start, ms. */
  readonly at: number
  /** Bytes. */
  readonly heapUsed: number
  readonly external: number
  readonly rss: number
  /** `process.getActiveResourcesInfo()`, by kind. */
  readonly handles: Readonly<Record<string, number>>
  readonly fds: number
  /** Objects of the class Socket that are not garbage. */
  readonly sockets: number
  /** Of the process and of the signal that the clients got. */
  readonly listeners: number
  /** Connections so far. */
  readonly connects: number
  readonly published: number
  readonly received: number
}

const KIB = 1_024

/**
 * Memory may grow by this much with each reconnect, bytes, once the first third of the run is over. A short run has not
 * done with warming up then: what its code needs when it is compiled counts, too.
 */
export const GROWTH = { long: 512, short: 16 * KIB }

/** Samples, at least, to judge by. */
export const ENOUGH = 6

/**
 * What is not flat, in sentences. The first third of the samples is for warming up. Behind it, the straight line through
 * heap and external memory may rise by `growth` bytes for each connection; the median of the last third of each other
 * figure may not be above its highest value of the first third, and that of RSS, which the garbage collector does not
 * give back, not more than a quarter above.
 */
export function findGrowth(samples: readonly Sample[], growth: number): string[] {
  const third = Math.ceil(samples.length / 3)
  const [first, last] = [samples.slice(0, third), samples.slice(-third)]
  if (samples.length < ENOUGH) return [`expected at least ${ENOUGH} samples, got ${samples.length}`]
  const slope = growthOf(samples)
  const compare = (name: string, figure: (sample: Sample) => number, allowance = 1): string[] => {
    const [before, after] = [Math.max(...first.map(figure)), median(last.map(figure))]
    return after > before * allowance ? [`${name}: at most ${before} in the first third, ${after} in the last`] : []
  }
  const kinds = [...new Set(samples.flatMap(({ handles }) => Object.keys(handles)))]
  return [
    ...(slope > growth
      ? [`heap and external memory: grew by ${slope.toFixed(0)} B with each connection; ${growth} B are allowed`]
      : []),
    ...kinds.flatMap((kind) => compare(kind, ({ handles }) => handles[kind] ?? 0)),
    ...compare('open files and sockets', ({ fds }) => fds),
    ...compare('objects of Socket', ({ sockets }) => sockets),
    ...compare('listeners', ({ listeners }) => listeners),
    ...compare('RSS, bytes', ({ rss }) => rss, 1.25),
  ]
}

/** Of heap and external memory, bytes for each connection, over the last two thirds. */
export function growthOf(samples: readonly Sample[]): number {
  const rest = samples.slice(Math.ceil(samples.length / 3))
  return slopeOf(rest.map(({ connects, heapUsed, external }) => [connects, heapUsed + external]))
}

/** Of the straight line that fits best. */
function slopeOf(points: readonly (readonly [x: number, y: number])[]): number {
  const [meanX, meanY] = [0, 1].map(
    (axis) => points.reduce((sum, point) => sum + (point[axis] ?? 0), 0) / points.length,
  )
  let [above, below] = [0, 0]
  for (const [x, y] of points) {
    above += (x - (meanX ?? 0)) * (y - (meanY ?? 0))
    below += (x - (meanX ?? 0)) ** 2
  }
  return above / below
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

export const HEADING =
  '     s  connections  heap KiB  external KiB  rss MiB  fds  sockets  listeners  published  received  handles'

/** One line of the table. */
export function describeSample(sample: Sample): string {
  const { at, connects, heapUsed, external, rss, fds, sockets, listeners, published, received, handles } = sample
  const cells: [value: number, width: number][] = [
    [Math.round(at / 1_000), 6],
    [connects, 13],
    [Math.round(heapUsed / KIB), 10],
    [Math.round(external / KIB), 14],
    [Math.round(rss / KIB / KIB), 9],
    [fds, 5],
    [sockets, 9],
    [listeners, 11],
    [published, 11],
    [received, 10],
  ]
  const kinds = Object.entries(handles).map(([kind, count]) => `${kind} ${count}`)
  return `${cells.map(([value, width]) => String(value).padStart(width)).join('')}  ${kinds.sort().join(', ')}`
}
