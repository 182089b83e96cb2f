/** What tests ask of a page about its store. The inner functions run in the page: Playwright sends their source. */

import type { CDPSession, Page } from 'playwright/test'
import type { MqttError } from '../../dist/index.js'
import type { IndexedDbStoreOptions } from '../../dist/store/indexeddb.js'

/** What an `MqttError` says; `cause` is the name of the browser's own error. */
export interface Failure {
  code: string
  phase: string
  retryable: boolean
  message: string
  cause: string | undefined
  isMqttError: boolean
}

export interface Opened {
  /** Keys in order, with the bytes of each. */
  entries?: [key: string, value: number[]][]
  failure?: Failure
}

/** Opens a store of that name and keeps it as the `store` of the page, if it could be opened. */
export function openStore(page: Page, name = 'test', options: IndexedDbStoreOptions = {}): Promise<Opened> {
  return page.evaluate(
    async ({ name, options }) => {
      const opening = emqttIndexedDb.indexedDbStore(name, options)
      try {
        const { entries } = await opening.open()
        globalThis.store = opening
        const sorted = [...entries].sort(([left], [right]) => (left < right ? -1 : 1))
        return { entries: sorted.map(([key, value]) => [key, [...value]] as [string, number[]]) }
      } catch (error) {
        const { code, phase, retryable, message, cause } = error as MqttError
        const isMqttError = emqttIndexedDb.isMqttError(error)
        return { failure: { code, phase, retryable, message, cause: (cause as Error)?.name, isMqttError } }
      }
    },
    { name, options },
  )
}

/** Resolves to how it failed; a key whose value is null is removed, a number stands for so many bytes. */
export function writeStore(
  page: Page,
  changes: Record<string, number[] | number | null>,
): Promise<Failure | undefined> {
  return page.evaluate(async (changes) => {
    const given = Object.entries(changes).map(([key, value]) => {
      if (value === null) return [key, undefined] as const
      return [key, typeof value === 'number' ? new Uint8Array(value).fill(1) : Uint8Array.from(value)] as const
    })
    try {
      await globalThis.store.write(new Map(given))
      return undefined
    } catch (error) {
      const { code, phase, retryable, message, cause } = error as MqttError
      const isMqttError = emqttIndexedDb.isMqttError(error)
      return { code, phase, retryable, message, cause: (cause as Error)?.name, isMqttError }
    }
  }, changes)
}

export function closeStore(page: Page): Promise<void> {
  return page.evaluate(() => globalThis.store.close())
}

/** The locks of emqtt that anybody of the site has or waits for. */
export function locksOf(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const { held = [], pending = [] } = await navigator.locks.query()
    return [...held, ...pending].map(({ name = '' }) => name)
  })
}

/** Deletes a database as another program does it; resolves to whether somebody was in the way. */
export function deleteDatabase(page: Page, name: string): Promise<'deleted' | 'blocked'> {
  return page.evaluate((name) => {
    return new Promise<'deleted' | 'blocked'>((resolve, reject) => {
      const request = indexedDB.deleteDatabase(name)
      request.onsuccess = () => resolve('deleted')
      request.onblocked = () => resolve('blocked')
      request.onerror = () => reject(request.error)
    })
  }, name)
}

/** A session of the DevTools protocol, for what Playwright has no function for. */
export function inspect(page: Page): Promise<CDPSession> {
  return page.context().newCDPSession(page)
}

/** The process of the page dies, as when it runs out of memory. */
export async function crash(page: Page): Promise<void> {
  const crashed = page.waitForEvent('crash')
  // It is never answered.
  ;(await inspect(page)).send('Page.crash').catch(() => {})
  await crashed
}
