import { describe, expect, it } from 'vitest'
import { PACKET_TYPES, type PacketType } from '../../src/codec/protocol.js'
import {
  malformed,
  mayCarry,
  protocolError,
  reasonCodeOfReturnCode,
  reasonName,
  reasonSymbol,
  returnCodeName,
  violation,
} from '../../src/codec/reason.js'

/** §2.4, Table 2-6, with the rows of packets in the order of their numbers. 0x8C in DISCONNECT is of §2.4 alone. */
const TABLE: readonly (readonly [code: number, name: string, ...PacketType[]])[] = [
  [0x00, 'Success', 'connack', 'puback', 'pubrec', 'pubrel', 'pubcomp', 'unsuback', 'auth'],
  [0x00, 'Normal disconnection', 'disconnect'],
  [0x00, 'Granted QoS 0', 'suback'],
  [0x01, 'Granted QoS 1', 'suback'],
  [0x02, 'Granted QoS 2', 'suback'],
  [0x04, 'Disconnect with Will Message', 'disconnect'],
  [0x10, 'No matching subscribers', 'puback', 'pubrec'],
  [0x11, 'No subscription existed', 'unsuback'],
  [0x18, 'Continue authentication', 'auth'],
  [0x19, 'Re-authenticate', 'auth'],
  [0x80, 'Unspecified error', 'connack', 'puback', 'pubrec', 'suback', 'unsuback', 'disconnect'],
  [0x81, 'Malformed Packet', 'connack', 'disconnect'],
  [0x82, 'Protocol Error', 'connack', 'disconnect'],
  [0x83, 'Implementation specific error', 'connack', 'puback', 'pubrec', 'suback', 'unsuback', 'disconnect'],
  [0x84, 'Unsupported Protocol Version', 'connack'],
  [0x85, 'Client Identifier not valid', 'connack'],
  [0x86, 'Bad User Name or Password', 'connack'],
  [0x87, 'Not authorized', 'connack', 'puback', 'pubrec', 'suback', 'unsuback', 'disconnect'],
  [0x88, 'Server unavailable', 'connack'],
  [0x89, 'Server busy', 'connack', 'disconnect'],
  [0x8a, 'Banned', 'connack'],
  [0x8b, 'Server shutting down', 'disconnect'],
  [0x8c, 'Bad authentication method', 'connack', 'disconnect'],
  [0x8d, 'Keep Alive timeout', 'disconnect'],
  [0x8e, 'Session taken over', 'disconnect'],
  [0x8f, 'Topic Filter invalid', 'suback', 'unsuback', 'disconnect'],
  [0x90, 'Topic Name invalid', 'connack', 'puback', 'pubrec', 'disconnect'],
  [0x91, 'Packet Identifier in use', 'puback', 'pubrec', 'suback', 'unsuback'],
  [0x92, 'Packet Identifier not found', 'pubrel', 'pubcomp'],
  [0x93, 'Receive Maximum exceeded', 'disconnect'],
  [0x94, 'Topic Alias invalid', 'disconnect'],
  [0x95, 'Packet too large', 'connack', 'disconnect'],
  [0x96, 'Message rate too high', 'disconnect'],
  [0x97, 'Quota exceeded', 'connack', 'puback', 'pubrec', 'suback', 'disconnect'],
  [0x98, 'Administrative action', 'disconnect'],
  [0x99, 'Payload format invalid', 'connack', 'puback', 'pubrec', 'disconnect'],
  [0x9a, 'Retain not supported', 'connack', 'disconnect'],
  [0x9b, 'QoS not supported', 'connack', 'disconnect'],
  [0x9c, 'Use another server', 'connack', 'disconnect'],
  [0x9d, 'Server moved', 'connack', 'disconnect'],
  [0x9e, 'Shared Subscriptions not supported', 'suback', 'disconnect'],
  [0x9f, 'Connection rate exceeded', 'connack', 'disconnect'],
  [0xa0, 'Maximum connect time', 'disconnect'],
  [0xa1, 'Subscription Identifiers not supported', 'suback', 'disconnect'],
  [0xa2, 'Wildcard Subscriptions not supported', 'suback', 'disconnect'],
]
/** The name without a packet, where there are several. */
const GENERAL: Readonly<Record<number, string>> = { 0: 'Success' }

describe('Reason Codes (§2.4)', () => {
  it.each(TABLE.map((row) => [row] as const))('%j, and in no other packet', ([code, name, ...types]) => {
    expect(reasonName(code)).toBe(GENERAL[code] ?? name)
    for (const type of types) expect(reasonName(code, type)).toBe(name)
    const others = TABLE.filter((row) => row[0] === code && row[1] !== name).flatMap(([, , ...rest]) => rest)
    const may = PACKET_TYPES.filter((type) => mayCarry(PACKET_TYPES.indexOf(type) + 1, code) && !others.includes(type))
    expect(may).toEqual(types)
  })

  it('have 43 values, and what is none has a number for a name', () => {
    const codes = new Set<number>(TABLE.map(([code]) => code))
    expect(codes.size).toBe(43)
    for (let code = 0; code < 256; code++) {
      if (codes.has(code)) continue
      expect(reasonName(code, 'disconnect')).toBe(`Reason Code 0x${code.toString(16).toUpperCase().padStart(2, '0')}`)
      for (let type = 1; type <= 15; type++) expect(mayCarry(type, code)).toBe(false)
    }
  })

  it('are none above a byte', () => {
    expect(mayCarry(2, 256)).toBe(false)
    expect(mayCarry(2, -1)).toBe(false)
  })

  it('have symbols for errors', () => {
    expect(reasonSymbol(0x87)).toBe('NOT_AUTHORIZED')
    expect(reasonSymbol(0x19)).toBe('RE_AUTHENTICATE')
    expect(reasonSymbol(0x9b)).toBe('QOS_NOT_SUPPORTED')
  })

  it('are none in packets without them', () => {
    for (const type of ['connect', 'publish', 'subscribe', 'unsubscribe', 'pingreq', 'pingresp'] as const) {
      const number = PACKET_TYPES.indexOf(type) + 1
      for (let code = 0; code < 256; code++) expect(mayCarry(number, code)).toBe(false)
    }
  })
})

describe('return codes of 3.1 and 3.1.1', () => {
  it('have names', () => {
    expect([0, 1, 2, 3, 4, 5, 6].map(returnCodeName)).toEqual([
      'Connection accepted',
      'Unacceptable protocol version',
      'Identifier rejected',
      'Server unavailable',
      'Bad user name or password',
      'Not authorized',
      'Return code 0x06',
    ])
  })

  it('have a Reason Code of 5.0 that says the same', () => {
    expect([0, 1, 2, 3, 4, 5].map(reasonCodeOfReturnCode)).toEqual([0x00, 0x84, 0x85, 0x88, 0x86, 0x87])
    expect(reasonCodeOfReturnCode(6)).toBe(0x80)
  })
})

describe('errors of a peer', () => {
  it('carry the code that 5.0 names (§4.13)', () => {
    expect(malformed('x')).toMatchObject({ reasonCode: 0x81, code: 'MALFORMED_PACKET', message: 'x', phase: 'codec' })
    expect(protocolError('x')).toMatchObject({ reasonCode: 0x82, code: 'PROTOCOL_ERROR' })
    expect(violation(0x94, 'x')).toMatchObject({ reasonCode: 0x94, code: 'TOPIC_ALIAS_INVALID' })
  })
})
