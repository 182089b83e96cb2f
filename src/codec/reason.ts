/** Reason Codes (§2.4): the standard's names, the packets that may carry each, and the errors that speak of them. */

import { ProtocolError } from '../errors.js'
import type { PacketType } from './protocol.js'

const RECEIVED: readonly PacketType[] = ['puback', 'pubrec']
const RELEASED: readonly PacketType[] = ['pubrel', 'pubcomp']
const EVERY: readonly PacketType[] = ['connack', ...RECEIVED, 'suback', 'unsuback', 'disconnect']

/** Code, name, packets. A code with several names has several rows; the first is its general name. */
const REASONS: readonly (readonly [number, string, readonly PacketType[]])[] = [
  [0x00, 'Success', ['connack', ...RECEIVED, ...RELEASED, 'unsuback', 'auth']],
  [0x00, 'Normal disconnection', ['disconnect']],
  [0x00, 'Granted QoS 0', ['suback']],
  [0x01, 'Granted QoS 1', ['suback']],
  [0x02, 'Granted QoS 2', ['suback']],
  [0x04, 'Disconnect with Will Message', ['disconnect']],
  [0x10, 'No matching subscribers', RECEIVED],
  [0x11, 'No subscription existed', ['unsuback']],
  [0x18, 'Continue authentication', ['auth']],
  [0x19, 'Re-authenticate', ['auth']],
  [0x80, 'Unspecified error', EVERY],
  [0x81, 'Malformed Packet', ['connack', 'disconnect']],
  [0x82, 'Protocol Error', ['connack', 'disconnect']],
  [0x83, 'Implementation specific error', EVERY],
  [0x84, 'Unsupported Protocol Version', ['connack']],
  [0x85, 'Client Identifier not valid', ['connack']],
  [0x86, 'Bad User Name or Password', ['connack']],
  [0x87, 'Not authorized', EVERY],
  [0x88, 'Server unavailable', ['connack']],
  [0x89, 'Server busy', ['connack', 'disconnect']],
  [0x8a, 'Banned', ['connack']],
  [0x8b, 'Server shutting down', ['disconnect']],
  [0x8c, 'Bad authentication method', ['connack', 'disconnect']],
  [0x8d, 'Keep Alive timeout', ['disconnect']],
  [0x8e, 'Session taken over', ['disconnect']],
  [0x8f, 'Topic Filter invalid', ['suback', 'unsuback', 'disconnect']],
  [0x90, 'Topic Name invalid', ['connack', ...RECEIVED, 'disconnect']],
  [0x91, 'Packet Identifier in use', [...RECEIVED, 'suback', 'unsuback']],
  [0x92, 'Packet Identifier not found', RELEASED],
  [0x93, 'Receive Maximum exceeded', ['disconnect']],
  [0x94, 'Topic Alias invalid', ['disconnect']],
  [0x95, 'Packet too large', ['connack', 'disconnect']],
  [0x96, 'Message rate too high', ['disconnect']],
  [0x97, 'Quota exceeded', ['connack', ...RECEIVED, 'suback', 'disconnect']],
  [0x98, 'Administrative action', ['disconnect']],
  [0x99, 'Payload format invalid', ['connack', ...RECEIVED, 'disconnect']],
  [0x9a, 'Retain not supported', ['connack', 'disconnect']],
  [0x9b, 'QoS not supported', ['connack', 'disconnect']],
  [0x9c, 'Use another server', ['connack', 'disconnect']],
  [0x9d, 'Server moved', ['connack', 'disconnect']],
  [0x9e, 'Shared Subscriptions not supported', ['suback', 'disconnect']],
  [0x9f, 'Connection rate exceeded', ['connack', 'disconnect']],
  [0xa0, 'Maximum connect time', ['disconnect']],
  [0xa1, 'Subscription Identifiers not supported', ['suback', 'disconnect']],
  [0xa2, 'Wildcard Subscriptions not supported', ['suback', 'disconnect']],
]

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
  let general: string | undefined
  for (const [value, name, packets] of REASONS) {
    if (value !== code) continue
    if (packetType !== undefined && packets.includes(packetType)) return name
    general ??= name
  }
  return general ?? `Reason Code ${hex(code)}`
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

/** The Reason Codes that a packet of 5.0 may carry. */
export function reasonCodesOf(packetType: PacketType): ReadonlySet<number> {
  return new Set(REASONS.filter(([, , packets]) => packets.includes(packetType)).map(([code]) => code))
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
