/** `npm run bench -- <part> [options]`: sets up what a measurement needs, and runs it from the built dist. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../test/support/command.mjs'
import { ensureBuilt, ensureDependencies, ROOT } from '../test/support/setup.mjs'

/** Each part: what it measures, and what Node is told. */
const PARTS = {
  request: { says: 'the time of a request and its answer', node: [] },
  'slow-subscriber': { says: 'memory and losses with a subscriber that is too slow', node: ['--expose-gc'] },
  store: { says: 'what it costs to keep the session in a directory', node: [] },
}

const [part = '', ...options] = process.argv.slice(2)
if (!(part in PARTS)) {
  console.error('npm run bench -- <part> [options], where <part> is one of')
  for (const [name, { says }] of Object.entries(PARTS)) console.error(`  ${name.padEnd(18)}${says}`)
  process.exit(1)
}

await ensureDependencies()
await ensureBuilt()
await ensureRivals()
const { node } = PARTS[/** @type {keyof typeof PARTS} */ (part)]
const args = [...node, join(ROOT, 'bench', `${part}.mjs`), ...options]
const [code] = await once(spawn(process.execPath, args, { stdio: 'inherit' }), 'close')
process.exitCode = code ?? 1

/** Installs what we are measured against: not a part of the project's own packages. */
async function ensureRivals() {
  const folder = join(ROOT, 'bench')
  const { dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const fits = Object.entries(dependencies).every(([name, version]) => {
    const installed = join(folder, 'node_modules', name, 'package.json')
    return existsSync(installed) && JSON.parse(readFileSync(installed, 'utf8')).version === version
  })
  if (fits) return
  console.log('Installing the packages of bench/package.json …')
  const { code: failed, output } = await run('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock'], {
    cwd: folder,
    timeout: 300_000,
  })
  if (failed !== 0) throw new Error(`npm install in bench failed; see what it says, and run it again.\n${output}`)
}
