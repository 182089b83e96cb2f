import { expect, test } from 'vitest'
import { Bench, gone, nameOf, packetOf, VERSIONS } from './bench.js'

for (const version of VERSIONS) {
  const name = nameOf(version)

  test(`${name}: a message of QoS 0 has no id and no DUP, and is not remembered [MQTT-4.3.1-1] [MQTT-2.3.1-5 of 3.1.1] [MQTT-2.2.1-2 of 5.0]`, () => {
    const bench = new Bench(version).connect()
    expect(bench.publish(0, 'a')).toBe(true)
    const [packet] = bench.sent()
    expect(packet).toMatchObject({ type: 'publish', qos: 0, dup: false, packetId: undefined })
    expect(bench.session.inflight).toBe(0)
    expect(bench.cut().resume().wire()).toEqual([])
  })

  test(`${name}: a message of QoS 1 is complete with PUBACK, which frees its id and its place [MQTT-4.3.2-1] [MQTT-4.3.2-2 of 5.0] [MQTT-4.3.2-3 of 5.0]`, () => {
    const bench = new Bench(version).connect()
    bench.publish(1, 'a')
    expect(bench.wire()).toEqual(['publish 1 a'])
    expect(bench.session.inflight).toBe(1)
    expect(bench.news()).toEqual([])
    bench.receive({ type: 'puback', packetId: 1 })
    expect(bench.news()).toEqual(['acknowledged a'])
    expect(bench.session.inflight).toBe(0)
  })

  test(`${name}: a message of QoS 2 goes PUBLISH, PUBREC, PUBREL, PUBCOMP under one id [MQTT-4.3.3-1] [MQTT-4.3.3-4 of 5.0] [MQTT-4.3.3-5 of 5.0]`, () => {
    const bench = new Bench(version).connect()
    bench.publish(2, 'a')
    expect(bench.wire()).toEqual(['publish 1 a'])
    bench.receive({ type: 'pubrec', packetId: 1 })
    expect(bench.wire()).toEqual(['pubrel 1'])
    expect(bench.news()).toEqual([])
    bench.receive({ type: 'pubcomp', packetId: 1 })
    expect(bench.wire()).toEqual([])
    expect(bench.news()).toEqual(['acknowledged a'])
    expect(bench.session.inflight).toBe(0)
  })

  test(`${name}: PUBRELs leave in the order of the PUBRECs [MQTT-4.6.0-4]`, () => {
    const bench = new Bench(version).connect()
    for (const payload of ['a', 'b', 'c']) bench.publish(2, payload)
    bench.sent()
    for (const packetId of [3, 1, 2]) bench.receive({ type: 'pubrec', packetId })
    expect(bench.wire()).toEqual(['pubrel 3', 'pubrel 1', 'pubrel 2'])
    expect(bench.cut().resume().wire()).toEqual(['pubrel 3', 'pubrel 1', 'pubrel 2'])
  })

  test(`${name}: what exceeds the window waits in order and is never dropped [MQTT-4.9.0-2 of 5.0]`, () => {
    const bench = new Bench(version, { maxInflight: 2 }).connect()
    const payloads = Array.from({ length: 50 }, (_, index) => `${index}`)
    for (const [index, payload] of payloads.entries()) expect(bench.publish(1, payload)).toBe(index < 2)
    expect(bench.session.queued).toBe(48)
    const sent: string[] = []
    for (let packets = bench.sent(); packets.length > 0; packets = bench.sent()) {
      for (const packet of packets) {
        if (packet.type !== 'publish') throw new Error(packet.type)
        sent.push(new TextDecoder().decode(packet.payload))
        expect(bench.session.inflight).toBeLessThanOrEqual(2)
        bench.receive({ type: 'puback', packetId: packet.packetId as number })
      }
    }
    expect(sent).toEqual(payloads)
  })

  test(`${name}: after a reconnect with the session, PUBLISH comes again with DUP and its id, in the original order [MQTT-3.3.1-1] [MQTT-4.4.0-1] [MQTT-4.6.0-1]`, () => {
    const bench = new Bench(version).connect()
    for (const payload of ['a', 'b', 'c', 'd']) bench.publish(payload < 'c' ? 1 : 2, payload)
    expect(bench.wire()).toEqual(['publish 1 a', 'publish 2 b', 'publish 3 c', 'publish 4 d'])
    bench.receive({ type: 'puback', packetId: 2 })
    bench.cut()
    bench.publish(1, 'e')
    bench.resume()
    expect(bench.wire()).toEqual(['publish 1 dup a', 'publish 3 dup c', 'publish 4 dup d', 'publish 5 e'])
    bench.cut().resume()
    expect(bench.wire()).toEqual(['publish 1 dup a', 'publish 3 dup c', 'publish 4 dup d', 'publish 5 dup e'])
  })

  test(`${name}: after PUBREC only PUBREL comes again, never PUBLISH [MQTT-4.3.3-6 of 5.0] [MQTT-4.3.3-1 of 3.1.1] [MQTT-4.4.0-1]`, () => {
    const bench = new Bench(version).connect()
    bench.publish(2, 'a')
    bench.receive({ type: 'pubrec', packetId: 1 })
    bench.cut().resume()
    expect(bench.wire()).toEqual(['pubrel 1'])
    bench.receive({ type: 'pubcomp', packetId: 1 })
    expect(bench.news()).toEqual(['acknowledged a'])
    expect(bench.cut().resume().wire()).toEqual([])
  })

  test(`${name}: a reconnect with a smaller window sends the rest later, in order, and drops nothing [MQTT-4.6.0-1] [MQTT-4.9.0-2 of 5.0]`, () => {
    const bench = new Bench(version, { maxInflight: version === 5 ? 65_535 : 2 })
    if (version === 5) {
      bench.connect()
      for (const payload of ['a', 'b', 'c', 'd']) bench.publish(1, payload)
      bench.cut()
      bench.publish(1, 'e')
      bench.resume({ properties: { receiveMaximum: 2 } })
      expect(bench.wire()).toEqual(['publish 1 dup a', 'publish 2 dup b'])
      // Cut again while two of the first connection have not gone out on this one.
      bench.cut().resume({ properties: { receiveMaximum: 2 } })
      expect(bench.wire()).toEqual(['publish 1 dup a', 'publish 2 dup b'])
      bench.publish(1, 'f')
      expect(bench.wire()).toEqual([])
      bench.receive({ type: 'puback', packetId: 2 })
      expect(bench.wire()).toEqual(['publish 3 dup c'])
      bench.receive({ type: 'puback', packetId: 1 }, { type: 'puback', packetId: 3 })
      expect(bench.wire()).toEqual(['publish 4 dup d', 'publish 5 e'])
      bench.receive({ type: 'puback', packetId: 4 }, { type: 'puback', packetId: 5 })
      expect(bench.wire()).toEqual(['publish 6 f'])
    } else {
      bench.connect()
      for (const payload of ['a', 'b', 'c']) bench.publish(1, payload)
      expect(bench.wire()).toEqual(['publish 1 a', 'publish 2 b'])
      expect(bench.cut().resume().wire()).toEqual(['publish 1 dup a', 'publish 2 dup b'])
    }
  })
}

for (const version of [4, 5] as const) {
  test(`${nameOf(version)}: without the session what was not acknowledged goes out as new messages, before later ones [MQTT-3.2.2-5 of 5.0] [MQTT-3.3.1-3]`, () => {
    const bench = new Bench(version).connect()
    bench.publish(1, 'a')
    bench.publish(2, 'b')
    bench.sent()
    bench.cut()
    bench.publish(1, 'c')
    bench.connect({ sessionPresent: false })
    const packets = bench.sent()
    expect(
      packets.map((packet) => packet.type === 'publish' && [new TextDecoder().decode(packet.payload), packet.dup]),
    ).toEqual([
      ['a', false],
      ['b', false],
      ['c', false],
    ])
    expect(bench.news()).toEqual([])
  })

  test(`${nameOf(version)}: without the session a message whose PUBREC came is complete: the server took it over (§4.3.3)`, () => {
    const bench = new Bench(version).connect()
    bench.publish(2, 'a')
    bench.receive({ type: 'pubrec', packetId: 1 })
    bench.cut().connect({ sessionPresent: false })
    expect(bench.news()).toEqual(['acknowledged a'])
    expect(bench.wire().filter((packet) => packet.startsWith('pub'))).toEqual([])
  })
}

test('Receive Maximum is kept, and each final answer makes room: PUBACK, PUBCOMP, PUBREC from 0x80 [MQTT-3.3.4-7] [MQTT-4.9.0-2]', () => {
  const bench = new Bench().connect({ properties: { receiveMaximum: 2 } })
  bench.publish(1, 'a')
  bench.publish(2, 'b')
  for (const payload of ['c', 'd', 'e']) bench.publish(2, payload)
  expect(bench.wire()).toEqual(['publish 1 a', 'publish 2 b'])
  bench.receive({ type: 'pubrec', packetId: 2 })
  expect(bench.wire(), 'PUBREC below 0x80 frees nothing').toEqual(['pubrel 2'])
  bench.receive({ type: 'puback', packetId: 1 })
  expect(bench.wire()).toEqual(['publish 3 c'])
  bench.receive({ type: 'pubcomp', packetId: 2 })
  expect(bench.wire()).toEqual(['publish 4 d'])
  bench.receive({ type: 'pubrec', packetId: 3, reasonCode: 0x97 })
  expect(bench.wire()).toEqual(['publish 5 e'])
  expect(bench.news()).toEqual(['acknowledged a', 'acknowledged b', 'rejected c 0x97'])
})

test('a full window delays neither calls, nor pings, nor acks [MQTT-3.3.4-8] [MQTT-4.9.0-3]', () => {
  const bench = new Bench().connect({ properties: { receiveMaximum: 1 } })
  bench.publish(1, 'a')
  bench.publish(1, 'b')
  bench.sent()
  bench.subscribe('f')
  bench.session.ping('ping', bench.now)
  bench.deliver(1, 9, 'x')
  bench.settle(bench.deliveries()[0])
  bench.publish(0, 'zero')
  expect(bench.wire()).toEqual(['subscribe 2 f', 'pingreq', 'puback 9', 'publish - zero'])
})

test('messages of QoS 0 keep their order among each other when some of them had to wait', () => {
  const bench = new Bench(5, { maxInflight: 1 })
  bench.publish(1, 'a')
  bench.publish(1, 'b')
  expect(bench.publish(0, 'first')).toBe(false)
  bench.connect()
  expect(bench.publish(0, 'second'), 'behind the one that waits').toBe(false)
  bench.sent()
  bench.receive({ type: 'puback', packetId: 1 })
  expect(bench.wire()).toEqual(['publish 2 b', 'publish - first', 'publish - second'])
  expect(bench.news()).toEqual(['acknowledged a', 'sent first', 'sent second'])
})

test('PUBACK and PUBREC from 0x80 end the exchange with an error, and nothing is sent again [MQTT-4.4.0-2]', () => {
  const bench = new Bench().connect()
  bench.publish(1, 'a')
  bench.publish(2, 'b')
  bench.sent()
  bench.receive({ type: 'puback', packetId: 1, reasonCode: 0x87, properties: { reasonString: 'no way' } })
  bench.receive({ type: 'pubrec', packetId: 2, reasonCode: 0x97 })
  expect(bench.wire(), 'no PUBREL [MQTT-4.3.3-4]').toEqual([])
  const events = bench.events()
  expect(events).toMatchObject([
    { type: 'rejected', tag: 'a', error: { name: 'RefusedError', code: 'NOT_AUTHORIZED', reasonCode: 0x87 } },
    { type: 'rejected', tag: 'b', error: { name: 'RefusedError', code: 'QUOTA_EXCEEDED', reasonCode: 0x97 } },
  ])
  expect(events[0]).toMatchObject({ error: { message: expect.stringContaining('no way') } })
  expect(bench.cut().resume().wire()).toEqual([])
})

test('a Reason Code below 0x80, and the properties of an ack, reach whoever waits', () => {
  const bench = new Bench().connect()
  bench.publish(1, 'a')
  bench.receive({ type: 'puback', packetId: 1, reasonCode: 0x10, properties: { userProperties: [['k', 'v']] } })
  expect(bench.events()).toMatchObject([
    { type: 'acknowledged', tag: 'a', packetId: 1, reasonCode: 0x10, properties: { userProperties: [['k', 'v']] } },
  ])
})

test('PUBCOMP 0x92 completes: the server had finished before (§3.7.2.1)', () => {
  const bench = new Bench().connect()
  bench.publish(2, 'a')
  bench.receive({ type: 'pubrec', packetId: 1 }, { type: 'pubcomp', packetId: 1, reasonCode: 0x92 })
  expect(bench.news()).toEqual(['acknowledged a'])
})

test('PUBREC for an id that is not in use is answered with PUBREL, with 0x92 in 5.0 (§3.6.2.1)', () => {
  for (const version of VERSIONS) {
    const bench = new Bench(version).connect()
    bench.receive({ type: 'pubrec', packetId: 77 })
    expect(bench.wire()).toEqual([version === 5 ? 'pubrel 77 0x92' : 'pubrel 77'])
    bench.receive({ type: 'pubcomp', packetId: 77, ...(version === 5 && { reasonCode: 0x92 }) })
    expect(bench.news()).toEqual([])
    expect(bench.session.connected).toBe(true)
  }
})

test('PUBREC from 0x80 for an id that is not in use is not answered: PUBREL is for those below [MQTT-4.3.3-4]', () => {
  const bench = new Bench().connect()
  bench.receive({ type: 'pubrec', packetId: 77, reasonCode: 0x91 })
  expect(bench.wire()).toEqual([])
})

test('a second PUBREC is answered with PUBREL again, and the message completes once', () => {
  const bench = new Bench(4).connect()
  bench.publish(2, 'a')
  bench.sent()
  bench.receive({ type: 'pubrec', packetId: 1 }, { type: 'pubrec', packetId: 1 })
  expect(bench.wire()).toEqual(['pubrel 1', 'pubrel 1'])
  bench.receive({ type: 'pubcomp', packetId: 1 }, { type: 'pubcomp', packetId: 1 })
  expect(bench.news()).toEqual(['acknowledged a'])
  expect(bench.session.connected).toBe(true)
})

for (const [what, qos, answers] of [
  ['PUBREC for a message of QoS 1', 1, ['pubrec']],
  ['PUBCOMP for a message of QoS 1', 1, ['pubcomp']],
  ['PUBACK for a message of QoS 2', 2, ['puback']],
  ['PUBCOMP before PUBREC', 2, ['pubcomp']],
  ['PUBACK after PUBREC', 2, ['pubrec', 'puback']],
] as const) {
  test(`${what} is a Protocol Error, and the message stays in the session [MQTT-4.13.1-1]`, () => {
    for (const version of VERSIONS) {
      const bench = new Bench(version).connect()
      bench.publish(qos, 'a')
      for (const type of answers) bench.receive({ type, packetId: 1 })
      expect(bench.news()).toEqual(['failed 0x82'])
      expect(bench.wire().at(-1)).toBe(
        version === 5 ? 'disconnect 0x82' : answers.length === 2 ? 'pubrel 1' : 'publish 1 a',
      )
      expect(bench.session.inflight).toBe(1)
    }
  })
}

test('PUBACK for an id that is not in use is a Protocol Error in 5.0; in 3.x it may answer a message sent twice', () => {
  const bench = new Bench(5).connect().receive({ type: 'puback', packetId: 5 })
  expect(bench.news()).toEqual(['failed 0x82'])
  for (const version of [3, 4] as const) {
    const old = new Bench(version).connect().receive({ type: 'puback', packetId: 5 })
    expect(old.news()).toEqual([])
    expect(old.session.connected).toBe(true)
  }
})

test('an answer to a message that has not gone out on this connection is a Protocol Error', () => {
  const bench = new Bench().connect()
  bench.publish(1, 'a')
  bench.publish(1, 'b')
  bench.cut().resume({ properties: { receiveMaximum: 1 } })
  bench.receive({ type: 'puback', packetId: 2 })
  expect(bench.news()).toEqual(['failed 0x82'])
})

for (const version of [3, 4] as const) {
  test(`${nameOf(version)}: after retryInterval a PUBLISH goes out again with DUP and a PUBREL as it is, until it is answered`, () => {
    const bench = new Bench(version, { retryInterval: 1_000 }).connect()
    bench.publish(1, 'a')
    bench.publish(2, 'b')
    bench.receive({ type: 'pubrec', packetId: 2 })
    bench.sent()
    expect(bench.session.deadline).toBe(1_000)
    bench.now = 400
    bench.publish(1, 'c')
    bench.sent()
    expect(bench.tick(599).wire()).toEqual([])
    expect(bench.tick(1).wire()).toEqual(['publish 1 dup a', 'pubrel 2'])
    expect(bench.session.deadline).toBe(1_400)
    expect(bench.tick(400).wire()).toEqual(['publish 3 dup c'])
    bench.receive({ type: 'puback', packetId: 1 }, { type: 'pubcomp', packetId: 2 })
    expect(bench.tick(600).wire()).toEqual([])
    expect(bench.tick(400).wire()).toEqual(['publish 3 dup c'])
    bench.receive({ type: 'puback', packetId: 3 })
    expect(bench.news()).toEqual(['acknowledged a', 'acknowledged b', 'acknowledged c'])
  })
}

test('5.0: nothing is sent again on a live connection; after retryInterval it counts as dead [MQTT-4.4.0-1]', () => {
  const bench = new Bench(5, { retryInterval: 1_000 }).connect()
  bench.publish(1, 'a')
  bench.sent()
  expect(bench.tick(999).news()).toEqual([])
  expect(bench.tick(1).news()).toEqual(['failed RETRY_TIMEOUT'])
  expect(bench.wire()).toEqual([])
  expect(bench.cut().resume().wire()).toEqual(['publish 1 dup a'])
})

test('a message that is answered in time does not make a later one overdue', () => {
  const bench = new Bench(5, { retryInterval: 1_000 }).connect()
  for (let round = 0; round < 5; round++) {
    bench.publish(1, `${round}`)
    bench.tick(600)
    bench.publish(1, `${round}'`)
    bench.receive({ type: 'puback', packetId: round * 2 + 1 }).tick(600)
    bench.receive({ type: 'puback', packetId: round * 2 + 2 })
  }
  expect(bench.news().every((event) => event.startsWith('acknowledged'))).toBe(true)
  expect(bench.session.deadline).toBe(Number.POSITIVE_INFINITY)
})

test('what waits behind a smaller window is not overdue: it was not sent', () => {
  const bench = new Bench(5, { retryInterval: 1_000 }).connect()
  bench.publish(1, 'a')
  bench.publish(1, 'b')
  bench.cut().resume({ properties: { receiveMaximum: 1 } })
  bench.tick(900).receive({ type: 'puback', packetId: 1 }).tick(900)
  expect(bench.news()).toEqual(['acknowledged a'])
  expect(bench.tick(100).news()).toEqual(['failed RETRY_TIMEOUT'])
})

test('ids run out at 65 535 and come back with the answers: calls and messages go on [MQTT-2.2.1-3]', () => {
  const bench = new Bench().connect()
  for (let index = 0; index < 65_535; index++) bench.subscribe('f', index)
  bench.sent()
  bench.publish(1, 'message')
  bench.publish(1, 'second')
  bench.subscribe('late', 'late')
  expect(bench.wire()).toEqual([])
  bench.receive({ type: 'suback', packetId: 4_711, reasonCodes: [0] })
  expect(bench.wire(), 'the call first').toEqual(['subscribe 4711 late'])
  bench.receive({ type: 'suback', packetId: 9, reasonCodes: [0] }, { type: 'unsuback', packetId: 1, reasonCodes: [0] })
  expect(bench.wire()[0]).toBe('publish 9 message')
})

test('a full window leaves ids for calls [MQTT-3.3.4-8]', () => {
  const bench = new Bench().connect()
  for (let index = 0; index < 66_000; index++) bench.publish(1, 'm')
  bench.sent()
  bench.subscribe('f')
  expect(bench.wire()).toHaveLength(1)
})

test('a message and a call never share an id [MQTT-2.2.1-3]', () => {
  const bench = new Bench().connect()
  bench.subscribe('f')
  bench.publish(1, 'a')
  bench.unsubscribe('f', 'u')
  bench.publish(2, 'b')
  expect(bench.wire()).toEqual(['subscribe 1 f', 'publish 2 a', 'unsubscribe 3 f', 'publish 4 b'])
})

test('properties that are not a client’s to set are refused: Topic Alias and Subscription Identifier [MQTT-3.3.4-6]', () => {
  const bench = new Bench().connect({ properties: { topicAliasMaximum: 9 } })
  expect(() => bench.publish(1, 'a', { properties: { topicAlias: 3 } })).toThrow(/topicAlias/)
  expect(() => bench.publish(1, 'a', { properties: { subscriptionIdentifiers: [3] } })).toThrow(
    /subscriptionIdentifiers/,
  )
  expect(bench.session.queued + bench.session.inflight).toBe(0)
})

test('a cancelled message that waits is not sent; one that was sent is completed in silence', () => {
  const bench = new Bench(5, { maxInflight: 1 }).connect()
  for (const payload of ['a', 'b', 'c']) bench.publish(1, payload)
  bench.session.cancel('a')
  bench.session.cancel('b')
  bench.receive({ type: 'puback', packetId: 1 })
  expect(bench.wire()).toEqual(['publish 1 a', 'publish 2 c'])
  expect(bench.news()).toEqual([])
})

test('detach tells all who wait, keeps QoS 1 and 2, and drops QoS 0', () => {
  const bench = new Bench(5, { maxInflight: 1 }).connect()
  bench.publish(1, 'a')
  bench.publish(2, 'b')
  bench.publish(0, 'c')
  bench.cut()
  bench.publish(0, 'd')
  bench.session.detach(gone)
  expect(bench.news().sort()).toEqual(['rejected a GONE', 'rejected b GONE', 'rejected d GONE'])
  bench.sent()
  bench.resume()
  expect(bench.wire()).toEqual(['publish 1 dup a'])
  bench.receive({ type: 'puback', packetId: 1 })
  expect(bench.wire()).toEqual(['publish 2 b'])
  expect(bench.news()).toEqual([])
})

test('reset drops what detach left, and nothing that was published since [MQTT-3.1.2-4 of 5.0]', () => {
  const bench = new Bench(5, { maxInflight: 1 }).connect()
  for (let index = 0; index < 100; index++) bench.publish(1, `old ${index}`)
  bench.cut()
  bench.session.detach(gone)
  bench.publish(1, 'new')
  bench.session.reset()
  bench.events()
  bench.connect({}, { cleanStart: true })
  expect(bench.wire()).toEqual(['publish 2 new'])
})

test('PUBCOMP of an exchange that began on an older connection does not widen the window [MQTT-4.9.0-1]', () => {
  const bench = new Bench().connect()
  bench.publish(2, 'old')
  bench.receive({ type: 'pubrec', packetId: 1 })
  bench.cut()
  for (const payload of ['a', 'b', 'c']) bench.publish(1, payload)
  bench.resume({ properties: { receiveMaximum: 1 } })
  bench.receive({ type: 'pubcomp', packetId: 1 })
  expect(bench.wire()).toEqual(['pubrel 1', 'publish 2 a'])
  bench.receive({ type: 'puback', packetId: 2 })
  expect(bench.wire()).toEqual(['publish 3 b'])
})

test('a stale deadline does not make overdue what was not sent on this connection', () => {
  const bench = new Bench(5, { retryInterval: 1_000 }).connect()
  for (const payload of ['a', 'b', 'c']) bench.publish(1, payload)
  bench.now = 500
  bench.cut().resume({ properties: { receiveMaximum: 1 } })
  bench.now = 1_400
  bench.receive({ type: 'puback', packetId: 1 })
  expect(bench.tick(100).news()).toEqual(['acknowledged a'])
  expect(bench.session.connected).toBe(true)
})

test('once the queue is empty messages of QoS 0 go out at once again', () => {
  const bench = new Bench()
  bench.publish(0, 'early')
  bench.connect()
  expect(bench.publish(0, 'now')).toBe(true)
  expect(bench.wire()).toEqual(['publish - early', 'publish - now'])
})

test('3.x cannot say how much QoS 2 it holds: without maxInflight a few go at a time, and none is lost; 5.0 says it', () => {
  const inflight = (version: 3 | 4 | 5, maxInflight: number): number => {
    const bench = new Bench(version, { maxInflight }).connect()
    for (let index = 0; index < 200; index++) bench.publish(2, `${index}`)
    const { length } = bench.wire()
    for (let id = 1; bench.session.inflight > 0; id++) {
      bench.receive({ type: 'pubrec', packetId: id }, { type: 'pubcomp', packetId: id })
    }
    expect(bench.news()).toHaveLength(200)
    return length
  }
  expect(inflight(4, Number.POSITIVE_INFINITY)).toBeLessThan(100)
  expect(inflight(3, Number.POSITIVE_INFINITY)).toBeLessThan(100)
  expect(inflight(4, 150)).toBe(150)
  expect(inflight(5, Number.POSITIVE_INFINITY)).toBe(200)
})

test('PUBREL on a new connection takes a place in its window', () => {
  const bench = new Bench().connect()
  bench.publish(2, 'old')
  bench.receive({ type: 'pubrec', packetId: 1 })
  bench.cut()
  bench.publish(1, 'new')
  bench.resume({ properties: { receiveMaximum: 1 } })
  expect(bench.wire()).toEqual(['pubrel 1'])
  bench.receive({ type: 'pubcomp', packetId: 1 })
  expect(bench.wire()).toEqual(['publish 2 new'])
})

test('what waits to be sent again counts as in flight, not as queued, and cancelling it does not stop it', () => {
  const bench = new Bench().connect()
  for (const payload of ['a', 'b', 'c']) bench.publish(1, payload)
  bench.cut()
  bench.publish(1, 'd')
  bench.resume({ properties: { receiveMaximum: 1 } })
  expect([bench.session.inflight, bench.session.queued]).toEqual([3, 1])
  bench.session.cancel('b')
  bench.receive({ type: 'puback', packetId: 1 }, { type: 'puback', packetId: 2 })
  expect(bench.wire()).toEqual(['publish 1 dup a', 'publish 2 dup b', 'publish 3 dup c'])
  expect(bench.news()).toEqual(['acknowledged a'])
})

test('a message that the server refuses when nobody waits for it any more is told of as given up, as it was', () => {
  const bench = new Bench().connect()
  bench.publish(1, 'a')
  bench.publish(2, 'b')
  bench.session.cancel('a')
  bench.session.cancel('b')
  bench.receive({ type: 'puback', packetId: 1, reasonCode: 0x87 }, { type: 'pubrec', packetId: 2, reasonCode: 0x80 })
  expect(bench.events()).toMatchObject([
    { type: 'discarded', reason: 'refused', packet: { qos: 1, topic: 'topic' } },
    { type: 'discarded', reason: 'refused', packet: { qos: 2, topic: 'topic' } },
  ])
})

for (const version of [3, 4] as const) {
  const name = nameOf(version)
  const untold = { maxInflight: Number.POSITIVE_INFINITY }

  test(`${name}: without maxInflight 16 messages of QoS 2 go at a time, and any number of QoS 1`, () => {
    const bench = new Bench(version, untold).connect()
    for (let index = 0; index < 40; index++) expect(bench.publish(1, 'one')).toBe(true)
    for (let index = 0; index < 16; index++) expect(bench.publish(2, 'two')).toBe(true)
    expect(bench.publish(1, 'one'), 'QoS 1 goes all the same').toBe(true)
    expect(bench.publish(2, 'two')).toBe(false)
    bench.sent()
    bench.receive({ type: 'puback', packetId: 1 })
    expect(bench.wire(), 'its room is of another kind').toEqual([])
    bench.receive({ type: 'pubrec', packetId: 41 }, { type: 'pubcomp', packetId: 41 })
    expect(bench.wire()).toEqual(['pubrel 41', 'publish 58 two'])
  })

  test(`${name}: a message of QoS 1 does not overtake one of QoS 2 that has to wait [MQTT-4.6.0-1]`, () => {
    const bench = new Bench(version, untold).connect()
    for (let index = 0; index < 17; index++) bench.publish(2, 'two')
    expect(bench.publish(1, 'one')).toBe(false)
    expect(bench.wire()).toHaveLength(16)
    bench.receive({ type: 'pubrec', packetId: 1 }, { type: 'pubcomp', packetId: 1 })
    expect(bench.wire()).toEqual(['pubrel 1', 'publish 17 two', 'publish 18 one'])
  })
}

for (const version of VERSIONS) {
  test(`${nameOf(version)}: a PUBCOMP for an id that is not in use is not answered`, () => {
    const bench = new Bench(version).connect().receive({ type: 'pubcomp', packetId: 77 })
    expect(bench.wire()).toEqual([])
    expect(bench.session.connected).toBe(true)
  })
}

test('0x80 is an error: PUBACK and PUBREC with it reject, and no PUBREL follows, whether or not the id is in use [MQTT-4.3.3-4]', () => {
  const bench = new Bench().connect()
  bench.publish(1, 'a')
  bench.publish(2, 'b')
  bench.sent()
  bench.receive(
    { type: 'puback', packetId: 1, reasonCode: 0x80 },
    { type: 'pubrec', packetId: 2, reasonCode: 0x80 },
    { type: 'pubrec', packetId: 77, reasonCode: 0x80 },
  )
  expect(bench.news()).toEqual(['rejected a 0x80', 'rejected b 0x80'])
  expect(bench.wire()).toEqual([])
})

test('a message that the server refuses before it was sent takes no other one along', () => {
  const bench = new Bench().connect()
  bench.publish(1, 'a')
  bench.cut()
  bench.publish(2, 'b')
  bench.resume({ properties: { maximumQos: 1 } })
  expect(bench.wire()).toEqual(['publish 1 dup a'])
  expect(bench.session.inflight).toBe(1)
  bench.receive({ type: 'puback', packetId: 1 })
  expect(bench.news()).toEqual(['rejected b 0x9b', 'acknowledged a'])
})

test('a connection may be opened with no subscription to make again', () => {
  const bench = new Bench()
  bench.session.open(packetOf<'connect'>({ type: 'connect', protocolVersion: 5, clientId: 'c' }, 5))
  bench.receive({ type: 'connack' })
  expect(bench.wire()).toEqual(['connect'])
  expect(bench.news()).toEqual(['connected'])
})
