/** CONNACK (§3.2): the server's answer to CONNECT. */

import { outOfRange } from '../../errors.js'
import { type Reader, varintSize, type Writer } from '../bytes.js'
import { checkBoolean, checkInteger, checkReasonCode, readReasonCode } from '../fields.js'
import { type Properties, propertySet } from '../properties.js'
import { measureProperties, NO_PROPERTIES, readProperties, writeProperties } from '../property-list.js'
import type { ProtocolVersion, WithDefaults } from '../protocol.js'
import { malformed, protocolError, reasonCodeOfReturnCode, reasonCodesOf } from '../reason.js'

/** Properties that CONNACK may carry (§3.2.2.3). */
export type ConnackProperties = Pick<
  Properties,
  | 'sessionExpiryInterval'
  | 'receiveMaximum'
  | 'maximumQos'
  | 'retainAvailable'
  | 'maximumPacketSize'
  | 'assignedClientIdentifier'
  | 'topicAliasMaximum'
  | 'reasonString'
  | 'userProperties'
  | 'wildcardSubscriptionAvailable'
  | 'subscriptionIdentifierAvailable'
  | 'sharedSubscriptionAvailable'
  | 'serverKeepAlive'
  | 'responseInformation'
  | 'serverReference'
  | 'authenticationMethod'
  | 'authenticationData'
>

export interface Connack {
  type: 'connack'
  sessionPresent: boolean
  /** The Connect Reason Code (5.0), or the return code 0 to 5 (3.1, 3.1.1). */
  reasonCode: number
  properties: ConnackProperties
}

export type ConnackInput = WithDefaults<Connack, 'sessionPresent' | 'reasonCode' | 'properties'>

const PROPERTIES = propertySet('connack')
const REASON_CODES = reasonCodesOf('connack')
const LAST_RETURN_CODE = 5

export function completeConnack(input: ConnackInput): Connack {
  return {
    type: 'connack',
    sessionPresent: input.sessionPresent ?? false,
    reasonCode: input.reasonCode ?? 0,
    properties: input.properties ?? NO_PROPERTIES,
  }
}

/** Checks all of it; returns the Remaining Length. */
export function connackLength(packet: Connack, version: ProtocolVersion): number {
  const { sessionPresent, reasonCode } = packet
  checkBoolean(sessionPresent, 'connack.sessionPresent')
  if (version === 5) checkReasonCode(reasonCode, REASON_CODES, version, 'connack.reasonCode')
  else checkInteger(reasonCode, 0, LAST_RETURN_CODE, 'connack.reasonCode')
  // [MQTT-3.2.2-6] [MQTT-3.2.2-4 of 3.1.1]
  if (sessionPresent && reasonCode !== 0) {
    throw outOfRange('connack.sessionPresent', 'false when the connection is refused', sessionPresent)
  }
  if (sessionPresent && version === 3) throw outOfRange('connack.sessionPresent', 'false in MQTT 3.1', sessionPresent)
  const listed = measureProperties(packet.properties, PROPERTIES, version)
  return version === 5 ? 2 + varintSize(listed) + listed : 2
}

export function writeConnack(writer: Writer, packet: Connack, version: ProtocolVersion): void {
  writer.begin(0x20, connackLength(packet, version))
  writer.byte(packet.sessionPresent ? 1 : 0)
  writer.byte(packet.reasonCode)
  if (version === 5) writeProperties(writer, packet.properties, PROPERTIES)
}

/**
 * A server that knows no 5.0 answers in the form of 3.1.1, two bytes with a return code; that is read, too, and gets
 * the Reason Code which says the same.
 */
export function decodeConnack(reader: Reader, version: ProtocolVersion): Connack {
  const old = version !== 5 || reader.left === 2
  const flags = reader.byte('connack: Connect Acknowledge Flags')
  // [MQTT-3.2.2-1] In 3.1 this byte is reserved and says nothing.
  if (flags > 1 && version !== 3) throw malformed(`connack: expected reserved flags of 0, got flags ${flags}`)
  const sessionPresent = flags === 1 && version !== 3
  const reasonCode = old ? readReturnCode(reader, version) : readReasonCode(reader, REASON_CODES, 'connack.reasonCode')
  // [MQTT-3.2.2-6] [MQTT-3.2.2-4 of 3.1.1]
  if (sessionPresent && reasonCode !== 0) {
    throw protocolError('connack.sessionPresent: expected 0 when the connection is refused, got 1')
  }
  const properties = old ? NO_PROPERTIES : readProperties(reader, PROPERTIES)
  return { type: 'connack', sessionPresent, reasonCode, properties }
}

function readReturnCode(reader: Reader, version: ProtocolVersion): number {
  const code = reader.byte('connack.reasonCode')
  if (version !== 5) {
    if (code > LAST_RETURN_CODE) throw protocolError(`connack.reasonCode: expected 0 to 5, got ${code}`)
    return code
  }
  // Success without properties would have a Property Length (§3.2.2.3.1).
  if (code === 0 || code > LAST_RETURN_CODE) throw malformed('connack.properties: expected a Property Length, got none')
  return reasonCodeOfReturnCode(code)
}
