/** The file store, in one process: what is written is there again, and what cannot be done is said. */

import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { type FileStoreOptions, fileStore } from '../../../platform/node/file-store/index.js'
import { ensureBuilt, ROOT } from '../../support/setup.mjs'
import { applyChanges, batchOf, describeEntries, entriesAfter } from '../../support/store-batches.mjs'
import { temporaryDirectory } from '../../support/temporary.js'

beforeAll(async () => {
  await ensureBuilt()
})

const MEBIBYTE = 2 ** 20
const ALL_BYTES = Uint8Array.from({ length: 256 }, (_, byte) => byte)

async function read(directory: string): Promise<{ entries: Map<string, Uint8Array>; damage: string | undefined }> {
  const store = fileStore(directory)
  const { entries, damage } = await store.open()
  await store.close()
  return { entries: new Map(entries), damage }
}

describe.each([true, false])('with sync: %s', (sync) => {
  test('what was written and not removed is there again, byte by byte', async () => {
    const directory = temporaryDirectory()
    const store = fileStore(directory, { sync })
    expect(await store.open()).toEqual({ entries: new Map(), damage: undefined })
    const large = new Uint8Array(MEBIBYTE).map((_, at) => at * 31)
    await store.write(
      new Map([
        ['empty', Uint8Array.of()],
        ['large', large],
        ['bytes', ALL_BYTES],
        ['removed', ALL_BYTES],
        ['replaced', ALL_BYTES],
      ]),
    )
    await store.write(
      new Map([
        ['removed', undefined],
        ['never', undefined],
        ['replaced', Uint8Array.of(7)],
      ]),
    )
    await store.close()

    const { entries, damage } = await read(directory)
    expect(damage).toBeUndefined()
    expect([...entries.keys()].sort()).toEqual(['bytes', 'empty', 'large', 'replaced'])
    expect(entries.get('empty')).toEqual(Uint8Array.of())
    expect(entries.get('bytes')).toEqual(ALL_BYTES)
    expect(entries.get('replaced')).toEqual(Uint8Array.of(7))
    expect(Buffer.compare(entries.get('large') as Uint8Array, large)).toBe(0)
    for (const value of entries.values()) expect(value.constructor).toBe(Uint8Array)
  })

  test('many keys and many writes, past the size at which LevelDB rewrites its files', async () => {
    const directory = temporaryDirectory()
    const expected = new Map<string, Uint8Array>()
    for (const [first, last] of [
      [1, 150],
      [151, 300],
    ] as const) {
      const store = fileStore(directory, { sync })
      expect(describeEntries((await store.open()).entries)).toEqual(describeEntries(expected))
      for (let number = first; number <= last; number++) {
        const many = Array.from({ length: 100 }, (_, at) => [`many${number % 5}x${at}`, ALL_BYTES] as const)
        const changes = new Map([...batchOf(1, number), ...many])
        applyChanges(expected, changes)
        await store.write(changes)
      }
      await store.close()
    }
    const { entries, damage } = await read(directory)
    expect(damage).toBeUndefined()
    expect(describeEntries(entries)).toEqual(describeEntries(expected))
  })
})

test('close waits for the write under way', async () => {
  const directory = temporaryDirectory()
  const store = fileStore(directory)
  await store.open()
  const settled: string[] = []
  const write = store.write(batchOf(1, 1)).then(() => settled.push('write'))
  await store.close().then(() => settled.push('close'))
  await write
  expect(settled).toEqual(['write', 'close'])
  expect(describeEntries((await read(directory)).entries)).toEqual(entriesAfter(1, 1))
})

test('a store that was closed is opened again, and a close too many does nothing', async () => {
  const store = fileStore(temporaryDirectory())
  await store.close()
  for (const number of [1, 2]) {
    expect(describeEntries((await store.open()).entries)).toEqual(entriesAfter(1, number - 1))
    await store.write(batchOf(1, number))
    await store.close()
    await store.close()
  }
})

test('a write before open or after close rejects', async () => {
  const directory = temporaryDirectory()
  const store = fileStore(directory)
  const refusal = { name: 'MqttError', code: 'STORE_NOT_OPEN', phase: 'store', retryable: false }
  await expect(store.write(batchOf(1, 1))).rejects.toMatchObject(refusal)
  await store.open()
  await store.close()
  await expect(store.write(batchOf(1, 1))).rejects.toMatchObject(refusal)
  expect((await read(directory)).entries.size).toBe(0)
})

test('a relative path is one of the directory at the time of the call, and others make what is missing of it', async () => {
  const directory = temporaryDirectory()
  // In a process of its own, because Vitest's workers cannot change their directory.
  const code = `
    process.chdir(${JSON.stringify(directory)})
    const store = fileStore('a/b')
    process.chdir('/')
    await store.open()
    await store.close()`
  await runBuilt(code)
  expect(readdirSync(join(directory, 'a/b')).sort()).toEqual(['session.leveldb', 'witness.json'])
  expect(statSync(join(directory, 'a')).mode & 0o077).toBe(0)
})

async function runBuilt(code: string): Promise<string> {
  const imported = `import { fileStore } from ${JSON.stringify(join(ROOT, 'dist/store/file/index.js'))}\n${code}`
  const args = ['--input-type=module', '--eval', imported]
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 15_000 })
  return stdout
}

describe('as built', () => {
  test('nothing of it keeps the process alive after close, nor while it is open and idle', async () => {
    const directory = JSON.stringify(temporaryDirectory())
    const use = `const store = fileStore(${directory}); await store.open(); await store.write(new Map([['a', new Uint8Array(9)]]))`
    expect(await runBuilt(`${use}; await store.close(); console.log('closed')`)).toBe('closed\n')
    expect(await runBuilt(`${use}; console.log('open')`)).toBe('open\n')
  })

  test('without classic-level it says what to install, and is loaded all the same', async () => {
    const code = `
      import { register } from 'node:module'
      register('data:text/javascript,' + encodeURIComponent(\`export async function resolve(name, context, next) {
        if (name === 'classic-level') throw new Error('Cannot find package')
        return next(name, context)
      }\`))
      const error = await fileStore(${JSON.stringify(temporaryDirectory())}).open().catch((error) => error)
      console.log(JSON.stringify([error.code, error.phase, error.message, error.cause.message]))`
    const [errorCode, phase, message, cause] = JSON.parse(await runBuilt(code))
    expect([errorCode, phase, cause]).toEqual(['STORE_UNAVAILABLE', 'store', 'Cannot find package'])
    expect(message).toContain('npm install classic-level')
  })
})

describe('a directory that cannot be used', () => {
  const failureOf = (directory: string) =>
    fileStore(directory)
      .open()
      .then(
        () => undefined,
        (error) => error,
      )

  test('because a file is in its place', async () => {
    const directory = join(temporaryDirectory(), 'file')
    writeFileSync(directory, '')
    const error = await failureOf(directory)
    expect(error).toMatchObject({ code: 'EEXIST', phase: 'store', retryable: false })
    expect(error.message).toBe(
      `Cannot open the store in ${directory}: a file is in its place: remove it, or give another path (EEXIST)`,
    )
  })

  test('because a file is in its way', async () => {
    const directory = join(temporaryDirectory(), 'file', 'below')
    writeFileSync(join(directory, '..'), '')
    expect(await failureOf(directory)).toMatchObject({ code: 'ENOTDIR', phase: 'store', retryable: false })
  })

  test('because it is that of something else, whose files stay as they are', async () => {
    const directory = temporaryDirectory()
    writeFileSync(join(directory, 'CURRENT'), 'theirs')
    const error = await failureOf(directory)
    expect(error).toMatchObject({ code: 'STORE_FOREIGN', phase: 'store', retryable: false })
    expect(error.message).toContain(`The directory ${directory} has other files in it, such as CURRENT`)
    expect(readdirSync(directory)).toEqual(['CURRENT'])
  })

  test('because a later version of emqtt wrote it', async () => {
    const directory = temporaryDirectory()
    await read(directory)
    const { checksumOf } = await import('../../../platform/node/file-store/values.js')
    const text = '{"emqtt-store":2}'
    writeFileSync(join(directory, 'witness.json'), `${text} ${checksumOf('', Buffer.from(text))}\n`)
    expect(await failureOf(directory)).toMatchObject({ code: 'STORE_FOREIGN', phase: 'store' })
    // And it was given free.
    expect(await failureOf(directory)).toMatchObject({ code: 'STORE_FOREIGN', phase: 'store' })
  })

  test('but a mounted disk may have its lost+found, and any directory its hidden files', async () => {
    const directory = temporaryDirectory()
    mkdirSync(join(directory, 'lost+found'))
    writeFileSync(join(directory, '.DS_Store'), '')
    expect(await failureOf(directory)).toBeUndefined()
  })
})

test('one directory is one store, by whatever name', async () => {
  const directory = temporaryDirectory()
  const link = join(mkdtempSync(join(directory, 'x')), 'link')
  const real = join(directory, 'store')
  mkdirSync(real)
  symlinkSync(real, link)
  const store = fileStore(real)
  await store.open()
  await expect(fileStore(link).open()).rejects.toMatchObject({ code: 'STORE_LOCKED', phase: 'store' })
  await store.close()
  await expect(read(link)).resolves.toBeDefined()
})

test.each([
  ['directory', '', {}],
  ['directory', undefined, {}],
  ['sync', 'a', { sync: 1 }],
])('a wrong %s is named', (field, directory, options) => {
  expect(() => fileStore(directory as string, options as FileStoreOptions)).toThrow(
    expect.objectContaining({ name: 'TypeError', message: expect.stringMatching(`^${field}: expected `) }),
  )
})
