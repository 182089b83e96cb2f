/** The two cursors: `Writer` lays packets one after the other into slabs, `Reader` walks the bytes of one packet. */

import { outOfRange, type ProtocolError } from '../errors.js'
import type { Copies } from './copies.js'
import { PACKET_TYPES, type PacketType } from './protocol.js'
import { violation } from './reason.js'
import { readUtf8, writeUtf8 } from './utf8.js'

/** The largest Variable Byte Integer (§1.5.5), and so the largest Remaining Length. */
export const MAX_VARINT = 268_435_455

const EMPTY = new Uint8Array(0)

/** Bytes of a Variable Byte Integer. */
export function varintSize(value: number): 1 | 2 | 3 | 4 {
  return value < 128 ? 1 : value < 16_384 ? 2 : value < 2_097_152 ? 3 : 4
}

/** Bytes on the wire of a packet with this Remaining Length; a RangeError where there is no such packet. */
export function sizeOnWire(remaining: number): number {
  if (remaining > MAX_VARINT) throw outOfRange('packet', `a Remaining Length of at most ${MAX_VARINT}`, remaining)
  return 1 + varintSize(remaining) + remaining
}

/** Copies the first `length` bytes of `from`. */
export function copy(from: Uint8Array, length: number, into: Uint8Array, at: number): void {
  // Stryker disable next-line ConditionalExpression,EqualityOperator: both ways lay down the same bytes
  if (length > 32) into.set(from.length === length ? from : from.subarray(0, length), at)
  else for (let i = 0; i < length; i++) into[at + i] = from[i] as number // a call to set() costs more
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

  /**
   * @param firstSlab bytes of the first slab, made when there is something to write
   * @param largestSlab a slab is larger only for a single packet that needs it
   * @param byReferenceFrom payloads from this size on are not copied
   */
  constructor(firstSlab = 1024, largestSlab = 65_536, byReferenceFrom = 16_384) {
    this.#firstSlab = firstSlab
    this.#largestSlab = largestSlab
    this.#byReferenceFrom = byReferenceFrom
  }

  /** Bytes that wait to be taken. */
  get size(): number {
    return this.#chunkBytes + this.#end - this.#start
  }

  /**
   * Hands over what waits, in order. Large payloads are the callers' own arrays. Not `all` leaves the last slab to be
   * filled, if there is another.
   */
  take(all = true): Uint8Array[] {
    // Mostly all is in one slab: that is worth no list to push to.
    if (this.#chunkBytes === 0) return this.#end === this.#start ? [] : [this.#cut()]
    if (all) this.#seal()
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
    const size = sizeOnWire(remaining) - elsewhere
    if (this.#slab.length - this.#end < size) this.#nextSlab(size)
    this.#slab[this.#end++] = firstByte
    this.varint(remaining)
  }

  uint16(value: number): void {
    const slab = this.#slab
    slab[this.#end++] = value >> 8
    slab[this.#end++] = value
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

  /** The length of the text is known when its end is. */
  text(value: string): void {
    const slab = this.#slab
    const at = this.#end
    const end = writeUtf8(value, slab, at + 2)
    const length = end - at - 2
    slab[at] = length >> 8
    slab[at + 1] = length
    this.#end = end
  }

  /** The first `length` bytes. */
  raw(value: Uint8Array, length: number): void {
    copy(value, length, this.#slab, this.#end)
    this.#end += length
  }

  /** The end of a packet that began with `elsewhere`: the array itself is a chunk. */
  reference(value: Uint8Array): void {
    this.#seal()
    this.#chunks.push(value)
    this.#chunkBytes += value.length
  }

  #seal(): void {
    if (this.#end === this.#start) return
    this.#chunkBytes += this.#end - this.#start
    this.#chunks.push(this.#cut())
  }

  /** What of the slab nobody has taken. */
  #cut(): Uint8Array {
    const whole = this.#start === 0 && this.#end === this.#slab.length
    const cut = whole ? this.#slab : this.#slab.subarray(this.#start, this.#end)
    this.#start = this.#end
    return cut
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
  /** The first byte of the packet: type and flags (§2.1.2, §2.1.3). */
  first = 0
  /** What errors put before the name of a field instead of the packet's: a list of properties. */
  // Stryker disable next-line StringLiteral: nothing is read before reset() sets it
  scope = ''
  readonly #copies: Copies | undefined

  /** With `copies`, small fields of bytes are no views. */
  constructor(copies?: Copies) {
    this.#copies = copies
  }

  /** Points it behind the first byte of another packet: one reader serves a whole connection. */
  reset(bytes: Uint8Array, position: number, end: number, first: number): void {
    if (bytes !== this.bytes) this.#copies?.open(bytes)
    this.bytes = bytes
    this.position = position
    this.end = end
    this.first = first
    this.scope = ''
  }

  get packet(): PacketType {
    return PACKET_TYPES[(this.first >> 4) - 1] as PacketType
  }

  get left(): number {
    return this.end - this.position
  }

  byte(field: string): number {
    return this.bytes[this.#skip(1, field)] as number
  }

  uint16(field: string): number {
    const at = this.#skip(2, field)
    return ((this.bytes[at] as number) << 8) | (this.bytes[at + 1] as number)
  }

  uint32(field: string): number {
    return this.uint16(field) * 0x1_0000 + this.uint16(field)
  }

  /** A Variable Byte Integer (§1.5.5). */
  varint(field: string): number {
    let value = 0
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte(field)
      value |= (byte & 127) << shift
      if (byte < 128) {
        // [MQTT-1.5.5-1]
        if (byte === 0 && shift > 0) throw this.malformed(field, `the fewest bytes for ${value}`, 'more')
        return value
      }
    }
    throw this.malformed(field, 'at most four bytes', 'more')
  }

  /** A UTF-8 Encoded String (§1.5.4). */
  text(field: string): string {
    const length = this.uint16(field)
    const start = this.#skip(length, field)
    const text = readUtf8(this.bytes, start, start + length)
    if (text === undefined) throw this.malformed(field, 'UTF-8 without surrogates and U+0000', 'other bytes')
    return text
  }

  /** Binary Data (§1.5.6). */
  binary(field: string): Uint8Array {
    return this.view(this.uint16(field), field)
  }

  view(length: number, field: string): Uint8Array {
    const start = this.#skip(length, field)
    const end = start + length
    return this.#copies?.take(start, end) ?? this.bytes.subarray(start, end)
  }

  /** An error of Reason Code 0x81: bytes that cannot be a packet. */
  malformed(field: string, expected: string, got: unknown): ProtocolError {
    return this.refuse(field, expected, got, 0x81)
  }

  /** An error that says what came in a field; without a Reason Code of its own it is a Protocol Error. */
  refuse(field: string, expected: string, got: unknown, reasonCode = 0x82): ProtocolError {
    return violation(reasonCode, `${this.scope || this.packet}.${field}: expected ${expected}, got ${got}`)
  }

  /** Moves on by the bytes of a field; returns where they begin. */
  #skip(length: number, field: string): number {
    const start = this.position
    if (length > this.end - start) throw this.malformed(field, `${length} B`, `${this.left} B before the end`)
    this.position = start + length
    return start
  }
}
