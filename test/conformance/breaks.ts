/** Clauses that are broken on purpose: what is changed in which file, and which test was seen to notice. */

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../support/setup.mjs'
import type { Version } from './statements.js'

export interface Break {
  readonly version: Version
  /** Those that the changed code no longer keeps. */
  readonly clauses: readonly string[]
  /** From the root of the repository. */
  readonly file: string
  /** Code that the file holds exactly once. */
  readonly find: string
  readonly replace: string
}

/** Clauses (several by a space), what is found, what comes in its place. */
type Change = readonly [string, string, string]

/** The breaks of one version, by file. */
export function breaksOf(version: Version, changes: Record<string, readonly Change[]>): Break[] {
  return Object.entries(changes).flatMap(([file, rows]) =>
    rows.map(([clauses, find, replace]) => ({ version, clauses: clauses.split(' '), file, find, replace })),
  )
}

/** The source with the break in it; throws when there is not exactly one place for it. */
export function broken({ file, find, replace }: Break, source: string): string {
  const parts = source.split(find)
  if (parts.length !== 2)
    throw new Error(`${file}: expected to find exactly once, found ${parts.length - 1} times: ${find}`)
  if (find === replace) throw new Error(`${file}: expected a change, got the same: ${find}`)
  return parts.join(replace)
}

/** Why there is no such break in this source. */
export function misfit(each: Break, source = sourceOf(each)): string | undefined {
  try {
    broken(each, source)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

export function sourceOf({ file }: Break): string {
  return readFileSync(join(ROOT, file), 'utf8')
}

/** What a break of one clause is kept under: when the break changes, what was seen with it counts no more. */
export function keyOf({ version, file, find, replace }: Break, id: string): string {
  const hash = createHash('sha256').update([file, find, replace].join('\0')).digest('hex')
  return `${version} ${id} ${hash.slice(0, 8)}`
}

/** By `keyOf` the test, `file › title`, that failed when the clause was broken. Written by `npm run conformance -- --break`. */
export type Caught = Readonly<Record<string, string>>
