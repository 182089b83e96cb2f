/** A store under a test's control: what is written survives a client, and each write waits, fails or holds as the test says. */

import { keepSession, type SessionStore, type StoredSession } from '../../src/index.js'

type Changes = ReadonlyMap<string, Uint8Array | undefined>

interface Write {
  readonly changes: Changes
  settle(error?: unknown): void
}

export class MemoryStore implements SessionStore {
  /** What would be there if the process died now. */
  readonly records: Map<string, Uint8Array>
  /** How often it was opened, written to and closed. */
  opened = 0
  writes = 0
  closed = 0
  /** Whether writes wait for `release`. */
  holding = false
  /** As many of the next writes fail. */
  failures = 0
  /** Whether what fails is written all the same. */
  writesFailures = false
  /** What a write fails with; thrown before there is a promise, if `throwsAtOnce`. */
  failure: unknown = new Error('no space left')
  throwsAtOnce = false
  /** What `open` does, if not the usual. */
  opens: (() => Promise<StoredSession>) | undefined
  /** What `open` says of the damage that it found. */
  damage: string | undefined
  /** Whether it says that nothing is missing all the same. */
  lossless = false
  /** What `close` fails with. */
  closeFailure: unknown
  /** Breaches of the contract of `SessionStore`. */
  readonly breaches: string[] = []
  #open = false
  #opening = false
  #writing: Write | undefined

  /** `records` are those of another store whose process has died, or made by hand. */
  constructor(records: Iterable<readonly [string, Uint8Array]> = []) {
    this.records = new Map(records)
    keepSession(this)
  }

  /** The keys, without that of the owner, in order. */
  get keys(): string[] {
    return [...this.records.keys()].filter((key) => key !== 'owner').sort()
  }

  /** Whether a write is under way. */
  get writing(): boolean {
    return this.#writing !== undefined
  }

  /** What the write under way changes. */
  get underway(): Changes | undefined {
    return this.#writing?.changes
  }

  /** What the next process finds; `written`: the write under way had come through. */
  snapshot(written = false): MemoryStore {
    const next = new MemoryStore(this.records)
    if (written && this.#writing) next.#apply(this.#writing.changes)
    return next
  }

  open(): Promise<StoredSession> {
    this.opened++
    if (this.#open || this.#opening) this.breaches.push('opened while it is open')
    if (this.opens) return this.opens()
    this.#opening = true
    return Promise.resolve().then(() => {
      this.#opening = false
      this.#open = true
      return { entries: this.#entries(), damage: this.damage, lossless: this.lossless }
    })
  }

  write(changes: Changes): Promise<void> {
    this.writes++
    if (!this.#open) this.breaches.push('written to while it is closed')
    if (this.#writing) this.breaches.push('written to while a write is under way')
    if (changes.size === 0) this.breaches.push('written nothing to')
    const fails = this.failures > 0
    if (fails) this.failures--
    if (fails && this.throwsAtOnce) throw this.failure
    return new Promise((resolve, reject) => {
      const settle = (error: unknown = fails ? this.failure : undefined): void => {
        this.#writing = undefined
        if (error === undefined || this.writesFailures) this.#apply(changes)
        if (error === undefined) resolve()
        else reject(error)
      }
      this.#writing = { changes, settle }
      if (!this.holding) Promise.resolve().then(() => settle())
    })
  }

  close(): Promise<void> {
    this.closed++
    if (!this.#open) this.breaches.push('closed while it is not open')
    if (this.#writing) this.breaches.push('closed while a write is under way')
    this.#open = false
    return this.closeFailure === undefined ? Promise.resolve() : Promise.reject(this.closeFailure)
  }

  /** Lets the write under way go; with `error` it fails. */
  release(error?: unknown): void {
    if (!this.#writing) throw new Error('there is no write under way')
    this.#writing.settle(error)
  }

  /** Lets all writes go from here on. */
  resume(): void {
    this.holding = false
    this.#writing?.settle()
  }

  /** Given out one by one, and only while the store is open, as a reader of a file would. */
  *#entries(): Iterable<readonly [string, Uint8Array]> {
    for (const entry of [...this.records]) {
      if (!this.#open) this.breaches.push('read while it is closed')
      yield entry
    }
  }

  #apply(changes: Changes): void {
    for (const [key, value] of changes) {
      if (value) this.records.set(key, value)
      else this.records.delete(key)
    }
  }
}
