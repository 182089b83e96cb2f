import { expect, test } from 'vitest'
import { Bench, nameOf, VERSIONS } from './bench.js'

for (const version of VERSIONS) {
  const name = nameOf(version)

  test(`${name}: a message of QoS 0 is delivered and not answered [MQTT-3.3.4-1]`, () => {
    const bench = new Bench(version).connect()
    bench.deliver(0, undefined, 'a')
    expect(bench.events()).toMatchObject([{ type: 'message', packet: { qos: 0 }, delivery: undefined }])
    expect(bench.wire()).toEqual([])
  })

  test(`${name}: a message of QoS 1 is answered with PUBACK once it is settled [MQTT-4.3.2-2 of 3.1.1] [MQTT-4.3.2-4 of 5.0]`, () => {
    const bench = new Bench(version).connect()
    bench.deliver(1, 5, 'a')
    const [delivery] = bench.deliveries()
    expect(bench.wire()).toEqual([])
    bench.settle(delivery)
    expect(bench.wire()).toEqual(['puback 5'])
    bench.settle(delivery)
    expect(bench.wire(), 'a second time has no effect').toEqual([])
  })

  test(`${name}: after PUBACK the same id is a new message, whatever DUP says [MQTT-4.3.2-2 of 3.1.1] [MQTT-4.3.2-5 of 5.0]`, () => {
    const bench = new Bench(version).connect()
    bench.deliver(1, 5, 'a')
    bench.settle(bench.deliveries()[0])
    bench.deliver(1, 5, 'b', { dup: true })
    expect(bench.news()).toEqual(['message b'])
  })

  test(`${name}: a message of QoS 2 goes PUBREC, PUBREL, PUBCOMP; then its id is a new message [MQTT-4.3.3-2 of 3.1.1] [MQTT-4.3.3-8 of 5.0] [MQTT-4.3.3-11 of 5.0] [MQTT-4.3.3-12 of 5.0]`, () => {
    const bench = new Bench(version).connect()
    bench.deliver(2, 5, 'a')
    bench.settle(bench.deliveries()[0])
    expect(bench.wire()).toEqual(['pubrec 5'])
    bench.receive({ type: 'pubrel', packetId: 5 })
    expect(bench.wire()).toEqual(['pubcomp 5'])
    bench.deliver(2, 5, 'b')
    expect(bench.news()).toEqual(['message b'])
  })

  test(`${name}: a PUBLISH of QoS 2 that comes again before PUBREL gets PUBREC again and is not delivered twice [MQTT-4.3.3-2 of 3.1.1] [MQTT-4.3.3-10 of 5.0]`, () => {
    const bench = new Bench(version).connect()
    bench.deliver(2, 5, 'a')
    bench.deliver(2, 5, 'a', { dup: true })
    const deliveries = bench.deliveries()
    expect(deliveries).toHaveLength(1)
    bench.settle(deliveries[0])
    expect(bench.wire(), 'one for both, as none was sent before').toEqual(['pubrec 5'])
    bench.deliver(2, 5, 'a', { dup: true })
    expect(bench.news()).toEqual([])
    expect(bench.wire()).toEqual(['pubrec 5'])
    bench.receive({ type: 'pubrel', packetId: 5 })
    expect(bench.wire()).toEqual(['pubcomp 5'])
  })

  test(`${name}: acks leave in the order of arrival, however the application is done [MQTT-4.6.0-2] [MQTT-4.6.0-3]`, () => {
    const bench = new Bench(version).connect()
    bench.deliver(1, 1, 'a').deliver(2, 2, 'b').deliver(1, 3, 'c').deliver(2, 4, 'd')
    const [a, b, c, d] = bench.deliveries()
    bench.settle(d)
    bench.settle(b)
    expect(bench.wire()).toEqual([])
    bench.settle(a)
    expect(bench.wire()).toEqual(['puback 1', 'pubrec 2'])
    bench.settle(c)
    expect(bench.wire()).toEqual(['puback 3', 'pubrec 4'])
  })

  test(`${name}: PUBREL for an id that is not held is answered with PUBCOMP, with 0x92 in 5.0 (§3.7.2.1)`, () => {
    const bench = new Bench(version).connect().receive({ type: 'pubrel', packetId: 5 })
    expect(bench.wire()).toEqual([version === 5 ? 'pubcomp 5 0x92' : 'pubcomp 5'])
    expect(bench.session.connected).toBe(true)
  })

  test(`${name}: PUBREL before our PUBREC is a Protocol Error`, () => {
    const bench = new Bench(version).connect()
    bench.deliver(2, 5, 'a').receive({ type: 'pubrel', packetId: 5 })
    expect(bench.news()).toEqual(['message a', 'failed 0x82'])
    expect(bench.wire()).toEqual(version === 5 ? ['disconnect 0x82'] : [])
  })

  test(`${name}: what was received on an old connection is not answered on the new one (§4.6)`, () => {
    const bench = new Bench(version).connect()
    bench.deliver(1, 5, 'a').deliver(2, 6, 'b')
    const [a, b] = bench.deliveries()
    bench.cut()
    bench.settle(a)
    bench.resume()
    bench.settle(b)
    expect(bench.wire()).toEqual([])
    bench.deliver(1, 5, 'a', { dup: true }).deliver(2, 6, 'b', { dup: true })
    const again = bench.deliveries()
    expect(again, 'QoS 1 comes twice, QoS 2 once').toHaveLength(1)
    expect(bench.wire(), 'PUBREC waits for the PUBACK before it').toEqual([])
    bench.settle(again[0])
    expect(bench.wire()).toEqual(['puback 5', 'pubrec 6'])
  })

  test(`${name}: a QoS 2 message whose handler runs over a reconnect is delivered once, and answered when it is done [MQTT-4.3.3-2 of 3.1.1] [MQTT-4.3.3-10 of 5.0]`, () => {
    const bench = new Bench(version).connect()
    bench.deliver(2, 6, 'b')
    const [delivery] = bench.deliveries()
    bench.cut().resume()
    bench.deliver(2, 6, 'b', { dup: true })
    expect(bench.news()).toEqual([])
    expect(bench.wire()).toEqual([])
    bench.settle(delivery)
    expect(bench.wire()).toEqual(['pubrec 6'])
    bench.receive({ type: 'pubrel', packetId: 6 })
    expect(bench.wire()).toEqual(['pubcomp 6'])
  })

  for (const [at, before] of [
    ['before PUBREC was sent', 0],
    ['after PUBREC was sent', 1],
    ['after PUBREL came', 2],
  ] as const) {
    test(`${name}: a QoS 2 message is delivered once over a reconnect ${at} [MQTT-4.3.3-2 of 3.1.1] [MQTT-4.3.3-10 of 5.0]`, () => {
      const bench = new Bench(version).connect()
      bench.deliver(2, 6, 'b')
      const [delivery] = bench.deliveries()
      if (before >= 1) bench.settle(delivery)
      if (before >= 2) bench.receive({ type: 'pubrel', packetId: 6 })
      bench.cut().resume()
      bench.settle(delivery)
      bench.sent()
      if (before < 2) {
        bench.deliver(2, 6, 'b', { dup: true })
        expect(bench.wire()).toEqual(['pubrec 6'])
      }
      bench.receive({ type: 'pubrel', packetId: 6 })
      expect(bench.wire()).toEqual([before === 2 && version === 5 ? 'pubcomp 6 0x92' : 'pubcomp 6'])
      expect(bench.news()).toEqual([])
    })
  }

  test(`${name}: PUBREL may be the first on the new connection, when PUBREC had arrived [MQTT-4.3.3-11 of 5.0]`, () => {
    const bench = new Bench(version).connect()
    bench.deliver(2, 6, 'b')
    bench.settle(bench.deliveries()[0])
    bench.cut().resume()
    bench.receive({ type: 'pubrel', packetId: 6 })
    expect(bench.wire()).toEqual(['pubcomp 6'])
  })
}

for (const version of VERSIONS) {
  test(`${nameOf(version)}: without the session the held ids are forgotten: the same id is a new message [MQTT-3.2.2-5 of 5.0]`, () => {
    const bench = new Bench(version).connect({}, { cleanStart: true })
    bench.deliver(2, 6, 'old')
    const [old] = bench.deliveries()
    bench.cut().connect({}, { cleanStart: true })
    bench.deliver(2, 6, 'new')
    expect(bench.news()).toEqual(['message new'])
    bench.settle(old)
    expect(bench.wire(), 'the old one is not taken for the new one').toEqual([])
  })
}

test('5.0: a PUBREC from 0x80 ends the exchange: the same id is a new message [MQTT-4.3.3-9]', () => {
  const bench = new Bench().connect()
  bench.deliver(2, 5, 'a')
  bench.settle(bench.deliveries()[0], 0x97)
  expect(bench.wire()).toEqual(['pubrec 5 0x97'])
  bench.deliver(2, 5, 'b')
  expect(bench.news()).toEqual(['message b'])
})

test('5.0: more unacknowledged messages than our Receive Maximum are refused with 0x93 (§3.3.4)', () => {
  const bench = new Bench().connect({}, { properties: { receiveMaximum: 2 } })
  bench.deliver(1, 1, 'a').deliver(2, 2, 'b').deliver(0, undefined, 'zero')
  expect(bench.session.connected).toBe(true)
  bench.deliver(1, 3, 'c')
  expect(bench.news()).toEqual(['message a', 'message b', 'message zero', 'failed 0x93'])
  expect(bench.wire()).toEqual(['disconnect 0x93'])
})

test('5.0: PUBACK, PUBCOMP and PUBREC from 0x80 give the server room again, PUBREC below does not (§4.9)', () => {
  const bench = new Bench().connect({}, { properties: { receiveMaximum: 1 } })
  bench.deliver(1, 1, 'a')
  bench.settle(bench.deliveries()[0])
  bench.deliver(2, 2, 'b')
  bench.settle(bench.deliveries()[0], 0x80)
  bench.deliver(2, 3, 'c')
  bench.settle(bench.deliveries()[0])
  bench.receive({ type: 'pubrel', packetId: 3 })
  bench.deliver(2, 4, 'd')
  bench.settle(bench.deliveries()[0])
  expect(bench.session.connected).toBe(true)
  bench.deliver(1, 5, 'e')
  expect(bench.news()).toEqual(['failed 0x93'])
})

test('5.0: a PUBLISH of QoS 2 that comes again does not count twice (§4.9)', () => {
  const bench = new Bench().connect({}, { properties: { receiveMaximum: 1 } })
  bench.deliver(2, 1, 'a').deliver(2, 1, 'a', { dup: true })
  bench.settle(bench.deliveries()[0])
  bench.deliver(2, 1, 'a', { dup: true })
  bench.receive({ type: 'pubrel', packetId: 1 })
  bench.deliver(1, 2, 'b')
  expect(bench.news()).toEqual(['message b'])
})

test('5.0: the quota starts anew with each connection (§4.9)', () => {
  const bench = new Bench().connect({}, { properties: { receiveMaximum: 1 } })
  bench.deliver(2, 1, 'a')
  bench.settle(bench.deliveries()[0])
  bench.cut().resume({}, { properties: { receiveMaximum: 1 } })
  // PUBREL of the old exchange takes no place, and PUBCOMP gives one to a server that counts as §4.9 says.
  bench.receive({ type: 'pubrel', packetId: 1 }).deliver(1, 2, 'b').deliver(1, 3, 'c')
  expect(bench.session.connected).toBe(true)
  bench.deliver(1, 4, 'd')
  expect(bench.news()).toEqual(['message b', 'message c', 'failed 0x93'])
})

test('3.1.1: a server has no Receive Maximum to keep', () => {
  const bench = new Bench(4).connect()
  for (let id = 1; id <= 65_535; id++) bench.deliver(1, id, 'm')
  bench.deliver(1, 1, 'again', { dup: true })
  expect(bench.session.connected).toBe(true)
})

test('5.0: PUBCOMPs for exchanges of older connections give a server room for as many as it could resume, and for no more (§4.9)', () => {
  const bench = new Bench().connect({}, { properties: { receiveMaximum: 2 } })
  for (let packetId = 1; packetId <= 9; packetId++) bench.receive({ type: 'pubrel', packetId })
  for (let packetId = 11; packetId <= 14; packetId++) bench.deliver(1, packetId, 'm')
  expect(bench.session.connected).toBe(true)
  bench.deliver(1, 15, 'one too many')
  expect(bench.news().at(-1)).toBe('failed 0x93')
})

for (const version of VERSIONS) {
  const name = nameOf(version)

  test(`${name}: an id under way at QoS 2 stays so, though a message of QoS 1 has it, too`, () => {
    const bench = new Bench(version).connect()
    bench.deliver(2, 7, 'two')
    bench.settle(bench.deliveries()[0])
    bench.deliver(1, 7, 'one')
    const deliveries = bench.deliveries()
    expect(deliveries).toHaveLength(1)
    bench.settle(deliveries[0])
    bench.deliver(2, 7, 'two', { dup: true })
    expect(bench.news()).toEqual([])
    expect(bench.wire()).toEqual(['pubrec 7', 'puback 7', 'pubrec 7'])
  })

  test(`${name}: after PUBACK an id is free for a message of QoS 2 [MQTT-4.3.2-2 of 3.1.1] [MQTT-4.3.2-5 of 5.0]`, () => {
    const bench = new Bench(version).connect().deliver(1, 7, 'one')
    bench.settle(bench.deliveries()[0])
    bench.deliver(2, 7, 'two')
    expect(bench.news()).toEqual(['message two'])
  })
}

test('what was said first of a message is what is sent, though it has to wait for its turn', () => {
  const bench = new Bench().connect().deliver(1, 1, 'a').deliver(1, 2, 'b')
  const [a, b] = bench.deliveries()
  bench.settle(b, 0x87)
  bench.settle(b, 0)
  bench.settle(a)
  expect(bench.wire()).toEqual(['puback 1', 'puback 2 0x87'])
})
