/**
 * The witness: a small file beside the database that says which writes were begun and which were done. LevelDB leaves a
 * torn or broken end of its log out without a word; against the witness one sees whether anything accepted was in it.
 * It is written in place, which needs no room on the disk, and is never waited for: after a power cut it may be behind
 * what the database has, and ahead of it only where writes are not synced, and then it tells the truth.
 */

import { closeSync, constants, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { lastingError } from './failures.js'
import { checksumOf } from './values.js'

export interface Testimony {
  /** The number of the last write that was begun. */
  readonly begun: number
  /** The number of the last write that resolved. */
  readonly done: number
  /** Bytes of LevelDB's log when the store was closed; undefined while it is open. */
  readonly log?: number
}

const FORMAT = 1
/** A file of always the same size is overwritten whole, by one call. */
const SIZE = 160

export class Witness {
  /** What it said when it was opened; undefined when that is missing or broken. */
  readonly found: Testimony | undefined
  readonly #fd: number

  constructor(path: string) {
    // Not truncated, and not only appended to.
    this.#fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600)
    try {
      this.found = parseTestimony(readFileSync(path, 'latin1'), path)
    } catch (error) {
      closeSync(this.#fd)
      throw error
    }
  }

  write(testimony: Testimony): void {
    const text = JSON.stringify({ 'emqtt-store': FORMAT, ...testimony })
    const line = `${text} ${checksumOf('', Buffer.from(text))}`
    const size = writeSync(this.#fd, `${line.padEnd(SIZE - 1)}\n`, 0, 'latin1')
    if (size !== SIZE) throw Object.assign(new Error('the witness was written in part'), { code: 'ENOSPC' })
  }

  sync(): void {
    fsyncSync(this.#fd)
  }

  close(): void {
    closeSync(this.#fd)
  }
}

function parseTestimony(text: string, path: string): Testimony | undefined {
  const [, json, checksum] = /^(\{.*\}) (\d+) *\n$/.exec(text) ?? []
  if (json === undefined || checksumOf('', Buffer.from(json)) !== Number(checksum)) return undefined
  const { 'emqtt-store': format, ...testimony } = JSON.parse(json)
  if (format !== FORMAT) {
    throw lastingError(
      'STORE_FOREIGN',
      `${path} is of format ${format}, which another version of emqtt wrote: use that version, or another directory`,
    )
  }
  return testimony
}
