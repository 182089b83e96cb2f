/** CONNACK (§3.2): the server's answer to CONNECT. */

import { outOfRange } from '../../errors.js'
import type { Reader } from '../bytes.js'
import { checkInteger, checkReasonCode, flag, readReasonCode } from '../fields.js'
import type { Properties } from '../properties.js'
import { emitProperties, NO_PROPERTIES, readProperties } from '../property-list.js'
import type { ProtocolVersion, WithDefaults } from '../protocol.js'
import { reasonCodeOfReturnCode } from '../reason.js'
import type { Sink } from '../sink.js'

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

/** CONNACK with every field. */
export interface Connack {
  type: 'connack'
  sessionPresent: boolean
  /** The Connect Reason Code (5.0), or the return code 0 to 5 (3.1, 3.1.1). */
  reasonCode: number
  properties: ConnackProperties
}

/** CONNACK as a caller writes it. Defaults: `sessionPresent` false, `reasonCode` 0, no properties. */
export type ConnackInput = WithDefaults<Connack, 'sessionPresent' | 'reasonCode' | 'properties'>

const LAST_RETURN_CODE = 5

export function completeConnack(input: ConnackInput): Connack {
  return {
    type: 'connack',
    sessionPresent: input.sessionPresent ?? false,
    reasonCode: input.reasonCode ?? 0,
    properties: input.properties ?? NO_PROPERTIES,
  }
}

export function emitConnack(sink: Sink, packet: Connack, version: ProtocolVersion): void {
  const { sessionPresent, reasonCode } = packet
  sink.byte(flag(sessionPresent, 1, 'connack.sessionPresent'))
  if (version === 5) checkReasonCode(reasonCode, 'connack', version)
  else checkInteger(reasonCode, 0, LAST_RETURN_CODE, 'connack.reasonCode')
  sink.byte(reasonCode)
  // [MQTT-3.2.2-6] [MQTT-3.2.2-4 of 3.1.1]
  if (sessionPresent && reasonCode !== 0) {
    throw outOfRange('connack.sessionPresent', 'false when the connection is refused', sessionPresent)
  }
  if (sessionPresent && version === 3) throw outOfRange('connack.sessionPresent', 'false in MQTT 3.1', sessionPresent)
  emitProperties(sink, packet.properties, 'connack', version)
}

/**
 * A server that knows no 5.0 answers in the form of 3.1.1, two bytes with a return code; that is read, too, and gets
 * the Reason Code which says the same.
 */
export function decodeConnack(reader: Reader, version: ProtocolVersion): Connack {
  const old = version !== 5 || reader.left === 2
  const flags = reader.byte('flags')
  // [MQTT-3.2.2-1] In 3.1 this byte is reserved and says nothing.
  if (flags > 1 && version !== 3) throw reader.malformed('flags', 'reserved bits of 0', flags)
  const sessionPresent = flags === 1 && version !== 3
  const reasonCode = old ? readReturnCode(reader, version) : readReasonCode(reader)
  // [MQTT-3.2.2-6] [MQTT-3.2.2-4 of 3.1.1]
  if (sessionPresent && reasonCode !== 0) {
    throw reader.refuse('sessionPresent', '0 when the connection is refused', 1)
  }
  const properties = old ? NO_PROPERTIES : readProperties(reader, version)
  return { type: 'connack', sessionPresent, reasonCode, properties }
}

function readReturnCode(reader: Reader, version: ProtocolVersion): number {
  const code = reader.byte('reasonCode')
  if (version !== 5) {
    if (code > LAST_RETURN_CODE) throw reader.refuse('reasonCode', '0 to 5', code)
    return code
  }
  // Success without properties would have a Property Length (§3.2.2.3.1).
  if (code === 0 || code > LAST_RETURN_CODE) throw reader.malformed('properties', 'a Property Length', 'none')
  return reasonCodeOfReturnCode(code)
}
