/** One store, one client: whoever comes second is told so, until the first is done or dead. */

import { beforeAll, expect, test } from 'vitest'
import { fileStore } from '../../../platform/node/file-store/index.js'
import { ensureBuilt } from '../../support/setup.mjs'
import { entriesAfter } from '../../support/store-batches.mjs'
import { StoreProcess } from '../../support/store-process.js'
import { temporaryDirectory } from '../../support/temporary.js'

beforeAll(async () => {
  await ensureBuilt()
})

const LOCKED = { name: 'MqttError', code: 'STORE_LOCKED', phase: 'store', retryable: true }

test('a second open in the same process rejects, of the same object and of another', async () => {
  const directory = temporaryDirectory()
  const store = fileStore(directory)
  await store.open()
  for (const second of [store, fileStore(directory)]) {
    const error = await second.open().catch((error) => error)
    expect(error).toMatchObject(LOCKED)
    expect(error.message).toBe(
      `The store in ${directory} is locked: this process has it open already; close it there, or give each client a directory of its own (STORE_LOCKED)`,
    )
  }
  await store.write(new Map([['a', Uint8Array.of(1)]]))
  await store.close()
  const { entries } = await store.open()
  expect([...entries]).toEqual([['a', Uint8Array.of(1)]])
  await store.close()
})

test('a second open in another process rejects, also after one was refused in this process', async () => {
  const directory = temporaryDirectory()
  const store = fileStore(directory)
  await store.open()
  await using other = new StoreProcess(directory)
  const { name: _, ...locked } = LOCKED
  await expect(other.open()).rejects.toMatchObject(locked)
  // On POSIX the refusal of LevelDB itself would have given the lock free.
  await expect(fileStore(directory).open()).rejects.toMatchObject(locked)
  await expect(other.open()).rejects.toMatchObject({
    ...locked,
    message: expect.stringContaining(`The store in ${directory} is locked: another process has it open;`),
  })
  await store.close()
  expect(await other.open()).toEqual({ entries: {} })
})

test('two opens at once: one has it', async () => {
  const directory = temporaryDirectory()
  const stores = [fileStore(directory), fileStore(directory), fileStore(directory)]
  const outcomes = await Promise.allSettled(stores.map((store) => store.open()))
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected'])
  await Promise.all(stores.map((store) => store.close()))
})

test('once the process that has it is killed, the next open succeeds at once, with all that it wrote', async () => {
  const directory = temporaryDirectory()
  const store = fileStore(directory)
  await using first = new StoreProcess(directory)
  await first.open()
  await first.write(1, 1, 5)
  await expect(store.open()).rejects.toMatchObject(LOCKED)
  await first.kill()
  await using second = new StoreProcess(directory)
  expect(await second.open()).toEqual({ entries: entriesAfter(1, 5) })
})
