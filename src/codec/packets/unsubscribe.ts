/** UNSUBSCRIBE (§3.10): the client gives subscriptions up. */

import { type Reader, varintSize, type Writer } from '../bytes.js'
import { checkNotEmpty, checkPacketId, readPacketId } from '../fields.js'
import { type Properties, propertySet } from '../properties.js'
import { measureProperties, NO_PROPERTIES, readProperties, writeProperties } from '../property-list.js'
import type { ProtocolVersion, WithDefaults } from '../protocol.js'
import { protocolError } from '../reason.js'
import { checkTopicFilter, readTopicFilter } from '../topic.js'

/** Properties that UNSUBSCRIBE may carry (§3.10.2.1). */
export type UnsubscribeProperties = Pick<Properties, 'userProperties'>

export interface Unsubscribe {
  type: 'unsubscribe'
  /** 1 to 65 535. */
  packetId: number
  /** One at least. */
  filters: string[]
  properties: UnsubscribeProperties
}

export type UnsubscribeInput = WithDefaults<Unsubscribe, 'properties'>

const PROPERTIES = propertySet('unsubscribe')

export function completeUnsubscribe(input: UnsubscribeInput): Unsubscribe {
  return {
    type: 'unsubscribe',
    packetId: input.packetId,
    filters: input.filters,
    properties: input.properties ?? NO_PROPERTIES,
  }
}

/** Checks all of it; returns the Remaining Length. */
export function unsubscribeLength(packet: Unsubscribe, version: ProtocolVersion): number {
  checkPacketId(packet.packetId, 'unsubscribe.packetId')
  checkNotEmpty(packet.filters, 'unsubscribe.filters') // [MQTT-3.10.3-2]
  const listed = measureProperties(packet.properties, PROPERTIES, version)
  let length = version === 5 ? 2 + varintSize(listed) + listed : 2
  for (const filter of packet.filters) length += 2 + checkTopicFilter(filter, 'unsubscribe.filters')
  return length
}

export function writeUnsubscribe(writer: Writer, packet: Unsubscribe, version: ProtocolVersion): void {
  writer.begin(0xa2, unsubscribeLength(packet, version)) // [MQTT-3.10.1-1]
  writer.uint16(packet.packetId)
  if (version === 5) writeProperties(writer, packet.properties, PROPERTIES)
  for (const filter of packet.filters) writer.text(filter)
}

export function decodeUnsubscribe(reader: Reader, version: ProtocolVersion): Unsubscribe {
  const packetId = readPacketId(reader, 'unsubscribe.packetId')
  const properties = version === 5 ? readProperties(reader, PROPERTIES) : NO_PROPERTIES
  // [MQTT-3.10.3-2]
  if (reader.left === 0) throw protocolError('unsubscribe.filters: expected one at least, got none')
  const filters: string[] = []
  while (reader.left > 0) filters.push(readTopicFilter(reader, 'unsubscribe.filters'))
  return { type: 'unsubscribe', packetId, filters, properties }
}
