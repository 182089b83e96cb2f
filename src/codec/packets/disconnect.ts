/** DISCONNECT (§3.14): the last packet of a connection. In 5.0 the server may send it, too. */

import { type Reader, varintSize, type Writer } from '../bytes.js'
import { checkReasonCode, readReasonCode } from '../fields.js'
import { type Properties, propertySet } from '../properties.js'
import { measureProperties, NO_PROPERTIES, readProperties, writeProperties } from '../property-list.js'
import type { ProtocolVersion, WithDefaults } from '../protocol.js'
import { reasonCodesOf } from '../reason.js'

/** Properties that DISCONNECT may carry (§3.14.2.2). */
export type DisconnectProperties = Pick<
  Properties,
  'sessionExpiryInterval' | 'reasonString' | 'userProperties' | 'serverReference'
>

export interface Disconnect {
  type: 'disconnect'
  /** 0 in 3.1 and 3.1.1. */
  reasonCode: number
  properties: DisconnectProperties
}

export type DisconnectInput = WithDefaults<Disconnect, 'reasonCode' | 'properties'>

const PROPERTIES = propertySet('disconnect')
const REASON_CODES = reasonCodesOf('disconnect')

export function completeDisconnect(input: DisconnectInput): Disconnect {
  return {
    type: 'disconnect',
    reasonCode: input.reasonCode ?? 0,
    properties: input.properties ?? NO_PROPERTIES,
  }
}

/** Checks all of it; returns the Remaining Length. */
export function disconnectLength(packet: Disconnect, version: ProtocolVersion): number {
  const { reasonCode, properties } = packet
  checkReasonCode(reasonCode, REASON_CODES, version, 'disconnect.reasonCode')
  const listed = measureProperties(properties, PROPERTIES, version)
  // §3.14.2.1, §3.14.2.2.1: a normal disconnection may go unsaid, and so may the absence of properties.
  if (listed === 0) return reasonCode === 0 ? 0 : 1
  return 1 + varintSize(listed) + listed
}

export function writeDisconnect(writer: Writer, packet: Disconnect, version: ProtocolVersion): void {
  const length = disconnectLength(packet, version)
  writer.begin(0xe0, length)
  if (length > 0) writer.byte(packet.reasonCode)
  if (length > 1) writeProperties(writer, packet.properties, PROPERTIES)
}

export function decodeDisconnect(reader: Reader, version: ProtocolVersion): Disconnect {
  // In 3.x whatever follows is left over, and refused as such.
  const left = version === 5 ? reader.left : 0
  const reasonCode = left > 0 ? readReasonCode(reader, REASON_CODES, 'disconnect.reasonCode') : 0
  const properties = left > 1 ? readProperties(reader, PROPERTIES) : NO_PROPERTIES
  return { type: 'disconnect', reasonCode, properties }
}
