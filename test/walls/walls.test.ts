/** The walls of the design, tried: what must not be written is written in a copy of the project, and must be refused. */

import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { run } from '../support/command.mjs'
import { ROOT } from '../support/setup.mjs'

/** What decides: the settings of the compiler and of the linter, and the names that src may use. */
const SETTINGS = [
  '.gitignore',
  'biome.json',
  'tsconfig.base.json',
  'src/tsconfig.json',
  'src/tsconfig.declarations.json',
  'src/host.d.ts',
  'platform/browser/tsconfig.json',
  'platform/node/tsconfig.json',
  'cli/tsconfig.json',
]
const PROJECTS = ['src', 'platform/browser', 'platform/node', 'cli']

/** One file for each floor, with the imports and the names that it may use. */
const GOOD = {
  'src/index.ts': `export { client } from './client/good.js'`,
  'src/codec/good.ts': `import { code } from '../errors.js'\nexport const codec: Uint8Array = new TextEncoder().encode(code)`,
  'src/codec/packets/good.ts': `import { code } from '../../errors.js'\nimport { codec } from '../good.js'\nexport const packet = [code, codec]`,
  'src/session/good.ts': `import { codec } from '../codec/good.js'\nimport { packet } from '../codec/packets/good.js'\nexport const session = [codec, packet]`,
  'src/client/good.ts': `import { codec } from '../codec/good.js'\nimport { code } from '../errors.js'\nimport { session } from '../session/good.js'\nexport const client = [codec, code, session]`,
  'platform/shared/isomorphic-ws.d.ts': `declare module 'isomorphic-ws' {\n  const WebSocket: unknown\n  export default WebSocket\n}`,
  'platform/shared/good.ts': `import WebSocket from 'isomorphic-ws'\nimport { client } from '../../src/index.js'\nexport const shared = [WebSocket, client]`,
  'platform/scram/good.ts': `import { client } from '../../src/index.js'\nexport const scram = [client, globalThis.crypto.subtle, btoa('')]`,
  'platform/browser/index.ts': `import { client } from '../../src/index.js'\nexport const browser = client`,
  'platform/browser/good.ts': `import { shared } from '../shared/good.js'\nexport const good = [shared, document.title]`,
  'platform/node/index.ts': `import { client } from '../../src/index.js'\nexport const node = client`,
  'platform/node/good.ts': `import { connect } from 'node:net'\nimport { shared } from '../shared/good.js'\nexport const good = [connect, shared, process.pid]`,
  'platform/node/file-store/good.ts': `import { mkdir } from 'node:fs/promises'\nimport { client } from '../../../src/index.js'\nexport const files = [mkdir, client]`,
  'platform/node/file-store/database.ts': `import { ClassicLevel } from 'classic-level'\nimport { files } from './good.js'\nexport const database = [ClassicLevel, files]`,
  'cli/good.ts': `import { argv } from 'node:process'\nimport { program } from 'commander'\nimport { node } from '../platform/node/index.js'\nexport const cli = [argv, program, node.length]`,
  'e2e/good.e2e.ts': `import { test } from 'playwright/test'\nexport { test }`,
}

const floor = 'lint/style/noRestrictedImports'
const globals = 'lint/style/noRestrictedGlobals'
const cycle = 'lint/suspicious/noImportCycles'

/** [what is refused, the file, its text, the errors that it must meet] */
const BAD: [title: string, file: string, text: string, errors: string[]][] = [
  ['Buffer in src', 'src/codec/buffer.ts', `export const bad = Buffer.alloc(1)`, ['TS2591']],
  ['process in src', 'src/client/process.ts', `export const bad = process.pid`, ['TS2591']],
  ['setTimeout in src', 'src/session/timer.ts', `export const bad = () => setTimeout(() => {}, 1)`, ['TS2304']],
  ['WebSocket in src', 'src/client/socket.ts', `export const bad = () => new WebSocket('ws://a')`, ['TS2304']],
  ['document in src', 'src/client/page.ts', `export const bad = () => document.title`, ['TS2584']],
  ['console in src', 'src/codec/print.ts', `export const bad = () => console.log('')`, ['TS2584']],
  ['fetch in src', 'src/client/fetch.ts', `export const bad = () => fetch('')`, ['TS2304']],
  [
    'an npm package in src',
    'src/client/ws.ts',
    `import WebSocket from 'ws'\nexport const bad = WebSocket`,
    ['TS2307', floor],
  ],
  [
    'an import for its types in src',
    'src/client/types.ts',
    `import type { WebSocket } from 'ws'\nexport type Bad = WebSocket`,
    ['TS2307', floor],
  ],
  [
    'a lazy import of npm in src',
    'src/client/lazy.ts',
    `export const bad = () => import('isomorphic-ws')`,
    ['TS2307', floor],
  ],
  [
    'node: in src',
    'src/session/files.ts',
    `import { readFileSync } from 'node:fs'\nexport const bad = readFileSync`,
    ['TS2591', floor],
  ],
  ['errors → codec', 'src/errors.ts', `export { left } from './codec/left.js'\nexport const code = 'E'`, [floor]],
  [
    'codec → session',
    'src/codec/up.ts',
    `import { session } from '../session/good.js'\nexport const bad = session`,
    [floor],
  ],
  [
    'codec → client, for a type',
    'src/codec/upper.ts',
    `import type { client } from '../client/good.js'\nexport type Bad = typeof client`,
    [floor],
  ],
  [
    'a packet → session',
    'src/codec/packets/up.ts',
    `import { session } from '../../session/good.js'\nexport const bad = session`,
    [floor],
  ],
  [
    'session → client',
    'src/session/up.ts',
    `import { client } from '../client/good.js'\nexport const bad = client`,
    [floor],
  ],
  [
    'client → the public door',
    'src/client/up.ts',
    `import { client } from '../index.js'\nexport const bad = client`,
    [floor],
  ],
  [
    'src → platform',
    'src/client/host.ts',
    `import { node } from '../../platform/node/index.js'\nexport const bad = node`,
    ['TS2307', floor],
  ],
  [
    'platform → inside src',
    'platform/node/deep.ts',
    `import { codec } from '../../src/codec/good.js'\nexport const bad = codec`,
    [floor],
  ],
  [
    'browser → node',
    'platform/browser/sideways.ts',
    `import { node } from '../node/index.js'\nexport const bad = node`,
    ['TS6307', floor],
  ],
  [
    'browser → node:',
    'platform/browser/files.ts',
    `import { readFileSync } from 'node:fs'\nexport const bad = readFileSync`,
    ['TS2591', floor],
  ],
  ['Buffer in browser', 'platform/browser/buffer.ts', `export const bad = Buffer.alloc(1).length`, ['TS2591']],
  [
    'node → browser',
    'platform/node/sideways.ts',
    `import { browser } from '../browser/index.js'\nexport const bad = browser`,
    ['TS6307', floor],
  ],
  ['document in node', 'platform/node/page.ts', `export const bad = document.title`, ['TS2584']],
  [
    'ws itself in node',
    'platform/node/ws.ts',
    `import WebSocket from 'ws'\nexport const bad = WebSocket.name`,
    [floor],
  ],
  [
    'LevelDB beside the file that is for it',
    'platform/node/file-store/level.ts',
    `import { ClassicLevel } from 'classic-level'\nexport const bad = ClassicLevel.name`,
    [floor],
  ],
  [
    'LevelDB in node',
    'platform/node/level.ts',
    `import { ClassicLevel } from 'classic-level'\nexport const bad = ClassicLevel.name`,
    [floor],
  ],
  [
    'the file store → the rest of node',
    'platform/node/file-store/sideways.ts',
    `import { node } from '../index.js'\nexport const bad = node`,
    [floor],
  ],
  [
    'node → the file store',
    'platform/node/store.ts',
    `import { files } from './file-store/good.js'\nexport const bad = files.length`,
    [floor],
  ],
  ['process in shared', 'platform/shared/process.ts', `export const bad = process.pid`, ['TS2591']],
  ['document in shared', 'platform/shared/page.ts', `export const bad = document.title`, ['TS2584']],
  [
    'shared → node',
    'platform/shared/up.ts',
    `import { node } from '../node/index.js'\nexport const bad = node`,
    [floor],
  ],
  ['Buffer in scram', 'platform/scram/buffer.ts', `export const bad = Buffer.alloc(1).length`, ['TS2591']],
  ['document in scram', 'platform/scram/page.ts', `export const bad = document.title`, ['TS2584']],
  [
    'scram → inside src',
    'platform/scram/deep.ts',
    `import { codec } from '../../src/codec/good.js'\nexport const bad = codec`,
    [floor],
  ],
  [
    'scram → node:',
    'platform/scram/crypto.ts',
    `import { pbkdf2Sync } from 'node:crypto'\nexport const bad = pbkdf2Sync`,
    ['TS2591', floor],
  ],
  [
    'scram → shared',
    'platform/scram/sideways.ts',
    `import { shared } from '../shared/good.js'\nexport const bad = shared.length`,
    [floor],
  ],
  ['cli → src', 'cli/core.ts', `import { client } from '../src/index.js'\nexport const bad = client.length`, [floor]],
  [
    'cli → platform/shared',
    'cli/shared.ts',
    `import { shared } from '../platform/shared/good.js'\nexport const bad = shared.length`,
    [floor],
  ],
  ['e2e → src', 'e2e/core.e2e.ts', `import { client } from '../src/index.js'\nexport const bad = client`, [floor]],
  [
    'e2e → platform',
    'e2e/host.e2e.ts',
    `import { browser } from '../platform/browser/index.js'\nexport const bad = browser`,
    [floor],
  ],
  ['a cycle', 'src/codec/left.ts', `import { right } from './right.js'\nexport const left = () => right`, [cycle]],
  [
    'a cycle, from its other end',
    'src/codec/right.ts',
    `import { left } from './left.js'\nexport const right = () => left`,
    [cycle],
  ],
  ['a default export in src', 'src/codec/default.ts', `export default 1`, ['lint/style/noDefaultExport']],
  ['a clock in session', 'src/session/clock.ts', `export const bad = () => Date.now()`, [globals]],
  ['a promise in session', 'src/session/promise.ts', `export const bad = () => Promise.resolve()`, [globals]],
  ['an enum', 'src/codec/enum.ts', `export enum Bad {\n  One,\n}`, ['lint/style/noEnum']],
  ['any', 'src/codec/any.ts', `export const bad = (value: any) => value`, ['lint/suspicious/noExplicitAny']],
]

const found = new Map<string, Set<string>>()
let copy: string

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'emqtt-walls-'))
  for (const path of SETTINGS) await cp(join(ROOT, path), join(copy, path))
  const sources = [...Object.entries(GOOD), ...BAD.map(([, file, text]) => [file, text] as const)]
  for (const [file, text] of sources) {
    await mkdir(dirname(join(copy, file)), { recursive: true })
    await writeFile(join(copy, file), `${text}\n`)
  }
  // What is forbidden is there to be found, so that it is the wall that refuses it.
  await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
  await Promise.all([compile(), lint()])
})

afterAll(() => rm(copy, { recursive: true, force: true }))

async function compile() {
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
  const { output } = await run(process.execPath, [tsc, '--build', '--pretty', 'false', ...PROJECTS], { cwd: copy })
  for (const [, file, code] of output.matchAll(/^(.+?)\(\d+,\d+\): error (TS\d+)/gm)) note(file!, code!)
}

async function lint() {
  const biome = join(ROOT, 'node_modules/@biomejs/biome/bin/biome')
  const args = [biome, 'lint', '--reporter=json', '--max-diagnostics=none']
  const { output } = await run(process.execPath, args, { cwd: copy })
  const report = JSON.parse(output.slice(output.indexOf('{"summary"'), output.lastIndexOf('}') + 1))
  // Warnings too: `npm run lint` fails on them.
  for (const { category, location } of report.diagnostics) note(location.path, category)
}

function note(file: string, error: string) {
  found.set(file, (found.get(file) ?? new Set()).add(error))
}

describe('a wall refuses', () => {
  test.each(BAD)('%s', (_, file, __, errors) => {
    expect([...(found.get(file) ?? [])]).toEqual(expect.arrayContaining(errors))
  })
})

test('what the walls allow is not refused', () => {
  const bad = new Set(BAD.map(([, file]) => file))
  expect([...found].filter(([file]) => !bad.has(file))).toEqual([])
})

test('every folder has its wall', async () => {
  const walled = new Set([...Object.keys(GOOD), ...BAD.map(([, file]) => file)].map(dirname))
  for (const top of ['src', 'platform', 'cli']) {
    for (const entry of await readdir(join(ROOT, top), { recursive: true, withFileTypes: true })) {
      if (entry.isFile() && entry.name.endsWith('.ts')) expect(walled).toContain(relative(ROOT, entry.parentPath))
    }
  }
})
