/** UNSUBACK (§3.11): the server's answer to UNSUBSCRIBE. */

import { outOfRange } from '../../errors.js'
import { type Reader, varintSize, type Writer } from '../bytes.js'
import { checkNotEmpty, checkPacketId, checkReasonCode, readPacketId, readReasonCode, versionName } from '../fields.js'
import { type Properties, propertySet } from '../properties.js'
import { measureProperties, NO_PROPERTIES, readProperties, writeProperties } from '../property-list.js'
import type { ProtocolVersion, WithDefaults } from '../protocol.js'
import { protocolError, reasonCodesOf } from '../reason.js'

/** Properties that UNSUBACK may carry (§3.11.2.1). */
export type UnsubackProperties = Pick<Properties, 'reasonString' | 'userProperties'>

export interface Unsuback {
  type: 'unsuback'
  /** 1 to 65 535. */
  packetId: number
  /** In the order of the filters; empty in 3.1 and 3.1.1, which send none. */
  reasonCodes: number[]
  properties: UnsubackProperties
}

export type UnsubackInput = WithDefaults<Unsuback, 'reasonCodes' | 'properties'>

const PROPERTIES = propertySet('unsuback')
const REASON_CODES = reasonCodesOf('unsuback')
const NO_CODES: number[] = []

export function completeUnsuback(input: UnsubackInput): Unsuback {
  return {
    type: 'unsuback',
    packetId: input.packetId,
    reasonCodes: input.reasonCodes ?? NO_CODES,
    properties: input.properties ?? NO_PROPERTIES,
  }
}

/** Checks all of it; returns the Remaining Length. */
export function unsubackLength(packet: Unsuback, version: ProtocolVersion): number {
  const { reasonCodes } = packet
  checkPacketId(packet.packetId, 'unsuback.packetId')
  const listed = measureProperties(packet.properties, PROPERTIES, version)
  if (version !== 5) {
    if (reasonCodes.length === 0) return 2
    throw outOfRange('unsuback.reasonCodes', `none in ${versionName(version)}`, reasonCodes)
  }
  checkNotEmpty(reasonCodes, 'unsuback.reasonCodes')
  for (const code of reasonCodes) checkReasonCode(code, REASON_CODES, version, 'unsuback.reasonCodes')
  return 2 + varintSize(listed) + listed + reasonCodes.length
}

export function writeUnsuback(writer: Writer, packet: Unsuback, version: ProtocolVersion): void {
  writer.begin(0xb0, unsubackLength(packet, version))
  writer.uint16(packet.packetId)
  if (version !== 5) return
  writeProperties(writer, packet.properties, PROPERTIES)
  for (const code of packet.reasonCodes) writer.byte(code)
}

export function decodeUnsuback(reader: Reader, version: ProtocolVersion): Unsuback {
  const packetId = readPacketId(reader, 'unsuback.packetId')
  if (version !== 5) return { type: 'unsuback', packetId, reasonCodes: [], properties: NO_PROPERTIES }
  const properties = readProperties(reader, PROPERTIES)
  if (reader.left === 0) throw protocolError('unsuback.reasonCodes: expected one at least, got none')
  const reasonCodes: number[] = []
  while (reader.left > 0) reasonCodes.push(readReasonCode(reader, REASON_CODES, 'unsuback.reasonCodes'))
  return { type: 'unsuback', packetId, reasonCodes, properties }
}
