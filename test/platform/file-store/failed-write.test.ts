/** A write that the disk refused, when LevelDB's log has it all the same: it rejected, so it must not come back. */

import type * as Library from 'classic-level'
import { beforeEach, expect, test, vi } from 'vitest'
import { fileStore } from '../../../platform/node/file-store/index.js'
import { sealHead } from '../../../platform/node/file-store/values.js'
import { batchOf, describeEntries, entriesAfter } from '../../support/store-batches.mjs'
import { temporaryDirectory } from '../../support/temporary.js'

/** What fails next. `batch`: the log has it, and its way to the disk fails. */
const next: { batch: number; open?: string; head?: Uint8Array } = { batch: 0 }

/** What classic-level itself implements, beneath what it inherits. */
interface Batch {
  _put(key: Uint8Array | string, ...more: unknown[]): void
  _del(key: Uint8Array | string, ...more: unknown[]): void
  _write(options: object): Promise<void>
}

interface Inner {
  _open(options: object): Promise<void>
  _chainedBatch(): Batch
  _get(key: Uint8Array | string, options: object): Promise<Uint8Array | undefined>
  _getMany(keys: readonly (Uint8Array | string)[], options: object): Promise<(Uint8Array | undefined)[]>
}

vi.mock('classic-level', async (load) => {
  const library = await load<typeof Library>()
  const inner = library.ClassicLevel.prototype as unknown as Inner
  const { _open, _chainedBatch, _get, _getMany } = inner
  /** As LevelDB does, what was there before a write that failed is shown as long as it is open. */
  const before = new WeakMap<Inner, Map<string, Uint8Array | undefined>>()

  inner._open = async function (options) {
    const { open } = next
    delete next.open
    if (open !== undefined) throw Object.assign(new Error(open), { code: 'LEVEL_IO_ERROR' })
    return _open.call(this, options)
  }
  inner._chainedBatch = function () {
    const batch = _chainedBatch.call(this)
    const { _put, _del, _write } = batch
    const keys: (Uint8Array | string)[] = []
    batch._put = (key, ...more) => {
      keys.push(key)
      _put.call(batch, key, ...more)
    }
    batch._del = (key, ...more) => {
      keys.push(key)
      _del.call(batch, key, ...more)
    }
    batch._write = async (options) => {
      if (next.batch === 0) return _write.call(batch, options)
      next.batch--
      const values = await _getMany.call(this, keys, { keyEncoding: 'utf8', valueEncoding: 'view' })
      before.set(this, new Map(keys.map((key, at) => [String(key), values[at]])))
      await _write.call(batch, options)
      throw Object.assign(new Error('IO error: 1.log: Input/output error'), { code: 'LEVEL_IO_ERROR' })
    }
    return batch
  }
  inner._getMany = async function (keys, options) {
    const values = await _getMany.call(this, keys, options)
    const old = before.get(this)
    return keys.map((key, at) => (old?.has(String(key)) ? old.get(String(key)) : values[at]))
  }
  inner._get = async function (key, options) {
    const { head } = next
    delete next.head
    return head ?? _get.call(this, key, options)
  }
  return library
})

const FAILED = {
  name: 'MqttError',
  code: 'EIO',
  phase: 'store',
  retryable: false,
  message: expect.stringMatching(
    /^Cannot write to the store in .*: the disk fails: look into the log of the system \(EIO\)$/,
  ),
}

beforeEach(() => {
  next.batch = 0
})

/** A store with five writes, and a sixth that failed. */
async function openWithFailure() {
  const directory = temporaryDirectory()
  const store = fileStore(directory)
  await store.open()
  for (let number = 1; number <= 5; number++) await store.write(batchOf(9, number))
  next.batch = 1
  await expect(store.write(batchOf(9, 6))).rejects.toMatchObject(FAILED)
  return { directory, store }
}

async function reopen(directory: string) {
  const store = fileStore(directory)
  const { entries, damage } = await store.open()
  await store.close()
  return { entries: describeEntries(entries), damage }
}

test('the next write undoes it first', async () => {
  const { directory, store } = await openWithFailure()
  await store.write(new Map([['after', Uint8Array.of(1)]]))
  await store.close()
  const { after, ...entries } = (await reopen(directory)).entries
  expect(after).toBeDefined()
  expect(entries).toEqual(entriesAfter(9, 5))
})

test('close undoes it, too', async () => {
  const { directory, store } = await openWithFailure()
  await store.close()
  expect(await reopen(directory)).toEqual({ entries: entriesAfter(9, 5), damage: undefined })
})

test('as long as it cannot be undone, writes reject, and then go on', async () => {
  const { directory, store } = await openWithFailure()
  next.batch = 1
  await expect(store.write(batchOf(9, 6))).rejects.toMatchObject(FAILED)
  next.open = 'IO error: 2.ldb: No space left on device'
  await expect(store.write(batchOf(9, 6))).rejects.toMatchObject({ code: 'ENOSPC', retryable: true })
  await store.write(batchOf(9, 6))
  await store.write(batchOf(9, 7))
  await store.close()
  expect(await reopen(directory)).toEqual({ entries: entriesAfter(9, 7), damage: undefined })
})

test('where another process was quicker to open it, writes reject until the store is opened again', async () => {
  const { store } = await openWithFailure()
  for (let attempt = 0; attempt < 2; attempt++) {
    next.head = sealHead({ number: 77, count: 1, total: 1 })
    const error = await store.write(batchOf(9, 6)).catch((error) => error)
    expect(error).toMatchObject({ name: 'MqttError', code: 'STORE_LOCKED', phase: 'store' })
    expect(error.message).toContain('another process has written to it')
  }
  await store.close()
})
