/** Values with a checksum before them, and the sum over all that a store holds: LevelDB checks neither when it reads. */

import { createHash } from 'node:crypto'

/** Of a checksum: sums of so many bits are added without loss. */
const BYTES = 6
const MODULUS = 2 ** (8 * BYTES)

/** Binds a value to its key, too. */
export function checksumOf(key: string, value: Uint8Array): number {
  return createHash('sha256').update(`${key}\n`).update(value).digest().readUIntBE(0, BYTES)
}

export function sealValue(checksum: number, value: Uint8Array): Uint8Array {
  const sealed = Buffer.allocUnsafe(BYTES + value.length)
  sealed.writeUIntBE(checksum, 0, BYTES)
  sealed.set(value, BYTES)
  return sealed
}

/** Undefined where the checksum is not that of the value. */
export function unsealValue(key: string, sealed: Uint8Array): { value: Uint8Array; checksum: number } | undefined {
  if (sealed.length < BYTES) return undefined
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.length)
  const value = new Uint8Array(sealed.buffer, sealed.byteOffset + BYTES, sealed.length - BYTES)
  const checksum = checksumOf(key, value)
  return bytes.readUIntBE(0, BYTES) === checksum ? { value, checksum } : undefined
}

/** How many values there are, and the sum of their checksums: it tells of any that is missing, old, or back again. */
export interface Tally {
  readonly count: number
  readonly total: number
}

/** The checksum of each value by its key, undefined where one is removed. */
export type Checksums = ReadonlyMap<string, number | undefined>

/** The tally once `changes` are made to what is in `checksums`. */
export function tallyAfter(checksums: ReadonlyMap<string, number>, tally: Tally, changes: Checksums): Tally {
  let { count, total } = tally
  for (const [key, after] of changes) {
    const before = checksums.get(key)
    count += Number(after !== undefined) - Number(before !== undefined)
    total = (total + (after ?? 0) - (before ?? 0) + MODULUS) % MODULUS
  }
  return { count, total }
}

/** What each batch has beside its values: which write it is, counted from 1, and the tally after it. */
export interface Head extends Tally {
  readonly number: number
}

/** No key of a session: those are of letters and digits. */
export const HEAD_KEY = '#'
export const NO_HEAD: Head = { number: 0, count: 0, total: 0 }

export function sealHead({ number, count, total }: Head): Uint8Array {
  const text = Buffer.from(`${number} ${count} ${total}`)
  return sealValue(checksumOf(HEAD_KEY, text), text)
}

export function unsealHead(sealed: Uint8Array | undefined): Head {
  const unsealed = sealed && unsealValue(HEAD_KEY, sealed)
  if (!unsealed) return NO_HEAD
  const [number = 0, count = 0, total = 0] = Buffer.from(unsealed.value).toString().split(' ').map(Number)
  return { number, count, total }
}
