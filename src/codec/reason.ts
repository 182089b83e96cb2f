/** Reason Codes (§2.4): the standard's names, the packets that may carry each, and the errors that speak of them. */

import { ProtocolError } from '../errors.js'
import {
  AUTH,
  CONNACK,
  carrierBit,
  DISCONNECT,
  type PacketType,
  PUBACK,
  PUBCOMP,
  PUBREC,
  PUBREL,
  SUBACK,
  UNSUBACK,
} from './protocol.js'

const RECEIVED = PUBACK | PUBREC
const RELEASED = PUBREL | PUBCOMP
const ANSWERS = CONNACK | DISCONNECT
const EVERY = ANSWERS | RECEIVED | SUBACK | UNSUBACK

/** 0x80 and above, without a gap. */
const FAILURES: readonly (readonly [packets: number, name: string])[] = [
  [EVERY, 'Unspecified error'],
  [ANSWERS, 'Malformed Packet'],
  [ANSWERS, 'Protocol Error'],
  [EVERY, 'Implementation specific error'],
  [CONNACK, 'Unsupported Protocol Version'],
  [CONNACK, 'Client Identifier not valid'],
  [CONNACK, 'Bad User Name or Password'],
  [EVERY, 'Not authorized'],
  [CONNACK, 'Server unavailable'],
  [ANSWERS, 'Server busy'],
  [CONNACK, 'Banned'],
  [DISCONNECT, 'Server shutting down'],
  [ANSWERS, 'Bad authentication method'],
  [DISCONNECT, 'Keep Alive timeout'],
  [DISCONNECT, 'Session taken over'],
  [SUBACK | UNSUBACK | DISCONNECT, 'Topic Filter invalid'],
  // 0x90
  [ANSWERS | RECEIVED, 'Topic Name invalid'],
  [RECEIVED | SUBACK | UNSUBACK, 'Packet Identifier in use'],
  [RELEASED, 'Packet Identifier not found'],
  [DISCONNECT, 'Receive Maximum exceeded'],
  [DISCONNECT, 'Topic Alias invalid'],
  [ANSWERS, 'Packet too large'],
  [DISCONNECT, 'Message rate too high'],
  [ANSWERS | RECEIVED | SUBACK, 'Quota exceeded'],
  [DISCONNECT, 'Administrative action'],
  [ANSWERS | RECEIVED, 'Payload format invalid'],
  [ANSWERS, 'Retain not supported'],
  [ANSWERS, 'QoS not supported'],
  [ANSWERS, 'Use another server'],
  [ANSWERS, 'Server moved'],
  [SUBACK | DISCONNECT, 'Shared Subscriptions not supported'],
  [ANSWERS, 'Connection rate exceeded'],
  // 0xA0
  [DISCONNECT, 'Maximum connect time'],
  [SUBACK | DISCONNECT, 'Subscription Identifiers not supported'],
  [SUBACK | DISCONNECT, 'Wildcard Subscriptions not supported'],
]

/** A code with several names has several rows; the first is its general name. */
const REASONS: readonly (readonly [code: number, packets: number, name: string])[] = [
  [0x00, CONNACK | RECEIVED | RELEASED | UNSUBACK | AUTH, 'Success'],
  [0x00, DISCONNECT, 'Normal disconnection'],
  [0x00, SUBACK, 'Granted QoS 0'],
  [0x01, SUBACK, 'Granted QoS 1'],
  [0x02, SUBACK, 'Granted QoS 2'],
  [0x04, DISCONNECT, 'Disconnect with Will Message'],
  [0x10, RECEIVED, 'No matching subscribers'],
  [0x11, UNSUBACK, 'No subscription existed'],
  [0x18, AUTH, 'Continue authentication'],
  [0x19, AUTH, 'Re-authenticate'],
  ...FAILURES.map(([packets, name], i) => [0x80 + i, packets, name] as const),
]

/** The packets of each code, at the index of the code. */
const PACKETS_OF = new Uint16Array(256)
for (const [code, packets] of REASONS) PACKETS_OF[code]! |= packets

/** CONNACK return codes of 3.1 and 3.1.1 (§3.2.2.3 there) with the Reason Code that says the same in 5.0. */
const RETURN_CODES: readonly (readonly [string, number])[] = [
  ['Connection accepted', 0x00],
  ['Unacceptable protocol version', 0x84],
  ['Identifier rejected', 0x85],
  ['Server unavailable', 0x88],
  ['Bad user name or password', 0x86],
  ['Not authorized', 0x87],
]

/** `0x82`, as the standard writes it. */
export function hex(byte: number): string {
  return `0x${byte.toString(16).toUpperCase().padStart(2, '0')}`
}

/** The standard's name for a Reason Code of 5.0, in the words of the packet that carries it, where they differ. */
export function reasonName(code: number, packetType?: PacketType): string {
  const rows = REASONS.filter((row) => row[0] === code)
  const row = rows.find(([, packets]) => packetType && packets & carrierBit(packetType)) ?? rows[0]
  return row?.[2] ?? `Reason Code ${hex(code)}`
}

/** The standard's name for a CONNACK return code of 3.1 and 3.1.1. */
export function returnCodeName(code: number): string {
  return RETURN_CODES[code]?.[0] ?? `Return code ${hex(code)}`
}

/** The Reason Code of 5.0 that says what a CONNACK return code of 3.1 and 3.1.1 says; 0x80 for an unknown one. */
export function reasonCodeOfReturnCode(code: number): number {
  return RETURN_CODES[code]?.[1] ?? 0x80
}

/** The name as an error's `code`: `NOT_AUTHORIZED`. */
export function reasonSymbol(code: number, packetType?: PacketType): string {
  return reasonName(code, packetType).toUpperCase().replaceAll(/[ -]/g, '_')
}

/** Whether a packet of 5.0, given by its type number, may carry this Reason Code. */
export function mayCarry(packetType: number, code: number): boolean {
  return (((PACKETS_OF[code] ?? 0) >> packetType) & 1) !== 0
}

/** The peer broke the rule that `sentence` tells of; `code` is what 5.0 names for it (§4.13). */
export function violation(code: number, sentence: string): ProtocolError {
  return new ProtocolError(sentence, code, reasonSymbol(code))
}

/** Bytes that cannot be a packet: Reason Code 0x81. */
export function malformed(sentence: string): ProtocolError {
  return violation(0x81, sentence)
}

/** A packet that can be read and says what it must not: Reason Code 0x82. */
export function protocolError(sentence: string): ProtocolError {
  return violation(0x82, sentence)
}
