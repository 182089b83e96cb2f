/** The facts that docs/conformance.md is made of, as they are in the tree. */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../support/setup.mjs'
import { titlesOf } from '../support/titles.js'
import { BREAKS } from './breaks/index.js'
import type { Caught } from './breaks.js'
import { claimsOf } from './claims.js'
import type { Facts } from './document.js'

export const DOCUMENT = join(ROOT, 'docs/conformance.md')
export const CAUGHT = join(ROOT, 'test/conformance/caught.json')

/** What the tests claim and what was broken; `faults` are of titles that cite what is not there. */
export async function readFacts(): Promise<Facts & { readonly faults: readonly string[] }> {
  const files = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
    // What conformance.test.ts cites are examples.
    .filter((name) => name.endsWith('.test.ts') && !name.endsWith('conformance.test.ts'))
    .map((name) => `test/${name.replaceAll('\\', '/')}`)
    .sort()
  const { claims, faults } = claimsOf(await titlesOf(files))
  return { claims, faults, breaks: BREAKS, caught: JSON.parse(readFileSync(CAUGHT, 'utf8')) as Caught }
}
