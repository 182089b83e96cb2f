/** PUBACK, PUBREC, PUBREL, PUBCOMP (§3.4 to §3.7): the four answers of QoS 1 and 2, which look alike. */

import type { Reader } from '../bytes.js'
import { readPacketId, readReasonCode } from '../fields.js'
import type { Properties } from '../properties.js'
import { emitOutcome, NO_PROPERTIES, readProperties } from '../property-list.js'
import type { ProtocolVersion, WithDefaults } from '../protocol.js'
import type { Sink } from '../sink.js'

/** Properties that these four may carry (§3.4.2.2). */
export type AckProperties = Pick<Properties, 'reasonString' | 'userProperties'>

interface AckOf<T> {
  type: T
  /** 1 to 65 535. */
  packetId: number
  /** 0 in 3.1 and 3.1.1. */
  reasonCode: number
  properties: AckProperties
}

/** The names of the four. */
export type AckType = 'puback' | 'pubrec' | 'pubrel' | 'pubcomp'
/** QoS 1: the message has arrived (§3.4). */
export type Puback = AckOf<'puback'>
/** QoS 2, first answer: the message has arrived (§3.5). */
export type Pubrec = AckOf<'pubrec'>
/** QoS 2, answer to PUBREC: it is not sent again (§3.6). */
export type Pubrel = AckOf<'pubrel'>
/** QoS 2, answer to PUBREL: the exchange is complete (§3.7). */
export type Pubcomp = AckOf<'pubcomp'>
/** Any of the four. */
export type Ack = Puback | Pubrec | Pubrel | Pubcomp

type InputOf<T extends Ack> = WithDefaults<T, 'reasonCode' | 'properties'>
/** One of the four as a caller writes it. Defaults: `reasonCode` 0, no properties. */
export type AckInput = InputOf<Puback> | InputOf<Pubrec> | InputOf<Pubrel> | InputOf<Pubcomp>

export function completeAck(input: AckInput): Ack {
  return {
    type: input.type,
    packetId: input.packetId,
    reasonCode: input.reasonCode ?? 0,
    properties: input.properties ?? NO_PROPERTIES,
  }
}

export function emitAck(sink: Sink, packet: Ack, version: ProtocolVersion): void {
  sink.uint16(packet.packetId, `${packet.type}.packetId`, 1)
  emitOutcome(sink, packet, version)
}

/** Whether a packet is an ack that says nothing but its packet id, which is valid: so are nearly all. */
export function isPlainAck(packet: object): packet is Ack {
  const { packetId, reasonCode, properties } = packet as Ack
  return reasonCode === 0 && properties === NO_PROPERTIES && packetId === (packetId & 0xffff) && packetId > 0
}

export function decodeAck(reader: Reader, version: ProtocolVersion): Ack {
  const type = reader.packet as AckType
  const packetId = readPacketId(reader)
  // In 3.x whatever follows is left over, and refused as such.
  const left = version === 5 ? reader.left : 0
  const reasonCode = left > 0 ? readReasonCode(reader) : 0
  const properties = left > 1 ? readProperties(reader, version) : NO_PROPERTIES
  return { type, packetId, reasonCode, properties }
}
