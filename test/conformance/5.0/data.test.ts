/** MQTT 5.0, §1.5 and §2: how data, fixed headers, identifiers and properties look on the wire. */

import { expect, test } from 'vitest'
import { encodePacket, type PacketInput } from '../../../src/codec/index.js'
import { bytes, decode, hex, refusal, str, wrap } from '../../codec/support/wire.js'
import { Bench } from '../../session/bench.js'

const encoded = (packet: PacketInput): string => hex(encodePacket(packet, 5))

test('5.0: an encoding of a surrogate is neither sent nor taken [MQTT-1.5.4-1]', () => {
  for (const topic of ['a\ud800', '\udfff', '\udc00\ud800 long enough for the coder of the host']) {
    expect(() => encoded({ type: 'publish', topic }), JSON.stringify(topic)).toThrow(RangeError)
  }
  for (const surrogate of ['eda080', 'edbfbf']) {
    const topic = `0003 ${surrogate}`
    expect(refusal(wrap('30', `${topic} 00`), 5).reasonCode, surrogate).toBe(0x81)
  }
  expect(decode(encoded({ type: 'publish', topic: '\ud83d\ude00' }), 5), 'a pair is one character').toHaveLength(1)
})

test('5.0: what is no well-formed UTF-8 is not taken [MQTT-1.5.4-1]', () => {
  // Overlong, cut short, a byte that goes on nothing, above U+10FFFF, a byte that UTF-8 has not.
  for (const text of ['c0af', 'e282', '80', 'f4908080', 'ff']) {
    const length = (text.length / 2).toString(16).padStart(4, '0')
    expect(refusal(wrap('30', `${length} ${text} 00`), 5).reasonCode, text).toBe(0x81)
  }
})

test('5.0: U+0000 is neither sent nor taken [MQTT-1.5.4-2]', () => {
  for (const topic of ['\0', 'a\0b', `${'a'.repeat(60)}\0`]) {
    expect(() => encoded({ type: 'publish', topic }), JSON.stringify(topic)).toThrow(RangeError)
    expect(refusal(wrap('30', `${str(topic)} 00`), 5).reasonCode, JSON.stringify(topic)).toBe(0x81)
  }
})

test('5.0: EF BB BF is U+FEFF wherever it stands, and is kept [MQTT-1.5.4-3]', () => {
  for (const topic of ['\ufeffa', 'a\ufeff', `\ufeff${'a'.repeat(60)}`]) {
    expect(decode(wrap('30', `${str(topic)} 00`), 5)[0]).toMatchObject({ topic })
    expect(encoded({ type: 'publish', topic })).toContain('efbbbf')
  }
})

test('5.0: a Variable Byte Integer is sent in the fewest bytes [MQTT-1.5.5-1]', () => {
  // A PUBLISH whose Remaining Length is said, and how it is written (Table 1-1).
  for (const [remaining, digits] of [
    [127, '7f'],
    [128, '8001'],
    [16_383, 'ff7f'],
    [16_384, '808001'],
    [2_097_151, 'ffff7f'],
    [2_097_152, '80808001'],
  ] as const) {
    const packet = encodePacket({ type: 'publish', topic: 'a', payload: new Uint8Array(remaining - 4) }, 5)
    expect(hex(packet.subarray(1, 1 + digits.length / 2)), `${remaining}`).toBe(digits)
    expect(packet.length).toBe(1 + digits.length / 2 + remaining)
  }
})

test('5.0: a Variable Byte Integer in more bytes than it needs is not taken [MQTT-1.5.5-1]', () => {
  expect(refusal('d0 8000', 5).reasonCode, 'Remaining Length').toBe(0x81)
  expect(refusal(wrap('30', '0001 61 8000'), 5).reasonCode, 'Property Length').toBe(0x81)
  expect(refusal(wrap('30', '0001 61 03 0b 8100'), 5).reasonCode, 'Subscription Identifier').toBe(0x81)
})

test('5.0: both strings of a pair are held to the rules of a string [MQTT-1.5.7-1]', () => {
  for (const pair of [
    ['a\0', 'b'],
    ['a', 'b\0'],
    ['\ud800', 'b'],
    ['a', '\udc00'],
  ] as [string, string][]) {
    const properties = { userProperties: [pair] }
    expect(() => encoded({ type: 'publish', topic: 't', properties }), JSON.stringify(pair)).toThrow(
      /^publish\.properties\.userProperties: expected text/,
    )
  }
  for (const pair of ['0001 00 0001 62', '0001 61 0001 00', '0001 ff 0001 62', '0001 61 0001 ff']) {
    expect(refusal(wrap('30', `0001 74 07 26 ${pair}`), 5).reasonCode, pair).toBe(0x81)
  }
})

const will = { topic: 'w', payload: new Uint8Array(0), qos: 0, retain: false } as const
/** Each packet that a client sends, its first byte (§2.1.2, §2.1.3), and whether it always has a Property Length. */
const OURS: [PacketInput, string][] = [
  [{ type: 'connect', protocolVersion: 5 }, '10'],
  [{ type: 'publish', topic: 'a' }, '30'],
  [{ type: 'puback', packetId: 1 }, '40'],
  [{ type: 'pubrec', packetId: 1 }, '50'],
  [{ type: 'pubrel', packetId: 1 }, '62'],
  [{ type: 'pubcomp', packetId: 1 }, '70'],
  [{ type: 'subscribe', packetId: 1, subscriptions: [{ filter: 'a' }] }, '82'],
  [{ type: 'unsubscribe', packetId: 1, filters: ['a'] }, 'a2'],
  [{ type: 'pingreq' }, 'c0'],
  [{ type: 'disconnect' }, 'e0'],
  [{ type: 'auth' }, 'f0'],
]

for (const [packet, first] of OURS) {
  test(`5.0: the reserved flags of ${packet.type.toUpperCase()} are sent as listed [MQTT-2.1.3-1]`, () => {
    expect(encoded(packet).slice(0, 2)).toBe(first)
  })
}

test('5.0: a packet whose reserved flags are others is not taken [MQTT-2.1.3-1]', () => {
  // From CONNACK to AUTH, as a server sends them, with each of the other flags.
  for (const type of [2, 4, 5, 6, 7, 9, 11, 13, 14, 15]) {
    for (let flags = 0; flags < 16; flags++) {
      if (flags === (type === 6 ? 2 : 0)) continue
      const first = ((type << 4) | flags).toString(16)
      expect(refusal(`${first} 00`, 5).reasonCode, first).toBe(0x81)
    }
  }
})

test('5.0: a PUBLISH of QoS 0 has no Packet Identifier [MQTT-2.2.1-2]', () => {
  expect(encoded({ type: 'publish', topic: 'a', payload: bytes('6869') })).toBe('3006000161006869')
  expect(() => encoded({ type: 'publish', topic: 'a', packetId: 1 })).toThrow(RangeError)
  const bench = new Bench(5).connect()
  bench.publish(0, 'offline or not')
  expect(bench.sent()).toMatchObject([{ qos: 0, packetId: undefined }])
})

test('5.0: each new SUBSCRIBE, UNSUBSCRIBE and PUBLISH has an identifier that is not 0 and not in use [MQTT-2.2.1-3]', () => {
  const bench = new Bench(5).connect()
  bench.subscribe('open')
  bench.unsubscribe('open', 'u')
  bench.publish(2, 'open')
  expect(bench.wire()).toEqual(['subscribe 1 open', 'unsubscribe 2 open', 'publish 3 open'])
  const used = new Set<number>()
  for (let count = 4; count <= 65_535; count++) {
    bench.publish(1, '')
    const [packet] = bench.sent()
    const packetId = packet?.type === 'publish' ? (packet.packetId as number) : 0
    used.add(packetId)
    bench.receive({ type: 'puback', packetId })
  }
  expect(used.size).toBe(65_532)
  expect(Math.min(...used)).toBe(4)
  bench.publish(1, 'next')
  expect(bench.wire(), 'all else was given; 0 is none, and three are in use').toEqual(['publish 4 next'])
})

test('5.0: PUBACK, PUBREC, PUBREL and PUBCOMP have the identifier of their PUBLISH [MQTT-2.2.1-5]', () => {
  const bench = new Bench(5).connect()
  bench.deliver(1, 0x1234, 'a').deliver(2, 0xfedc, 'b')
  for (const delivery of bench.deliveries()) bench.settle(delivery)
  bench.receive({ type: 'pubrel', packetId: 0xfedc })
  expect(bench.wire()).toEqual(['puback 4660', 'pubrec 65244', 'pubcomp 65244'])
  for (let count = 0; count < 3; count++) bench.publish(2, `${count}`)
  bench.sent()
  bench.receive({ type: 'pubrec', packetId: 2 })
  expect(bench.wire()).toEqual(['pubrel 2'])
})

test('5.0: where there are no properties, a Property Length of zero says so [MQTT-2.2.2-1]', () => {
  expect(encoded({ type: 'connect', protocolVersion: 5, clientId: 'c', will })).toBe(
    hex(bytes(wrap('10', `0004 4d515454 05 06 0000 00 ${str('c')} 00 ${str('w')} 0000`))),
  )
  expect(encoded({ type: 'publish', topic: 'a' })).toBe('300400016100')
  expect(encoded({ type: 'subscribe', packetId: 1, subscriptions: [{ filter: 'a' }] })).toBe('820700010000016100')
  expect(encoded({ type: 'unsubscribe', packetId: 1, filters: ['a'] })).toBe('a206000100000161')
})
