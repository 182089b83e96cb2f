/** Writes to a store that are known by their seed and number, so that what is there can be told from what should be. */

import { createHash } from 'node:crypto'

/**
 * The changes of write `number`, from 1: some keys put, some removed, one in each that says the number.
 * @param {number} seed
 * @param {number} number
 * @returns {Map<string, Uint8Array | undefined>}
 */
export function batchOf(seed, number) {
  const chance = createHash('sha256').update(`${seed}/${number}`).digest()
  /** @type {Map<string, Uint8Array | undefined>} */
  const changes = new Map()
  for (const byte of chance.subarray(0, 1 + ((chance[31] ?? 0) % 8))) {
    // Up to 4 blocks of LevelDB's log (32 KiB), so that there are records of several pieces.
    const size = byte % 5 === 0 ? byte * 512 : byte
    changes.set(`key${byte % 40}`, byte % 4 === 0 ? undefined : Buffer.alloc(size, `${number};`))
  }
  changes.set('last', Buffer.from(String(number)))
  return changes
}

/**
 * What a store holds after the writes from 1 to `number`, as `describeEntries` tells it.
 * @param {number} seed
 * @param {number} number
 */
export function entriesAfter(seed, number) {
  /** @type {Map<string, Uint8Array>} */
  const entries = new Map()
  for (let each = 1; each <= number; each++) applyChanges(entries, batchOf(seed, each))
  return describeEntries(entries)
}

/**
 * @param {Map<string, Uint8Array>} entries
 * @param {ReadonlyMap<string, Uint8Array | undefined>} changes
 */
export function applyChanges(entries, changes) {
  for (const [key, value] of changes) {
    if (value) entries.set(key, value)
    else entries.delete(key)
  }
}

/**
 * Short, and different for whatever is different.
 * @param {Iterable<readonly [string, Uint8Array]>} entries
 * @returns {Record<string, string>}
 */
export function describeEntries(entries) {
  const told = [...entries].map(([key, value]) => [key, `${value.length} ${hash(value)}`])
  return Object.fromEntries(told.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)))
}

/** @param {Uint8Array} value */
function hash(value) {
  return createHash('sha256').update(value).digest('hex').slice(0, 12)
}
