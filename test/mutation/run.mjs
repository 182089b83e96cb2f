/**
 * `npm run mutate -- [codec | session | a file of theirs …] [--concurrency n]`: breaks the code in thousands of small ways,
 * one at a time, and says which of them no unit test of the part notices. Fails below 90 %. The report is
 * `.mutation/<part>.html`.
 *
 * Tables are mutated, too, though they are made when a module is loaded, so that all tests of the part have to run for
 * one change (Stryker's `ignoreStatic` would leave them out): much of a codec is its tables.
 */

import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Stryker } from '@stryker-mutator/core'
import { ROOT } from '../support/setup.mjs'

/** What each part mutates. Its tests are those of the folder of the same name in `test`. */
const PARTS = {
  codec: ['src/codec/**/*.ts', 'src/errors.ts'],
  session: ['src/session/**/*.ts'],
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { concurrency: { type: 'string', default: '2' } },
})
process.chdir(ROOT)
for (const [part, mutate] of chosen()) {
  await new Stryker({
    mutate,
    concurrency: Number(values.concurrency),
    testRunner: 'vitest',
    // Not only tests of files that import what is mutated: nearly all do, and asking takes longer.
    vitest: { configFile: join('test', 'mutation', 'vitest.config.ts'), dir: join('test', part), related: false },
    coverageAnalysis: 'perTest',
    // A test that waits for a core must not pass for one that never ends.
    timeoutMS: 20_000,
    timeoutFactor: 3,
    ignorePatterns: ['/*', '!/package.json', '!/tsconfig*.json', '!/src', '!/platform', '!/cli', '!/test'],
    tempDirName: join('.mutation', 'sandbox'),
    reporters: ['progress-append-only', 'clear-text', 'html', 'json'],
    clearTextReporter: { allowColor: false, allowEmojis: false, reportTests: false, reportScoreTable: true },
    htmlReporter: { fileName: join('.mutation', `${part}.html`) },
    jsonReporter: { fileName: join('.mutation', `${part}.json`) },
    thresholds: { high: 95, low: 90, break: 90 },
  }).runMutationTest()
}

/**
 * The parts that were asked for with what to mutate in each: all of it, or the files that were named.
 * @returns {[part: string, mutate: string[]][]}
 */
function chosen() {
  const all = Object.entries(PARTS)
  if (positionals.length === 0) return all
  return all.flatMap(([part, whole]) => {
    if (positionals.includes(part)) return [[part, whole]]
    const files = positionals.filter((file) => whole.some((glob) => file.startsWith(glob.replace(/\*.*/, ''))))
    return files.length > 0 ? [[part, files]] : []
  })
}
