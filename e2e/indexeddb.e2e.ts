/** The store of a page in a real browser: what it keeps, who may have it, and what becomes of it when the browser refuses. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from '../test/support/setup.mjs'
import { closeStore, crash, deleteDatabase, inspect, locksOf, openStore, writeStore } from './support/stores.js'
import { expect, test } from './support/test.js'

const LOCKED = { code: 'STORE_LOCKED', phase: 'store', retryable: true, isMqttError: true }
const LOST = { code: 'STORE_LOST', phase: 'store', retryable: false, isMqttError: true }
const FULL = { code: 'QUOTA_EXCEEDED', phase: 'store', retryable: true, isMqttError: true, cause: 'QuotaExceededError' }

test.describe('what it keeps', () => {
  test('What was written is there after close and open, byte by byte, and nothing that was removed.', async ({
    page,
    site,
  }) => {
    await page.goto(`${site.http}/store`)
    const all = Array.from({ length: 256 }, (_, byte) => byte)
    expect(await openStore(page)).toEqual({ entries: [] })
    expect(await writeStore(page, { all, empty: [], gone: [1], changed: [1] })).toBeUndefined()
    expect(await writeStore(page, { gone: null, never: null, changed: [2, 3] })).toBeUndefined()
    expect(await writeStore(page, {})).toBeUndefined()
    await closeStore(page)
    const entries = [
      ['all', all],
      ['changed', [2, 3]],
      ['empty', []],
    ]
    expect(await openStore(page)).toEqual({ entries })
    await closeStore(page)
    expect(await openStore(page, 'another')).toEqual({ entries: [] })
  })

  for (const durability of ['relaxed', 'strict'] as const) {
    test(`A value of 1 MiB and a thousand small ones are there after a reload, with the durability ${durability}.`, async ({
      page,
      site,
    }) => {
      await page.goto(`${site.http}/store`)
      await page.evaluate(async (durability) => {
        const store = emqttIndexedDb.indexedDbStore('large', { durability })
        await store.open()
        const large = Uint8Array.from({ length: 2 ** 20 }, (_, at) => at % 251)
        const small = Array.from({ length: 1000 }, (_, at) => [`m${at}`, Uint8Array.of(at, at >> 8)] as const)
        await store.write(new Map([['large', large], ...small]))
      }, durability)
      await page.reload()
      const found = await page.evaluate(async () => {
        const entries = new Map((await emqttIndexedDb.indexedDbStore('large').open()).entries)
        const large = entries.get('large') ?? []
        const small = Array.from(
          { length: 1000 },
          (_, at) => entries.get(`m${at}`)?.join() === `${at & 255},${at >> 8}`,
        )
        return {
          size: entries.size,
          length: large.length,
          large: large.every((byte, at) => byte === at % 251),
          small: small.every((same) => same),
        }
      })
      expect(found).toEqual({ size: 1001, length: 2 ** 20, large: true, small: true })
    })
  }

  test('Of a view only its bytes are stored, not the buffer behind it.', async ({ page, site }) => {
    await page.goto(`${site.http}/store`)
    const behind = await page.evaluate(async () => {
      const store = emqttIndexedDb.indexedDbStore('view')
      await store.open()
      await store.write(new Map([['view', new Uint8Array(100_000).subarray(10, 12)]]))
      await store.close()
      const [[, value] = []] = (await store.open()).entries
      return value?.buffer.byteLength
    })
    expect(behind).toBe(2)
  })

  test('A write that the browser refuses in its middle stores nothing, and the next one works.', async ({
    page,
    site,
  }) => {
    await page.goto(`${site.http}/store`)
    await openStore(page)
    const failure = await page.evaluate(async () => {
      // What was handed to a worker cannot be stored.
      const detached = new Uint8Array(8)
      structuredClone(detached, { transfer: [detached.buffer] })
      Object.defineProperty(detached, 'byteLength', { value: 0 })
      const unstorable = new Proxy(detached, {})
      const changes = [['first', Uint8Array.of(1)] as const, ['second', unstorable] as const]
      return globalThis.store.write(new Map(changes)).catch(({ code, phase, retryable, cause }) => {
        return { code, phase, retryable, cause: cause.name }
      })
    })
    expect(failure).toEqual({ code: 'STORE_FAILED', phase: 'store', retryable: true, cause: 'DataCloneError' })
    expect(await writeStore(page, { third: [3] })).toBeUndefined()
    await closeStore(page)
    expect(await openStore(page)).toEqual({ entries: [['third', [3]]] })
  })

  test('A store that is not open says so.', async ({ page, site }) => {
    await page.goto(`${site.http}/store`)
    await openStore(page)
    await closeStore(page)
    await closeStore(page)
    expect(await writeStore(page, { a: [1] })).toMatchObject({ code: 'STORE_CLOSED', phase: 'store', retryable: false })
  })

  test('After close nothing is left: no lock, and no connection in the way of who deletes the database.', async ({
    page,
    site,
  }) => {
    await page.goto(`${site.http}/store`)
    await openStore(page)
    await writeStore(page, { a: [1] })
    expect(await locksOf(page)).toEqual(['emqtt:test'])
    await closeStore(page)
    expect(await locksOf(page)).toEqual([])
    expect(await deleteDatabase(page, 'emqtt:test')).toBe('deleted')
  })
})

test.describe('where it runs', () => {
  test('Under a strict Content-Security-Policy it stores, and violates nothing.', async ({ page, site }) => {
    await page.goto(`${site.http}/strict`)
    await page.evaluate(() => {
      document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
        console.error(`violation of ${violatedDirective} by ${blockedURI}`)
      })
    })
    await openStore(page)
    expect(await writeStore(page, { a: [1] })).toBeUndefined()
    await closeStore(page)
    expect(await openStore(page)).toEqual({ entries: [['a', [1]]] })
  })

  test('The script tag adds exactly one global, emqttIndexedDb, with the names of the module.', async ({
    page,
    site,
  }) => {
    const globals = () => Object.getOwnPropertyNames(globalThis)
    await page.goto(`${site.http}/empty`)
    const before = await page.evaluate(globals)
    await page.goto(`${site.http}/store`)
    const after = await page.evaluate(globals)
    expect(after.filter((name) => !before.includes(name))).toEqual(['emqttIndexedDb'])
    const names = await page.evaluate(async (module) => {
      return [Object.keys(emqttIndexedDb).sort(), Object.keys(await import(module)).sort()]
    }, '/dist/store/indexeddb.js')
    expect(names[0]).toEqual(['MqttError', 'indexedDbStore', 'isMqttError'])
    expect(names[1]).toEqual(names[0])
  })

  test('What the module has stored is there for the script tag, and the errors of one are known to the other.', async ({
    page,
    site,
  }) => {
    await page.goto(`${site.http}/store`)
    const failure = await page.evaluate(async (module) => {
      const { indexedDbStore }: typeof emqttIndexedDb = await import(module)
      const store = indexedDbStore('test')
      await store.open()
      await store.write(new Map([['a', Uint8Array.of(1)]]))
      const failure = await store.open().catch((error) => error)
      await store.close()
      return { known: emqttIndexedDb.isMqttError(failure), code: failure.code }
    }, '/dist/store/indexeddb.js')
    expect(failure).toEqual({ known: true, code: 'STORE_LOCKED' })
    expect(await openStore(page)).toEqual({ entries: [['a', [1]]] })
  })

  test('A worker stores what a page then finds.', async ({ page, site }) => {
    await page.goto(`${site.http}/store`)
    const said = await page.evaluate(() => {
      return new Promise((resolve, reject) => {
        const worker = new Worker('/store-worker.js')
        worker.onmessage = ({ data }) => resolve(data)
        worker.onerror = ({ message }) => reject(new Error(message))
        worker.postMessage('test')
      })
    })
    expect(said).toBe('stored')
    expect(await openStore(page)).toEqual({ entries: [['a', [7]]] })
  })

  test('A page without https, and not from this machine, is told why it cannot have a store.', async ({ page }) => {
    await page.route('http://elsewhere.test/**', async (route) => {
      const { pathname } = new URL(route.request().url())
      const tag = '<script src="/dist/umd/emqtt-indexeddb.min.js"></script>'
      if (pathname === '/') await route.fulfill({ contentType: 'text/html', body: tag })
      else if (!pathname.startsWith('/dist/')) await route.fulfill({ status: 204 })
      else await route.fulfill({ contentType: 'text/javascript', body: await readFile(join(ROOT, pathname), 'utf8') })
    })
    await page.goto('http://elsewhere.test/')
    const { failure } = await openStore(page)
    expect(failure).toMatchObject({ code: 'STORE_UNAVAILABLE', phase: 'store', retryable: false, isMqttError: true })
    expect(failure?.message).toContain('https or localhost')
  })

  test('A frame whose sandbox forbids it is told so, and nothing is left.', async ({ page, site }) => {
    await page.goto(`${site.http}/empty`)
    await page.evaluate(() => {
      const frame = document.createElement('iframe')
      frame.sandbox.add('allow-scripts')
      frame.src = '/store'
      document.body.append(frame)
      return new Promise((resolve) => frame.addEventListener('load', resolve))
    })
    const failure = await page.frames()[1]?.evaluate(async () => {
      const failure = await emqttIndexedDb
        .indexedDbStore('test')
        .open()
        .catch((error) => error)
      return { code: failure.code, phase: failure.phase, message: failure.message, cause: failure.cause?.name }
    })
    expect(failure).toMatchObject({ code: 'STORE_UNAVAILABLE', phase: 'store', cause: 'SecurityError' })
    expect(failure?.message).toContain('sandbox')
  })
})

test.describe('who may have it', () => {
  test('A second tab is refused while the first has the store, and gets it once that closes it.', async ({
    page,
    site,
    context,
  }) => {
    await page.goto(`${site.http}/store`)
    const second = await context.newPage()
    await second.goto(`${site.http}/store`)
    await openStore(page)
    const { failure } = await openStore(second)
    expect(failure).toMatchObject(LOCKED)
    expect(failure?.message).toContain('"test": another tab, worker or client of this site has it open')
    expect(await writeStore(page, { a: [1] })).toBeUndefined()
    await closeStore(page)
    expect(await openStore(second)).toEqual({ entries: [['a', [1]]] })
  })

  test('The same page is refused a second time, by the same store and by another one of the name.', async ({
    page,
    site,
  }) => {
    await page.goto(`${site.http}/store`)
    await openStore(page)
    expect((await openStore(page)).failure).toMatchObject(LOCKED)
    const codes = await page.evaluate(() => globalThis.store.open().catch(({ code }) => code))
    expect(codes).toBe('STORE_LOCKED')
    expect(await writeStore(page, { a: [1] })).toBeUndefined()
  })

  const ends = {
    'closes it': (page) => closeStore(page),
    'is closed': (page) => page.close(),
    'is reloaded': async (page) => void (await page.reload()),
    'goes to another site': async (page) => void (await page.goto('about:blank')),
    crashes: crash,
  } satisfies Record<string, (page: import('playwright/test').Page) => Promise<void>>
  for (const [what, end] of Object.entries(ends)) {
    test(`A tab that asks while the first one has it gets the store when that one ${what}.`, async ({
      site,
      context,
    }) => {
      const [first, second] = [await context.newPage(), await context.newPage()]
      for (const page of [first, second]) await page.goto(`${site.http}/store`)
      await openStore(first)
      expect(await writeStore(first, { a: [1] })).toBeUndefined()
      const opening = openStore(second)
      await expect.poll(() => locksOf(second)).toHaveLength(2)
      await end(first)
      expect(await opening).toEqual({ entries: [['a', [1]]] })
    })
  }

  test('A lock that another page takes by force ends the store.', async ({ page, site, context }) => {
    await page.goto(`${site.http}/store`)
    const second = await context.newPage()
    await second.goto(`${site.http}/empty`)
    await openStore(page)
    await second.evaluate(() => navigator.locks.request('emqtt:test', { steal: true }, () => {}))
    await expect.poll(() => writeStore(page, { a: [1] })).toMatchObject(LOST)
    await closeStore(page)
    expect(await openStore(page)).toEqual({ entries: expect.any(Array) })
  })

  test('A close during open leaves nothing.', async ({ page, site }) => {
    await page.goto(`${site.http}/store`)
    await page.evaluate(async () => {
      const store = emqttIndexedDb.indexedDbStore('test')
      const opening = store.open()
      await store.close()
      await opening
    })
    expect(await locksOf(page)).toEqual([])
    expect(await openStore(page)).toEqual({ entries: [] })
  })
})

test.describe('when the browser has no room', () => {
  test('A write past the quota is refused and nothing is lost; with more room the next one works, without a new open.', async ({
    page,
    site,
  }) => {
    await page.goto(`${site.http}/store`)
    await openStore(page)
    expect(await writeStore(page, { before: [1, 2, 3] })).toBeUndefined()
    const devtools = await inspect(page)
    await devtools.send('Storage.overrideQuotaForOrigin', { origin: site.http, quotaSize: 100_000 })
    for (let again = 0; again < 2; again++) {
      const failure = await writeStore(page, { small: [1], large: 1_000_000, before: null })
      expect(failure).toMatchObject(FULL)
      expect(failure?.message).toContain('"test": the browser has no room left for this site')
    }
    await devtools.send('Storage.overrideQuotaForOrigin', { origin: site.http })
    expect(await writeStore(page, { after: [4] })).toBeUndefined()
    await page.reload()
    const entries = [
      ['after', [4]],
      ['before', [1, 2, 3]],
    ]
    expect(await openStore(page)).toEqual({ entries })
  })

  test('Small writes go on until the quota is reached; all that resolved is there.', async ({ page, site }) => {
    await page.goto(`${site.http}/store`)
    await openStore(page)
    const devtools = await inspect(page)
    await devtools.send('Storage.overrideQuotaForOrigin', { origin: site.http, quotaSize: 300_000 })
    let stored = 0
    let failure = await writeStore(page, { [`k${stored}`]: 20_000 })
    while (failure === undefined && stored < 100) failure = await writeStore(page, { [`k${++stored}`]: 20_000 })
    expect(failure).toMatchObject(FULL)
    expect(stored).toBeGreaterThan(0)
    await page.reload()
    const { entries } = await openStore(page)
    expect(entries?.map(([key]) => key).sort()).toEqual(Array.from({ length: stored }, (_, at) => `k${at}`).sort())
    // Removing makes room, though there is none to write.
    expect(await writeStore(page, Object.fromEntries((entries ?? []).map(([key]) => [key, null])))).toBeUndefined()
  })
})

test.describe('when it is deleted', () => {
  test('A store whose site data is cleared rejects what is written, and is empty when it is opened anew.', async ({
    page,
    site,
  }) => {
    await page.goto(`${site.http}/store`)
    await openStore(page)
    await writeStore(page, { a: [1] })
    const devtools = await inspect(page)
    await devtools.send('Storage.clearDataForOrigin', { origin: site.http, storageTypes: 'indexeddb' })
    const failure = await writeStore(page, { b: [2] })
    expect(failure).toMatchObject(LOST)
    expect(failure?.message).toContain('close() it, open() it again')
    expect(await writeStore(page, { b: [2] })).toMatchObject(LOST)
    await closeStore(page)
    expect(await openStore(page)).toEqual({ entries: [] })
    expect(await writeStore(page, { c: [3] })).toBeUndefined()
  })

  test('Writes that are under way while the site data is cleared settle.', async ({ page, site }) => {
    await page.goto(`${site.http}/store`)
    await openStore(page)
    const devtools = await inspect(page)
    const writing = page.evaluate(async () => {
      for (let count = 0; ; count++) {
        const failure = await globalThis.store
          .write(new Map([[`k${count}`, new Uint8Array(100_000)]]))
          .then(() => undefined)
          .catch(({ code }) => code)
        if (failure) return failure
      }
    })
    await devtools.send('Storage.clearDataForOrigin', { origin: site.http, storageTypes: 'indexeddb' })
    expect(await writing).toBe('STORE_LOST')
  })

  test('A page that deletes the database is not held up, and the store says that it is gone.', async ({
    page,
    site,
    context,
  }) => {
    await page.goto(`${site.http}/store`)
    const second = await context.newPage()
    await second.goto(`${site.http}/empty`)
    await openStore(page)
    await writeStore(page, { a: [1] })
    expect(await deleteDatabase(second, 'emqtt:test')).toBe('deleted')
    const failure = await writeStore(page, { b: [2] })
    expect(failure).toMatchObject(LOST)
    expect(failure?.message).toContain('another page deletes it')
    await closeStore(page)
    expect(await openStore(page)).toEqual({ entries: [] })
  })
})

test.describe('when the database is of another program', () => {
  const others: Record<string, { version: number; stores: string[]; value?: unknown; keyPath?: string }> = {
    'has other object stores': { version: 1, stores: ['users'] },
    'has one object store more': { version: 1, stores: ['session', 'users'] },
    'has a newer version': { version: 2, stores: ['session'] },
    'holds other values': { version: 1, stores: ['session'], value: { name: 'ann' } },
    'finds its keys in the values': { version: 1, stores: ['session'], keyPath: 'id' },
  }
  for (const [what, other] of Object.entries(others)) {
    test(`A database that ${what} is left as it is, and said.`, async ({ page, site }) => {
      await page.goto(`${site.http}/store`)
      await page.evaluate(({ version, stores, value, keyPath = null }) => {
        return new Promise<void>((resolve, reject) => {
          const request = indexedDB.open('emqtt:test', version)
          request.onupgradeneeded = () => {
            for (const name of stores) request.result.createObjectStore(name, { keyPath })
            if (value) request.transaction?.objectStore('session').put(value, 'key')
          }
          request.onerror = () => reject(request.error)
          request.onsuccess = () => {
            request.result.close()
            resolve()
          }
        })
      }, other)
      const { failure } = await openStore(page)
      expect(failure).toMatchObject({ code: 'STORE_FOREIGN', phase: 'store', retryable: false, isMqttError: true })
      expect(failure?.message).toContain('"emqtt:test" was made by another program')
      expect(await locksOf(page)).toEqual([])
      expect(await page.evaluate(() => indexedDB.databases())).toEqual([{ name: 'emqtt:test', version: other.version }])
      expect(await deleteDatabase(page, 'emqtt:test')).toBe('deleted')
    })
  }

  test('A database that somebody else deletes and cannot is not waited for without end.', async ({ page, site }) => {
    await page.goto(`${site.http}/store`)
    await page.evaluate(() => {
      return new Promise<void>((resolve) => {
        // It has no handler of versionchange, and holds on.
        const request = indexedDB.open('emqtt:test', 1)
        request.onupgradeneeded = () => request.result.createObjectStore('session')
        request.onsuccess = () => {
          Object.assign(globalThis, { holding: request.result })
          resolve()
        }
      })
    })
    expect(await deleteDatabase(page, 'emqtt:test')).toBe('blocked')
    const { failure } = await openStore(page)
    expect(failure).toMatchObject({ code: 'STORE_UNAVAILABLE', phase: 'store', retryable: true })
    expect(failure?.message).toContain('within 10 s')
    expect(await locksOf(page)).toEqual([])
    // What is opened too late is closed.
    await page.evaluate(() => (Reflect.get(globalThis, 'holding') as IDBDatabase).close())
    expect(await openStore(page)).toEqual({ entries: [] })
    await closeStore(page)
    expect(await deleteDatabase(page, 'emqtt:test')).toBe('deleted')
  })
})
