/** The sink that the fields of a packet go to: it checks what a caller gave, and lays it down. */

import { copy, MAX_VARINT } from './bytes.js'
import { checkBytes, checkInteger } from './fields.js'
import { utf8Length, writeAscii, writeUtf8 } from './utf8.js'

/** Room to begin with, and what is kept of it behind a packet that took more, bytes. */
const ROOM = 1024

/**
 * A packet, or a list of properties, before its size is known: from here it is copied to where it is sent from. So each
 * field is looked at once. Throws a TypeError or RangeError that names the field, for a value that cannot be sent.
 */
export class Sink {
  bytes = new Uint8Array(ROOM)
  size = 0

  /** Forgets what was laid down. */
  reset(): void {
    this.size = 0
    if (this.bytes.length > ROOM) this.bytes = new Uint8Array(ROOM)
  }

  byte(value: number): void {
    const at = this.#take(1)
    this.bytes[at] = value
  }

  uint16(value: number, field: string, min = 0): void {
    checkInteger(value, min, 0xffff, field)
    this.#short(value)
  }

  uint32(value: number, field: string, min = 0): void {
    checkInteger(value, min, 0xffff_ffff, field)
    this.#short(value >>> 16)
    this.#short(value & 0xffff)
  }

  /** A Variable Byte Integer (§1.5.5). */
  varint(value: number, field: string, min = 0): void {
    let rest = checkInteger(value, min, MAX_VARINT, field)
    for (; rest > 127; rest >>>= 7) this.byte((rest & 127) | 128)
    this.byte(rest)
  }

  /** A UTF-8 Encoded String (§1.5.4). `check` asks for more. */
  text(value: string, field: string, check?: (value: string, field: string) => void): void {
    const at = this.size + 2
    let length = writeAscii(value, this.bytes, at)
    if (length < 0) {
      length = utf8Length(value, field)
      this.#room(at + length)
      writeUtf8(value, this.bytes, at)
    }
    check?.(value, field)
    this.#short(length)
    this.size = at + length
  }

  /** Binary Data (§1.5.6). */
  binary(value: Uint8Array, field: string): void {
    const { length } = checkBytes(value, 0xffff, field)
    this.#short(length)
    this.raw(value, length)
  }

  /** The first `length` bytes. */
  raw(value: Uint8Array, length: number): void {
    const at = this.#take(length)
    copy(value, length, this.bytes, at)
  }

  #short(value: number): void {
    const at = this.#take(2)
    this.bytes[at] = value >> 8
    this.bytes[at + 1] = value
  }

  /** Room for so many bytes; returns where it begins. */
  #take(length: number): number {
    const at = this.size
    this.size = at + length
    this.#room(this.size)
    return at
  }

  #room(end: number): void {
    const { bytes } = this
    if (end <= bytes.length) return
    this.bytes = new Uint8Array(Math.max(end, 2 * bytes.length))
    this.bytes.set(bytes)
  }
}
