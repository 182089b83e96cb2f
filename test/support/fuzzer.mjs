/**
 * How to start the fuzzer here. Its compiled part wants a newer C library than Debian 12 and its like have; there Node runs
 * with the one of Debian 13, which is fetched into a folder of ours and changes nothing on the system.
 */

import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './command.mjs'
import { findProgram, ROOT } from './setup.mjs'

const MINUTE = 60_000

const CACHE = join(ROOT, 'node_modules/.cache/emqtt')
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'
const SOURCE = `deb [signed-by=${KEYRING}] http://deb.debian.org/debian trixie main\n`
const PACKAGES = ['libc6', 'libstdc++6', 'libgcc-s1']
/** By Node's name of the processor: Debian's name of its folder, and the loader in there. */
const MACHINES = {
  x64: { folder: 'x86_64-linux-gnu', loader: 'ld-linux-x86-64.so.2' },
  arm64: { folder: 'aarch64-linux-gnu', loader: 'ld-linux-aarch64.so.1' },
}

/** The path of a Node that can load the fuzzer: the one that runs this, or a script that starts it. */
export async function ensureFuzzer() {
  const problem = await loadFuzzer(process.execPath)
  if (problem === '') return process.execPath
  let reason = '(That is for Linux only.)'
  const machine = MACHINES[/** @type {'x64'} */ (process.arch)]
  if (process.platform === 'linux' && machine) {
    const folder = join(CACHE, `trixie-${process.arch}`)
    reason = existsSync(folder) ? '' : await fetchLibraries(folder)
    const node = join(folder, 'node')
    if (reason === '') {
      const libraries = join(folder, 'usr/lib', machine.folder)
      const command = `'${join(libraries, machine.loader)}' --library-path '${libraries}' '${process.execPath}' "$@"`
      writeFileSync(node, `#!/bin/sh\nexec ${command}\n`, { mode: 0o755 })
      reason = await loadFuzzer(node)
    }
    if (reason === '') return node
  }
  throw new Error(
    `The fuzzer, Jazzer.js, does not run here: it needs Linux with glibc 2.38 and libstdc++ of GCC 13 or later (Debian 13, Ubuntu 24.04), macOS or Windows. On Debian 12 apt-get fetches those into node_modules/.cache.\n${problem}\n${reason}`,
  )
}

/**
 * Why a Node cannot load the fuzzer; empty if it can.
 * @param {string} node
 */
async function loadFuzzer(node) {
  const script = "require('@jazzer.js/fuzzer')"
  const { code, output } = await run(node, ['--eval', script], { cwd: ROOT, timeout: MINUTE })
  if (code === 0) return ''
  return output.split('\n').find((line) => line.includes('Error')) ?? output
}

/**
 * Fetches and unpacks the libraries; apt checks their signatures. Returns why it could not.
 * @param {string} folder
 */
async function fetchLibraries(folder) {
  const [apt, dpkg] = ['apt-get', 'dpkg'].map(findProgram)
  if (!apt || !dpkg || !existsSync(KEYRING)) return '(Only a Debian can fetch the libraries of a newer one.)'
  console.log('Fetching the C library of Debian 13 for the fuzzer, into node_modules/.cache …')
  // Under a name of our own until it is whole: another may be at it at the same time.
  const work = `${folder}.${process.pid}`
  for (const part of ['state/lists/partial', 'cache/archives/partial', 'root'])
    mkdirSync(join(work, part), { recursive: true })
  try {
    writeFileSync(join(work, 'sources.list'), SOURCE)
    const options = [
      `Dir::Etc::SourceList=${join(work, 'sources.list')}`,
      'Dir::Etc::SourceParts=-',
      `Dir::State=${join(work, 'state')}`,
      `Dir::Cache=${join(work, 'cache')}`,
      // As root apt would read and write as a user who may not see this folder.
      'APT::Sandbox::User=root',
    ].flatMap((option) => ['-o', option])
    for (const task of [['update'], ['download', ...PACKAGES]]) {
      const { code, output } = await run(apt, [...options, ...task], { cwd: work, timeout: 3 * MINUTE })
      if (code !== 0) return `(apt-get ${task[0]} failed: ${output.trim().split('\n').at(-1)})`
    }
    for (const file of readdirSync(work).filter((name) => name.endsWith('.deb'))) {
      const { code, output } = await run(dpkg, ['-x', join(work, file), join(work, 'root')], { timeout: MINUTE })
      if (code !== 0) return `(dpkg failed on ${file}: ${output.trim()})`
    }
    if (!existsSync(folder)) renameSync(join(work, 'root'), folder)
    return ''
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}
