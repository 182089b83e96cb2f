/** AUTH (§3.15, 5.0 only): a step of enhanced authentication. */

import { outOfRange, wrongType } from '../../errors.js'
import { type Reader, varintSize, type Writer } from '../bytes.js'
import { checkReasonCode, readReasonCode } from '../fields.js'
import { type Properties, propertySet } from '../properties.js'
import { measureProperties, NO_PROPERTIES, readProperties, writeProperties } from '../property-list.js'
import type { ProtocolVersion, WithDefaults } from '../protocol.js'
import { protocolError, reasonCodesOf } from '../reason.js'

/** Properties that AUTH may carry (§3.15.2.2). */
export type AuthProperties = Pick<
  Properties,
  'authenticationMethod' | 'authenticationData' | 'reasonString' | 'userProperties'
>

export interface Auth {
  type: 'auth'
  /** 0x00 success, 0x18 continue authentication, 0x19 re-authenticate. */
  reasonCode: number
  properties: AuthProperties
}

export type AuthInput = WithDefaults<Auth, 'reasonCode' | 'properties'>

const PROPERTIES = propertySet('auth')
const REASON_CODES = reasonCodesOf('auth')

export function completeAuth(input: AuthInput): Auth {
  return {
    type: 'auth',
    reasonCode: input.reasonCode ?? 0,
    properties: input.properties ?? NO_PROPERTIES,
  }
}

/** Checks all of it; returns the Remaining Length. */
export function authLength(packet: Auth, version: ProtocolVersion): number {
  const { reasonCode, properties } = packet
  // §3.15: no AUTH before 5.0.
  if (version !== 5) throw outOfRange('protocolVersion', '5 for an AUTH packet', version)
  checkReasonCode(reasonCode, REASON_CODES, version, 'auth.reasonCode')
  const listed = measureProperties(properties, PROPERTIES, version)
  // §3.15.2.2.2
  if (reasonCode !== 0 && properties.authenticationMethod === undefined) {
    throw wrongType('auth.properties.authenticationMethod', 'a string', undefined)
  }
  // §3.15.2.1: success without properties goes unsaid.
  if (listed === 0) return 0
  return 1 + varintSize(listed) + listed
}

export function writeAuth(writer: Writer, packet: Auth, version: ProtocolVersion): void {
  const length = authLength(packet, version)
  writer.begin(0xf0, length)
  if (length > 0) writer.byte(packet.reasonCode)
  if (length > 1) writeProperties(writer, packet.properties, PROPERTIES)
}

/** The version was checked with the fixed header. */
export function decodeAuth(reader: Reader): Auth {
  if (reader.left === 0) return { type: 'auth', reasonCode: 0, properties: NO_PROPERTIES }
  const reasonCode = readReasonCode(reader, REASON_CODES, 'auth.reasonCode')
  const properties: AuthProperties = readProperties(reader, PROPERTIES)
  // §3.15.2.2.2
  if (properties.authenticationMethod === undefined) {
    throw protocolError('auth.properties.authenticationMethod: expected one, got none')
  }
  return { type: 'auth', reasonCode, properties }
}
