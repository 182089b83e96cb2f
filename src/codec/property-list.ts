/**
 * A list of properties on the wire (§2.2.2): reading it from a peer, checking a caller's, writing it. Names on objects
 * come from the table in properties.ts, never from a peer.
 */

import { outOfRange, wrongType } from '../errors.js'
import { MAX_VARINT, type Reader, varintSize, type Writer } from './bytes.js'
import { checkBoolean, checkBytes, checkInteger, versionName } from './fields.js'
import type { CarriedProperty, Properties, PropertySet } from './properties.js'
import type { ProtocolVersion } from './protocol.js'
import { hex, malformed, protocolError, violation } from './reason.js'
import { checkTopicName, isTopicName } from './topic.js'
import { utf8Length } from './utf8.js'

/** What a decoded packet without properties holds, in 3.1 and 3.1.1, too. */
export const NO_PROPERTIES: Properties = Object.freeze({})

/** Reads Property Length and properties (§2.2.2). */
export function readProperties(reader: Reader, set: PropertySet): Properties {
  const length = reader.varint(set.field)
  if (length === 0) return NO_PROPERTIES
  if (length > reader.left) {
    throw malformed(`${set.field}: expected ${length} bytes, got ${reader.left} before its end`)
  }
  const packetEnd = reader.end
  reader.end = reader.position + length
  const properties: Record<string, unknown> = {}
  while (reader.position < reader.end) readProperty(reader, set, properties)
  reader.end = packetEnd
  return properties as Properties
}

function readProperty(reader: Reader, set: PropertySet, into: Record<string, unknown>): void {
  const id = reader.byte(set.field)
  const row = set.byId[id]
  // §2.2.2.2: an identifier that is not valid for its packet is malformed.
  if (row === undefined) {
    throw malformed(`${set.field}: expected properties of ${set.carrier}, got identifier ${hex(id)}`)
  }
  const { name, kind, field } = row
  const before = into[name]
  if (kind === 'pairs') {
    const pair = [reader.text(field), reader.text(field)]
    if (before === undefined) into[name] = [pair]
    else (before as unknown[]).push(pair)
  } else if (kind === 'varints') {
    const value = atLeast(row, reader.varint(field))
    if (before === undefined) into[name] = [value]
    else (before as unknown[]).push(value)
  } else if (before !== undefined) {
    throw protocolError(`${field}: expected once, got it again`)
  } else {
    into[name] = readValue(reader, row)
  }
}

function readValue(reader: Reader, row: CarriedProperty): unknown {
  const { field } = row
  switch (row.kind) {
    case 'uint32':
      return atLeast(row, reader.uint32(field))
    case 'uint16':
      return atLeast(row, reader.uint16(field))
    case 'varint':
      return atLeast(row, reader.varint(field))
    case 'text':
      return reader.text(field)
    case 'binary':
      return reader.binary(field)
    case 'topic': {
      const topic = reader.text(field)
      if (isTopicName(topic)) return topic
      // [MQTT-3.3.2-14]
      throw protocolError(`${field}: expected a Topic Name without + and #, got another`)
    }
    default: {
      const value = reader.byte(field)
      if (value > 1) throw protocolError(`${field}: expected 0 or 1, got ${value}`)
      return row.kind === 'flag' ? value === 1 : value
    }
  }
}

function atLeast(row: CarriedProperty, value: number): number {
  if (value >= row.min) return value
  // [MQTT-3.3.2-8] has a code of its own (§3.3.2.3.4).
  const code = row.name === 'topicAlias' ? 0x94 : 0x82
  throw violation(code, `${row.field}: expected 1 or more, got 0`)
}

/** What was measured last, for the one who writes it next: a packet is written right after it was measured. */
let measured: Properties = NO_PROPERTIES
let measuredSize = 0

/** Checks a caller's properties; returns their bytes, without the Property Length. */
export function measureProperties(properties: Properties, set: PropertySet, version: ProtocolVersion): number {
  if (properties === NO_PROPERTIES) return 0
  if (typeof properties !== 'object' || properties === null) throw wrongType(set.field, 'an object', properties)
  let size = 0
  for (const name in properties) {
    const value = properties[name as keyof Properties]
    if (value === undefined) continue
    const row = set.byName.get(name)
    if (row === undefined) {
      if (!Object.hasOwn(properties, name)) continue // someone extended Object.prototype
      throw new TypeError(`${set.field}.${name}: expected a property of ${set.carrier}`)
    }
    if (version !== 5) throw outOfRange(set.field, `none in ${versionName(version)}`, name)
    size += measureValue(row, value)
  }
  measured = properties
  measuredSize = size
  return size
}

function measureValue(row: CarriedProperty, value: unknown): number {
  const { field } = row
  switch (row.kind) {
    case 'flag':
      checkBoolean(value, field)
      return 2
    case 'bit':
      checkInteger(value, 0, 1, field)
      return 2
    case 'uint16':
      checkInteger(value, row.min, 0xffff, field)
      return 3
    case 'uint32':
      checkInteger(value, row.min, 0xffff_ffff, field)
      return 5
    case 'varint':
      checkInteger(value, row.min, MAX_VARINT, field)
      return 1 + varintSize(value as number)
    case 'text':
      return 3 + utf8Length(value, field)
    case 'topic':
      return 3 + checkTopicName(value, field)
    case 'binary':
      checkBytes(value, 0xffff, field)
      return 3 + value.length
    default:
      return row.kind === 'pairs' ? measurePairs(value, field) : measureVarints(value, row.min, field)
  }
}

function measurePairs(pairs: unknown, field: string): number {
  if (!Array.isArray(pairs)) throw wrongType(field, 'an array of [name, value]', pairs)
  let size = 0
  for (let i = 0; i < pairs.length; i++) {
    const pair: unknown = pairs[i]
    if (!Array.isArray(pair) || pair.length !== 2) throw wrongType(`${field}[${i}]`, '[name, value]', pair)
    size += 5 + utf8Length(pair[0], field) + utf8Length(pair[1], field) // [MQTT-1.5.7-1]
  }
  return size
}

function measureVarints(values: unknown, min: number, field: string): number {
  if (!Array.isArray(values)) throw wrongType(field, 'an array of integers', values)
  let size = 0
  for (const value of values as unknown[]) {
    checkInteger(value, min, MAX_VARINT, field)
    size += 1 + varintSize(value as number)
  }
  return size
}

/** Writes Property Length and checked properties. */
export function writeProperties(writer: Writer, properties: Properties, set: PropertySet): void {
  const size = properties === measured ? measuredSize : measureProperties(properties, set, 5)
  writer.varint(size) // [MQTT-2.2.2-1] Zero says that there are none.
  if (size === 0) return
  for (const name in properties) {
    const value = properties[name as keyof Properties]
    if (value === undefined) continue
    const row = set.byName.get(name)
    if (row !== undefined) writeProperty(writer, row, value)
  }
}

function writeProperty(writer: Writer, row: CarriedProperty, value: unknown): void {
  const { id, kind } = row
  if (kind === 'pairs') {
    for (const pair of value as [string, string][]) {
      writer.byte(id)
      writer.text(pair[0])
      writer.text(pair[1])
    }
    return
  }
  if (kind === 'varints') {
    for (const one of value as number[]) {
      writer.byte(id)
      writer.varint(one)
    }
    return
  }
  writer.byte(id)
  switch (kind) {
    case 'uint16':
      writer.uint16(value as number)
      break
    case 'uint32':
      writer.uint32(value as number)
      break
    case 'varint':
      writer.varint(value as number)
      break
    case 'binary':
      writer.binary(value as Uint8Array)
      break
    case 'text':
    case 'topic':
      writer.text(value as string)
      break
    default:
      writer.byte(Number(value))
  }
}
