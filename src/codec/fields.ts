/**
 * The fields that several packets share. A check of a caller's value throws a TypeError or RangeError that names field
 * and range; a read of a peer's throws a ProtocolError.
 */

import { outOfRange, wrongType } from '../errors.js'
import type { Reader } from './bytes.js'
import { PACKET_TYPES, type PacketType, type ProtocolVersion } from './protocol.js'
import { hex, mayCarry } from './reason.js'

/** Returns the value, so that it can be checked where it is used. */
export function checkInteger(value: unknown, min: number, max: number, field: string): number {
  if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return value as number
  const refuse = typeof value === 'number' ? outOfRange : wrongType
  throw refuse(field, `an integer from ${min} to ${max}`, value)
}

/** [MQTT-2.2.1-3] [MQTT-2.2.1-4] 1 to 65 535. */
export function checkPacketId(value: unknown, field: string): void {
  checkInteger(value, 1, 65_535, field)
}

export function checkBoolean(value: unknown, field: string): void {
  if (typeof value !== 'boolean') throw wrongType(field, 'true or false', value)
}

/** A caller's boolean as the bit that stands for it. */
export function flag(value: unknown, bit: number, field: string): number {
  checkBoolean(value, field)
  return value ? bit : 0
}

/** Bytes of any realm: an array from an iframe is no `instanceof` ours. */
export function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array || Object.prototype.toString.call(value) === '[object Uint8Array]'
}

/** Never says what it got: the field may be a password. */
export function checkBytes(value: unknown, max: number, field: string): Uint8Array {
  if (!isBytes(value)) throw new TypeError(`${field}: expected a Uint8Array`)
  if (value.length > max) throw outOfRange(field, `at most ${max} bytes`, value.length)
  return value
}

export function checkNotEmpty(value: unknown, field: string): asserts value is readonly unknown[] {
  if (!Array.isArray(value)) throw wrongType(field, 'an array', value)
  if (value.length === 0) throw outOfRange(field, 'at least one', value)
}

/** Reads a Packet Identifier (§2.2.1) from a peer. */
export function readPacketId(reader: Reader): number {
  const packetId = reader.uint16('packetId')
  // [MQTT-2.2.1-3] [MQTT-2.2.1-4] [MQTT-2.3.1-1 of 3.1.1]
  if (packetId === 0) throw reader.refuse('packetId', '1 to 65535', 0)
  return packetId
}

/** Entries of a list or repeated properties in one packet: as objects, they are many times larger than on the wire. */
const MOST_ENTRIES = 1_048_576

/** Refuses one more. */
export function checkRoom(reader: Reader, field: string, list: readonly unknown[]): void {
  // Nobody means so many. [MQTT-4.13.1-1]
  if (list.length >= MOST_ENTRIES) throw reader.refuse(field, `at most ${MOST_ENTRIES}`, 'more', 0x97)
}

/** Reads what is left, one at least. */
export function readList<T>(reader: Reader, field: string, read: (reader: Reader, field: string) => T): T[] {
  const list: T[] = []
  do {
    if (reader.left === 0) throw reader.refuse(field, 'at least one', 'none')
    checkRoom(reader, field, list)
    list.push(read(reader, field))
  } while (reader.left > 0)
  return list
}

/** Checks a caller's Reason Code; before 5.0 there are none, and so 0 only. */
export function checkReasonCode(
  code: unknown,
  packet: PacketType,
  version: ProtocolVersion,
  field = `${packet}.reasonCode`,
): number {
  if (typeof code !== 'number') throw wrongType(field, 'a Reason Code', code)
  if (version !== 5 && code !== 0) throw outOfRange(field, '0 before MQTT 5.0', code)
  if (!mayCarry(PACKET_TYPES.indexOf(packet) + 1, code)) throw outOfRange(field, `a Reason Code of ${packet}`, code)
  return code
}

/** Reads a Reason Code. [MQTT-3.2.2-8] [MQTT-3.4.2-1] and their like: it is one that the packet may carry. */
export function readReasonCode(reader: Reader, field = 'reasonCode'): number {
  const code = reader.byte(field)
  if (mayCarry(reader.first >> 4, code)) return code
  throw reader.refuse(field, `a Reason Code of ${reader.packet}`, hex(code))
}
