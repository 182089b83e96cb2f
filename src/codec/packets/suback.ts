/** SUBACK (§3.9): the server's answer to SUBSCRIBE, one code for each filter. */

import { outOfRange } from '../../errors.js'
import type { Reader } from '../bytes.js'
import { checkNotEmpty, checkReasonCode, readList, readPacketId, readReasonCode } from '../fields.js'
import type { Properties } from '../properties.js'
import { emitProperties, NO_PROPERTIES, readProperties } from '../property-list.js'
import type { ProtocolVersion, WithDefaults } from '../protocol.js'
import type { Sink } from '../sink.js'

/** Properties that SUBACK may carry (§3.9.2.1). */
export type SubackProperties = Pick<Properties, 'reasonString' | 'userProperties'>

/** SUBACK with every field. */
export interface Suback {
  type: 'suback'
  /** 1 to 65 535. */
  packetId: number
  /** In the order of the filters: the QoS granted, or 0x80 and above. */
  reasonCodes: number[]
  properties: SubackProperties
}

/** SUBACK as a caller writes it. Default: no properties. */
export type SubackInput = WithDefaults<Suback, 'properties'>

export function completeSuback(input: SubackInput): Suback {
  return {
    type: 'suback',
    packetId: input.packetId,
    reasonCodes: input.reasonCodes,
    properties: input.properties ?? NO_PROPERTIES,
  }
}

export function emitSuback(sink: Sink, packet: Suback, version: ProtocolVersion): void {
  const { reasonCodes } = packet
  sink.uint16(packet.packetId, 'suback.packetId', 1)
  emitProperties(sink, packet.properties, 'suback', version)
  checkNotEmpty(reasonCodes, 'suback.reasonCodes') // [MQTT-3.8.4-6] One for each filter.
  for (const code of reasonCodes) {
    checkReasonCode(code, 'suback', 5, 'suback.reasonCodes')
    if (version !== 5 && !isReturnCode(code)) throw outOfRange('suback.reasonCodes', '0, 1, 2 or 128', code)
    sink.byte(code)
  }
}

export function decodeSuback(reader: Reader, version: ProtocolVersion): Suback {
  const packetId = readPacketId(reader)
  const properties = readProperties(reader, version)
  const reasonCodes = readList(reader, 'reasonCodes', readReasonCode)
  const unknown = version === 5 ? undefined : reasonCodes.find((code) => !isReturnCode(code))
  if (unknown !== undefined) throw reader.refuse('reasonCodes', '0, 1, 2 or 128', unknown)
  return { type: 'suback', packetId, reasonCodes, properties }
}

/** [MQTT-3.9.3-2 of 3.1.1] 3.1 has no 0x80 yet, but its servers send it. */
function isReturnCode(code: number): boolean {
  return code <= 2 || code === 0x80
}
