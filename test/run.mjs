/**
 * `npm test`: sets up what a fresh machine lacks, then checks, builds and tests everything. The last line is
 * `N passed, N failed`, summed over all runners; each check and the build count as one.
 */

import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './support/command.mjs'
import {
  ensureAuthPlugin,
  ensureBuilt,
  ensureChromium,
  ensureDependencies,
  ensureMosquitto,
  ROOT,
} from './support/setup.mjs'

/** @typedef {{ passed: number, failed: number }} Count */
/** @typedef {Count & { output: string }} Outcome */

const MINUTE = 60_000
const total = { passed: 0, failed: 0 }
// Emptied, so that a runner that dies is not judged by its last report.
const reports = join(ROOT, 'test-results')
rmSync(reports, { recursive: true, force: true })

if (await step('Set-up', setUp)) {
  const built = step('Build', build)
  await Promise.all([
    inTurn(
      () => step('Lint', npm('lint')),
      // After the build, because the browser tests are typed against what it makes.
      async () => (await built) && step('Type check', npm('typecheck')),
      async () => (await built) && step('Package check', npm('lint:package')),
    ),
    inTurn(
      () => step('Unit tests', vitest('unit', '--coverage', '--reporter=./test/support/uncovered.ts')),
      () => built,
      () => step('Integration tests', vitest('integration')),
    ),
  ])
  // Alone, because a browser that has to wait for a core makes its tests time out.
  if (await built) await step('Browser tests', playwright)
  await step('Fuzzing', fuzz)
}

console.log(`\n${total.passed} passed, ${total.failed} failed`)
process.exitCode = total.failed > 0 ? 1 : 0

/**
 * Runs a step, prints its heading, what it said and how long it took, and counts it. Resolves to whether all of it
 * passed.
 * @param {string} name
 * @param {() => Promise<Outcome>} work
 */
async function step(name, work) {
  const started = performance.now()
  const outcome = await work().catch((error) => ({ passed: 0, failed: 1, output: String(error.message) }))
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(`\n== ${name}: ${outcome.failed === 0 ? 'passed' : 'FAILED'} in ${seconds} s`)
  if (outcome.output.trim()) console.log(outcome.output.trimEnd())
  total.passed += outcome.passed
  total.failed += outcome.failed
  return outcome.failed === 0
}

/** @param {(() => Promise<unknown>)[]} steps */
async function inTurn(...steps) {
  for (const next of steps) await next()
}

async function setUp() {
  await ensureDependencies()
  const mosquitto = await ensureMosquitto()
  const output = `mosquitto: ${mosquitto}\nits plugin: ${await ensureAuthPlugin()}\nChromium: ${await ensureChromium()}`
  return { passed: 0, failed: 0, output }
}

async function build() {
  return { passed: 1, failed: 0, output: (await ensureBuilt()) ?? 'dist is newer than its sources.' }
}

/**
 * A check that package.json knows: it passes or fails as a whole, and what it says matters when it fails.
 * @param {string} script
 */
function npm(script) {
  return async () => {
    const { code, output } = await run('npm', ['run', '--silent', script], { cwd: ROOT, timeout: 5 * MINUTE })
    return code === 0 ? { passed: 1, failed: 0, output: '' } : { passed: 0, failed: 1, output }
  }
}

/** For a minute in all, with the same numbers each time: a change has to answer for what fails, and not its luck. */
async function fuzz() {
  const { code, output } = await run(process.execPath, ['test/fuzz/run.mjs', '--seconds', '60', '--seed', '1'], {
    cwd: ROOT,
    timeout: 5 * MINUTE,
  })
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, output }
}

/**
 * A project of vitest.config.ts.
 * @param {string} project
 * @param {string[]} more
 */
function vitest(project, ...more) {
  return async () => {
    const report = join(reports, `${project}.json`)
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile=${report}`]
    const args = ['node_modules/vitest/vitest.mjs', 'run', `--project=${project}`, ...reporters, ...more]
    const { code, output } = await run(process.execPath, args, { cwd: ROOT, timeout: 10 * MINUTE })
    return counted(code, output, report, ({ numPassedTests, numFailedTests, testResults }) => ({
      passed: numPassedTests,
      // A file that fails before its first test, at an import for example, has no failed test to show for it.
      failed: Math.max(
        numFailedTests,
        testResults.filter((/** @type {any} */ file) => file.status === 'failed').length,
      ),
    }))
  }
}

async function playwright() {
  const report = join(reports, 'playwright.json')
  const { code, output } = await run(process.execPath, ['node_modules/playwright/cli.js', 'test'], {
    cwd: ROOT,
    env: { PLAYWRIGHT_JSON_OUTPUT_FILE: report },
    timeout: 10 * MINUTE,
  })
  return counted(code, output, report, ({ stats, errors }) => ({
    passed: stats.expected + stats.flaky,
    failed: Math.max(stats.unexpected, errors.length > 0 ? 1 : 0),
  }))
}

/**
 * The count of a runner's report, distrusted: a runner that died, or that ran nothing, failed.
 * @param {number | null} code
 * @param {string} output
 * @param {string} report
 * @param {(report: any) => Count} count
 * @returns {Outcome}
 */
function counted(code, output, report, count) {
  let { passed, failed } = { passed: 0, failed: 0 }
  try {
    ;({ passed, failed } = count(JSON.parse(readFileSync(report, 'utf8'))))
  } catch {
    output += '\nThe runner left no report.'
  }
  if (passed + failed === 0) output += '\nNo test was run.'
  if (failed === 0 && (code !== 0 || passed === 0)) failed = 1
  return { passed, failed, output }
}
