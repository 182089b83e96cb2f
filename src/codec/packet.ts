/**
 * A packet of any kind, and the way of our client: to write what it sends, to read what a server sends it. What only
 * others do is in encode.ts and packet-reader.ts, so that the client's bundle is without it.
 */

import { type Reader, sizeOnWire, type Writer } from './bytes.js'
import { type Ack, decodeAck, emitAck, isPlainAck } from './packets/acks.js'
import { type Auth, decodeAuth, emitAuth } from './packets/auth.js'
import { type Connack, decodeConnack } from './packets/connack.js'
import { type Connect, emitConnect } from './packets/connect.js'
import { type Disconnect, decodeDisconnect, emitDisconnect } from './packets/disconnect.js'
import { decodePingresp, emitPing, type Pingreq, type Pingresp } from './packets/ping.js'
import { checkPublishFlags, decodePublish, type Publish, publishLength, writePublish } from './packets/publish.js'
import { decodeSuback, type Suback } from './packets/suback.js'
import { emitSubscribe, type Subscribe } from './packets/subscribe.js'
import { decodeUnsuback, type Unsuback } from './packets/unsuback.js'
import { emitUnsubscribe, type Unsubscribe } from './packets/unsubscribe.js'
import { PACKET_TYPES, type ProtocolVersion } from './protocol.js'
import { malformed, protocolError } from './reason.js'
import { Sink } from './sink.js'

/** A control packet with every field. Decoding gives this. */
export type Packet =
  | Connect
  | Connack
  | Publish
  | Ack
  | Subscribe
  | Suback
  | Unsubscribe
  | Unsuback
  | Pingreq
  | Pingresp
  | Disconnect
  | Auth

type Emit<P> = (sink: Sink, packet: P, version: ProtocolVersion) => void
/** The first byte of each packet, and what checks and emits its body. PUBLISH has its own way. */
export type Emitters = {
  readonly [T in Packet['type']]?: readonly [number, Emit<Extract<Packet, { type: T }>>]
}

/** The packets that our client sends. */
export const FROM_CLIENT: Emitters = {
  puback: [0x40, emitAck],
  pubrec: [0x50, emitAck],
  pubrel: [0x62, emitAck], // [MQTT-3.6.1-1]
  pubcomp: [0x70, emitAck],
  connect: [0x10, emitConnect],
  subscribe: [0x82, emitSubscribe], // [MQTT-3.8.1-1]
  unsubscribe: [0xa2, emitUnsubscribe], // [MQTT-3.10.1-1]
  pingreq: [0xc0, emitPing],
  disconnect: [0xe0, emitDisconnect],
  auth: [0xf0, emitAuth],
}

/** The body of the packet that is measured or written. */
const body = new Sink()

/** Bytes of a PUBLISH on the wire. Checks all of it: throws a TypeError or RangeError that names the field. */
export function measurePublish(packet: Publish, version: ProtocolVersion): number {
  return sizeOnWire(publishLength(packet, version))
}

/** Bytes of a packet on the wire. Checks all of it: throws a TypeError or RangeError that names the field. */
export function measurePacket(packet: Packet, version: ProtocolVersion, emitters = FROM_CLIENT): number {
  if (packet.type === 'publish') return measurePublish(packet, version)
  // Stryker disable next-line ConditionalExpression: not to take the short way gives the same size
  if (isPlainAck(packet)) return sizeOnWire(2)
  const [, emit] = emitters[packet.type] as readonly [number, Emit<Packet>]
  body.reset()
  emit(body, packet, version)
  return sizeOnWire(body.size)
}

/**
 * Appends a packet. One that is refused, with a TypeError or RangeError, leaves the writer as it was: everything is
 * checked and measured before the first byte.
 */
export function writePacket(writer: Writer, packet: Packet, version: ProtocolVersion, emitters = FROM_CLIENT): void {
  if (packet.type === 'publish') {
    writePublish(writer, packet, version)
    return
  }
  const [firstByte, emit] = emitters[packet.type] as readonly [number, Emit<Packet>]
  // Stryker disable next-line ConditionalExpression,BlockStatement: not to take the short way gives the same bytes
  if (isPlainAck(packet)) {
    writer.begin(firstByte, 2)
    writer.uint16(packet.packetId)
    return
  }
  body.reset()
  emit(body, packet, version)
  writer.begin(firstByte, body.size)
  writer.raw(body.bytes, body.size)
}

type Decode = (reader: Reader, version: ProtocolVersion) => Packet
/** What reads the body of each packet, by type number. */
export type Decoders = { readonly [type: number]: Decode }

/** The packets that a server may send to our client. */
export const FROM_SERVER: Decoders = {
  2: decodeConnack,
  3: decodePublish,
  4: decodeAck,
  5: decodeAck,
  6: decodeAck,
  7: decodeAck,
  9: decodeSuback,
  11: decodeUnsuback,
  13: decodePingresp,
  14: decodeDisconnect,
  15: decodeAuth,
}

/** Checks the first byte of a packet, type and flags (§2.1.2, §2.1.3), before anything else of it came. */
export function checkFirstByte(first: number, version: ProtocolVersion, decoders: Decoders): void {
  const type = first >> 4
  const flags = first & 15
  if (type === 3) {
    checkPublishFlags(flags)
    return
  }
  const name = PACKET_TYPES[type - 1]
  if (name === undefined || (name === 'auth' && version !== 5)) {
    throw malformed(`fixed header: expected a packet type, got ${type}`)
  }
  if (decoders[type] === undefined) throw protocolError(`${name}: expected a packet that a server may send, got this`)
  // [MQTT-3.6.1-1] [MQTT-3.8.1-1] [MQTT-3.10.1-1] PUBREL, SUBSCRIBE and UNSUBSCRIBE have 0010,
  const expected = type === 6 || type === 8 || type === 10 ? 2 : 0
  // to which 3.1 adds DUP when they are sent again (§2.1 there).
  const again = version === 3 && flags === (expected | 0b1000) && expected === 2
  // [MQTT-2.1.3-1] [MQTT-2.2.2-2 of 3.1.1]
  if (flags !== expected && !again) throw malformed(`${name}: expected fixed header flags of ${expected}, got ${flags}`)
}

/** Decodes the packet that the reader holds, which begins after its fixed header. The first byte was checked. */
export function decodePacket(reader: Reader, version: ProtocolVersion, decoders: Decoders): Packet {
  const packet = (decoders[reader.first >> 4] as Decode)(reader, version)
  if (reader.left > 0) throw malformed(`${packet.type}: expected its end, got ${reader.left} more bytes`)
  return packet
}
