/** SUBACK (§3.9): the server's answer to SUBSCRIBE, one code for each filter. */

import { type Reader, varintSize, type Writer } from '../bytes.js'
import { checkNotEmpty, checkPacketId, checkReasonCode, readPacketId, readReasonCode } from '../fields.js'
import { type Properties, propertySet } from '../properties.js'
import { measureProperties, NO_PROPERTIES, readProperties, writeProperties } from '../property-list.js'
import type { ProtocolVersion, WithDefaults } from '../protocol.js'
import { protocolError, reasonCodesOf } from '../reason.js'

/** Properties that SUBACK may carry (§3.9.2.1). */
export type SubackProperties = Pick<Properties, 'reasonString' | 'userProperties'>

export interface Suback {
  type: 'suback'
  /** 1 to 65 535. */
  packetId: number
  /** In the order of the filters: the QoS granted, or 0x80 and above. */
  reasonCodes: number[]
  properties: SubackProperties
}

export type SubackInput = WithDefaults<Suback, 'properties'>

const PROPERTIES = propertySet('suback')
const REASON_CODES = reasonCodesOf('suback')
/** [MQTT-3.9.3-2 of 3.1.1] 3.1 has no 0x80 yet, but its servers send it. */
const RETURN_CODES: ReadonlySet<number> = new Set([0x00, 0x01, 0x02, 0x80])

export function completeSuback(input: SubackInput): Suback {
  return {
    type: 'suback',
    packetId: input.packetId,
    reasonCodes: input.reasonCodes,
    properties: input.properties ?? NO_PROPERTIES,
  }
}

/** Checks all of it; returns the Remaining Length. */
export function subackLength(packet: Suback, version: ProtocolVersion): number {
  const { reasonCodes } = packet
  checkPacketId(packet.packetId, 'suback.packetId')
  checkNotEmpty(reasonCodes, 'suback.reasonCodes') // [MQTT-3.8.4-6] One for each filter.
  const allowed = version === 5 ? REASON_CODES : RETURN_CODES
  for (const code of reasonCodes) checkReasonCode(code, allowed, 5, 'suback.reasonCodes')
  const listed = measureProperties(packet.properties, PROPERTIES, version)
  return 2 + (version === 5 ? varintSize(listed) + listed : 0) + reasonCodes.length
}

export function writeSuback(writer: Writer, packet: Suback, version: ProtocolVersion): void {
  writer.begin(0x90, subackLength(packet, version))
  writer.uint16(packet.packetId)
  if (version === 5) writeProperties(writer, packet.properties, PROPERTIES)
  for (const code of packet.reasonCodes) writer.byte(code)
}

export function decodeSuback(reader: Reader, version: ProtocolVersion): Suback {
  const packetId = readPacketId(reader, 'suback.packetId')
  const properties = version === 5 ? readProperties(reader, PROPERTIES) : NO_PROPERTIES
  if (reader.left === 0) throw protocolError('suback.reasonCodes: expected one at least, got none')
  const allowed = version === 5 ? REASON_CODES : RETURN_CODES
  const reasonCodes: number[] = []
  while (reader.left > 0) reasonCodes.push(readReasonCode(reader, allowed, 'suback.reasonCodes'))
  return { type: 'suback', packetId, reasonCodes, properties }
}
