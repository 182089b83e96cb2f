import { expect, it } from 'vitest'
import { PACKET_TYPES } from '../../src/codec/protocol.js'

it('packet types are numbered as the standard does (§2.1.2, Table 2-1)', () => {
  expect(PACKET_TYPES).toHaveLength(15)
  expect(PACKET_TYPES.indexOf('publish') + 1).toBe(3)
  expect(PACKET_TYPES.indexOf('pubrel') + 1).toBe(6)
  expect(PACKET_TYPES.indexOf('unsuback') + 1).toBe(11)
  expect(PACKET_TYPES.indexOf('auth') + 1).toBe(15)
})
