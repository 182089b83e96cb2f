/** What a client of 3.1.1 writes besides CONNECT: headers, identifiers, texts (§1.5.3, §2, §3.3 to §3.14). */

import { describe, expect, test } from 'vitest'
import { encodePacket, type PacketInput, PacketReader } from '../../src/codec/index.js'
import { hex, str } from '../codec/support/wire.js'

const encode = (packet: PacketInput): string => hex(encodePacket(packet, 4))
const publish = { type: 'publish', topic: 't' } as const
const subscribe = (filter: string): PacketInput => ({ type: 'subscribe', packetId: 7, subscriptions: [{ filter }] })
const unsubscribe = (...filters: string[]): PacketInput => ({ type: 'unsubscribe', packetId: 7, filters })

describe('3.1.1: the fixed header', () => {
  test.each<[string, string, PacketInput]>([
    ['CONNECT', '10', { type: 'connect', protocolVersion: 4 }],
    ['PUBACK', '40', { type: 'puback', packetId: 1 }],
    ['PUBREC', '50', { type: 'pubrec', packetId: 1 }],
    ['PUBREL [MQTT-3.6.1-1]', '62', { type: 'pubrel', packetId: 1 }],
    ['PUBCOMP', '70', { type: 'pubcomp', packetId: 1 }],
    ['SUBSCRIBE [MQTT-3.8.1-1]', '82', subscribe('a')],
    ['UNSUBSCRIBE [MQTT-3.10.1-1]', 'a2', unsubscribe('a')],
    ['PINGREQ', 'c0', { type: 'pingreq' }],
    ['DISCONNECT', 'e0', { type: 'disconnect' }],
  ])('has the reserved flags of table 2.2 [MQTT-2.2.2-1]: %s', (_, first, packet) => {
    expect(encode(packet).slice(0, 2)).toBe(first)
  })
})

describe('3.1.1: Packet Identifiers', () => {
  test('are in SUBSCRIBE, UNSUBSCRIBE and PUBLISH of QoS 1 and 2, and never 0 [MQTT-2.3.1-1]', () => {
    expect(encode({ ...publish, qos: 1, packetId: 0x102 })).toBe(`3205${str('t')}0102`)
    expect(encode({ ...publish, qos: 2, packetId: 0x102 })).toBe(`3405${str('t')}0102`)
    expect(encode(subscribe('a')).slice(4, 8)).toBe('0007')
    expect(encode(unsubscribe('a')).slice(4, 8)).toBe('0007')
    for (const packet of [{ ...publish, qos: 1 }, subscribe('a'), unsubscribe('a')] as PacketInput[])
      expect(() => encode({ ...packet, packetId: 0 } as PacketInput)).toThrow(/packetId: expected an integer from 1/)
  })

  test('are not in PUBLISH of QoS 0 [MQTT-2.3.1-5]', () => {
    expect(encode(publish)).toBe(`3003${str('t')}`)
    expect(() => encode({ ...publish, packetId: 1 })).toThrow('publish.packetId')
  })
})

describe('3.1.1: texts', () => {
  test('keep U+FEFF, at the beginning and anywhere else [MQTT-1.5.3-3]', () => {
    const digits = `300a 0008 efbbbf61 efbbbf62`.replaceAll(' ', '')
    expect(encode({ ...publish, topic: '\ufeffa\ufeffb' })).toBe(digits)
    const reader = new PacketReader({ protocolVersion: 4 })
    expect(reader.push(encodePacket({ ...publish, topic: '\ufeffa\ufeffb' }, 4))).toMatchObject([
      { topic: '\ufeffa\ufeffb' },
    ])
  })

  test('have no U+0000 [MQTT-1.5.3-2]', () => {
    expect(() => encode({ ...publish, topic: 'a\0' })).toThrow(/^publish\.topic: expected text without U\+0000/)
    expect(() => encode(subscribe('a\0'))).toThrow(/^subscribe\.filter: expected text without U\+0000/)
    expect(() => encode({ type: 'connect', protocolVersion: 4, clientId: 'a\0' })).toThrow('connect.clientId')
  })

  test('a Topic Name is the first field of PUBLISH, in UTF-8 [MQTT-3.3.2-1]', () => {
    expect(encode({ ...publish, topic: 'ä/😀', payload: Uint8Array.of(1) })).toBe('300a0007c3a42ff09f988001')
    expect(encode({ ...publish, qos: 1, packetId: 2, topic: 'ä' })).toBe('32060002c3a40002')
    expect(() => encode({ ...publish, topic: 'a\udc00' })).toThrow(/^publish\.topic: expected text/)
  })

  test('the Topic Filters of SUBSCRIBE are in UTF-8 [MQTT-3.8.3-1]', () => {
    expect(encode(subscribe('ä/+'))).toBe('820900070004c3a42f2b00')
    expect(() => encode(subscribe('a\udc00'))).toThrow(/^subscribe\.filter: expected text/)
  })

  test('the Topic Filters of UNSUBSCRIBE are in UTF-8, one behind the other [MQTT-3.10.3-1]', () => {
    expect(encode(unsubscribe('ä/+', 'b'))).toBe('a20b00070004c3a42f2b000162')
    expect(() => encode(unsubscribe('a\udc00'))).toThrow(/^unsubscribe\.filters: expected text/)
  })
})

describe('3.1.1: lists', () => {
  test('SUBSCRIBE has at least one Topic Filter, each with its QoS [MQTT-3.8.3-3]', () => {
    expect(() => encode({ type: 'subscribe', packetId: 7, subscriptions: [] })).toThrow('subscribe.subscriptions')
    const subscriptions = [
      { filter: 'a', qos: 1 },
      { filter: 'b', qos: 2 },
    ] as const
    expect(encode({ type: 'subscribe', packetId: 7, subscriptions: [...subscriptions] })).toBe(
      `820a0007${str('a')}01${str('b')}02`,
    )
  })

  test('UNSUBSCRIBE has at least one Topic Filter [MQTT-3.10.3-2]', () => {
    expect(() => encode(unsubscribe())).toThrow('unsubscribe.filters')
  })
})
