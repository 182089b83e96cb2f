/** Files that are cut, changed or gone: it is said what is missing, and what can be read is there, as it was. */

import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { fileStore } from '../../../platform/node/file-store/index.js'
import { checksumOf } from '../../../platform/node/file-store/values.js'
import { randomOf } from '../../support/random.js'
import { batchOf, describeEntries, entriesAfter } from '../../support/store-batches.mjs'
import { temporaryDirectory } from '../../support/temporary.js'

const SEED = 4
const WRITES = 20

/** Makes each number of writes in a session of its own: all but the last end up in tables, the last in the log. */
async function fill(...sessions: readonly number[]): Promise<string> {
  const directory = temporaryDirectory()
  const store = fileStore(directory, { sync: false })
  let number = 0
  for (const writes of sessions) {
    await store.open()
    for (let each = 0; each < writes; each++) await store.write(batchOf(SEED, ++number))
    await store.close()
  }
  return directory
}

/** Opens it once; then again, when all must be well and as it was. */
async function reopen(directory: string): Promise<{ entries: Record<string, string>; damage: string | undefined }> {
  const store = fileStore(directory)
  const { entries, damage } = await store.open()
  const told = describeEntries(entries)
  await store.close()
  expect(await describeStore(directory)).toEqual({ entries: told, damage: undefined })
  // And it takes what comes.
  await store.open()
  await store.write(new Map([['more', Uint8Array.of(1)]]))
  await store.close()
  const after = await describeStore(directory)
  expect(after.damage).toBeUndefined()
  expect(after.entries).toEqual(describeEntries([...(await entriesOf(directory))]))
  expect(after.entries).toMatchObject(told)
  expect(Object.keys(after.entries)).toHaveLength(Object.keys(told).length + 1)
  return { entries: told, damage }
}

async function describeStore(directory: string) {
  const store = fileStore(directory)
  const { entries, damage } = await store.open()
  await store.close()
  return { entries: describeEntries(entries), damage }
}

async function entriesOf(directory: string) {
  const store = fileStore(directory)
  const { entries } = await store.open()
  await store.close()
  return entries
}

/** The newest file of LevelDB with such a name. */
function newest(directory: string, pattern: RegExp): string {
  const folder = join(directory, 'session.leveldb')
  const name = readdirSync(folder)
    .filter((name) => pattern.test(name))
    .sort()
    .at(-1)
  if (name === undefined) throw new Error(`${folder} has no file ${pattern}`)
  return join(folder, name)
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path)
  bytes[at] = (bytes[at] as number) ^ 0x55
  writeFileSync(path, bytes)
}

/** Each entry is one that was written at some time, whatever else is missing. */
function expectNothingInvented(entries: Record<string, string>): void {
  const known = new Set<string>()
  for (let number = 1; number <= WRITES; number++) {
    for (const entry of Object.entries(entriesAfter(SEED, number))) known.add(entry.join())
  }
  expect(Object.entries(entries).filter((entry) => !known.has(entry.join()))).toEqual([])
}

/** Nothing is missing that is not spoken of. What was replaced or removed later may be broken without a loss. */
function expectAllSaid({ entries, damage }: { entries: Record<string, string>; damage: string | undefined }): void {
  expectNothingInvented(entries)
  if (damage === undefined) expect(entries).toEqual(entriesAfter(SEED, WRITES))
  else expect(damage).toMatch(/ missing| older than they should be|did not fit their checksums|was repaired/)
}

function writtenUntil(entries: Record<string, string>): number {
  for (let number = WRITES; number > 0; number--) {
    if (entriesAfter(SEED, number).last === entries.last) return number
  }
  return 0
}

describe('the log', () => {
  test.each([1, 3, 7, 100, 5_000, 40_000, 100_000])(
    'cut by %i bytes: the writes before are there, and the number of those missing is said',
    async (bytes) => {
      const directory = await fill(WRITES)
      const log = newest(directory, /\.log$/)
      truncateSync(log, statSync(log).size - bytes)
      const { entries, damage } = await reopen(directory)
      const until = writtenUntil(entries)
      expect(until).toBeLessThan(WRITES)
      expect(entries).toEqual(entriesAfter(SEED, until))
      const missing = WRITES - until
      expect(damage).toBe(
        `The store in ${directory} is damaged: ${missing} accepted write${missing > 1 ? 's are' : ' is'} missing at its end.`,
      )
    },
  )

  test('cut to nothing', async () => {
    const directory = await fill(WRITES)
    truncateSync(newest(directory, /\.log$/), 0)
    const { entries, damage } = await reopen(directory)
    expect(entries).toEqual({})
    expect(damage).toContain(`${WRITES} accepted writes are missing at its end`)
  })

  test('cut within a write that was not accepted: that is said, and nothing is missing', async () => {
    const directory = await fill(WRITES)
    const log = newest(directory, /\.log$/)
    truncateSync(log, statSync(log).size - 3)
    testify(directory, { begun: WRITES, done: WRITES - 1 })
    const { entries, damage } = await reopen(directory)
    expect(entries).toEqual(entriesAfter(SEED, WRITES - 1))
    expect(damage).toBe(
      `The store in ${directory} has recovered: its last write was cut off before it was accepted; nothing that was accepted is missing from the end.`,
    )
  })

  test('whole, though nobody was told any more that the last write was done: there is nothing to say', async () => {
    const directory = await fill(WRITES)
    testify(directory, { begun: WRITES, done: WRITES - 1 })
    expect(await reopen(directory)).toEqual({ entries: entriesAfter(SEED, WRITES), damage: undefined })
  })

  test.each([
    ['zeros', 64, 0],
    ['ones', 64, 0xff],
    ['a few bytes', 5, 1],
  ])('with rubbish behind it, %s: that is said, and nothing is missing', async (_, size, byte) => {
    const directory = await fill(WRITES)
    writeFileSync(newest(directory, /\.log$/), new Uint8Array(size).fill(byte), { flag: 'a' })
    expect(await reopen(directory)).toEqual({
      entries: entriesAfter(SEED, WRITES),
      damage: `The store in ${directory} has recovered: its log was changed after it was closed; nothing that was accepted is missing.`,
    })
  })

  const random = randomOf(SEED)
  test.each(Array.from({ length: 20 }, () => random()))(
    'with a byte changed at %f of its length: no wrong value is handed out, and any that is missing is said',
    async (place) => {
      const directory = await fill(WRITES)
      const log = newest(directory, /\.log$/)
      flip(log, Math.floor(place * statSync(log).size))
      expectAllSaid(await reopen(directory))
    },
  )
})

describe('the witness', () => {
  test.each<[string, (path: string) => void]>([
    ['cut', (path) => truncateSync(path, 20)],
    ['empty', (path) => truncateSync(path, 0)],
    ['changed', (path) => flip(path, 25)],
    ['gone', (path) => rmSync(path)],
  ])('%s: that is said, and all is there', async (_, harm) => {
    const directory = await fill(WRITES)
    harm(join(directory, 'witness.json'))
    expect(await reopen(directory)).toEqual({
      entries: entriesAfter(SEED, WRITES),
      damage: `The store in ${directory} is damaged: its file witness.json is missing or broken, so that a missing end would not be noticed.`,
    })
  })

  test('behind the database, as after a power cut: there is nothing to say', async () => {
    const directory = await fill(WRITES)
    testify(directory, { begun: 3, done: 3 })
    expect(await reopen(directory)).toEqual({ entries: entriesAfter(SEED, WRITES), damage: undefined })
  })

  test('without its database, all is missing, and that is said', async () => {
    const directory = await fill(WRITES)
    rmSync(join(directory, 'session.leveldb'), { recursive: true })
    const { entries, damage } = await reopen(directory)
    expect(entries).toEqual({})
    expect(damage).toContain(`${WRITES} accepted writes are missing at its end`)
  })
})

describe('a table', () => {
  test('that is gone: what the log has is there, and that the rest is missing is said', async () => {
    const directory = await fill(WRITES - 5, 5)
    rmSync(newest(directory, /\.ldb$/))
    const { entries, damage } = await reopen(directory)
    expectNothingInvented(entries)
    expect(entries.last).toBe(entriesAfter(SEED, WRITES).last)
    expect(damage).toMatch(/its database could not be read and was repaired; \d+ values are missing in the midst of it/)
  })

  test('that is cut: the same', async () => {
    const directory = await fill(WRITES - 5, 5)
    const table = newest(directory, /\.ldb$/)
    truncateSync(table, statSync(table).size / 2)
    const { entries, damage } = await reopen(directory)
    expectNothingInvented(entries)
    expect(entries.last).toBe(entriesAfter(SEED, WRITES).last)
    expect(damage).toMatch(/was repaired; \d+ values are missing in the midst of it/)
  })

  const random = randomOf(SEED + 1)
  test.each(Array.from({ length: 10 }, () => random()))(
    'with bytes changed at %f of its length: no wrong value is handed out, and any that is missing is said',
    async (place) => {
      const directory = await fill(WRITES - 5, 5)
      const table = newest(directory, /\.ldb$/)
      flip(table, Math.floor(place * statSync(table).size))
      expectAllSaid(await reopen(directory))
    },
  )
})

test('a value that is changed where LevelDB does not look is left out, and that is said', async () => {
  const directory = temporaryDirectory()
  const store = fileStore(directory)
  await store.open()
  // Of chance, so that LevelDB does not compress it.
  const random = randomOf(SEED)
  const value = Uint8Array.from({ length: 50_000 }, () => random() * 256)
  await store.write(new Map([['changed', value], ...batchOf(SEED, 1)]))
  await store.close()
  // It puts the log into a table.
  await describeStore(directory)
  const table = newest(directory, /\.ldb$/)
  flip(table, readFileSync(table).indexOf(value.subarray(30_000, 30_100)))
  expect(await reopen(directory)).toEqual({
    entries: entriesAfter(SEED, 1),
    damage: `The store in ${directory} is damaged: values in it did not fit their checksums and had to be left out: 1.`,
  })
})

describe('what LevelDB finds its files by', () => {
  test.each<[string, RegExp, (path: string) => void]>([
    ['MANIFEST is gone', /^MANIFEST/, (path) => rmSync(path)],
    ['MANIFEST is changed', /^MANIFEST/, (path) => flip(path, 20)],
    ['CURRENT is gone', /^CURRENT/, (path) => rmSync(path)],
    ['CURRENT is empty', /^CURRENT/, (path) => truncateSync(path, 0)],
  ])('%s: it is repaired, that is said, and all is there', async (_, name, harm) => {
    const directory = await fill(WRITES - 5, 5)
    harm(newest(directory, name))
    expect(await reopen(directory)).toEqual({
      entries: entriesAfter(SEED, WRITES),
      damage: `The store in ${directory} is damaged: its database could not be read and was repaired.`,
    })
  })

  test('is gone, and the repair fails: open rejects, names the directory, and gives it free', async () => {
    const directory = await fill(WRITES)
    rmSync(newest(directory, /^MANIFEST/))
    // Where the repair would write the new one.
    mkdirSync(join(directory, 'session.leveldb', '000001.dbtmp'))
    for (let attempt = 0; attempt < 2; attempt++) {
      const error = await fileStore(directory)
        .open()
        .catch((error) => error)
      expect(error).toMatchObject({ name: 'MqttError', code: 'STORE_DAMAGED', phase: 'store', retryable: false })
      expect(error.message).toContain(`The store in ${directory}`)
    }
  })
})

/** Overwrites what the witness says. */
function testify(directory: string, testimony: { begun: number; done: number }): void {
  const text = JSON.stringify({ 'emqtt-store': 1, ...testimony })
  writeFileSync(join(directory, 'witness.json'), `${text} ${checksumOf('', Buffer.from(text))}\n`)
}
