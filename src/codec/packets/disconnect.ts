/** DISCONNECT (§3.14): the last packet of a connection. In 5.0 the server may send it, too. */

import type { Reader } from '../bytes.js'
import { readReasonCode } from '../fields.js'
import type { Properties } from '../properties.js'
import { emitOutcome, NO_PROPERTIES, readProperties } from '../property-list.js'
import type { ProtocolVersion, WithDefaults } from '../protocol.js'
import type { Sink } from '../sink.js'

/** Properties that DISCONNECT may carry (§3.14.2.2). */
export type DisconnectProperties = Pick<
  Properties,
  'sessionExpiryInterval' | 'reasonString' | 'userProperties' | 'serverReference'
>

/** DISCONNECT with every field. */
export interface Disconnect {
  type: 'disconnect'
  /** 0 in 3.1 and 3.1.1. */
  reasonCode: number
  properties: DisconnectProperties
}

/** DISCONNECT as a caller writes it. Defaults: `reasonCode` 0, no properties. */
export type DisconnectInput = WithDefaults<Disconnect, 'reasonCode' | 'properties'>

export function completeDisconnect(input: DisconnectInput): Disconnect {
  return {
    type: 'disconnect',
    reasonCode: input.reasonCode ?? 0,
    properties: input.properties ?? NO_PROPERTIES,
  }
}

export function emitDisconnect(sink: Sink, packet: Disconnect, version: ProtocolVersion): void {
  emitOutcome(sink, packet, version)
}

export function decodeDisconnect(reader: Reader, version: ProtocolVersion): Disconnect {
  // In 3.x whatever follows is left over, and refused as such.
  const left = version === 5 ? reader.left : 0
  const reasonCode = left > 0 ? readReasonCode(reader) : 0
  const properties = left > 1 ? readProperties(reader, version) : NO_PROPERTIES
  return { type: 'disconnect', reasonCode, properties }
}
