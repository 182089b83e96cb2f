/** A `SessionStore` on LevelDB: what it adds is that nothing goes wrong, or is lost, without being said. */

import type { SessionStore, StoredSession } from '../../../src/index.js'
import { type Database, measureLog, openDatabase, readDatabase } from './database.js'
import { claimDirectory, type Places, prepareDirectory, syncDirectory } from './directory.js'
import { lastingError, lockedError, storeError } from './failures.js'
import { judgeFindings } from './findings.js'
import { checksumOf, HEAD_KEY, type Head, sealHead, sealValue, tallyAfter, unsealHead, unsealValue } from './values.js'
import { Witness } from './witness.js'

type Operation = { type: 'put'; key: string; value: Uint8Array } | { type: 'del'; key: string }

/** What is open. */
interface Session {
  readonly places: Places
  readonly witness: Witness
  readonly checksums: Map<string, number>
  readonly release: () => void
  database: Database
  head: Head
  /** The write that failed last, as long as it may have left something behind in LevelDB's log. */
  failed: Failure | undefined
}

interface Failure {
  readonly number: number
  readonly keys: readonly string[]
  /** What puts back what was there before it. */
  undo?: readonly Operation[]
}

export class FileStore implements SessionStore {
  readonly #given: string
  readonly #sync: boolean
  #session: Session | undefined
  /** The last call, which the next one waits for. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(directory: string, sync: boolean) {
    this.#given = directory
    this.#sync = sync
  }

  open(): Promise<StoredSession> {
    return this.#next('open', async () => {
      const places = await prepareDirectory(this.#given)
      const release = claimDirectory(places.directory)
      try {
        return await this.#openClaimed(places, release)
      } catch (error) {
        release()
        throw error
      }
    })
  }

  write(changes: ReadonlyMap<string, Uint8Array | undefined>): Promise<void> {
    return this.#next('write to', async () => {
      const session = this.#session
      if (!session) {
        throw lastingError('STORE_NOT_OPEN', `The store in ${this.#given} is not open: call open() before write()`)
      }
      await this.#recover(session)
      await this.#commit(session, changes)
    })
  }

  close(): Promise<void> {
    return this.#next('close', async () => {
      const session = this.#session
      if (!session) return
      this.#session = undefined
      const { places, witness, head, release } = session
      try {
        // Where there is still no room, the next open() cuts off what is left of the write that failed.
        await this.#recover(session).catch(() => {})
        await session.database.close()
        if (session.failed) return
        const { number } = head
        witness.write({ begun: number, done: number, log: await measureLog(places.database) })
        witness.sync()
      } finally {
        witness.close()
        release()
      }
    })
  }

  #next<T>(doing: string, work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work).catch((error) => {
      throw storeError(doing, this.#given, error)
    })
    this.#last = result.catch(() => {})
    return result
  }

  async #openClaimed(places: Places, release: () => void): Promise<StoredSession> {
    const log = await measureLog(places.database)
    const { database, rows, repaired } = await readDatabase(places.database)
    let witness: Witness | undefined
    try {
      // Not before the lock of the database is ours.
      witness = new Witness(places.witness)
      const entries = new Map<string, Uint8Array>()
      const checksums = new Map<string, number>()
      const broken: string[] = []
      for (const [key, sealed] of rows) {
        if (key === HEAD_KEY) continue
        const unsealed = unsealValue(key, sealed)
        if (!unsealed) broken.push(key)
        else {
          entries.set(key, unsealed.value)
          checksums.set(key, unsealed.checksum)
        }
      }
      const found = unsealHead(rows.find(([key]) => key === HEAD_KEY)?.[1])
      const tally = tallyAfter(new Map(), { count: 0, total: 0 }, checksums)
      const findings = { head: found, tally, broken: broken.length, repaired, witness: witness.found, log }
      const { damage, lossless, torn, number } = judgeFindings(places.directory, findings)

      const head = { number, ...tally }
      // What was said once is not said again.
      if (torn) await writeBatch(database, [...broken.map(removal), headOperation(head)], true)
      witness.write({ begun: number, done: number })
      if (!witness.found) {
        witness.sync()
        await syncDirectory(places.directory)
      }
      this.#session = { places, witness, checksums, release, database, head, failed: undefined }
      return lossless ? { entries, damage, lossless } : { entries, damage }
    } catch (error) {
      witness?.close()
      await database.close()
      throw error
    }
  }

  async #commit(session: Session, changes: ReadonlyMap<string, Uint8Array | undefined>): Promise<void> {
    const { checksums, witness, head: before } = session
    const changed = new Map<string, number | undefined>()
    const operations: Operation[] = []
    for (const [key, value] of changes) {
      const checksum = value && checksumOf(key, value)
      changed.set(key, checksum)
      operations.push(value ? { type: 'put', key, value: sealValue(checksum as number, value) } : removal(key))
    }
    const head = { number: before.number + 1, ...tallyAfter(checksums, before, changed) }
    operations.push(headOperation(head))

    witness.write({ begun: head.number, done: before.number })
    try {
      await writeBatch(session.database, operations, this.#sync)
    } catch (error) {
      session.failed = { number: head.number, keys: [...changes.keys()] }
      throw error
    }
    session.head = head
    for (const [key, checksum] of changed) {
      if (checksum === undefined) checksums.delete(key)
      else checksums.set(key, checksum)
    }
    try {
      witness.write({ begun: head.number, done: head.number })
    } catch {
      // The write itself is done. A witness that is behind says nothing wrong, and the next write tries again.
    }
  }

  /**
   * After a failed write LevelDB's log may end with half a record, and what it would append would be lost behind that.
   * When it is opened again, it cuts off the half, or takes a whole one, which failed only on its way to the disk, for
   * good; that is undone here.
   */
  async #recover(session: Session): Promise<void> {
    const { failed, places, head, witness } = session
    if (!failed) return
    if (session.database.status === 'open') {
      // LevelDB does not show what it failed to write.
      failed.undo ??= await operationsThatKeep(session.database, failed.keys)
      await session.database.close()
    }
    const database = await openDatabase(places.database)
    session.database = database
    const { number } = unsealHead(await database.get(HEAD_KEY))
    if (number === failed.number && failed.undo) {
      await writeBatch(database, [...failed.undo, headOperation(head)], true)
    } else if (number !== head.number) {
      throw lockedError(places.directory, 'another process has written to it while it could not be opened here')
    }
    witness.write({ begun: head.number, done: head.number })
    session.failed = undefined
  }
}

/** All of it or nothing. An array of operations would be cloned one by one: half as many messages per second. */
async function writeBatch(database: Database, operations: readonly Operation[], sync: boolean): Promise<void> {
  const batch = database.batch()
  for (const operation of operations) {
    if (operation.type === 'put') batch.put(operation.key, operation.value)
    else batch.del(operation.key)
  }
  await batch.write({ sync })
}

/** What brings these keys back to what they are now. */
async function operationsThatKeep(database: Database, keys: readonly string[]): Promise<Operation[]> {
  const values = await database.getMany([...keys])
  return keys.map((key, at) => {
    const value = values[at]
    return value ? { type: 'put', key, value } : removal(key)
  })
}

function removal(key: string): Operation {
  return { type: 'del', key }
}

function headOperation(head: Head): Operation {
  return { type: 'put', key: HEAD_KEY, value: sealHead(head) }
}
