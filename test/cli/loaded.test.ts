/** What a command loads, which is most of the time that it takes: a package or a part of Node more is seen here. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { builtinModules, createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Mosquitto, startMosquitto } from '../support/mosquitto.js'
import { ROOT } from '../support/setup.mjs'
import { emqttWith } from './command.js'

const HOOK = fileURLToPath(new URL('list-loaded.cjs', import.meta.url))
const COMMANDER = dirname(createRequire(import.meta.url).resolve('commander'))

/** All files of `emqtt pub` over TCP; commander reads the command line. */
const FILES = [
  'commander/index.js',
  'commander/lib/argument.js',
  'commander/lib/command.js',
  'commander/lib/error.js',
  'commander/lib/help.js',
  'commander/lib/option.js',
  'commander/lib/suggestSimilar.js',
  'dist/cli/commands.js',
  'dist/cli/main.js',
  'dist/node/index.cjs',
]

/** Of Node, by its public name: `child_process` is commander's, `dgram` that one's. The rest comes with a socket. */
const BUILT_IN = [
  'child_process',
  'dgram',
  'diagnostics_channel',
  'net',
  'os',
  'process',
  'stream',
  'stream/promises',
  'string_decoder',
]

/** With what Node has inside: 36 in Node 20. */
const MOST_BUILT_IN = 38

let folder: string
let server: Mosquitto

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'emqtt-loaded-'))
  server = await startMosquitto()
})

afterAll(async () => {
  await server[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

test('emqtt pub over TCP loads commander and one file of the library, no TLS, no WebSocket and no crypto', async () => {
  const { files, builtIn } = await loadedBy('pub', '-t', 't', '--payload', 'hello')
  expect(files).toEqual(FILES)
  // Other versions of Node may load less.
  expect(BUILT_IN).toEqual(expect.arrayContaining(builtIn.filter((name) => builtinModules.includes(name))))
  if (process.version.startsWith('v20.')) expect(builtIn.length).toBeLessThanOrEqual(MOST_BUILT_IN)
})

test('emqtt sub loads no more than emqtt pub', async () => {
  const { files } = await loadedBy('sub', '-t', 't', '--timeout', '0.2')
  expect(files).toEqual(FILES)
})

test('emqtt --help loads no library and no parser', async () => {
  const { files } = await loadedBy('--help')
  expect(files).toEqual(['dist/cli/main.js'])
})

async function loadedBy(command: string, ...argv: string[]): Promise<{ files: string[]; builtIn: string[] }> {
  const list = join(folder, `${command}.json`)
  const where = command === '--help' ? [] : ['-h', '127.0.0.1', '-p', `${server.ports.mqtt}`]
  const env = { NODE_OPTIONS: `--require ${JSON.stringify(HOOK)}`, EMQTT_LOADED: list }
  await emqttWith({ env }, command, ...where, ...argv)
  const { files, builtIn } = JSON.parse(readFileSync(list, 'utf8')) as { files: string[]; builtIn: string[] }
  return {
    files: files.map(nameOf).sort(),
    builtIn: builtIn.flatMap((name) => /^NativeModule (.*)/.exec(name)?.[1] ?? []),
  }
}

function nameOf(file: string): string {
  if (file.startsWith(COMMANDER)) return `commander/${relative(COMMANDER, file)}`
  return relative(ROOT, file)
}
