/**
 * A list of properties on the wire (§2.2.2): reading it from a peer, checking a caller's, writing it. Names on objects
 * come from the table in properties.ts, never from a peer.
 */

import { outOfRange, wrongType } from '../errors.js'
import type { Reader } from './bytes.js'
import { checkInteger, checkReasonCode, checkRoom, flag } from './fields.js'
import { PROPERTY_SETS, type Properties, type Property, type PropertySet } from './properties.js'
import type { Carrier, PacketType, ProtocolVersion } from './protocol.js'
import { hex } from './reason.js'
import { Sink } from './sink.js'
import { checkTopicName, isTopicName } from './topic.js'

/** What a decoded packet without properties holds, in 3.1 and 3.1.1, too. */
export const NO_PROPERTIES: Properties = Object.freeze({})

/** Reads Property Length and properties (§2.2.2); before 5.0 there are none. */
export function readProperties(reader: Reader, version: ProtocolVersion, carrier?: 'will'): Properties {
  if (version !== 5) return NO_PROPERTIES
  const length = reader.varint('properties')
  if (length === 0) return NO_PROPERTIES
  if (length > reader.left) throw reader.malformed('properties', `${length} B`, `${reader.left} B before the end`)
  const set = PROPERTY_SETS[carrier ?? reader.packet]
  const { end } = reader
  reader.scope = set.field
  reader.end = reader.position + length
  const properties: Record<string, unknown> = {}
  while (reader.left > 0) readProperty(reader, set, properties)
  reader.scope = ''
  reader.end = end
  return properties as Properties
}

function readProperty(reader: Reader, set: PropertySet, into: Record<string, unknown>): void {
  // Stryker disable next-line StringLiteral: there is a byte left, so that no error names it
  const id = reader.byte('identifier')
  const row = set.byId[id]
  // §2.2.2.2: an identifier that is not valid for its packet is malformed.
  if (row === undefined) throw reader.malformed('identifier', `a property of ${set.carrier}`, hex(id))
  const { name, repeats } = row
  const before = into[name]
  if (before === undefined) into[name] = repeats ? [readValue(reader, row)] : readValue(reader, row)
  else if (repeats) {
    checkRoom(reader, name, before as unknown[])
    ;(before as unknown[]).push(readValue(reader, row))
  } else throw reader.refuse(name, 'once', 'it again')
}

function readValue(reader: Reader, { kind, name, min }: Property): unknown {
  switch (kind) {
    case 'text': {
      const text = reader.text(name)
      // [MQTT-3.3.2-14]
      if (name === 'responseTopic' && !isTopicName(text)) throw reader.refuse(name, 'a Topic Name', 'another text')
      return text
    }
    case 'pair':
      return [reader.text(name), reader.text(name)]
    // Stryker disable next-line StringLiteral: by default it is read the same way, and is not less than a number
    case 'binary':
      return reader.binary(name)
    case 'flag':
    case 'bit': {
      const value = reader.byte(name)
      if (value > 1) throw reader.refuse(name, '0 or 1', value)
      return kind === 'flag' ? value === 1 : value
    }
    default: {
      const value = reader[kind](name)
      // [MQTT-3.3.2-8] has a code of its own (§3.3.2.3.4).
      if (value < min) throw reader.refuse(name, '1 or more', 0, name === 'topicAlias' ? 0x94 : 0x82)
      return value
    }
  }
}

/** The list that was measured last: it is laid down, and whoever measured it copies it at once. */
const list = new Sink()

/** Checks a caller's properties; returns their bytes, without the Property Length. */
export function measureProperties(properties: Properties, carrier: Carrier, version: ProtocolVersion): number {
  list.reset()
  // Stryker disable next-line ConditionalExpression: measuring an empty list gives 0, too
  if (properties === NO_PROPERTIES) return 0
  const set = PROPERTY_SETS[carrier]
  if (typeof properties !== 'object' || properties === null) throw wrongType(set.field, 'an object', properties)
  emitList(list, properties, set, version)
  return list.size
}

/** Writes Property Length and the properties that were just measured. */
export function writeProperties(sink: Pick<Sink, 'varint' | 'raw'>): void {
  const { size } = list
  // Stryker disable next-line StringLiteral: a size is in its range, so that no error names it
  sink.varint(size, '') // [MQTT-2.2.2-1] Zero says that there are none.
  sink.raw(list.bytes, size)
}

/** Property Length and properties of a packet which has both always in 5.0, and never before. */
export function emitProperties(sink: Sink, properties: Properties, carrier: Carrier, version: ProtocolVersion): void {
  measureProperties(properties, carrier, version)
  if (version === 5) writeProperties(sink)
}

/**
 * What most answers end with. Success and an empty list go unsaid where nothing follows (§3.4.2.1, §3.4.2.2.1,
 * §3.14.2.1, §3.15.2.1); before 5.0 there is nothing to say.
 */
export function emitOutcome(
  sink: Sink,
  { type, reasonCode, properties }: { type: PacketType; reasonCode: number; properties: Properties },
  version: ProtocolVersion,
): void {
  checkReasonCode(reasonCode, type, version)
  const listed = measureProperties(properties, type, version)
  if (listed > 0 || reasonCode !== 0) sink.byte(reasonCode)
  if (listed > 0) writeProperties(sink)
}

function emitList(sink: Sink, properties: Properties, set: PropertySet, version: ProtocolVersion): void {
  for (const name in properties) {
    const value: unknown = properties[name as keyof Properties]
    if (value === undefined) continue
    const row = set.byName.get(name)
    if (row === undefined) {
      if (!Object.hasOwn(properties, name)) continue // someone extended Object.prototype
      throw new TypeError(`${set.field}.${name}: expected a property of ${set.carrier}`)
    }
    if (version !== 5) throw outOfRange(set.field, 'none before MQTT 5.0', name)
    if (!row.repeats) emitProperty(sink, row, value)
    else if (!Array.isArray(value)) throw wrongType(row.field, 'an array', value)
    else for (const one of value) emitProperty(sink, row, one)
  }
}

function emitProperty(sink: Sink, { id, kind, name, field, min }: Property, value: unknown): void {
  sink.byte(id)
  if (kind === 'pair') {
    if (!Array.isArray(value) || value.length !== 2) throw wrongType(field, '[name, value]', value)
    for (const text of value) sink.text(text, field) // [MQTT-1.5.7-1]
  } else if (kind === 'text') sink.text(value as string, field, name === 'responseTopic' ? checkTopicName : undefined)
  else if (kind === 'flag') sink.byte(flag(value, 1, field))
  else if (kind === 'bit') sink.byte(checkInteger(value, 0, 1, field))
  // Stryker disable next-line ConditionalExpression,StringLiteral: the last line would do the same; the types would not
  else if (kind === 'binary') sink.binary(value as Uint8Array, field)
  else sink[kind](value as number, field, min)
}
