/** The store of browsers where there is no browser: it can be imported, takes its options, and says what it lacks. */

import { afterEach, expect, test, vi } from 'vitest'
import { indexedDbStore } from '../../platform/browser/indexeddb-store.js'

afterEach(() => {
  vi.unstubAllGlobals()
})

test.each([
  ['name: expected a string, got undefined', TypeError, [undefined]],
  ['name: expected at least one character', RangeError, ['']],
  ['durability: expected relaxed or strict, got "fast"', RangeError, ['a', { durability: 'fast' }]],
])('%s', (message, kind, given) => {
  const make = () => Reflect.apply(indexedDbStore, undefined, given)
  expect(make).toThrow(kind)
  expect(make).toThrow(message)
})

test('in Node open says that there is no IndexedDB, and what to use', async () => {
  const store = indexedDbStore('a')
  await expect(store.open()).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
    phase: 'store',
    retryable: false,
    message: expect.stringContaining('no IndexedDB; browsers have it, Node has emqtt/store/file'),
  })
  await expect(store.write(new Map())).rejects.toMatchObject({ code: 'STORE_CLOSED', phase: 'store' })
  await store.close()
})

test('a browser that forbids its databases or its locks is named as the cause', async () => {
  const cause = new DOMException('no', 'SecurityError')
  vi.stubGlobal('indexedDB', {})
  vi.stubGlobal('navigator', { locks: { request: () => Promise.reject(cause) } })
  await expect(indexedDbStore('a').open()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', phase: 'store', cause })
})

test('where there are databases and no locks, it is said where there are both', async () => {
  vi.stubGlobal('indexedDB', {})
  vi.stubGlobal('navigator', {})
  await expect(indexedDbStore('a').open()).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
    message: expect.stringContaining('pages from https or localhost'),
  })
})
