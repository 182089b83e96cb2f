/** What a measurement needs on a fresh machine: the packages, the build, and those that we are measured against. */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../test/support/command.mjs'
import { ensureBuilt, ensureDependencies, ensureMosquitto, ROOT } from '../test/support/setup.mjs'

export async function ensureReady() {
  await ensureDependencies()
  await ensureBuilt()
  await ensureMosquitto()
  await ensureRivals()
}

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
