/** The sink that a packet goes to first: it checks what a caller gave, and counts the bytes. */

import { MAX_VARINT, type Sink, varintSize } from './bytes.js'
import { checkBytes, checkInteger } from './fields.js'
import { utf8Length } from './utf8.js'

/** Throws a TypeError or RangeError that names the field, for a value that cannot be sent. */
export class Measure implements Sink {
  size = 0

  byte(): void {
    this.size++
  }

  uint16(value: unknown, field: string, min = 0): void {
    checkInteger(value, min, 0xffff, field)
    this.size += 2
  }

  uint32(value: unknown, field: string, min = 0): void {
    checkInteger(value, min, 0xffff_ffff, field)
    this.size += 4
  }

  varint(value: unknown, field: string, min = 0): void {
    this.size += varintSize(checkInteger(value, min, MAX_VARINT, field))
  }

  text(value: unknown, field: string, check = utf8Length): void {
    this.size += 2 + check(value, field)
  }

  binary(value: unknown, field: string): void {
    this.size += 2 + checkBytes(value, 0xffff, field).length
  }
}
