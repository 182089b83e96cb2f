/** `emqtt/store/indexeddb`: keeps a client's session in the browser's database, so that it outlives the page. */

import { keepSession, type SessionStore, type StoredSession } from '../../src/index.js'
import {
  commitChanges,
  type Database,
  type Durability,
  type Entry,
  openDatabase,
  probeDatabase,
  readEntries,
} from './session-database.js'
import { isQuotaError, lockedError, lostError, openError, storeError, writeError } from './store-errors.js'
import { acquireLock, type Lock } from './store-lock.js'

export { isMqttError, MqttError } from '../../src/index.js'
export type { SessionStore, StoredSession }

/** How an IndexedDB store writes. */
export interface IndexedDbStoreOptions {
  /**
   * What is stored survives the page and the browser. With `strict` it survives a power cut, too, and each write takes
   * longer. Default `relaxed`.
   */
  durability?: Durability | undefined
}

/** A store that is open. */
interface Held {
  readonly database: Database
  readonly lock: Lock
  readonly entries: readonly Entry[]
  /** Aborted when the store is lost; the reason is a sentence. */
  readonly loss: AbortController
}

const DURABILITIES = ['relaxed', 'strict']

/**
 * A store for the option `store` of one client: `indexedDbStore('dashboard')`. The name is for this site alone; the database
 * and its lock are called `emqtt:` and the name.
 *
 * It needs IndexedDB and Web Locks, which browsers have on pages from https or localhost and in their workers. Its
 * errors are an `MqttError` of phase `store`: `STORE_UNAVAILABLE` where the browser lacks or forbids it, `STORE_LOCKED`
 * while another tab or client has it, `STORE_FOREIGN` when the database is not of emqtt, `QUOTA_EXCEEDED`,
 * `STORE_FAILED`, `STORE_LOST` when the browser or another page has deleted it, `STORE_CLOSED`.
 *
 * @throws {TypeError} or {RangeError} that names what is wrong: `name` or `durability`
 */
export function indexedDbStore(name: string, { durability = 'relaxed' }: IndexedDbStoreOptions = {}): SessionStore {
  if (typeof name !== 'string') throw new TypeError(`name: expected a string, got ${typeof name}`)
  if (name === '') throw new RangeError('name: expected at least one character')
  if (!DURABILITIES.includes(durability)) {
    throw new RangeError(`durability: expected ${DURABILITIES.join(' or ')}, got ${JSON.stringify(durability)}`)
  }

  let current: Promise<Held> | undefined

  return keepSession({
    async open() {
      if (current !== undefined) throw lockedError(name)
      const opening = holdStore(name)
      current = opening
      try {
        return { entries: (await opening).entries }
      } catch (error) {
        if (current === opening) current = undefined
        throw error
      }
    },

    async write(changes) {
      const held = await current
      if (held === undefined) throw storeError(name, 'STORE_CLOSED', 'it is not open; open() it before write()')
      const { database, loss } = held
      if (!loss.signal.aborted) {
        try {
          await unlessLost(loss.signal, commitChanges(database, changes, durability))
          return
        } catch (cause) {
          // A connection that ended fails in several ways, and says only later that it has ended.
          if (isQuotaError(cause) || (await lives(held))) throw writeError(name, cause)
          loss.abort('the browser ended it')
        }
      }
      database.close()
      throw lostError(name, loss.signal.reason)
    },

    async close() {
      const closing = current
      current = undefined
      const held = await closing?.catch(() => undefined)
      held?.database.close()
      await held?.lock.release()
    },
  })
}

/** Takes the lock, then the database; or neither. */
async function holdStore(name: string): Promise<Held> {
  const unavailable = (lack: string) => storeError(name, 'STORE_UNAVAILABLE', lack)
  if (!globalThis.indexedDB)
    throw unavailable('this host has no IndexedDB; browsers have it, Node has emqtt/store/file')
  if (!globalThis.navigator?.locks) {
    throw unavailable(
      'this page has no Web Locks (navigator.locks), which browsers have on pages from https or localhost',
    )
  }

  const loss = new AbortController()
  let database: Database | undefined
  const lose = (why: string): void => {
    loss.abort(why)
    database?.close()
  }
  const lock = await acquireLock(`emqtt:${name}`, () => lose('another page took its lock by force')).catch((error) => {
    throw openError(name, error)
  })
  if (!lock) throw lockedError(name)
  try {
    database = await openDatabase(name, lose)
    const entries = await unlessLost(loss.signal, readEntries(name, database))
    return { database, lock, entries, loss }
  } catch (error) {
    database?.close()
    await lock.release()
    throw loss.signal.aborted ? lostError(name, loss.signal.reason) : error
  }
}

async function lives({ database, loss }: Held): Promise<boolean> {
  try {
    await unlessLost(loss.signal, probeDatabase(database))
    return true
  } catch {
    return false
  }
}

/** Does not wait without end: Chromium forgets some transactions of a connection that it ends, and tells the end alone. */
async function unlessLost<T>(lost: AbortSignal, work: Promise<T>): Promise<T> {
  let fail = (): void => {}
  const losing = new Promise<never>((_, reject) => {
    fail = () => reject(lost.reason)
    lost.addEventListener('abort', fail)
  })
  try {
    return await Promise.race([work, losing])
  } finally {
    lost.removeEventListener('abort', fail)
  }
}
