import { expect, test } from 'vitest'
import type { PacketInput } from '../../src/codec/index.js'
import { protocolError, violation } from '../../src/codec/reason.js'
import { Journal } from '../../src/session/journal.js'
import { recordCodec } from '../../src/session/record-codec.js'
import { Bench, nameOf, VERSIONS } from './bench.js'

for (const version of VERSIONS) {
  const name = nameOf(version)

  test(`${name}: CONNECT is the first packet, and nothing follows it before CONNACK [MQTT-3.1.0-1]`, () => {
    const bench = new Bench(version)
    bench.publish(1, 'a')
    bench.publish(0, 'b')
    bench.subscribe('c')
    bench.open()
    bench.publish(1, 'd')
    bench.subscribe('e')
    bench.tick(10_000)
    expect(bench.wire()).toEqual(['connect'])
    bench.receive({ type: 'connack' })
    expect(bench.wire()).toEqual(['subscribe 1 c', 'subscribe 2 e', 'publish 3 a', 'publish - b', 'publish 4 d'])
    expect(bench.session.connected).toBe(true)
  })

  test(`${name}: after DISCONNECT nothing is sent [MQTT-3.14.4-1 of 5.0] [MQTT-3.14.4-2 of 3.1.1]`, () => {
    const bench = new Bench(version).connect()
    bench.deliver(1, 1, 'in')
    const [delivery] = bench.deliveries()
    bench.session.disconnect(0, {})
    bench.settle(delivery)
    bench.publish(1, 'late')
    bench.publish(0, 'late')
    bench.subscribe('late')
    bench.receive({ type: 'pingresp' })
    bench.tick(100_000)
    expect(bench.wire()).toEqual(['disconnect 0x00'])
  })

  test(`${name}: what the server sends after the end is not heard`, () => {
    const bench = new Bench(version).connect()
    bench.session.disconnect(0, {})
    bench.sent()
    bench.deliver(2, 1, 'late').receive({ type: 'pubrel', packetId: 4 })
    expect(bench.wire()).toEqual([])
    expect(bench.news()).toEqual([])
  })

  test(`${name}: a packet that a server must not send is a Protocol Error`, () => {
    const inputs: PacketInput[] = [
      { type: 'connect', protocolVersion: version, clientId: 'x' },
      { type: 'subscribe', packetId: 1, subscriptions: [{ filter: 'a' }] },
      { type: 'unsubscribe', packetId: 1, filters: ['a'] },
      { type: 'pingreq' },
      { type: 'connack' },
    ]
    if (version === 5) inputs.push({ type: 'auth', properties: { authenticationMethod: 'x' } })
    else inputs.push({ type: 'disconnect' })
    for (const input of inputs) {
      const bench = new Bench(version).connect().receive(input)
      expect(bench.news(), input.type).toEqual(['failed 0x82'])
      // [MQTT-4.13.1-1] Only 5.0 has a DISCONNECT that says it.
      expect(bench.wire(), input.type).toEqual(version === 5 ? ['disconnect 0x82'] : [])
      expect(bench.session.connected).toBe(false)
    }
  })

  test(`${name}: anything but CONNACK before CONNACK is a Protocol Error [MQTT-3.2.0-1]`, () => {
    for (const type of ['pingresp', 'puback', 'pubrel'] as const) {
      const bench = new Bench(version).open()
      bench.sent()
      bench.receive(type === 'pingresp' ? { type } : { type, packetId: 1 })
      expect(bench.news()).toEqual(['failed 0x82'])
    }
  })

  test(`${name}: a refused CONNACK ends it, and what waits waits for another`, () => {
    const bench = new Bench(version)
    bench.publish(1, 'a')
    bench.open()
    bench.sent()
    bench.receive({ type: 'connack', reasonCode: version === 5 ? 0x87 : 5 })
    expect(bench.news()).toEqual(['refused'])
    expect(bench.wire()).toEqual([])
    bench.cut()
    expect(bench.connect().wire()).toEqual(['publish 1 a'])
  })
}

for (const version of [4, 5] as const) {
  test(`${nameOf(version)}: Session Present after a clean start is refused with 0x82 [MQTT-3.2.2-4 of 5.0]`, () => {
    const bench = new Bench(version).open({ cleanStart: true })
    bench.sent()
    bench.receive({ type: 'connack', sessionPresent: true })
    expect(bench.news()).toEqual(['failed 0x82'])
    expect(bench.wire()).toEqual(version === 5 ? ['disconnect 0x82'] : [])
  })
}

test('the event says whether the session goes on: by Session Present, and in 3.1 by what we asked for', () => {
  const resumed = (version: 3 | 4 | 5, cleanStart: boolean, sessionPresent: boolean): unknown => {
    const bench = new Bench(version).open({ cleanStart }).receive({ type: 'connack', sessionPresent })
    const [event] = bench.events()
    return event?.type === 'connected' && event.resumed
  }
  for (const version of [4, 5] as const) {
    expect(resumed(version, false, true)).toBe(true)
    expect(resumed(version, false, false)).toBe(false)
    expect(resumed(version, true, false)).toBe(false)
  }
  expect(resumed(3, false, false)).toBe(true)
  expect(resumed(3, true, false)).toBe(false)
})

test('a server’s DISCONNECT of 5.0 ends the connection; we answer nothing', () => {
  const bench = new Bench().connect()
  bench.publish(1, 'a')
  bench.sent()
  bench.receive({ type: 'disconnect', reasonCode: 0x8b })
  bench.publish(1, 'b')
  expect(bench.news()).toEqual(['disconnected'])
  expect(bench.wire()).toEqual([])
  expect(bench.session.deadline).toBe(Number.POSITIVE_INFINITY)
})

test('a peer that broke the protocol is told which way, once (§3.14.2.1)', () => {
  const bench = new Bench().connect()
  bench.session.fail(violation(0x95, 'x'))
  expect(bench.wire()).toEqual(['disconnect 0x95'])
  bench.session.fail(protocolError('again'))
  expect(bench.wire()).toEqual([])
})

test('5.0 says why it disconnects; 3.x leaves DISCONNECT out for all but a normal end, so that the will is published', () => {
  const five = new Bench(5).connect()
  five.session.disconnect(4, { reasonString: 'bye' })
  expect(five.sent()).toEqual([{ type: 'disconnect', reasonCode: 4, properties: { reasonString: 'bye' } }])
  const four = new Bench(4).connect()
  four.session.disconnect(4, {})
  expect(four.wire()).toEqual([])
  const three = new Bench(3).connect()
  three.session.disconnect(0, { reasonString: 'has no place in 3.1' })
  expect(three.sent()).toEqual([{ type: 'disconnect', reasonCode: 0, properties: {} }])
})

test('no DISCONNECT is sent before CONNACK by the application’s will', () => {
  const bench = new Bench().open()
  bench.sent()
  bench.session.disconnect(0, {})
  expect(bench.wire()).toEqual([])
})

test('packets that were not taken before the connection ended are not sent on the next one', () => {
  const bench = new Bench().connect()
  bench.deliver(1, 1, 'in')
  bench.settle(bench.deliveries()[0])
  bench.publish(0, 'zero')
  bench.cut()
  expect(bench.resume().wire()).toEqual([])
})

test('a session at rest has no deadline, and ticks do no harm', () => {
  const bench = new Bench()
  expect(bench.session.deadline).toBe(Number.POSITIVE_INFINITY)
  bench.tick(1e9)
  expect(bench.news()).toEqual([])
  expect([bench.session.queued, bench.session.inflight, bench.session.window]).toEqual([0, 0, 0])
})

test('a malformed message or call is refused with a TypeError or RangeError that names the field, and leaves nothing', () => {
  const bench = new Bench(4).connect()
  expect(() => bench.publish(1, 'a', { topic: '' } as object)).toThrow()
  expect(() => bench.publish(1, 'a', { properties: { contentType: 'x' } })).toThrow(/propert/)
  bench.publish(1, 'good')
  expect(bench.wire()).toEqual(['publish 1 good'])
})

test('an error of our own is thrown, and the server is not told that it broke the protocol', () => {
  const journal = new Journal(recordCodec)
  const bench = new Bench(5, { journal })
  bench.kept.load([], 0)
  bench.connect()
  journal.complete = () => {
    throw new TypeError('ours')
  }
  bench.deliver(2, 1, 'in')
  bench.settle(bench.deliveries()[0])
  bench.sent()
  expect(() => bench.receive({ type: 'pubrel', packetId: 1 })).toThrow(new TypeError('ours'))
  expect(bench.news()).toEqual([])
  expect(bench.wire()).toEqual([])
})

for (const version of VERSIONS) {
  test(`${nameOf(version)}: nothing is sent between two connections, whatever is overdue`, () => {
    const bench = new Bench(version, { retryInterval: 1_000, forcePing: true }).connect({}, { keepAlive: 10 })
    bench.publish(1, 'a')
    bench.publish(2, 'b')
    bench.receive({ type: 'pubrec', packetId: 2 })
    bench.sent()
    bench.cut()
    for (let second = 0; second < 20; second++) bench.tick(1_000)
    expect(bench.wire()).toEqual([])
    expect(bench.news()).toEqual([])
    expect(bench.resume().wire()).toEqual(['pubrel 2', 'publish 1 dup a'])
  })

  test(`${nameOf(version)}: an answer to CONNECT that comes after the connection was given up is not heard`, () => {
    for (const reasonCode of [0, 5]) {
      const bench = new Bench(version).open().cut()
      bench.receive({ type: 'connack', reasonCode: version === 5 && reasonCode > 0 ? 0x87 : reasonCode })
      expect(bench.news()).toEqual([])
      expect(bench.wire()).toEqual([])
      expect(bench.session.connected).toBe(false)
    }
  })
}
test('5.0: Reason String and User Properties, where CONNECT wants none, break the protocol but in PUBLISH, CONNACK and DISCONNECT [MQTT-3.1.2-29]', () => {
  const quiet = { properties: { requestProblemInformation: false } }
  for (const properties of [{ reasonString: '' }, { userProperties: [['a', 'b'] as [string, string]] }]) {
    const bench = new Bench(5).connect({ properties }, quiet)
    bench.receive({ type: 'publish', topic: 't', properties: { userProperties: [['a', 'b']] } })
    bench.receive({ type: 'pubrel', packetId: 1 })
    expect(bench.wire()).toEqual(['pubcomp 1 0x92'])
    bench.receive({ type: 'pubrel', packetId: 1, properties })
    expect(bench.wire()).toEqual(['disconnect 0x82'])
    expect(bench.news()).toEqual(['message ', 'failed 0x82'])
    const polite = new Bench(5).connect({}, quiet).receive({ type: 'disconnect', properties })
    expect(polite.news()).toEqual(['disconnected'])
    const talkative = new Bench(5).connect().receive({ type: 'pubrel', packetId: 1, properties })
    expect(talkative.news()).toEqual([])
  }
})
