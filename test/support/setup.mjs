/**
 * What a fresh machine lacks, found or fetched: the packages, the build, mosquitto and its plugin, Chromium.
 * `npm test` and `npm start` begin here, when nothing is installed, so this uses nothing but Node.
 */

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from './command.mjs'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

const MINUTE = 60_000

/** Installs what package-lock.json names, unless that is what is installed. */
export async function ensureDependencies() {
  if (dependenciesFit()) return
  console.log('Installing the packages of package-lock.json …')
  const { code, output } = await run('npm', ['ci'], { cwd: ROOT, timeout: 10 * MINUTE })
  if (code !== 0) throw new Error(`npm ci failed; see what it says, and run it again.\n${output}`)
}

// npm keeps what it installed in node_modules/.package-lock.json: the same entries, without those of other platforms.
function dependenciesFit() {
  const wanted = lockedPackages('package-lock.json')
  const installed = lockedPackages('node_modules/.package-lock.json')
  if (!wanted || !installed) return false
  return (
    Object.entries(wanted).every(
      ([path, { version, optional }]) =>
        path === '' || installed[path]?.version === version || (optional && !installed[path]),
    ) && Object.keys(installed).every((path) => path in wanted)
  )
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, optional?: boolean }> | undefined}
 */
function lockedPackages(file) {
  try {
    return JSON.parse(readFileSync(join(ROOT, file), 'utf8')).packages
  } catch {
    return undefined
  }
}

const SOURCES = [
  'src',
  'platform',
  'cli',
  'package.json',
  'package-lock.json',
  'rollup.config.mjs',
  'tsconfig.base.json',
  'tsconfig.build.json',
]
/** Rollup empties dist before it begins and stops at the first failure: when its last file is there, all are. */
const LAST_BUILT = 'dist/umd/emqtt.min.js'

/** Makes dist, unless it is newer than all that it is made from. Resolves to what Rollup said, if it had to run. */
export async function ensureBuilt() {
  const last = join(ROOT, LAST_BUILT)
  if (existsSync(last) && statSync(last).mtimeMs > Math.max(...SOURCES.map((path) => newest(join(ROOT, path))))) return
  const rollup = join(ROOT, 'node_modules/rollup/dist/bin/rollup')
  const { code, output } = await run(process.execPath, [rollup, '--config'], { cwd: ROOT, timeout: 5 * MINUTE })
  if (code !== 0) throw new Error(`The build failed.\n${output}`)
  return output
}

/**
 * The newest time in a tree; of folders too, because theirs is when a file was removed.
 * @param {string} path
 * @returns {number}
 */
function newest(path) {
  const stats = statSync(path)
  if (!stats.isDirectory()) return stats.mtimeMs
  return Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))))
}

/** The path of mosquitto, if the machine has it. */
export function findMosquitto() {
  return findProgram('mosquitto')
}

/** The path of mosquitto, which is installed if the machine lacks it and lets us. */
export async function ensureMosquitto() {
  const reason = findMosquitto() ? '' : await aptInstall(['mosquitto'])
  const found = findMosquitto()
  if (found) return found
  throw new Error(
    `The tests need the broker mosquitto, 2.0 or later: install it (apt install mosquitto, brew install mosquitto, https://mosquitto.org/download) and run npm test again. ${reason}`,
  )
}

/** Programs of Debian's packages, each with its package. */
const BROKERS = [
  ['ejabberdctl', 'ejabberd'],
  ['rabbitmq-server', 'rabbitmq-server'],
  ['nats-server', 'nats-server'],
]

/** ejabberd, RabbitMQ and NATS, which are installed if the machine lacks them and lets us. */
export async function ensureBrokers() {
  const missing = () => BROKERS.filter(([program = '']) => !findProgram(program)).map(([, name = '']) => name)
  if (missing().length === 0) return
  const reason = await aptInstall(missing())
  if (missing().length > 0) throw new Error(`These tests need Debian's packages ${missing().join(', ')}. ${reason}`)
}

const PLUGIN_SOURCE = join(ROOT, 'test/support/auth-plugin/scram.c')
const PLUGIN_PACKAGES = ['gcc', 'libc6-dev', 'libssl-dev', 'mosquitto-dev', 'libmosquitto-dev']
const PLUGIN_FLAGS = ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror', '-shared', '-fPIC']
// There names of mosquitto's own are looked for when the plugin is linked, and what Homebrew has not at all.
const PLUGIN_FLAGS_OF_MACOS = [
  ...['-undefined', 'dynamic_lookup', '-I/opt/homebrew/include'],
  ...['-I/opt/homebrew/opt/openssl/include', '-L/opt/homebrew/opt/openssl/lib'],
]

/** The path of the plugin with which mosquitto asks for SCRAM: compiled, unless that was done with the same source. */
export async function buildAuthPlugin() {
  const flags = process.platform === 'darwin' ? [...PLUGIN_FLAGS, ...PLUGIN_FLAGS_OF_MACOS] : PLUGIN_FLAGS
  const hash = createHash('sha256').update(readFileSync(PLUGIN_SOURCE)).update(flags.join()).digest('hex')
  const folder = join(ROOT, 'node_modules/.cache/emqtt')
  const plugin = join(folder, `scram-${process.arch}-${hash.slice(0, 16)}.so`)
  if (existsSync(plugin)) return plugin
  mkdirSync(folder, { recursive: true })
  // Under a name of our own until it is whole: two workers may be at it at once.
  const unfinished = `${plugin}.${process.pid}`
  const { code, output } = await run('cc', [...flags, '-o', unfinished, PLUGIN_SOURCE, '-lcrypto'], { timeout: MINUTE })
  if (code !== 0) {
    throw new Error(
      `The tests need a C compiler and the headers of mosquitto 2.0 and of OpenSSL, to build a plugin of mosquitto: install them (apt install ${PLUGIN_PACKAGES.join(' ')}; brew install mosquitto openssl) and run npm test again.\n${output}`,
    )
  }
  renameSync(unfinished, plugin)
  return plugin
}

/** The path of the plugin; what it takes to compile it is installed if the machine lacks it and lets us. */
export async function ensureAuthPlugin() {
  try {
    return await buildAuthPlugin()
  } catch (error) {
    const reason = await aptInstall(PLUGIN_PACKAGES)
    if (reason) throw new Error(`${/** @type {Error} */ (error).message}${reason}`)
    return buildAuthPlugin()
  }
}

const CHROMIUMS = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** The path of a Chromium that runs, if the machine has one: the one of EMQTT_CHROMIUM, of Playwright, or its own. */
export function findChromium() {
  const chosen = process.env.EMQTT_CHROMIUM
  if (chosen) {
    if (runs(chosen)) return chosen
    throw new Error(`EMQTT_CHROMIUM is ${chosen}, which does not run: set it to the path of a Chromium, or unset it.`)
  }
  const { chromium } = createRequire(import.meta.url)('playwright')
  return [chromium.executablePath(), ...CHROMIUMS.map(findProgram)].find((path) => path && runs(path))
}

/** The path of a Chromium that runs, which is installed if the machine lacks it and lets us. */
export async function ensureChromium() {
  let found = findChromium()
  if (found) return found
  console.log('Installing Chromium for Playwright …')
  const playwright = join(ROOT, 'node_modules/playwright/cli.js')
  // Bounded, because where its host cannot be reached it may also hang.
  await run(process.execPath, [playwright, 'install', '--no-shell', 'chromium'], { cwd: ROOT, timeout: 3 * MINUTE })
  found = findChromium()
  if (found) return found
  const reason = await aptInstall(['chromium', 'fonts-dejavu-core'])
  found = findChromium()
  if (found) return found
  throw new Error(
    `The browser tests need Chromium: run npx playwright install --with-deps chromium, or install Chromium or Chrome, or set EMQTT_CHROMIUM to its path, and run npm test again. ${reason}`,
  )
}

/**
 * Installs Debian packages if this is a Debian and we are root; otherwise says why not.
 * @param {string[]} packages
 */
async function aptInstall(packages) {
  const apt = findProgram('apt-get')
  if (!apt) return '(There is no apt-get here to install it with.)'
  if (process.getuid?.() !== 0) return '(As root, npm test would install it with apt-get.)'
  console.log(`Installing ${packages.join(' and ')} with apt-get …`)
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  let result = await run(apt, ['update'], { env, timeout: 3 * MINUTE })
  if (result.code === 0) {
    const install = ['install', '--yes', '--no-install-recommends', ...packages]
    result = await run(apt, install, { env, timeout: 5 * MINUTE })
  }
  return result.code === 0 ? '' : `(apt-get failed: ${result.output.trim().split('\n').at(-1)})`
}

/**
 * The path of a program on PATH, or where Debian and Homebrew keep daemons.
 * @param {string} name
 */
export function findProgram(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/opt/homebrew/sbin']
  const file = process.platform === 'win32' ? `${name}.exe` : name
  return [file, ...folders.map((folder) => join(folder, file))].find((path) => isAbsolute(path) && isExecutable(path))
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/**
 * Whether a browser starts at all: a download of Playwright may lack libraries, Ubuntu's package is a hint at a snap.
 * @param {string} path
 */
function runs(path) {
  return spawnSync(path, ['--version'], { timeout: 20_000 }).status === 0
}
