/** A packet of any kind: the union, and the way from it to the one file that knows it. */

import { outOfRange, wrongType } from '../errors.js'
import { type Reader, sizeOnWire, Writer } from './bytes.js'
import { type Ack, type AckInput, ackLength, completeAck, decodeAck, writeAck } from './packets/acks.js'
import { type Auth, type AuthInput, authLength, completeAuth, decodeAuth, writeAuth } from './packets/auth.js'
import {
  type Connack,
  type ConnackInput,
  completeConnack,
  connackLength,
  decodeConnack,
  writeConnack,
} from './packets/connack.js'
import {
  type Connect,
  type ConnectInput,
  completeConnect,
  connectLength,
  decodeConnect,
  writeConnect,
} from './packets/connect.js'
import {
  completeDisconnect,
  type Disconnect,
  type DisconnectInput,
  decodeDisconnect,
  disconnectLength,
  writeDisconnect,
} from './packets/disconnect.js'
import { decodePingreq, decodePingresp, type Pingreq, type Pingresp, writePing } from './packets/ping.js'
import {
  checkPublishFlags,
  completePublish,
  decodePublish,
  type Publish,
  type PublishInput,
  publishLength,
  writePublish,
} from './packets/publish.js'
import {
  completeSuback,
  decodeSuback,
  type Suback,
  type SubackInput,
  subackLength,
  writeSuback,
} from './packets/suback.js'
import {
  completeSubscribe,
  decodeSubscribe,
  type Subscribe,
  type SubscribeInput,
  subscribeLength,
  writeSubscribe,
} from './packets/subscribe.js'
import {
  completeUnsuback,
  decodeUnsuback,
  type Unsuback,
  type UnsubackInput,
  unsubackLength,
  writeUnsuback,
} from './packets/unsuback.js'
import {
  completeUnsubscribe,
  decodeUnsubscribe,
  type Unsubscribe,
  type UnsubscribeInput,
  unsubscribeLength,
  writeUnsubscribe,
} from './packets/unsubscribe.js'
import { PACKET_TYPES, type ProtocolVersion } from './protocol.js'
import { malformed } from './reason.js'

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

/** A control packet as a caller writes it: fields with a default may be left out. */
export type PacketInput =
  | ConnectInput
  | ConnackInput
  | PublishInput
  | AckInput
  | SubscribeInput
  | SubackInput
  | UnsubscribeInput
  | UnsubackInput
  | Pingreq
  | Pingresp
  | DisconnectInput
  | AuthInput

/** Bytes of a PUBLISH on the wire. Checks all of it: throws a TypeError or RangeError that names the field. */
export function measurePublish(packet: Publish, version: ProtocolVersion): number {
  return sizeOnWire(publishLength(packet, version), 'publish')
}

/** Bytes of a packet on the wire. Checks all of it: throws a TypeError or RangeError that names the field. */
export function measurePacket(packet: Packet, version: ProtocolVersion): number {
  return sizeOnWire(remainingLength(packet, version), packet.type)
}

function remainingLength(packet: Packet, version: ProtocolVersion): number {
  switch (packet.type) {
    case 'publish':
      return publishLength(packet, version)
    case 'puback':
    case 'pubrec':
    case 'pubrel':
    case 'pubcomp':
      return ackLength(packet, version)
    case 'pingreq':
    case 'pingresp':
      return 0
    case 'connect':
      return connectLength(packet, version)
    case 'connack':
      return connackLength(packet, version)
    case 'subscribe':
      return subscribeLength(packet, version)
    case 'suback':
      return subackLength(packet, version)
    case 'unsubscribe':
      return unsubscribeLength(packet, version)
    case 'unsuback':
      return unsubackLength(packet, version)
    case 'disconnect':
      return disconnectLength(packet, version)
    case 'auth':
      return authLength(packet, version)
    default:
      throw unknownType(packet)
  }
}

/**
 * Appends a packet. One that is refused, with a TypeError or RangeError, leaves the writer as it was: everything is
 * checked and measured before the first byte.
 */
export function writePacket(writer: Writer, packet: Packet, version: ProtocolVersion): void {
  switch (packet.type) {
    case 'publish':
      writePublish(writer, packet, version)
      break
    case 'puback':
    case 'pubrec':
    case 'pubrel':
    case 'pubcomp':
      writeAck(writer, packet, version)
      break
    case 'pingreq':
    case 'pingresp':
      writePing(writer, packet)
      break
    case 'connect':
      writeConnect(writer, packet, version)
      break
    case 'connack':
      writeConnack(writer, packet, version)
      break
    case 'subscribe':
      writeSubscribe(writer, packet, version)
      break
    case 'suback':
      writeSuback(writer, packet, version)
      break
    case 'unsubscribe':
      writeUnsubscribe(writer, packet, version)
      break
    case 'unsuback':
      writeUnsuback(writer, packet, version)
      break
    case 'disconnect':
      writeDisconnect(writer, packet, version)
      break
    case 'auth':
      writeAuth(writer, packet, version)
      break
    default:
      throw unknownType(packet)
  }
}

function unknownType(packet: never): TypeError {
  return wrongType('packet.type', `one of ${PACKET_TYPES.join(', ')}`, (packet as { type: unknown }).type)
}

/** Gives each field that was left out its default. */
function complete(input: PacketInput): Packet {
  switch (input.type) {
    case 'publish':
      return completePublish(input)
    case 'puback':
    case 'pubrec':
    case 'pubrel':
    case 'pubcomp':
      return completeAck(input)
    case 'connect':
      return completeConnect(input)
    case 'connack':
      return completeConnack(input)
    case 'subscribe':
      return completeSubscribe(input)
    case 'suback':
      return completeSuback(input)
    case 'unsubscribe':
      return completeUnsubscribe(input)
    case 'unsuback':
      return completeUnsuback(input)
    case 'disconnect':
      return completeDisconnect(input)
    case 'auth':
      return completeAuth(input)
    default:
      return input
  }
}

/** Slabs of exactly one packet. */
const EXACT = { firstSlab: 0, largestSlab: 0, byReferenceFrom: Number.POSITIVE_INFINITY }

/**
 * The bytes of one packet, in an array of its own. Throws a TypeError or a RangeError that names the field and what
 * was expected, if the packet cannot be sent in this version.
 */
export function encodePacket(packet: PacketInput, protocolVersion: ProtocolVersion): Uint8Array {
  if (typeof packet !== 'object' || packet === null) throw wrongType('packet', 'an object', packet)
  if (protocolVersion !== 5 && protocolVersion !== 4 && protocolVersion !== 3) {
    throw outOfRange('protocolVersion', '3, 4 or 5', protocolVersion)
  }
  const writer = new Writer(EXACT)
  writePacket(writer, complete(packet), protocolVersion)
  return writer.take()[0] as Uint8Array
}

/** Checks the first byte of a packet, type and flags (§2.1.2, §2.1.3), before anything else of it came. */
export function checkFirstByte(first: number, version: ProtocolVersion): void {
  const type = first >> 4
  const flags = first & 15
  if (type === 3) {
    checkPublishFlags(flags)
    return
  }
  if (type === 0 || (type === 15 && version !== 5)) throw malformed(`fixed header: expected a packet type, got ${type}`)
  // [MQTT-3.6.1-1] [MQTT-3.8.1-1] [MQTT-3.10.1-1] PUBREL, SUBSCRIBE and UNSUBSCRIBE have 0010,
  const expected = type === 6 || type === 8 || type === 10 ? 2 : 0
  if (flags === expected) return
  // to which 3.1 adds DUP when they are sent again (§2.1 there).
  if (version === 3 && expected === 2 && flags === 0b1010) return
  // [MQTT-2.1.3-1] [MQTT-2.2.2-2 of 3.1.1]
  throw malformed(`${PACKET_TYPES[type - 1]}: expected fixed header flags of ${expected}, got ${flags}`)
}

/** Decodes the packet that the reader holds, which begins after its fixed header. The first byte was checked. */
export function decodePacket(reader: Reader, first: number, version: ProtocolVersion): Packet {
  const packet = decodeBody(reader, first, version)
  if (reader.left > 0) throw malformed(`${packet.type}: expected its end, got ${reader.left} more bytes`)
  return packet
}

function decodeBody(reader: Reader, first: number, version: ProtocolVersion): Packet {
  switch (first >> 4) {
    case 3:
      return decodePublish(reader, first & 15, version)
    case 4:
      return decodeAck(reader, 'puback', version)
    case 5:
      return decodeAck(reader, 'pubrec', version)
    case 6:
      return decodeAck(reader, 'pubrel', version)
    case 7:
      return decodeAck(reader, 'pubcomp', version)
    case 1:
      return decodeConnect(reader)
    case 2:
      return decodeConnack(reader, version)
    case 8:
      return decodeSubscribe(reader, version)
    case 9:
      return decodeSuback(reader, version)
    case 10:
      return decodeUnsubscribe(reader, version)
    case 11:
      return decodeUnsuback(reader, version)
    case 12:
      return decodePingreq()
    case 13:
      return decodePingresp()
    case 14:
      return decodeDisconnect(reader, version)
    default:
      return decodeAuth(reader)
  }
}
