/** Runs tests with a clause broken: the code is changed on its way into the test, the tree stays as it is. */

import { join } from 'node:path'
import { createVitest, type TestModule, type Vitest } from 'vitest/node'
import { ROOT } from '../support/setup.mjs'
import { type Break, broken, misfit } from './breaks.js'
import type { Claim } from './claims.js'

/** The first test that failed, `file › title`; or why there is none. */
export type Outcome =
  | { readonly by: string; readonly why?: undefined }
  | { readonly by?: undefined; readonly why: string }

/** Errors of code that is broken as JavaScript, not as MQTT: they prove no test. */
const CRASHES = new Set(['ReferenceError', 'SyntaxError', 'TypeError'])

interface Result {
  readonly title: string
  readonly state: string
  readonly error: { readonly name?: string; readonly message: string } | undefined
}

/** Folders whose tests take the least time; the first to catch a break ends the search. */
const QUICK = ['codec', 'session', 'conformance', 'client', 'platform', 'integration']

/** ms for a test that waits for what a broken client never does. */
const PATIENCE = 10_000

export class BreakRunner {
  readonly #vitest: Vitest
  readonly #claims: readonly Claim[]
  readonly #state: State
  /** By file the titles that pass while nothing is broken. */
  readonly #sound = new Map<string, Set<string>>()

  private constructor(vitest: Vitest, claims: readonly Claim[], state: State) {
    this.#vitest = vitest
    this.#claims = claims
    this.#state = state
  }

  static async start(claims: readonly Claim[]): Promise<BreakRunner> {
    const state: State = { now: undefined, used: false }
    const vitest = await createVitest(
      'test',
      // Without vitest.config.ts: its projects would not have the plugin.
      { root: ROOT, config: false, watch: false, reporters: [{}], testTimeout: PATIENCE, hookTimeout: PATIENCE },
      { plugins: [breaking(state)] },
    )
    await vitest.standalone()
    return new BreakRunner(vitest, claims, state)
  }

  /** Breaks one clause, and looks for a test that claims it and now fails. */
  async run(each: Break, id: string): Promise<Outcome> {
    const claims = this.#claims.filter((claim) => claim.version === each.version && claim.id === id)
    const files = [...new Set(claims.map(({ file }) => file))].sort((a, b) => rank(a) - rank(b))
    if (files.length === 0) return { why: 'no test claims it' }
    const fault = misfit(each)
    if (fault !== undefined) return { why: fault }
    let why = 'all tests pass'
    for (const file of files) {
      const titles = new Set(claims.filter((claim) => claim.file === file).map(({ title }) => title))
      const sound = await this.#soundOf(file)
      const failed = await this.#with(each, () =>
        this.#failing(file, new RegExp(`\\[${id.replaceAll('.', '\\.')}[ \\]]`)),
      )
      if (typeof failed === 'string') why = failed
      else {
        const title = failed.find((each) => titles.has(each) && sound.has(each))
        if (title !== undefined) return { by: `${file} › ${title}` }
      }
    }
    return { why }
  }

  async close(): Promise<void> {
    await this.#vitest.close()
  }

  async #soundOf(file: string): Promise<Set<string>> {
    const known = this.#sound.get(file)
    if (known) return known
    const tests = await this.#tests(file, /\[MQTT-/)
    const sound = new Set(tests.filter(({ state }) => state === 'passed').map(({ title }) => title))
    for (const { title, state } of tests) if (state === 'failed') console.error(`fails unbroken: ${file} › ${title}`)
    this.#sound.set(file, sound)
    return sound
  }

  /** The titles that fail; or why that says nothing. */
  async #failing(file: string, pattern: RegExp): Promise<string[] | string> {
    const tests = await this.#tests(file, pattern)
    // A file that does not even load has no tests: that is no test of the clause.
    if (tests.length === 0) return `${file} ran no test`
    if (!this.#state.used) return `${file} does not load the broken file`
    const failed = tests.filter(({ state }) => state === 'failed')
    const crash = failed.find(({ error }) => CRASHES.has(error?.name ?? ''))
    if (crash) return `${file} › ${crash.title} crashes: ${crash.error?.message}`
    return failed.map(({ title }) => title)
  }

  async #tests(file: string, pattern: RegExp): Promise<Result[]> {
    this.#vitest.setGlobalTestNamePattern(pattern)
    const path = join(ROOT, file)
    const specification = this.#vitest.getRootProject().createSpecification(path)
    const { testModules } = await this.#vitest.runTestSpecifications([specification])
    // Those of earlier runs are among them.
    const ran = testModules.filter(({ moduleId }) => moduleId === path)
    return ran.flatMap((module: TestModule) =>
      [...module.children.allTests()].map((test) => {
        const { state, errors } = test.result()
        return { title: test.fullName, state, error: errors?.[0] }
      }),
    )
  }

  async #with<T>(each: Break, work: () => Promise<T>): Promise<T> {
    const path = join(ROOT, each.file)
    this.#state.now = { path, each }
    this.#state.used = false
    this.#vitest.invalidateFile(path)
    try {
      return await work()
    } finally {
      this.#state.now = undefined
      this.#vitest.invalidateFile(path)
    }
  }
}

interface State {
  now: { readonly path: string; readonly each: Break } | undefined
  used: boolean
}

/** Changes the one file that is broken now. */
function breaking(state: State) {
  return {
    name: 'break-a-clause',
    enforce: 'pre' as const,
    transform(source: string, id: string) {
      if (!state.now || id.split('?')[0] !== state.now.path) return undefined
      const changed = broken(state.now.each, source)
      state.used = true
      return changed
    },
  }
}

function rank(file: string): number {
  const at = QUICK.indexOf(file.split('/')[1] as string)
  return at < 0 ? QUICK.length : at
}
