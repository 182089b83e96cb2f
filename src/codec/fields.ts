/**
 * The fields that several packets share. A check of a caller's value throws a TypeError or RangeError that names field
 * and range; a read of a peer's throws a ProtocolError.
 */

import { outOfRange, wrongType } from '../errors.js'
import type { Reader } from './bytes.js'
import type { ProtocolVersion, QoS } from './protocol.js'
import { hex, protocolError } from './reason.js'

const NAMES = { 3: '3.1', 4: '3.1.1', 5: '5.0' } as const

/** 'MQTT 3.1.1' for level 4. */
export function versionName(version: ProtocolVersion): string {
  return `MQTT ${NAMES[version]}`
}

export function checkInteger(value: unknown, min: number, max: number, field: string): void {
  if (typeof value !== 'number') throw wrongType(field, `an integer from ${min} to ${max}`, value)
  if (!Number.isInteger(value) || value < min || value > max) {
    throw outOfRange(field, `an integer from ${min} to ${max}`, value)
  }
}

/** [MQTT-2.2.1-3] [MQTT-2.2.1-4] 1 to 65 535. */
export function checkPacketId(value: unknown, field: string): void {
  checkInteger(value, 1, 65_535, field)
}

export function checkQoS(value: unknown, field: string): asserts value is QoS {
  if (value === 0 || value === 1 || value === 2) return
  throw typeof value === 'number' ? outOfRange(field, '0, 1 or 2', value) : wrongType(field, '0, 1 or 2', value)
}

export function checkBoolean(value: unknown, field: string): void {
  if (typeof value !== 'boolean') throw wrongType(field, 'true or false', value)
}

/** Bytes of any realm: an array from an iframe is no `instanceof` ours. */
export function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array || Object.prototype.toString.call(value) === '[object Uint8Array]'
}

/** Never says what it got: the field may be a password. */
export function checkBytes(value: unknown, max: number, field: string): asserts value is Uint8Array {
  if (!isBytes(value)) throw new TypeError(`${field}: expected a Uint8Array`)
  if (value.length > max) throw outOfRange(field, `at most ${max} bytes`, value.length)
}

export function checkNotEmpty(value: unknown, field: string): asserts value is readonly unknown[] {
  if (!Array.isArray(value)) throw wrongType(field, 'an array', value)
  if (value.length === 0) throw outOfRange(field, 'at least one', value)
}

/** Reads a Packet Identifier (§2.2.1) from a peer. */
export function readPacketId(reader: Reader, field: string): number {
  const packetId = reader.uint16(field)
  // [MQTT-2.2.1-3] [MQTT-2.2.1-4] [MQTT-2.3.1-1 of 3.1.1]
  if (packetId === 0) throw protocolError(`${field}: expected 1 to 65535, got 0`)
  return packetId
}

/** Checks a caller's Reason Code; before 5.0 there are none, and so 0 only. */
export function checkReasonCode(
  code: unknown,
  allowed: ReadonlySet<number>,
  version: ProtocolVersion,
  field: string,
): void {
  if (typeof code !== 'number') throw wrongType(field, 'a Reason Code', code)
  if (version !== 5 && code !== 0) throw outOfRange(field, `0 in ${versionName(version)}`, code)
  if (!allowed.has(code)) throw outOfRange(field, `one of ${listCodes(allowed)}`, code)
}

/** Reads a Reason Code. [MQTT-3.2.2-8] [MQTT-3.4.2-1] and their like: it is one that the packet may carry. */
export function readReasonCode(reader: Reader, allowed: ReadonlySet<number>, field: string): number {
  const code = reader.byte(field)
  if (allowed.has(code)) return code
  throw protocolError(`${field}: expected one of ${listCodes(allowed)}, got ${hex(code)}`)
}

function listCodes(codes: ReadonlySet<number>): string {
  return [...codes].map(hex).join(', ')
}
