/** `encodePacket`: any packet to bytes, those of a client and those of a server. */

import { outOfRange, wrongType } from '../errors.js'
import { Writer } from './bytes.js'
import { type Emitters, FROM_CLIENT, type Packet, writePacket } from './packet.js'
import { type AckInput, completeAck } from './packets/acks.js'
import { type AuthInput, completeAuth } from './packets/auth.js'
import { type ConnackInput, completeConnack, emitConnack } from './packets/connack.js'
import { type ConnectInput, completeConnect } from './packets/connect.js'
import { completeDisconnect, type DisconnectInput } from './packets/disconnect.js'
import { emitPing, type Pingreq, type Pingresp } from './packets/ping.js'
import { completePublish, type PublishInput } from './packets/publish.js'
import { completeSuback, emitSuback, type SubackInput } from './packets/suback.js'
import { completeSubscribe, type SubscribeInput } from './packets/subscribe.js'
import { completeUnsuback, emitUnsuback, type UnsubackInput } from './packets/unsuback.js'
import { completeUnsubscribe, type UnsubscribeInput } from './packets/unsubscribe.js'
import { PACKET_TYPES, type ProtocolVersion } from './protocol.js'

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

export const FROM_ANYONE: Emitters = {
  ...FROM_CLIENT,
  connack: [0x20, emitConnack],
  suback: [0x90, emitSuback],
  unsuback: [0xb0, emitUnsuback],
  pingresp: [0xd0, emitPing],
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

/**
 * Small packets share slabs, as Node's small Buffers do: to allocate each would cost more than all else. In a slab of its
 * own, as large as it is, is what does not fit.
 */
const writer = new Writer(8192, 8192, Infinity)

/**
 * The bytes of one packet. Nobody writes to them any more, while their `buffer` may hold other packets as well. Throws a TypeError or a RangeError that names the field and what
 * was expected, if the packet cannot be sent in this version.
 */
export function encodePacket(packet: PacketInput, protocolVersion: ProtocolVersion): Uint8Array {
  if (typeof packet !== 'object' || packet === null) throw wrongType('packet', 'an object', packet)
  if (!PACKET_TYPES.includes(packet.type)) {
    throw wrongType('packet.type', `one of ${PACKET_TYPES.join(', ')}`, packet.type)
  }
  if (protocolVersion !== 5 && protocolVersion !== 4 && protocolVersion !== 3) {
    throw outOfRange('protocolVersion', '3, 4 or 5', protocolVersion)
  }
  writePacket(writer, complete(packet), protocolVersion, FROM_ANYONE)
  return writer.take()[0] as Uint8Array
}
