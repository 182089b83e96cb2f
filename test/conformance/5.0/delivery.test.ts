/** MQTT 5.0, §4.3 to §4.6 and §4.9: delivery, sending again, order and flow control. */

import { describe, expect, test } from 'vitest'
import { connected, publish } from '../../client/bench.js'
import { Bench } from '../../session/bench.js'

test('5.0: a message of QoS 0 is sent with QoS 0 and DUP 0 [MQTT-4.3.1-1]', () => {
  const bench = new Bench(5)
  bench.publish(0, 'waits')
  bench.connect()
  bench.publish(0, 'now')
  expect(bench.sent()).toMatchObject([
    { qos: 0, dup: false },
    { qos: 0, dup: false },
  ])
  expect(bench.cut().resume().wire(), 'and once').toEqual([])
})

for (const [qos, clauses] of [
  [1, ['4.3.2-1', '4.3.2-2', '4.3.2-3']],
  [2, ['4.3.3-1', '4.3.3-2', '4.3.3-3']],
] as const) {
  describe(`a message of QoS ${qos}, sent`, () => {
    test(`5.0: has a Packet Identifier that no other has at the time [MQTT-${clauses[0]}]`, () => {
      const bench = new Bench(5).connect()
      bench.subscribe('f')
      for (let count = 0; count < 100; count++) bench.publish(qos, `${count}`)
      const ids = bench.sent().map((packet) => ('packetId' in packet ? packet.packetId : undefined))
      expect(new Set(ids).size).toBe(101)
    })

    test(`5.0: has DUP 0 at first, also where it had to wait [MQTT-${clauses[1]}]`, () => {
      const bench = new Bench(5)
      bench.publish(qos, 'before the connection')
      bench.connect({ properties: { receiveMaximum: 1 } })
      bench.publish(qos, 'behind it')
      expect(bench.sent()).toMatchObject([{ type: 'publish', qos, dup: false }])
      if (qos === 1) bench.receive({ type: 'puback', packetId: 1 })
      else bench.receive({ type: 'pubrec', packetId: 1 }, { type: 'pubcomp', packetId: 1 })
      expect(bench.sent().at(-1)).toMatchObject({ type: 'publish', qos, dup: false })
    })

    test(`5.0: counts as unacknowledged until its ${qos === 1 ? 'PUBACK' : 'PUBREC'} [MQTT-${clauses[2]}]`, () => {
      const bench = new Bench(5).connect({ properties: { receiveMaximum: 1 } })
      bench.publish(qos, 'a')
      bench.publish(qos, 'b')
      expect(bench.wire(), 'it keeps its place').toEqual(['publish 1 a'])
      for (let count = 0; count < 3; count++) {
        bench.cut().resume({ properties: { receiveMaximum: 1 } })
        expect(bench.wire(), 'it is sent again').toEqual(['publish 1 dup a'])
      }
      expect(bench.news()).not.toContain('acknowledged a')
      bench.receive({ type: qos === 1 ? 'puback' : 'pubrec', packetId: 1 })
      expect(bench.wire()).toEqual([qos === 1 ? 'publish 2 b' : 'pubrel 1'])
      bench.cut().resume()
      expect(bench.wire()).toEqual(qos === 1 ? ['publish 2 dup b'] : ['pubrel 1', 'publish 2 b'])
    })
  })
}

describe('a message of QoS 2, sent', () => {
  test('5.0: PUBREL of its identifier answers a PUBREC below 0x80, and no other [MQTT-4.3.3-4]', () => {
    const bench = new Bench(5).connect()
    for (const payload of ['a', 'b', 'c']) bench.publish(2, payload)
    bench.sent()
    bench.receive({ type: 'pubrec', packetId: 1 }, { type: 'pubrec', packetId: 2, reasonCode: 0x10 })
    expect(bench.wire()).toEqual(['pubrel 1', 'pubrel 2'])
    bench.receive({ type: 'pubrec', packetId: 3, reasonCode: 0x80 })
    expect(bench.wire()).toEqual([])
  })

  test('5.0: PUBREL counts as unacknowledged until PUBCOMP [MQTT-4.3.3-5]', () => {
    const bench = new Bench(5).connect()
    bench.publish(2, 'a')
    bench.receive({ type: 'pubrec', packetId: 1 })
    bench.sent()
    for (let count = 0; count < 3; count++) expect(bench.cut().resume().wire()).toEqual(['pubrel 1'])
    bench.receive({ type: 'pubcomp', packetId: 1 })
    expect(bench.cut().resume().wire()).toEqual([])
  })

  test('5.0: PUBLISH is not sent again after PUBREL [MQTT-4.3.3-6]', () => {
    for (const sessionPresent of [true, false]) {
      const bench = new Bench(5).connect()
      bench.publish(2, 'a')
      bench.receive({ type: 'pubrec', packetId: 1 })
      expect(bench.wire()).toEqual(['publish 1 a', 'pubrel 1'])
      bench.cut().connect({ sessionPresent })
      expect(bench.wire().filter((packet) => packet.startsWith('publish'))).toEqual([])
    }
  })
})

test('5.0: what is unacknowledged is sent again under its identifier when the session goes on, and at no other time [MQTT-4.4.0-1]', () => {
  const bench = new Bench(5, { retryInterval: 1_000 }).connect()
  bench.publish(1, 'a')
  bench.publish(2, 'b')
  bench.publish(2, 'c')
  bench.receive({ type: 'pubrec', packetId: 3 })
  expect(bench.wire()).toEqual(['publish 1 a', 'publish 2 b', 'publish 3 c', 'pubrel 3'])
  bench.tick(999)
  bench.subscribe('f')
  bench.tick(10_000).tick(100_000)
  expect(
    bench.wire().filter((packet) => packet.startsWith('pub')),
    'however long the server takes',
  ).toEqual([])
  bench.cut().resume()
  expect(
    bench
      .wire()
      .filter((packet) => packet.startsWith('pub'))
      .sort(),
  ).toEqual(['publish 1 dup a', 'publish 2 dup b', 'pubrel 3'])
})

test('5.0: a PUBACK or PUBREC from 0x80 acknowledges: the message is not sent again [MQTT-4.4.0-2]', () => {
  const bench = new Bench(5).connect()
  bench.publish(1, 'a')
  bench.publish(2, 'b')
  bench.sent()
  bench.receive({ type: 'puback', packetId: 1, reasonCode: 0x80 }, { type: 'pubrec', packetId: 2, reasonCode: 0x97 })
  expect(bench.wire()).toEqual([])
  expect(bench.cut().resume().wire()).toEqual([])
  expect(bench.cut().connect().wire()).toEqual([])
})

test('5.0: every message is acknowledged as its QoS says, also one that nobody wants or that a handler fails on [MQTT-4.5.0-2]', async () => {
  const { client, peer, host } = await connected({ protocolVersion: 5 })
  client.on('error', () => {})
  peer.send(publish('nobody/asked', 'a', 1, 1), publish('nobody/asked', 'b', 2, 2))
  await host.advance(0)
  expect(peer.take()).toMatchObject([
    { type: 'puback', packetId: 1 },
    { type: 'pubrec', packetId: 2 },
  ])
  client.on('message', () => {
    throw new Error('no thanks')
  })
  peer.send(publish('t', 'c', 1, 3), publish('t', 'd', 2, 4))
  await host.advance(0)
  expect(peer.take()).toMatchObject([
    { type: 'puback', packetId: 3 },
    { type: 'pubrec', packetId: 4 },
  ])
  await client.disconnect()
})

describe('flow control', () => {
  test('5.0: the send quota begins at no more than the Receive Maximum of CONNACK, and is not 0 [MQTT-4.9.0-1]', () => {
    for (const [receiveMaximum, maxInflight, quota] of [
      [3, 5, 3],
      [3, 2, 2],
      [1, Number.POSITIVE_INFINITY, 1],
    ] as const) {
      const bench = new Bench(5, { maxInflight }).connect({ properties: { receiveMaximum } })
      for (let count = 0; count < 10; count++) bench.publish(1, `${count}`)
      expect(bench.wire()).toHaveLength(quota)
    }
    const unsaid = new Bench(5).connect()
    for (let count = 0; count < 1_000; count++) unsaid.publish(1, '')
    expect(unsaid.wire(), '65 535 where CONNACK does not say').toHaveLength(1_000)
  })

  test('5.0: without quota no PUBLISH of QoS 1 and 2 is sent, until an exchange ends [MQTT-4.9.0-2]', () => {
    const bench = new Bench(5).connect({ properties: { receiveMaximum: 1 } })
    for (const payload of ['a', 'b', 'c', 'd']) bench.publish(payload === 'a' ? 2 : 1, payload)
    expect(bench.wire()).toEqual(['publish 1 a'])
    bench.tick(1_000)
    bench.subscribe('f')
    bench.deliver(0, undefined, 'in')
    expect(bench.wire()).toEqual(['subscribe 2 f'])
    bench.receive({ type: 'pubrec', packetId: 1 })
    expect(bench.wire(), 'PUBREC below 0x80 gives none back').toEqual(['pubrel 1'])
    bench.receive({ type: 'pubcomp', packetId: 1 })
    expect(bench.wire()).toEqual(['publish 3 b'])
    bench.receive({ type: 'puback', packetId: 3, reasonCode: 0x80 })
    expect(bench.wire()).toEqual(['publish 4 c'])
  })

  test('5.0: without quota all other packets are taken and answered [MQTT-4.9.0-3]', () => {
    const bench = new Bench(5).connect({ properties: { receiveMaximum: 1 } })
    bench.publish(2, 'a')
    bench.publish(1, 'waits')
    bench.subscribe('f')
    bench.sent()
    bench.deliver(0, undefined, 'x').deliver(1, 8, 'y').deliver(2, 9, 'z')
    bench.receive({ type: 'suback', packetId: 2, reasonCodes: [0] })
    const events = bench.events()
    expect(events.map(({ type }) => type)).toEqual(['message', 'message', 'message', 'answered'])
    for (const event of events) {
      if (event.type === 'message' && event.delivery) bench.settle(event.delivery)
    }
    bench.receive({ type: 'pubrel', packetId: 9 }, { type: 'pubrec', packetId: 1 })
    expect(bench.wire()).toEqual(['puback 8', 'pubrec 9', 'pubcomp 9', 'pubrel 1'])
  })
})
