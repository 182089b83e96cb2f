/** UNSUBACK (§3.11): the server's answer to UNSUBSCRIBE. */

import { outOfRange } from '../../errors.js'
import type { Reader } from '../bytes.js'
import { checkNotEmpty, checkReasonCode, readList, readPacketId, readReasonCode } from '../fields.js'
import type { Properties } from '../properties.js'
import { emitProperties, NO_PROPERTIES, readProperties } from '../property-list.js'
import type { ProtocolVersion, WithDefaults } from '../protocol.js'
import type { Sink } from '../sink.js'

/** Properties that UNSUBACK may carry (§3.11.2.1). */
export type UnsubackProperties = Pick<Properties, 'reasonString' | 'userProperties'>

/** UNSUBACK with every field. */
export interface Unsuback {
  type: 'unsuback'
  /** 1 to 65 535. */
  packetId: number
  /** In the order of the filters; empty in 3.1 and 3.1.1, which send none. */
  reasonCodes: number[]
  properties: UnsubackProperties
}

/** UNSUBACK as a caller writes it. Defaults: no `reasonCodes`, as in 3.x, no properties. */
export type UnsubackInput = WithDefaults<Unsuback, 'reasonCodes' | 'properties'>

const NO_CODES: number[] = []

export function completeUnsuback(input: UnsubackInput): Unsuback {
  return {
    type: 'unsuback',
    packetId: input.packetId,
    reasonCodes: input.reasonCodes ?? NO_CODES,
    properties: input.properties ?? NO_PROPERTIES,
  }
}

export function emitUnsuback(sink: Sink, packet: Unsuback, version: ProtocolVersion): void {
  const { reasonCodes } = packet
  sink.uint16(packet.packetId, 'unsuback.packetId', 1)
  emitProperties(sink, packet.properties, 'unsuback', version)
  if (version === 5) checkNotEmpty(reasonCodes, 'unsuback.reasonCodes')
  else if (reasonCodes.length > 0) throw outOfRange('unsuback.reasonCodes', 'none before MQTT 5.0', reasonCodes)
  for (const code of reasonCodes) sink.byte(checkReasonCode(code, 'unsuback', version, 'unsuback.reasonCodes'))
}

export function decodeUnsuback(reader: Reader, version: ProtocolVersion): Unsuback {
  const packetId = readPacketId(reader)
  const properties = readProperties(reader, version)
  const reasonCodes = version === 5 ? readList(reader, 'reasonCodes', readReasonCode) : []
  return { type: 'unsuback', packetId, reasonCodes, properties }
}
