import { describe, expect, it } from 'vitest'
import { encodePacket } from '../../../src/codec/index.js'
import { matchesGolden, refusesBytes, refusesInput } from '../support/tables.js'
import { decode, hex, VERSIONS } from '../support/wire.js'

/** First byte, section, and the codes that it lists. */
const ACKS = [
  ['puback', '40', '3.4.2', [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]],
  ['pubrec', '50', '3.5.2', [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]],
  ['pubrel', '62', '3.6.2', [0x00, 0x92]],
  ['pubcomp', '70', '3.7.2', [0x00, 0x92]],
] as const

describe.each(ACKS)('%s', (type, first, section, codes) => {
  matchesGolden(type)

  it(`carries its Reason Codes and no others [MQTT-${section}-1]`, () => {
    for (let reasonCode = 0; reasonCode < 256; reasonCode++) {
      const encode = () => encodePacket({ type, packetId: 1, reasonCode }, 5)
      const digits = `${first} 03 0001 ${hex(Uint8Array.of(reasonCode))}`
      if ((codes as readonly number[]).includes(reasonCode)) {
        expect(decode(hex(encode()), 5)[0]).toMatchObject({ reasonCode })
      } else {
        expect(encode).toThrow(RangeError)
        expect(() => decode(digits, 5)).toThrow(`${type}.reasonCode: expected a Reason Code of ${type}, got 0x`)
      }
    }
  })

  it('may have an empty list of properties', () => {
    expect(decode(`${first} 04 0001 00 00`, 5)).toEqual([{ type, packetId: 1, reasonCode: 0, properties: {} }])
  })

  refusesBytes([
    ['packet id 0', VERSIONS, `${first} 02 0000`, 0x82, `${type}.packetId: expected 1 to 65535, got 0`],
    ['half a packet id', VERSIONS, `${first} 01 00`, 0x81, `${type}.packetId: expected 2 B, got 1 B before the end`],
    ['a Reason Code before 5.0', [3, 4], `${first} 03 0001 00`, 0x81, `${type}: expected its end, got 1 more bytes`],
    ['bytes after the end', 5, `${first} 05 0001 00 00 00`, 0x81, `${type}: expected its end, got 1 more bytes`],
  ])
  refusesInput([
    [
      'packet id 0',
      VERSIONS,
      { type, packetId: 0 },
      RangeError,
      `${type}.packetId: expected an integer from 1 to 65535, got 0`,
    ],
    [
      'a packet id above 65535',
      VERSIONS,
      { type, packetId: 65_537 },
      RangeError,
      `${type}.packetId: expected an integer from 1 to 65535, got 65537`,
    ],
    [
      'a fraction as packet id',
      VERSIONS,
      { type, packetId: 1.5 },
      RangeError,
      `${type}.packetId: expected an integer from 1 to 65535, got 1.5`,
    ],
    [
      'no packet id',
      VERSIONS,
      { type },
      TypeError,
      `${type}.packetId: expected an integer from 1 to 65535, got undefined`,
    ],
    [
      'a Reason Code before 5.0',
      [3, 4],
      { type, packetId: 1, reasonCode: codes[1] },
      RangeError,
      `${type}.reasonCode: expected 0 before MQTT 5.0, got ${codes[1]}`,
    ],
    [
      'text as Reason Code',
      5,
      { type, packetId: 1, reasonCode: 'x' },
      TypeError,
      `${type}.reasonCode: expected a Reason Code, got "x"`,
    ],
    [
      'properties before 5.0',
      [3, 4],
      { type, packetId: 1, properties: { reasonString: 'x' } },
      RangeError,
      `${type}.properties: expected none before MQTT 5.0, got "reasonString"`,
    ],
  ])
})

describe('PUBREL', () => {
  it('may have DUP in 3.1 when it is sent again', () => {
    expect(decode('6a 02 0001', 3)).toMatchObject([{ type: 'pubrel' }])
  })

  refusesBytes([
    ['flags other than 0010 [MQTT-3.6.1-1]', VERSIONS, '60', 0x81, 'pubrel: expected fixed header flags of 2, got 0'],
    ['DUP [MQTT-3.6.1-1]', [4, 5], '6a', 0x81, 'pubrel: expected fixed header flags of 2, got 10'],
  ])
})
