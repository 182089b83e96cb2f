/** `emqtt/store/indexeddb`: keeps a client's session in the browser's database, so that it outlives the page. */

import { type DBSchema, type IDBPDatabase, openDB } from 'idb'
import type { SessionStore, StoredSession } from '../../src/index.js'
import { foreignError, openError, storeError, writeError } from './store-errors.js'
import { acquireLock, type Lock } from './store-lock.js'

export { isMqttError, MqttError } from '../../src/index.js'
export type { SessionStore, StoredSession }

export interface IndexedDbStoreOptions {
  /**
   * What is stored survives the page and the browser. With `strict` it survives a power cut, too, and each write takes
   * longer. Default `relaxed`.
   */
  durability?: 'relaxed' | 'strict' | undefined
}

/** All that is in the database: one object store, whose keys and values are those of the session. */
interface Schema extends DBSchema {
  session: { key: string; value: Uint8Array }
}
type Database = IDBPDatabase<Schema>

/** A store that is open. */
interface Held {
  readonly database: Database
  readonly lock: Lock
  readonly session: StoredSession
  /** Why it is gone, once it is. */
  lost?: string
}

const VERSION = 1
const DURABILITIES = ['relaxed', 'strict']
/** A browser may be slow; one whose database another page deletes, and cannot for its own pages, never answers. In ms. */
const OPEN_PATIENCE = 10_000

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

  return {
    async open() {
      if (current !== undefined) throw lockedError(name)
      const opening = openStore(name)
      current = opening
      try {
        return (await opening).session
      } catch (error) {
        if (current === opening) current = undefined
        throw error
      }
    },

    async write(changes) {
      const held = await current
      if (held === undefined) throw storeError(name, 'STORE_CLOSED', 'it is not open; open() it before write()')
      if (held.lost === undefined) {
        try {
          await commit(held.database, changes, durability)
          return
        } catch (cause) {
          // Nobody here aborts a transaction or uses a closed database: the browser has ended it, and tells that later.
          if (!isEnd(cause)) throw writeError(name, cause)
          lose(held, 'the browser ended it')
        }
      }
      throw storeError(
        name,
        'STORE_LOST',
        `${held.lost}, and what it held may be deleted; close() it, open() it again, and store anew what is still needed`,
      )
    },

    async close() {
      const closing = current
      current = undefined
      const held = await closing?.catch(() => undefined)
      held?.database.close()
      await held?.lock.release()
    },
  }
}

async function openStore(name: string): Promise<Held> {
  const unavailable = (lack: string) => storeError(name, 'STORE_UNAVAILABLE', lack)
  if (!globalThis.indexedDB)
    throw unavailable('this host has no IndexedDB; browsers have it, Node has emqtt/store/file')
  if (!globalThis.navigator?.locks) {
    throw unavailable(
      'this page has no Web Locks (navigator.locks), which browsers have on pages from https or localhost',
    )
  }

  let held: Held | undefined
  const lost = (why: string): void => void (held && lose(held, why))
  const lock = await acquireLock(`emqtt:${name}`, () => lost('another page took its lock by force')).catch((error) => {
    throw openError(name, error)
  })
  if (!lock) throw lockedError(name)
  try {
    const database = await openDatabase(name, lost)
    try {
      held = { database, lock, session: await read(name, database) }
      return held
    } catch (error) {
      database.close()
      throw error
    }
  } catch (error) {
    await lock.release()
    throw error
  }
}

async function openDatabase(name: string, lost: (why: string) => void): Promise<Database> {
  const opening = openDB<Schema>(`emqtt:${name}`, VERSION, {
    upgrade: (database) => void database.createObjectStore('session'),
    terminated: () => lost('the browser ended it, as it does when the data of the site is cleared'),
    // To hold on would stop the page that deletes it, and every page that opens it after that.
    blocking: () => lost('another page deletes it'),
  })
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, OPEN_PATIENCE)
  })
  try {
    const database = await Promise.race([opening, late])
    if (database) return database
  } catch (error) {
    throw openError(name, error)
  } finally {
    clearTimeout(timer)
  }
  opening.then((database) => database.close()).catch(() => {})
  throw storeError(
    name,
    'STORE_UNAVAILABLE',
    `the browser did not open the database "emqtt:${name}" within ${OPEN_PATIENCE / 1000} s; close other pages that use or delete it, and try again`,
    { retryable: true },
  )
}

async function read(name: string, database: Database): Promise<StoredSession> {
  const { objectStoreNames } = database
  if (objectStoreNames.length !== 1 || !objectStoreNames.contains('session')) throw foreignError(name)
  const transaction = database.transaction('session')
  const { store, done } = transaction
  if (store.keyPath !== null || store.autoIncrement) throw foreignError(name)
  try {
    const [keys, values] = await Promise.all([store.getAllKeys(), store.getAll(), done])
    const entries = keys.map((key, at) => [key, values[at] as Uint8Array] as const)
    const ours = entries.every(([key, value]) => typeof key === 'string' && value instanceof Uint8Array)
    if (ours) return { entries }
  } catch (error) {
    throw openError(name, error)
  }
  throw foreignError(name)
}

/** One transaction: the browser stores all of it or nothing, whatever ends the page. */
async function commit(
  database: Database,
  changes: ReadonlyMap<string, Uint8Array | undefined>,
  durability: 'relaxed' | 'strict',
): Promise<void> {
  const transaction = database.transaction('session', 'readwrite', { durability })
  const { store } = transaction
  const settled: Promise<unknown>[] = [transaction.done]
  try {
    for (const [key, value] of changes) {
      settled.push(value === undefined ? store.delete(key) : store.put(compact(value), key))
    }
    transaction.commit()
  } catch (error) {
    // Else what was put before it would be stored without the rest.
    transaction.abort()
    await Promise.allSettled(settled)
    throw error
  }
  await Promise.all(settled)
}

/** A view alone: the browser would store all of the buffer that it is a view of. */
function compact(value: Uint8Array): Uint8Array {
  return value.byteLength === value.buffer.byteLength ? value : value.slice()
}

function lose(held: Held, why: string): void {
  held.lost ??= why
  held.database.close()
}

function isEnd(error: unknown): boolean {
  return error instanceof DOMException && (error.name === 'AbortError' || error.name === 'InvalidStateError')
}

function lockedError(name: string): Error {
  return storeError(
    name,
    'STORE_LOCKED',
    'another tab, worker or client of this site has it open; close that one, or use another name',
    { retryable: true },
  )
}
