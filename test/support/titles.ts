/** The titles of tests, asked of their runner: what documents cite cannot drift from them. */

import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ROOT } from './setup.mjs'

const run = promisify(execFile)

/** The titles of each test file, each with those of what it stands in: `suite > test`. */
export type Titles = ReadonlyMap<string, ReadonlySet<string>>

/** The titles of the tests in each of `files` that there is, as the runner collects them. */
export async function titlesOf(files: Iterable<string>): Promise<Map<string, Set<string>>> {
  const there = [...files].filter((file) => existsSync(join(ROOT, file)))
  const titles = new Map(there.map((file) => [file, new Set<string>()]))
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs')
  const paths = there.map((file) => join(ROOT, file))
  // Files make folders when they are loaded, and remove them when their tests are done, which are not run here.
  const TMPDIR = mkdtempSync(join(tmpdir(), 'emqtt-titles-'))
  const env = Object.entries(process.env).filter(([name]) => !/^(VITEST|TEST$|NODE_ENV)/.test(name))
  // Of one process, without a world for each file: nothing is run, so nothing can get into another's way.
  const { stdout } = await run(
    process.execPath,
    [vitest, 'list', ...paths, '--no-isolate', '--maxWorkers=1', '--json'],
    {
      cwd: ROOT,
      maxBuffer: 64 * 1024 * 1024,
      env: { ...Object.fromEntries(env), TMPDIR },
    },
  ).finally(() => rmSync(TMPDIR, { recursive: true, force: true }))
  const listed: { name: string; file: string }[] = JSON.parse(stdout.slice(stdout.indexOf('[')))
  for (const { name, file } of listed) titles.get(file.slice(join(ROOT, '/').length))?.add(name)
  return titles
}
