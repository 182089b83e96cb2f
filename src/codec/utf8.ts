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
  let bytes = text.length
  let i = 0
  while (i < text.length && isAscii(text.charCodeAt(i))) i++
  // Whether a low surrogate has to follow.
  let high = false
  // One step further than the text, where no low one is.
  for (; i < text.length || high; i++) {
    const unit = text.charCodeAt(i)
    const surrogate = unit & 0xfc00
    // [MQTT-1.5.4-1] [MQTT-1.5.4-2]
    if (unit === 0 || high !== (surrogate === 0xdc00))
      // The text itself is not shown: it may be a token.
      throw new RangeError(`${field}: expected text without U+0000 and lone surrogates, got one at ${high ? i - 1 : i}`)
    high = surrogate === 0xd800
    if (unit > 0x7f) bytes++
    // Of three bytes, but each of a pair of surrogates stands for two of four.
    if (unit > 0x7ff && (unit & 0xf800) !== 0xd800) bytes++
  }
  if (bytes > MAX_BYTES) throw outOfRange(field, `text of at most ${MAX_BYTES} bytes in UTF-8`, bytes)
  return bytes
}

/**
 * Checks and writes text at once where it is short, ASCII, and fits, which most is; returns its bytes. -1: it is not, and
 * what was written has to be written again.
 */
export function writeAscii(text: unknown, into: Uint8Array, at: number): number {
  if (typeof text !== 'string' || text.length >= LONG_WRITE || at + text.length > into.length) return -1
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (!isAscii(unit)) return -1
    into[at + i] = unit
  }
  return text.length
}

/** Writes checked text; returns where it ends. */
export function writeUtf8(text: string, into: Uint8Array, at: number): number {
  const { length } = text
  let i = 0
  // Stryker disable next-line ConditionalExpression,EqualityOperator,BlockStatement: the host's coder writes the same
  if (length < LONG_WRITE) {
    for (; i < length; i++) {
      const unit = text.charCodeAt(i)
      if (unit > 0x7f) break
      into[at + i] = unit
    }
  }
  return at + (i === length ? i : encoder.encodeInto(text, into.subarray(at)).written)
}

/** Reads text; undefined if the bytes are not UTF-8 that may be sent. */
export function readUtf8(bytes: Uint8Array, start: number, end: number): string | undefined {
  let i = start
  // Stryker disable next-line ConditionalExpression,EqualityOperator,ArithmeticOperator: the host's coder reads the same
  if (end - start < LONG_READ) {
    while (i < end && isAscii(bytes[i]!)) i++
  }
  if (i === end) return readAscii(bytes, start, end)
  try {
    const text = decoder.decode(bytes.subarray(start, end))
    return text.includes('\0') ? undefined : text // [MQTT-1.5.4-2]
  } catch {
    return undefined // [MQTT-1.5.4-1] Overlong forms and surrogates end here, too.
  }
}

/** From 0x01 to 0x7F, in one comparison. */
function isAscii(unit: number): boolean {
  return (unit - 1) >>> 0 < 0x7f
}

/** By eight, four and one: a call with many characters costs little more than a call with one. */
function readAscii(b: Uint8Array, start: number, end: number): string {
  let text = ''
  let i = start
  // Stryker disable next-line ConditionalExpression,EqualityOperator: one by one it is the same text
  for (; i + 8 <= end; i += 8) {
    text += fromCharCode(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!, b[i + 5]!, b[i + 6]!, b[i + 7]!)
  }
  // Stryker disable next-line ConditionalExpression,EqualityOperator,BlockStatement: one by one it is the same text
  if (i + 4 <= end) {
    text += fromCharCode(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!)
    i += 4
  }
  for (; i < end; i++) text += fromCharCode(b[i]!)
  return text
}
