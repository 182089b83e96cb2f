import { describe, expect, it } from 'vitest'
import { encodePacket } from '../../../src/codec/index.js'
import { matchesGolden, refusesBytes, refusesInput } from '../support/tables.js'
import { hex, VERSIONS } from '../support/wire.js'

describe('UNSUBACK', () => {
  matchesGolden('unsuback')

  it('needs no Reason Codes before 5.0', () => {
    expect(hex(encodePacket({ type: 'unsuback', packetId: 1 }, 4))).toBe('b0020001')
  })

  refusesBytes([
    ['packet id 0', VERSIONS, 'b0 02 0000', 0x82, 'unsuback.packetId: expected 1 to 65535, got 0'],
    ['codes before 5.0', [3, 4], 'b0 03 0001 00', 0x81, 'unsuback: expected its end, got 1 more bytes'],
    ['no Property Length', 5, 'b0 02 0001', 0x81, 'unsuback.properties: expected 1 B, got 0 B before the end'],
    ['no code', 5, 'b0 03 0001 00', 0x82, 'unsuback.reasonCodes: expected at least one, got none'],
    [
      'a code of SUBACK [MQTT-3.11.3-2]',
      5,
      'b0 04 0001 00 01',
      0x82,
      'unsuback.reasonCodes: expected a Reason Code of unsuback, got 0x01',
    ],
  ])
  refusesInput([
    [
      'packet id 0',
      VERSIONS,
      { type: 'unsuback', packetId: 0, reasonCodes: [] },
      RangeError,
      'unsuback.packetId: expected an integer from 1 to 65535, got 0',
    ],
    [
      'codes before 5.0',
      [3, 4],
      { type: 'unsuback', packetId: 1, reasonCodes: [0] },
      RangeError,
      'unsuback.reasonCodes: expected none before MQTT 5.0, got an array of 1',
    ],
    [
      'no code',
      5,
      { type: 'unsuback', packetId: 1 },
      RangeError,
      'unsuback.reasonCodes: expected at least one, got an array of 0',
    ],
    [
      'a code of SUBACK [MQTT-3.11.3-2]',
      5,
      { type: 'unsuback', packetId: 1, reasonCodes: [2] },
      RangeError,
      'unsuback.reasonCodes: expected a Reason Code of unsuback, got 2',
    ],
  ])
})
