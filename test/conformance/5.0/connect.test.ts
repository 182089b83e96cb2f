/** MQTT 5.0, §3.1: CONNECT, and what it promises for the connection and the session. */

import { describe, expect, test } from 'vitest'
import { encodePacket, type PacketInput } from '../../../src/codec/index.js'
import type { Exchange } from '../../../src/session/records.js'
import { connected, publish, reconnected, record } from '../../client/bench.js'
import { hex, str } from '../../codec/support/wire.js'
import { Bench } from '../../session/bench.js'
import { settled } from '../../support/virtual-host.js'

type Connect = Omit<Extract<PacketInput, { type: 'connect' }>, 'type' | 'protocolVersion'>

/** What CONNECT has behind its fixed header. */
function body(connect: Connect): string {
  return hex(encodePacket({ type: 'connect', protocolVersion: 5, ...connect }, 5).subarray(2))
}

/** The Connect Flags. */
const flags = (connect: Connect): number => Number.parseInt(body(connect).slice(14, 16), 16)
/** What follows the properties of CONNECT, which are none here. */
const payload = (connect: Connect): string => body(connect).slice(22)

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const will = { topic: 'w', payload: bytes('gone'), qos: 1, retain: true } as const
const WILL = `00 ${str('w')} ${str('gone')}`
const plain = (digits: string): string => digits.replaceAll(' ', '')

test('5.0: CONNECT is the first packet of a connection, whatever waits [MQTT-3.1.0-1]', () => {
  const bench = new Bench(5)
  bench.publish(1, 'a')
  bench.publish(0, 'b')
  bench.subscribe('c')
  bench.open()
  expect(bench.wire()).toEqual(['connect'])
})

test('5.0: the protocol name is "MQTT" [MQTT-3.1.2-1]', () => {
  expect(body({}).slice(0, 14)).toBe('00044d51545405')
})

test('5.0: with Clean Start the client drops the session that it had [MQTT-3.1.2-4]', async () => {
  const { client, peer, host } = await connected({ protocolVersion: 5, cleanStart: true, clientId: 'c' })
  client.publish('t', 'old', { qos: 1 }).catch(() => {})
  peer.send(publish('t', 'in', 2, 7))
  await settled()
  expect(peer.take().map(({ type }) => type)).toEqual(['publish', 'pubrec'])
  await client.disconnect()
  const events = record(client)
  const connecting = client.connect()
  const next = await host.peer(1)
  expect((await next.accept()).cleanStart).toBe(true)
  await connecting
  await host.advance(0)
  expect(next.take(), 'nothing of the old session goes out').toEqual([])
  next.send(publish('t', 'another', 2, 7))
  await host.advance(0)
  expect(events, 'its identifiers are forgotten').toContain('message another')
  await client.disconnect()
})

describe('the Will', () => {
  test('5.0: is in the payload, with properties, topic and payload, where its flag is 1 [MQTT-3.1.2-9]', () => {
    expect(flags({ will })).toBe(0b0010_1110)
    expect(payload({ clientId: 'c', will })).toBe(plain(`${str('c')} ${WILL}`))
    const properties = { willDelayInterval: 5 }
    expect(payload({ clientId: 'c', will: { ...will, payload: new Uint8Array(0), properties } })).toBe(
      plain(`${str('c')} 05 18 00000005 ${str('w')} 0000`),
    )
  })

  test('5.0: has a QoS of 0 in the flags where there is none [MQTT-3.1.2-11]', () => {
    expect(flags({}) & 0b0001_1000).toBe(0)
    expect(flags({ username: 'u', password: bytes('p') }) & 0b0001_1000).toBe(0)
  })

  test('5.0: has a QoS of 0, 1 or 2, and never 3 [MQTT-3.1.2-12]', () => {
    for (const qos of [0, 1, 2] as const) expect((flags({ will: { ...will, qos } }) >> 3) & 3).toBe(qos)
    expect(() => body({ will: { ...will, qos: 3 as never } })).toThrow(/^connect\.will\.qos: expected/)
  })

  test('5.0: has Will Retain 0 in the flags where there is none [MQTT-3.1.2-13]', () => {
    expect(flags({}) & 0b0010_0000).toBe(0)
    expect(flags({ username: 'u', password: bytes('p') }) & 0b0010_0000).toBe(0)
  })

  test('5.0: has a topic that is a UTF-8 string [MQTT-3.1.3-11]', () => {
    expect(payload({ clientId: 'c', will: { ...will, topic: 'ä€😀' } })).toContain('0009c3a4e282acf09f9880')
    for (const topic of ['\0', '\ud800']) {
      expect(() => body({ will: { ...will, topic } })).toThrow(/^connect\.will\.topic: expected text/)
    }
  })
})

describe('user name and password', () => {
  test('5.0: no user name is sent where its flag is 0 [MQTT-3.1.2-16]', () => {
    for (const connect of [{}, { will }, { password: bytes('p') }] as Connect[]) {
      expect(flags(connect) & 0x80).toBe(0)
      const rest = `${connect.will ? WILL : ''} ${connect.password ? str('p') : ''}`
      expect(payload({ clientId: 'c', ...connect })).toBe(plain(`${str('c')} ${rest}`))
    }
    expect(flags({ username: 'u' }) & 0x80, 'it is 1 where there is one').toBe(0x80)
  })

  test('5.0: a user name is sent where its flag is 1, also an empty one [MQTT-3.1.2-17]', () => {
    for (const username of ['u', '']) {
      expect(flags({ username })).toBe(0b1000_0010)
      expect(payload({ clientId: 'c', username })).toBe(str('c') + str(username))
    }
  })

  test('5.0: no password is sent where its flag is 0 [MQTT-3.1.2-18]', () => {
    for (const connect of [{}, { will }, { username: 'u' }] as Connect[]) {
      expect(flags(connect) & 0x40).toBe(0)
      const rest = `${connect.will ? WILL : ''} ${connect.username ? str('u') : ''}`
      expect(payload({ clientId: 'c', ...connect })).toBe(plain(`${str('c')} ${rest}`))
    }
    expect(flags({ password: bytes('p') }) & 0x40, 'it is 1 where there is one').toBe(0x40)
  })

  test('5.0: a password is sent where its flag is 1, also an empty one, and one without a user name [MQTT-3.1.2-19]', () => {
    for (const password of ['p', '']) {
      expect(flags({ password: bytes(password) })).toBe(0b0100_0010)
      expect(payload({ clientId: 'c', password: bytes(password) })).toBe(str('c') + str(password))
    }
  })

  test('5.0: a user name is a UTF-8 string [MQTT-3.1.3-12]', () => {
    expect(payload({ username: 'ä€😀' })).toBe('0000' + '0009c3a4e282acf09f9880')
    for (const username of ['a\0', '\udc00']) {
      expect(() => body({ username })).toThrow(/^connect\.username: expected text/)
    }
  })
})

test('5.0: the payload has client id, Will Properties, Will Topic, Will Payload, user name and password, in this order [MQTT-3.1.3-1]', () => {
  expect(payload({ clientId: 'c', will, username: 'u', password: bytes('p') })).toBe(
    plain(`${str('c')} ${WILL} ${str('u')} ${str('p')}`),
  )
})

test('5.0: the client id is there, and first, also where it is empty [MQTT-3.1.3-3]', () => {
  expect(payload({})).toBe('0000')
  expect(payload({ username: 'u' })).toBe(plain(`0000 ${str('u')}`))
  expect(payload({ will })).toBe(plain(`0000 ${WILL}`))
})

test('5.0: the client id is a UTF-8 string [MQTT-3.1.3-4]', () => {
  expect(payload({ clientId: 'ä€😀' })).toBe('0009c3a4e282acf09f9880')
  for (const clientId of ['a\0', '\ud800']) {
    expect(() => body({ clientId })).toThrow(/^connect\.clientId: expected text/)
  }
})

test('5.0: where nothing else is sent for a Keep Alive, PINGREQ is [MQTT-3.1.2-20]', () => {
  const bench = new Bench(5).connect({}, { keepAlive: 10 })
  expect(bench.session.deadline).toBe(10_000)
  expect(bench.tick(9_999).wire()).toEqual([])
  expect(bench.tick(1).wire()).toEqual(['pingreq'])
  bench.session.alive()
  bench.receive({ type: 'pingresp' })
  expect(bench.tick(10_000).wire()).toEqual(['pingreq'])
})

test('5.0: a Server Keep Alive takes the place of the one in CONNECT [MQTT-3.1.2-21] [MQTT-3.2.2-21]', () => {
  const shorter = new Bench(5).connect({ properties: { serverKeepAlive: 5 } }, { keepAlive: 60 })
  expect(shorter.session.deadline).toBe(5_000)
  expect(shorter.tick(5_000).wire()).toEqual(['pingreq'])
  const longer = new Bench(5).connect({ properties: { serverKeepAlive: 90 } }, { keepAlive: 60 })
  expect(longer.tick(60_000).wire()).toEqual([])
  expect(longer.tick(30_000).wire()).toEqual(['pingreq'])
  const off = new Bench(5).connect({ properties: { serverKeepAlive: 0 } }, { keepAlive: 60 })
  expect(off.session.deadline).toBe(Number.POSITIVE_INFINITY)
})

test('5.0: with a Session Expiry Interval the session outlives its network connection [MQTT-3.1.2-23]', async () => {
  const properties = { sessionExpiryInterval: 100 }
  const { client, peer, host } = await connected({ protocolVersion: 5, cleanStart: false, clientId: 'c', properties })
  const events = record(client)
  const publishing = client.publish('t', 'out', { qos: 1 })
  peer.send(publish('t', 'in', 2, 7))
  await settled()
  expect(peer.take().map(({ type }) => type)).toEqual(['publish', 'pubrec'])
  peer.drop()
  const next = await reconnected(host, { sessionPresent: true })
  expect(next.connect).toMatchObject({ cleanStart: false, properties })
  expect(await next.peer.next('publish'), 'sent and not acknowledged').toMatchObject({ dup: true, packetId: 1 })
  next.peer.send(publish('t', 'in', 2, 7, { dup: true }), { type: 'puback', packetId: 1 })
  expect(await publishing).toMatchObject({ packetId: 1 })
  expect(await next.peer.next('pubrec')).toMatchObject({ packetId: 7 })
  expect(
    events.filter((event) => event === 'message in'),
    'received and not released',
  ).toHaveLength(1)
  await client.disconnect()
})

test('5.0: with an Authentication Method nothing but AUTH and DISCONNECT is sent before CONNACK [MQTT-3.1.2-30]', () => {
  const bench = new Bench(5)
  bench.publish(1, 'a')
  bench.publish(0, 'b')
  bench.open({ keepAlive: 1, properties: { authenticationMethod: 'M' } })
  expect(bench.wire()).toEqual(['connect'])
  for (let round = 0; round < 2; round++) {
    bench.subscribe(`c${round}`)
    bench.session.ping('ping', bench.now)
    bench.session.probe(bench.now)
    bench.tick(2_000)
    bench.receive({ type: 'auth', reasonCode: 0x18, properties: { authenticationMethod: 'M' } })
    const challenge = bench.events().find(({ type }) => type === 'challenge') as { exchange: Exchange } | undefined
    bench.session.authenticate((challenge as { exchange: Exchange }).exchange, undefined, bench.now)
    expect(bench.wire()).toEqual(['auth 0x18 M'])
  }
  bench.receive({ type: 'puback', packetId: 1 })
  expect(bench.wire()).toEqual(['disconnect 0x82'])
})
