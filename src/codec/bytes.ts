/** The two cursors: `Writer` lays packets one after the other into slabs, `Reader` walks the bytes of one packet. */

import { outOfRange } from '../errors.js'
import { malformed } from './reason.js'
import { readUtf8, writeUtf8 } from './utf8.js'

/** The largest Variable Byte Integer (§1.5.5), and so the largest Remaining Length. */
export const MAX_VARINT = 268_435_455

const EMPTY = new Uint8Array(0)
const FIRST_SLAB = 1024
const LARGEST_SLAB = 65_536
const BY_REFERENCE_FROM = 16_384

/** Bytes of a Variable Byte Integer. */
export function varintSize(value: number): 1 | 2 | 3 | 4 {
  return value < 128 ? 1 : value < 16_384 ? 2 : value < 2_097_152 ? 3 : 4
}

/** Bytes on the wire of a packet with this Remaining Length; a RangeError where there is no such packet. */
export function sizeOnWire(remaining: number, packet: string): number {
  if (remaining > MAX_VARINT) {
    throw outOfRange(packet, `a Remaining Length of at most ${MAX_VARINT} bytes`, remaining)
  }
  return 1 + varintSize(remaining) + remaining
}

export interface WriterSettings {
  /** Bytes of the first slab, made when there is something to write. */
  firstSlab?: number
  /** A slab is larger only for a single packet that needs it. */
  largestSlab?: number
  /** Payloads from this size on are not copied. */
  byReferenceFrom?: number
}

/**
 * Collects packets until they are sent. Room for a whole packet is taken at its beginning, then the fields are laid
 * down unchecked, for they were measured. Bytes that were taken are never written again: they belong to a socket.
 */
export class Writer {
  readonly #firstSlab: number
  readonly #largestSlab: number
  readonly #byReferenceFrom: number
  #slab: Uint8Array = EMPTY
  /** Where in the slab the bytes begin that nobody has taken. */
  #start = 0
  #end = 0
  #chunks: Uint8Array[] = []
  #chunkBytes = 0

  constructor(settings: WriterSettings = {}) {
    this.#firstSlab = settings.firstSlab ?? FIRST_SLAB
    this.#largestSlab = settings.largestSlab ?? LARGEST_SLAB
    this.#byReferenceFrom = settings.byReferenceFrom ?? BY_REFERENCE_FROM
  }

  /** Bytes that wait to be taken. */
  get size(): number {
    return this.#chunkBytes + this.#end - this.#start
  }

  /** Hands over what waits, in order. Large payloads are the callers' own arrays. */
  take(): Uint8Array[] {
    this.#seal()
    const chunks = this.#chunks
    this.#chunks = []
    this.#chunkBytes = 0
    return chunks
  }

  /** Whether a payload will be passed on as it is instead of being copied. */
  keeps(payload: Uint8Array): boolean {
    return payload.length >= this.#byReferenceFrom
  }

  /** Starts a packet: makes room for all of it but `elsewhere` bytes, and writes its fixed header (§2.1). */
  begin(firstByte: number, remaining: number, elsewhere = 0): void {
    const size = 1 + varintSize(remaining) + remaining - elsewhere
    if (this.#slab.length - this.#end < size) this.#nextSlab(size)
    this.#slab[this.#end++] = firstByte
    this.varint(remaining)
  }

  byte(value: number): void {
    this.#slab[this.#end++] = value
  }

  uint16(value: number): void {
    const slab = this.#slab
    slab[this.#end++] = value >> 8
    slab[this.#end++] = value
  }

  uint32(value: number): void {
    this.uint16(value >>> 16)
    this.uint16(value & 0xffff)
  }

  varint(value: number): void {
    const slab = this.#slab
    let rest = value
    while (rest > 127) {
      slab[this.#end++] = (rest & 127) | 128
      rest >>>= 7
    }
    slab[this.#end++] = rest
  }

  /** A UTF-8 Encoded String (§1.5.4). Its length is known when its end is. */
  text(value: string): void {
    const slab = this.#slab
    const at = this.#end
    const end = writeUtf8(value, slab, at + 2)
    const length = end - at - 2
    slab[at] = length >> 8
    slab[at + 1] = length
    this.#end = end
  }

  /** Binary Data (§1.5.6). */
  binary(value: Uint8Array): void {
    this.uint16(value.length)
    this.raw(value)
  }

  raw(value: Uint8Array): void {
    const { length } = value
    const slab = this.#slab
    const at = this.#end
    if (length > 32) slab.set(value, at)
    else for (let i = 0; i < length; i++) slab[at + i] = value[i] as number // a call to set() costs more
    this.#end = at + length
  }

  /** The end of a packet that began with `elsewhere`: the array itself is a chunk. */
  reference(value: Uint8Array): void {
    this.#seal()
    this.#chunks.push(value)
    this.#chunkBytes += value.length
  }

  #seal(): void {
    if (this.#end === this.#start) return
    const whole = this.#start === 0 && this.#end === this.#slab.length
    this.#chunks.push(whole ? this.#slab : this.#slab.subarray(this.#start, this.#end))
    this.#chunkBytes += this.#end - this.#start
    this.#start = this.#end
  }

  /** The rest of the slab is too short. Only a burst that fills most of a slab makes the next one larger. */
  #nextSlab(atLeast: number): void {
    const { length } = this.#slab
    const wanted = length === 0 ? this.#firstSlab : this.size > length / 2 ? 2 * length : length
    this.#seal()
    this.#slab = new Uint8Array(Math.max(atLeast, Math.min(wanted, this.#largestSlab)))
    this.#start = 0
    this.#end = 0
  }
}

/** Reads the fields of one packet, from `position` to `end`. What runs over the end is malformed. */
export class Reader {
  bytes: Uint8Array = EMPTY
  position = 0
  end = 0

  /** Points it at another packet: one reader serves a whole connection. */
  reset(bytes: Uint8Array, position: number, end: number): void {
    this.bytes = bytes
    this.position = position
    this.end = end
  }

  byte(field: string): number {
    if (this.position >= this.end) throw this.#short(field, 1)
    return this.bytes[this.position++] as number
  }

  uint16(field: string): number {
    const at = this.position
    if (at + 2 > this.end) throw this.#short(field, 2)
    this.position = at + 2
    return ((this.bytes[at] as number) << 8) | (this.bytes[at + 1] as number)
  }

  uint32(field: string): number {
    const at = this.position
    if (at + 4 > this.end) throw this.#short(field, 4)
    const { bytes } = this
    this.position = at + 4
    return (
      (((bytes[at] as number) << 24) |
        ((bytes[at + 1] as number) << 16) |
        ((bytes[at + 2] as number) << 8) |
        (bytes[at + 3] as number)) >>>
      0
    )
  }

  /** A Variable Byte Integer (§1.5.5). */
  varint(field: string): number {
    let value = 0
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte(field)
      value |= (byte & 127) << shift
      if (byte < 128) {
        // [MQTT-1.5.5-1]
        if (byte === 0 && shift > 0) throw malformed(`${field}: expected the fewest bytes for ${value}, got more`)
        return value
      }
    }
    throw malformed(`${field}: expected a Variable Byte Integer of at most four bytes, got a longer one`)
  }

  /** A UTF-8 Encoded String (§1.5.4). */
  text(field: string): string {
    const start = this.position + 2
    const end = start + this.uint16(field)
    if (end > this.end) throw this.#short(field, end - start)
    const text = readUtf8(this.bytes, start, end)
    if (text === undefined) {
      throw malformed(`${field}: expected UTF-8 without surrogates and U+0000, got other bytes`)
    }
    this.position = end
    return text
  }

  /** Binary Data (§1.5.6), as a view. */
  binary(field: string): Uint8Array {
    const start = this.position + 2
    const end = start + this.uint16(field)
    if (end > this.end) throw this.#short(field, end - start)
    this.position = end
    return this.bytes.subarray(start, end)
  }

  /** All that is left, as a view. */
  rest(): Uint8Array {
    const start = this.position
    this.position = this.end
    return this.bytes.subarray(start, this.end)
  }

  get left(): number {
    return this.end - this.position
  }

  #short(field: string, expected: number): Error {
    const got = Math.max(0, this.end - this.position)
    return malformed(`${field}: expected ${expected} byte${expected === 1 ? '' : 's'}, got ${got} before its end`)
  }
}
