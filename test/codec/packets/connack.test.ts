import { describe, expect, it } from 'vitest'
import { encodePacket } from '../../../src/codec/index.js'
import { matchesGolden, refusesBytes, refusesInput } from '../support/tables.js'
import { decode, hex } from '../support/wire.js'

/** §3.2.2.2, Table 3-1. */
const CONNECT_REASON_CODES = [
  0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8c, 0x90, 0x95, 0x97, 0x99, 0x9a, 0x9b,
  0x9c, 0x9d, 0x9f,
]

describe('CONNACK', () => {
  matchesGolden('connack')

  it('carries each Connect Reason Code and no other [MQTT-3.2.2-8]', () => {
    for (let reasonCode = 0; reasonCode < 256; reasonCode++) {
      const encode = () => encodePacket({ type: 'connack', reasonCode }, 5)
      const digits = `2003 00 ${hex(Uint8Array.of(reasonCode))} 00`
      if (CONNECT_REASON_CODES.includes(reasonCode)) {
        expect(decode(hex(encode()), 5)[0]).toMatchObject({ reasonCode })
      } else {
        expect(encode, `${reasonCode}`).toThrow(/^connack\.reasonCode: /)
        expect(() => decode(digits, 5), `${reasonCode}`).toThrow(/connack\.reasonCode: /)
      }
    }
  })

  it('reads the answer of a server that knows no 5.0 as the Reason Code which says the same', () => {
    const codes = ['01', '02', '03', '04', '05'].map((code) => decode(`2002 00 ${code}`, 5)[0])
    expect(codes.map((packet) => packet?.type === 'connack' && packet.reasonCode)).toEqual([
      0x84, 0x85, 0x88, 0x86, 0x87,
    ])
  })

  it('says nothing of the session in 3.1, where that byte is reserved', () => {
    for (const byte of ['01', '02', 'ff']) {
      expect(decode(`2002 ${byte} 00`, 3)[0]).toMatchObject({ sessionPresent: false, reasonCode: 0 })
    }
  })

  refusesBytes([
    ['reserved flags [MQTT-3.2.2-1]', 4, '2002 02 00', 0x81, 'connack.flags: expected reserved bits of 0, got 2'],
    ['reserved flags [MQTT-3.2.2-1]', 5, '2003 81 00 00', 0x81, 'connack.flags: expected reserved bits of 0, got 129'],
    [
      'a session with a refusal [MQTT-3.2.2-4 of 3.1.1]',
      4,
      '2002 01 05',
      0x82,
      'connack.sessionPresent: expected 0 when the connection is refused, got 1',
    ],
    [
      'a session with a refusal [MQTT-3.2.2-6]',
      5,
      '2003 01 87 00',
      0x82,
      'connack.sessionPresent: expected 0 when the connection is refused, got 1',
    ],
    ['an unknown return code', [3, 4], '2002 00 06', 0x82, 'connack.reasonCode: expected 0 to 5, got 6'],
    [
      'success without a Property Length',
      5,
      '2002 00 00',
      0x81,
      'connack.properties: expected a Property Length, got none',
    ],
    ['no return code', [3, 4], '2001 00', 0x81, 'connack.reasonCode: expected 1 B, got 0 B before the end'],
    ['nothing at all', [3, 4, 5], '2000', 0x81, 'connack.flags: expected 1 B, got 0 B before the end'],
    [
      'a refusal without a Property Length',
      5,
      '2002 00 87',
      0x81,
      'connack.properties: expected a Property Length, got none',
    ],
    ['bytes after a refusal', [3, 4], '2003 00 05 00', 0x81, 'connack: expected its end, got 1 more bytes'],
    ['bytes after the end', [3, 4], '2003 00 00 00', 0x81, 'connack: expected its end, got 1 more bytes'],
    ['bytes after the end', 5, '2004 00 00 00 00', 0x81, 'connack: expected its end, got 1 more bytes'],
  ])
  refusesInput([
    [
      'a Reason Code in 3.1.1',
      [3, 4],
      { type: 'connack', reasonCode: 0x87 },
      RangeError,
      'connack.reasonCode: expected an integer from 0 to 5, got 135',
    ],
    [
      'a session with a refusal',
      4,
      { type: 'connack', sessionPresent: true, reasonCode: 5 },
      RangeError,
      'connack.sessionPresent: expected false when the connection is refused, got true',
    ],
    [
      'a session with a refusal',
      5,
      { type: 'connack', sessionPresent: true, reasonCode: 0x87 },
      RangeError,
      'connack.sessionPresent: expected false when the connection is refused, got true',
    ],
    [
      'a session in 3.1',
      3,
      { type: 'connack', sessionPresent: true },
      RangeError,
      'connack.sessionPresent: expected false in MQTT 3.1, got true',
    ],
    [
      'text as Session Present',
      5,
      { type: 'connack', sessionPresent: 'no' },
      TypeError,
      'connack.sessionPresent: expected true or false, got "no"',
    ],
    [
      'text as Reason Code',
      5,
      { type: 'connack', reasonCode: 'Success' },
      TypeError,
      'connack.reasonCode: expected a Reason Code, got "Success"',
    ],
  ])
})
