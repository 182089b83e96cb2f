/** AUTH (§3.15, 5.0 only): a step of enhanced authentication. */

import { outOfRange, wrongType } from '../../errors.js'
import type { Reader } from '../bytes.js'
import { readReasonCode } from '../fields.js'
import type { Properties } from '../properties.js'
import { emitOutcome, NO_PROPERTIES, readProperties } from '../property-list.js'
import type { ProtocolVersion, WithDefaults } from '../protocol.js'
import type { Sink } from '../sink.js'

/** Properties that AUTH may carry (§3.15.2.2). */
export type AuthProperties = Pick<
  Properties,
  'authenticationMethod' | 'authenticationData' | 'reasonString' | 'userProperties'
>

/** AUTH with every field. */
export interface Auth {
  type: 'auth'
  /** 0x00 success, 0x18 continue authentication, 0x19 re-authenticate. */
  reasonCode: number
  properties: AuthProperties
}

/** AUTH as a caller writes it. Defaults: `reasonCode` 0, no properties. */
export type AuthInput = WithDefaults<Auth, 'reasonCode' | 'properties'>

export function completeAuth(input: AuthInput): Auth {
  return {
    type: 'auth',
    reasonCode: input.reasonCode ?? 0,
    properties: input.properties ?? NO_PROPERTIES,
  }
}

export function emitAuth(sink: Sink, packet: Auth, version: ProtocolVersion): void {
  // §3.15: no AUTH before 5.0.
  if (version !== 5) throw outOfRange('protocolVersion', '5 for an AUTH packet', version)
  emitOutcome(sink, packet, version)
  // §3.15.2.2.2
  if (packet.reasonCode !== 0 && packet.properties.authenticationMethod === undefined) {
    throw wrongType('auth.properties.authenticationMethod', 'a string', undefined)
  }
}

/** The version was checked with the fixed header. */
export function decodeAuth(reader: Reader, version: ProtocolVersion): Auth {
  // §3.15.2.1: success without properties goes unsaid.
  if (reader.left === 0) return { type: 'auth', reasonCode: 0, properties: NO_PROPERTIES }
  const reasonCode = readReasonCode(reader)
  const properties: AuthProperties = readProperties(reader, version)
  // §3.15.2.2.2
  if (properties.authenticationMethod === undefined) {
    throw reader.refuse('properties.authenticationMethod', 'one', 'none')
  }
  return { type: 'auth', reasonCode, properties }
}
