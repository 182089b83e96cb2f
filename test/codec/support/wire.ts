/** Bytes as text and back, and the shortest way to see what a peer's bytes become. */

import { type Packet, PacketReader, ProtocolError, type ProtocolVersion } from '../../../src/codec/index.js'

export const VERSIONS = [3, 4, 5] as const

/** Bytes written as hexadecimal digits; blanks are for the eye. */
export function bytes(hex: string): Uint8Array {
  const digits = hex.replace(/\s/g, '')
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16))
}

export function hex(array: Uint8Array): string {
  return Array.from(array, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Text as it comes on the wire: two bytes of length, then UTF-8, in hexadecimal digits. */
export function str(text: string): string {
  const utf8 = new TextEncoder().encode(text)
  return utf8.length.toString(16).padStart(4, '0') + hex(utf8)
}

/** A packet of this first byte with this body (less than 16 384 bytes), in hexadecimal digits. */
export function wrap(first: string, body: string): string {
  const length = body.replace(/\s/g, '').length / 2
  const field = length < 128 ? [length] : [(length & 127) | 128, length >> 7]
  return first + hex(Uint8Array.from(field)) + body
}

export function concat(arrays: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(arrays.reduce((sum, array) => sum + array.length, 0))
  let at = 0
  for (const array of arrays) {
    whole.set(array, at)
    at += array.length
  }
  return whole
}

export function decode(digits: string, protocolVersion: ProtocolVersion): Packet[] {
  return new PacketReader({ protocolVersion }).push(bytes(digits))
}

/** The error for which these bytes are refused. */
export function refusal(digits: string, protocolVersion: ProtocolVersion): ProtocolError {
  try {
    decode(digits, protocolVersion)
  } catch (error) {
    if (error instanceof ProtocolError) return error
    throw error
  }
  throw new Error(`accepted: ${digits}`)
}
