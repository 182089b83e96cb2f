/** The database of one session: one object store, whose keys and values are those of the session. All that uses `idb`. */

import { type DBSchema, type IDBPDatabase, openDB } from 'idb'
import { foreignError, openError, storeError } from './store-errors.js'

interface Schema extends DBSchema {
  session: { key: string; value: Uint8Array }
}
export type Database = IDBPDatabase<Schema>
export type Durability = 'relaxed' | 'strict'
export type Changes = ReadonlyMap<string, Uint8Array | undefined>
export type Entry = readonly [key: string, value: Uint8Array]

const VERSION = 1
/** A browser may be slow; one that was told to delete the database, and may not yet, never answers. In ms. */
const PATIENCE = 10_000

/** `lost` is called when the database goes away later, by the browser or by another page. */
export async function openDatabase(name: string, lost: (why: string) => void): Promise<Database> {
  const opening = openDB<Schema>(`emqtt:${name}`, VERSION, {
    upgrade: (database) => void database.createObjectStore('session'),
    terminated: () => lost('the browser ended it, as it does when the data of the site is cleared'),
    // To hold on would stop the page that deletes it, and every page that opens it after that.
    blocking: () => lost('another page deletes it'),
  })
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, PATIENCE)
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
    `the browser did not open the database "emqtt:${name}" within ${PATIENCE / 1000} s; close other pages that use or delete it, and try again`,
    { retryable: true },
  )
}

/** All that is in it, after a look at whether it is one of ours. */
export async function readEntries(name: string, database: Database): Promise<Entry[]> {
  const { objectStoreNames } = database
  if (objectStoreNames.length !== 1 || !objectStoreNames.contains('session')) throw foreignError(name)
  const { store, done } = database.transaction('session')
  if (store.keyPath !== null || store.autoIncrement) throw foreignError(name)
  const [keys, values] = await Promise.all([store.getAllKeys(), store.getAll(), done]).catch((error) => {
    throw openError(name, error)
  })
  const entries = keys.map((key, at) => [key, values[at] as Uint8Array] as const)
  if (entries.every(([key, value]) => typeof key === 'string' && value instanceof Uint8Array)) return entries
  throw foreignError(name)
}

/** One transaction: the browser stores all of it or nothing, whatever ends the page. */
export async function commitChanges(database: Database, changes: Changes, durability: Durability): Promise<void> {
  const transaction = database.transaction('session', 'readwrite', { durability })
  const { store } = transaction
  const settled: Promise<unknown>[] = [transaction.done]
  try {
    for (const [key, value] of changes) {
      settled.push(value === undefined ? store.delete(key) : store.put(copyView(value), key))
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

/** Rejects when the database cannot be read any more; never settles where the browser forgot what it was asked. */
export async function probeDatabase(database: Database): Promise<void> {
  const { store, done } = database.transaction('session')
  await Promise.all([store.count(), done])
}

/** The browser would store all of the buffer that a view is of. */
function copyView(value: Uint8Array): Uint8Array {
  return value.byteLength === value.buffer.byteLength ? value : value.slice()
}
