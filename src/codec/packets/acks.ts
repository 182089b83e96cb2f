/** PUBACK, PUBREC, PUBREL, PUBCOMP (§3.4 to §3.7): the four answers of QoS 1 and 2, which look alike. */

import { type Reader, varintSize, type Writer } from '../bytes.js'
import { checkPacketId, checkReasonCode, readPacketId, readReasonCode } from '../fields.js'
import { type Properties, type PropertySet, propertySet } from '../properties.js'
import { measureProperties, NO_PROPERTIES, readProperties, writeProperties } from '../property-list.js'
import type { ProtocolVersion, WithDefaults } from '../protocol.js'
import { reasonCodesOf } from '../reason.js'

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

export type AckType = 'puback' | 'pubrec' | 'pubrel' | 'pubcomp'
export type Puback = AckOf<'puback'>
export type Pubrec = AckOf<'pubrec'>
export type Pubrel = AckOf<'pubrel'>
export type Pubcomp = AckOf<'pubcomp'>
export type Ack = Puback | Pubrec | Pubrel | Pubcomp

type InputOf<T extends Ack> = WithDefaults<T, 'reasonCode' | 'properties'>
export type AckInput = InputOf<Puback> | InputOf<Pubrec> | InputOf<Pubrel> | InputOf<Pubcomp>

/** What tells one of the four from the others. */
interface Kind<T extends AckType> {
  readonly type: T
  readonly firstByte: number
  readonly properties: PropertySet
  readonly reasonCodes: ReadonlySet<number>
  /** What errors call the fields. */
  readonly packetId: string
  readonly reasonCode: string
}

function kind<T extends AckType>(type: T, firstByte: number): Kind<T> {
  return {
    type,
    firstByte,
    properties: propertySet(type),
    reasonCodes: reasonCodesOf(type),
    packetId: `${type}.packetId`,
    reasonCode: `${type}.reasonCode`,
  }
}

const KINDS: { readonly [T in AckType]: Kind<T> } = {
  puback: kind('puback', 0x40),
  pubrec: kind('pubrec', 0x50),
  pubrel: kind('pubrel', 0x62), // [MQTT-3.6.1-1]
  pubcomp: kind('pubcomp', 0x70),
}

export function completeAck(input: AckInput): Ack {
  return {
    type: input.type,
    packetId: input.packetId,
    reasonCode: input.reasonCode ?? 0,
    properties: input.properties ?? NO_PROPERTIES,
  }
}

/** Checks all of it; returns the Remaining Length. */
export function ackLength(packet: Ack, version: ProtocolVersion): number {
  const { type, packetId, reasonCode, properties } = packet
  const kind = KINDS[type]
  checkPacketId(packetId, kind.packetId)
  if (reasonCode !== 0) checkReasonCode(reasonCode, kind.reasonCodes, version, kind.reasonCode)
  const listed = measureProperties(properties, kind.properties, version)
  // §3.4.2.1, §3.4.2.2.1: success may go unsaid, and so may the absence of properties.
  if (listed === 0) return reasonCode === 0 ? 2 : 3
  return 3 + varintSize(listed) + listed
}

export function writeAck(writer: Writer, packet: Ack, version: ProtocolVersion): void {
  const length = ackLength(packet, version)
  const kind = KINDS[packet.type]
  writer.begin(kind.firstByte, length)
  writer.uint16(packet.packetId)
  if (length > 2) writer.byte(packet.reasonCode)
  if (length > 3) writeProperties(writer, packet.properties, kind.properties)
}

export function decodeAck<T extends AckType>(reader: Reader, type: T, version: ProtocolVersion): AckOf<T> {
  const kind = KINDS[type]
  const packetId = readPacketId(reader, kind.packetId)
  // In 3.x whatever follows is left over, and refused as such.
  const left = version === 5 ? reader.left : 0
  const reasonCode = left > 0 ? readReasonCode(reader, kind.reasonCodes, kind.reasonCode) : 0
  const properties = left > 1 ? readProperties(reader, kind.properties) : NO_PROPERTIES
  return { type, packetId, reasonCode, properties }
}
