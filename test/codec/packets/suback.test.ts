import { describe, expect, it } from 'vitest'
import { encodePacket } from '../../../src/codec/index.js'
import { matchesGolden, refusesBytes, refusesInput } from '../support/tables.js'
import { decode, hex, VERSIONS } from '../support/wire.js'

/** §3.9.3. */
const CODES = [0, 1, 2, 0x80, 0x83, 0x87, 0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2]

describe('SUBACK', () => {
  matchesGolden('suback')

  it('carries its Reason Codes and no others [MQTT-3.9.3-2 of 5.0]', () => {
    for (let code = 0; code < 256; code++) {
      const encode = () => encodePacket({ type: 'suback', packetId: 1, reasonCodes: [0, code] }, 5)
      const digits = `90 05 0001 00 00 ${hex(Uint8Array.of(code))}`
      if (CODES.includes(code)) expect(hex(encode())).toBe(digits.replaceAll(' ', ''))
      else {
        expect(encode).toThrow(RangeError)
        expect(() => decode(digits, 5)).toThrow('suback.reasonCodes: expected a Reason Code of suback')
      }
    }
  })

  refusesBytes([
    ['packet id 0', VERSIONS, '90 03 0000 00', 0x82, 'suback.packetId: expected 1 to 65535, got 0'],
    ['no code', [3, 4], '90 02 0001', 0x82, 'suback.reasonCodes: expected at least one, got none'],
    ['no code', 5, '90 03 0001 00', 0x82, 'suback.reasonCodes: expected at least one, got none'],
    [
      'QoS 3 [MQTT-3.9.3-2 of 3.1.1]',
      [3, 4],
      '90 03 0001 03',
      0x82,
      'suback.reasonCodes: expected a Reason Code of suback, got 0x03',
    ],
    [
      'a code of 5.0 [MQTT-3.9.3-2 of 3.1.1]',
      [3, 4],
      '90 03 0001 87',
      0x82,
      'suback.reasonCodes: expected 0, 1, 2 or 128, got 135',
    ],
  ])
  refusesInput([
    [
      'packet id 0',
      VERSIONS,
      { type: 'suback', packetId: 0, reasonCodes: [0] },
      RangeError,
      'suback.packetId: expected an integer from 1 to 65535, got 0',
    ],
    [
      'no code',
      VERSIONS,
      { type: 'suback', packetId: 1, reasonCodes: [] },
      RangeError,
      'suback.reasonCodes: expected at least one, got an array of 0',
    ],
    [
      'a code of 5.0 before it',
      [3, 4],
      { type: 'suback', packetId: 1, reasonCodes: [0x87] },
      RangeError,
      'suback.reasonCodes: expected 0, 1, 2 or 128, got 135',
    ],
    [
      'text as codes',
      VERSIONS,
      { type: 'suback', packetId: 1, reasonCodes: ['0'] },
      TypeError,
      'suback.reasonCodes: expected a Reason Code, got "0"',
    ],
  ])
})
