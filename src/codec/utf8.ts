/**
 * UTF-8 Encoded Strings (§1.5.4): JavaScript's strings to bytes and back, refusing what neither side may send.
 * Most strings are short and ASCII; for those a loop beats the host's coder, whose call alone costs more.
 */

import { outOfRange, wrongType } from '../errors.js'

/** Length of text in bytes has two bytes on the wire. */
const MAX_BYTES = 65_535
/** From these lengths on the host's coder wins. */
const LONG_WRITE = 48
const LONG_READ = 28

const { fromCharCode } = String
const encoder = new TextEncoder()
// [MQTT-1.5.4-3] U+FEFF is kept, so the decoder must not take it for a mark of byte order.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Bytes of a caller's text in UTF-8. Throws TypeError or RangeError, naming `field`, where it cannot be sent. */
export function utf8Length(text: unknown, field: string): number {
  if (typeof text !== 'string') throw wrongType(field, 'a string', text)
  const { length } = text
  let ascii = 0
  while (ascii < length && (text.charCodeAt(ascii) - 1) >>> 0 < 0x7f) ascii++ // 0x01 to 0x7F in one comparison
  const bytes = ascii === length ? length : ascii + wideLength(text, ascii, field)
  if (bytes > MAX_BYTES) throw outOfRange(field, `text of at most ${MAX_BYTES} bytes in UTF-8`, text)
  return bytes
}

function wideLength(text: string, start: number, field: string): number {
  let bytes = 0
  for (let i = start; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    // [MQTT-1.5.4-2]
    if (unit === 0) throw outOfRange(field, 'text without U+0000', text)
    if (unit < 0x80) bytes += 1
    else if (unit < 0x800) bytes += 2
    else if (unit < 0xd800 || unit > 0xdfff) bytes += 3
    else {
      // [MQTT-1.5.4-1] A pair of surrogates is one character; one alone is none.
      const next = text.charCodeAt(i + 1)
      if (unit > 0xdbff || !(next >= 0xdc00 && next <= 0xdfff)) {
        throw outOfRange(field, 'text without lone surrogates', text)
      }
      bytes += 4
      i++
    }
  }
  return bytes
}

/** Writes checked text; returns where it ends. */
export function writeUtf8(text: string, into: Uint8Array, at: number): number {
  const { length } = text
  if (length < LONG_WRITE) {
    let i = 0
    for (; i < length; i++) {
      const unit = text.charCodeAt(i)
      if (unit > 0x7f) break
      into[at + i] = unit
    }
    if (i === length) return at + length
  }
  return at + encoder.encodeInto(text, into.subarray(at)).written
}

/** Reads text; undefined if the bytes are not UTF-8 that may be sent. */
export function readUtf8(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (end - start >= LONG_READ) return readLong(bytes, start, end)
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number
    if (byte > 0x7f) return readLong(bytes, start, end)
    if (byte === 0) return undefined // [MQTT-1.5.4-2]
  }
  return readAscii(bytes, start, end)
}

/** By eight, four and one: a call with many characters costs little more than a call with one. */
function readAscii(b: Uint8Array, start: number, end: number): string {
  let text = ''
  let i = start
  for (; i + 8 <= end; i += 8) {
    text += fromCharCode(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!, b[i + 5]!, b[i + 6]!, b[i + 7]!)
  }
  if (i + 4 <= end) {
    text += fromCharCode(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!)
    i += 4
  }
  for (; i < end; i++) text += fromCharCode(b[i]!)
  return text
}

function readLong(bytes: Uint8Array, start: number, end: number): string | undefined {
  let text: string
  try {
    text = decoder.decode(bytes.subarray(start, end))
  } catch {
    return undefined // [MQTT-1.5.4-1] Overlong forms and surrogates end here, too.
  }
  return text.includes('\0') ? undefined : text // [MQTT-1.5.4-2]
}
