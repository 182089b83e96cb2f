/** A reporter that names what of src no unit test runs: each branch, function and statement, by file and line. */

import { join, relative } from 'node:path'
import type { Reporter, Vitest } from 'vitest/node'

interface Place {
  /** Missing where nothing is written, as of an `if` without `else`. */
  start: { line?: number }
}

/** Istanbul's: what there is, by its number, and beside it how often each ran. */
interface FileCoverage {
  branchMap: Record<string, { type: string; loc: Place; locations: Place[] }>
  b: Record<string, number[]>
  fnMap: Record<string, { loc: Place }>
  f: Record<string, number>
  statementMap: Record<string, Place>
  s: Record<string, number>
}

interface Part {
  kind: 'branches' | 'functions' | 'statements'
  line: number
  ran: boolean
  /** What to say if it did not. */
  missing: string
}

/** What a branch that was not taken means, by istanbul's name and order; the ways of others have numbers. */
const NOT_TAKEN: Record<string, readonly string[]> = {
  if: ['the condition is never true', 'the condition is never false'],
  'cond-expr': ['the condition is never true', 'the condition is never false'],
  'default-arg': ['the default is never used'],
}

export default class Uncovered implements Reporter {
  #vitest: Vitest | undefined
  #files: [path: string, file: FileCoverage][] = []

  onInit(vitest: Vitest): void {
    this.#vitest = vitest
  }

  onCoverage(coverage: unknown): void {
    this.#files = Object.entries(JSON.parse(JSON.stringify(coverage)))
  }

  /** Behind what coverage itself reports. */
  onFinishedReportCoverage(): void {
    const { root, coverage } = (this.#vitest as Vitest).config
    const all: Part[] = []
    for (const [path, file] of this.#files) {
      const parts = partsOf(file)
      all.push(...parts)
      // One for each line: where a branch is not taken, no statement of it runs.
      const missing = new Map(parts.filter(({ ran }) => !ran).map((part) => [part.line, part.missing]))
      for (const [line, what] of [...missing].sort(([a], [b]) => a - b))
        console.log(`${relative(root, path)}:${line} ${what}`)
    }
    const sums = (['branches', 'functions', 'statements'] as const).map((kind) => {
      const parts = all.filter((part) => part.kind === kind)
      return `${parts.filter(({ ran }) => ran).length} of ${parts.length} ${kind}`
    })
    console.log(`Unit tests run ${sums.join(', ')} of src.`)
    if (coverage.provider === 'v8' && coverage.reporter.some(([name]) => name === 'html'))
      console.log(`More in ${join(coverage.reportsDirectory, 'index.html')}`)
  }
}

/** Branches last: what they say of a line is the most. */
function partsOf({ branchMap, b, fnMap, f, statementMap, s }: FileCoverage): Part[] {
  const part = (kind: Part['kind'], { start }: Place, times: number | undefined, missing: string): Part => {
    return { kind, line: start.line ?? 0, ran: times !== 0, missing }
  }
  return [
    ...Object.entries(statementMap).map(([id, place]) => part('statements', place, s[id], 'never runs')),
    ...Object.entries(fnMap).map(([id, { loc }]) => part('functions', loc, f[id], 'the function is never called')),
    ...Object.entries(branchMap).flatMap(([id, { type, loc, locations }]) =>
      locations.map((place, way) => {
        const what = NOT_TAKEN[type]?.[way] ?? `way ${way + 1} of ${locations.length} is never taken (${type})`
        return part('branches', place.start.line === undefined ? loc : place, b[id]?.[way], what)
      }),
    ),
  ]
}
