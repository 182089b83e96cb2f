import { describe, expect, it } from 'vitest'
import { encodePacket } from '../../../src/codec/index.js'
import { matchesGolden, refusesBytes, refusesInput } from '../support/tables.js'
import { decode, hex, VERSIONS } from '../support/wire.js'

/** §3.14.2.1, and 0x8C, which §2.4 gives to DISCONNECT. */
const CODES = [
  0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8b, 0x8c, 0x8d, 0x8e, 0x8f, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97,
  0x98, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f, 0xa0, 0xa1, 0xa2,
]

describe('DISCONNECT', () => {
  matchesGolden('disconnect')

  it('carries its Reason Codes and no others [MQTT-3.14.2-1]', () => {
    for (let reasonCode = 0; reasonCode < 256; reasonCode++) {
      const encode = () => encodePacket({ type: 'disconnect', reasonCode }, 5)
      if (CODES.includes(reasonCode)) expect(decode(hex(encode()), 5)[0]).toMatchObject({ reasonCode })
      else {
        expect(encode).toThrow(RangeError)
        expect(() => decode(`e0 01 ${hex(Uint8Array.of(reasonCode))}`, 5)).toThrow('disconnect.reasonCode')
      }
    }
  })

  refusesBytes([
    ['flags [MQTT-3.14.1-1]', VERSIONS, 'e1', 0x81, 'disconnect: expected fixed header flags of 0, got 1'],
    ['a Reason Code before 5.0', [3, 4], 'e0 01 00', 0x81, 'disconnect: expected its end, got 1 more bytes'],
    ['bytes after the end', 5, 'e0 03 00 00 00', 0x81, 'disconnect: expected its end, got 1 more bytes'],
    [
      'a list that runs over the end',
      5,
      'e0 03 00 05 11',
      0x81,
      'disconnect.properties: expected 5 B, got 1 B before the end',
    ],
  ])
  refusesInput([
    [
      'a Reason Code before 5.0',
      [3, 4],
      { type: 'disconnect', reasonCode: 0x04 },
      RangeError,
      'disconnect.reasonCode: expected 0 before MQTT 5.0, got 4',
    ],
    [
      'properties before 5.0',
      [3, 4],
      { type: 'disconnect', properties: { reasonString: 'x' } },
      RangeError,
      'disconnect.properties: expected none before MQTT 5.0, got "reasonString"',
    ],
    [
      'a code of CONNACK',
      5,
      { type: 'disconnect', reasonCode: 0x84 },
      RangeError,
      'disconnect.reasonCode: expected a Reason Code of disconnect, got 132',
    ],
  ])
})
