import { describe, expect, it } from 'vitest'
import { PACKET_TYPES } from '../../src/codec/protocol.js'
import {
  malformed,
  mayCarry,
  protocolError,
  reasonName,
  reasonSymbol,
  returnCodeName,
  violation,
} from '../../src/codec/reason.js'

describe('Reason Codes (§2.4)', () => {
  it.each([
    [0x00, undefined, 'Success'],
    [0x00, 'disconnect', 'Normal disconnection'],
    [0x00, 'suback', 'Granted QoS 0'],
    [0x00, 'unsuback', 'Success'],
    [0x02, undefined, 'Granted QoS 2'],
    [0x04, 'disconnect', 'Disconnect with Will Message'],
    [0x10, 'puback', 'No matching subscribers'],
    [0x11, 'unsuback', 'No subscription existed'],
    [0x18, 'auth', 'Continue authentication'],
    [0x87, 'connack', 'Not authorized'],
    [0x8d, undefined, 'Keep Alive timeout'],
    [0x92, 'pubrel', 'Packet Identifier not found'],
    [0x9e, 'suback', 'Shared Subscriptions not supported'],
    [0xa2, undefined, 'Wildcard Subscriptions not supported'],
    [0x7f, undefined, 'Reason Code 0x7F'],
  ] as const)('0x%s of %s is %s', (code, type, name) => {
    expect(reasonName(code, type)).toBe(name)
  })

  it('have 43 values', () => {
    const named = Array.from({ length: 256 }, (_, code) => reasonName(code)).filter(
      (name) => !name.startsWith('Reason'),
    )
    expect(named).toHaveLength(43)
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
})

describe('errors of a peer', () => {
  it('carry the code that 5.0 names (§4.13)', () => {
    expect(malformed('x')).toMatchObject({ reasonCode: 0x81, code: 'MALFORMED_PACKET', message: 'x', phase: 'codec' })
    expect(protocolError('x')).toMatchObject({ reasonCode: 0x82, code: 'PROTOCOL_ERROR' })
    expect(violation(0x94, 'x')).toMatchObject({ reasonCode: 0x94, code: 'TOPIC_ALIAS_INVALID' })
  })
})
