/** MQTT 5.0, §3.4 to §3.7, §3.14 and §3.15: what PUBACK, PUBREC, PUBREL, PUBCOMP, DISCONNECT and AUTH may say. */

import { expect, test } from 'vitest'
import { encodePacket, type PacketInput } from '../../../src/codec/index.js'
import { bytes, decode, hex, refusal, str } from '../../codec/support/wire.js'
import { Bench } from '../../session/bench.js'

/** First byte, section, and Reason Codes. 0x8C is of §2.4, which gives it to DISCONNECT. */
const CODES = {
  puback: ['40', '3.4.2', [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]],
  pubrec: ['50', '3.5.2', [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]],
  pubrel: ['62', '3.6.2', [0x00, 0x92]],
  pubcomp: ['70', '3.7.2', [0x00, 0x92]],
  disconnect: [
    'e0',
    '3.14.2',
    [
      [
        0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8b, 0x8c, 0x8d, 0x8e, 0x8f, 0x90, 0x93, 0x94, 0x95, 0x96,
        0x97,
      ],
      [0x98, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f, 0xa0, 0xa1, 0xa2],
    ].flat(),
  ],
  auth: ['f0', '3.15.2', [0x00, 0x18, 0x19]],
} as const

for (const [type, [first, section, codes]] of Object.entries(CODES)) {
  test(`5.0: ${type.toUpperCase()} has the Reason Codes of its table and no others, sent or taken [MQTT-${section}-1]`, () => {
    const properties = type === 'auth' ? { authenticationMethod: 'M' } : {}
    const id = /^pub/.test(type) ? '0001' : ''
    const list = type === 'auth' ? `04 15 ${str('M')}` : '00'
    for (let reasonCode = 0; reasonCode < 256; reasonCode++) {
      const encode = () => encodePacket({ type, packetId: 1, reasonCode, properties } as PacketInput, 5)
      const rest = `${id} ${hex(Uint8Array.of(reasonCode))} ${list}`
      const packet = `${first} ${hex(Uint8Array.of(bytes(rest).length))} ${rest}`
      if ((codes as readonly number[]).includes(reasonCode)) {
        expect(decode(hex(encode()), 5)).toMatchObject([{ type, reasonCode }])
        expect(decode(packet, 5)).toMatchObject([{ type, reasonCode }])
      } else {
        expect(encode, `${reasonCode}`).toThrow(RangeError)
        expect(refusal(packet, 5).reasonCode, `${reasonCode}`).toBe(0x82)
      }
    }
  })
}

/** Has the session send each of them, with these properties. */
const SENDERS: Record<string, (bench: Bench, properties: object) => void> = {
  puback(bench, properties) {
    bench.deliver(1, 1, 'a')
    bench.settle(bench.deliveries()[0], 0, properties)
  },
  pubrec(bench, properties) {
    bench.deliver(2, 1, 'a')
    bench.settle(bench.deliveries()[0], 0, properties)
  },
  pubrel(bench, properties) {
    bench.publish(2, 'a')
    bench.receive({ type: 'pubrec', packetId: 1 })
    bench.session.release('pubrel', 1, 0, properties, bench.now)
  },
  pubcomp(bench, properties) {
    bench.receive({ type: 'pubrel', packetId: 1 })
    bench.session.release('pubcomp', 1, 0, properties, bench.now)
  },
  disconnect(bench, properties) {
    bench.session.disconnect(4, properties)
  },
}

const LIMIT = 40

/** The bytes of the last packet that was sent, and its properties. */
function lastSent(type: string, properties: object): { size: number; properties: object } {
  const bench = new Bench(5, { autoAck: type === 'pubrel' || type === 'pubcomp' ? 'never' : true })
  bench.connect({ properties: { maximumPacketSize: LIMIT } })
  SENDERS[type]?.(bench, properties)
  const packet = bench.sent().at(-1)
  if (packet?.type !== type || !('properties' in packet)) throw new Error(`expected ${type}, got ${packet?.type}`)
  return { size: encodePacket(packet, 5).length, properties: packet.properties }
}

/** `fit` makes properties of this many bytes. */
const LISTS: [string, string, Record<string, number>, (size: number) => object][] = [
  [
    'the Reason String',
    'reasonString',
    { puback: 2, pubrec: 2, pubrel: 2, pubcomp: 2, disconnect: 3 },
    (size) => ({ reasonString: 'x'.repeat(size - 3) }),
  ],
  [
    'a User Property',
    'userProperties',
    { puback: 3, pubrec: 3, pubrel: 3, pubcomp: 3, disconnect: 4 },
    (size) => ({ userProperties: [['name', 'x'.repeat(size - 9)]] }),
  ],
]

for (const [what, name, clauses, ofSize] of LISTS) {
  for (const [type, number] of Object.entries(clauses)) {
    const [, section] = CODES[type as keyof typeof CODES]
    test(`5.0: ${type.toUpperCase()} goes without ${what} that would make it too large for the server [MQTT-${section}-${number}]`, () => {
      // Fixed header 2, Packet Identifier 2, Reason Code 1, Property Length 1; DISCONNECT has no identifier.
      const room = LIMIT - (type === 'disconnect' ? 4 : 6)
      expect(lastSent(type, ofSize(room)), 'just fits').toEqual({ size: LIMIT, properties: ofSize(room) })
      const { size, properties } = lastSent(type, ofSize(room + 1))
      expect(properties).not.toHaveProperty(name)
      expect(size).toBeLessThanOrEqual(LIMIT)
    })
  }
}

test('5.0: PUBREL has the flags 0010, sent or taken [MQTT-3.6.1-1]', () => {
  expect(hex(encodePacket({ type: 'pubrel', packetId: 1 }, 5))).toBe('62020001')
  expect(decode('62 02 0001', 5)).toMatchObject([{ type: 'pubrel' }])
  for (let flags = 0; flags < 16; flags++) {
    if (flags !== 2) expect(refusal(`6${flags.toString(16)} 02 0001`, 5).reasonCode).toBe(0x81)
  }
})
