/** MQTT 5.0, §3.8 and §3.10: SUBSCRIBE and UNSUBSCRIBE. */

import { describe, expect, test } from 'vitest'
import { encodePacket, type PacketInput } from '../../../src/codec/index.js'
import { connected, failure } from '../../client/bench.js'
import { hex } from '../../codec/support/wire.js'

const encoded = (packet: object): string => hex(encodePacket(packet as PacketInput, 5))
const subscribe = (...subscriptions: object[]): string => encoded({ type: 'subscribe', packetId: 1, subscriptions })
const unsubscribe = (...filters: string[]): string => encoded({ type: 'unsubscribe', packetId: 1, filters })

describe('SUBSCRIBE', () => {
  test('5.0: has the flags 0010 [MQTT-3.8.1-1]', () => {
    expect(subscribe({ filter: 'a' }).slice(0, 2)).toBe('82')
  })

  test('5.0: has filters that are UTF-8 strings [MQTT-3.8.3-1]', () => {
    expect(subscribe({ filter: 'ä/+' })).toBe('820a' + '0001' + '00' + '0004c3a42f2b' + '00')
    for (const filter of ['a\0', '\ud800', 'a/\udc00']) {
      expect(() => subscribe({ filter })).toThrow(/^subscribe\.filter: expected text/)
    }
  })

  test('5.0: has a filter at least, each with its options [MQTT-3.8.3-2]', async () => {
    expect(() => subscribe()).toThrow(/^subscribe\.subscriptions: expected at least one/)
    const options = { qos: 1, noLocal: true, retainAsPublished: true, retainHandling: 2 }
    expect(subscribe({ filter: 'a', qos: 2 }, { filter: 'b', ...options })).toBe(
      '820b' + '0001' + '00' + '000161' + '02' + '000162' + '2d',
    )
    const { client, peer, host } = await connected({ protocolVersion: 5 })
    await failure(client.subscribe([]))
    await host.advance(0)
    expect(peer.take()).toEqual([])
    await client.disconnect()
  })

  test('5.0: has no No Local for a shared subscription [MQTT-3.8.3-4]', async () => {
    expect(() => subscribe({ filter: '$share/g/a', noLocal: true })).toThrow(/^subscribe\.noLocal: expected false/)
    const { client, peer, host } = await connected({ protocolVersion: 5 })
    await failure(client.subscribe('$share/g/a', { noLocal: true }))
    await host.advance(0)
    expect(peer.take()).toEqual([])
    await client.disconnect()
  })
})

describe('UNSUBSCRIBE', () => {
  test('5.0: has the flags 0010 [MQTT-3.10.1-1]', () => {
    expect(unsubscribe('a').slice(0, 2)).toBe('a2')
  })

  test('5.0: has filters that are UTF-8 strings [MQTT-3.10.3-1]', () => {
    expect(unsubscribe('ä/+')).toBe('a209' + '0001' + '00' + '0004c3a42f2b')
    for (const filter of ['a\0', '\ud800', 'a/\udc00']) {
      expect(() => unsubscribe(filter)).toThrow(/^unsubscribe\.filters: expected text/)
    }
  })

  test('5.0: has a filter at least [MQTT-3.10.3-2]', async () => {
    expect(() => unsubscribe()).toThrow(/^unsubscribe\.filters: expected at least one/)
    const { client, peer, host } = await connected({ protocolVersion: 5 })
    await client.unsubscribe([]).catch(() => {})
    await host.advance(0)
    expect(peer.take()).toEqual([])
    await client.disconnect()
  })
})
