/** UNSUBSCRIBE (§3.10): the client gives subscriptions up. */

import type { Reader } from '../bytes.js'
import { checkNotEmpty, readList, readPacketId } from '../fields.js'
import type { Properties } from '../properties.js'
import { emitProperties, NO_PROPERTIES, readProperties } from '../property-list.js'
import type { ProtocolVersion, WithDefaults } from '../protocol.js'
import type { Sink } from '../sink.js'
import { checkTopicFilter, readTopicFilter } from '../topic.js'

/** Properties that UNSUBSCRIBE may carry (§3.10.2.1). */
export type UnsubscribeProperties = Pick<Properties, 'userProperties'>

/** UNSUBSCRIBE with every field. */
export interface Unsubscribe {
  type: 'unsubscribe'
  /** 1 to 65 535. */
  packetId: number
  /** One at least. */
  filters: string[]
  properties: UnsubscribeProperties
}

/** UNSUBSCRIBE as a caller writes it. Default: no properties. */
export type UnsubscribeInput = WithDefaults<Unsubscribe, 'properties'>

export function completeUnsubscribe(input: UnsubscribeInput): Unsubscribe {
  return {
    type: 'unsubscribe',
    packetId: input.packetId,
    filters: input.filters,
    properties: input.properties ?? NO_PROPERTIES,
  }
}

export function emitUnsubscribe(sink: Sink, packet: Unsubscribe, version: ProtocolVersion): void {
  sink.uint16(packet.packetId, 'unsubscribe.packetId', 1)
  emitProperties(sink, packet.properties, 'unsubscribe', version)
  checkNotEmpty(packet.filters, 'unsubscribe.filters') // [MQTT-3.10.3-2]
  for (const filter of packet.filters) sink.text(filter, 'unsubscribe.filters', checkTopicFilter)
}

export function decodeUnsubscribe(reader: Reader, version: ProtocolVersion): Unsubscribe {
  const packetId = readPacketId(reader)
  const properties = readProperties(reader, version)
  const filters = readList(reader, 'filters', readTopicFilter) // [MQTT-3.10.3-2]
  return { type: 'unsubscribe', packetId, filters, properties }
}
