import { expect, test } from 'vitest'
import { KeepAlive } from '../../src/session/keepalive.js'
import { Bench, nameOf, VERSIONS } from './bench.js'

test('PINGREQ is due when nothing was sent, or nothing was heard, for an interval [MQTT-3.1.2-20 of 5.0] [MQTT-3.1.2-23 of 3.1.1]', () => {
  const keepAlive = new KeepAlive(10_000, 30_000, false, 0)
  expect(keepAlive.deadline).toBe(10_000)
  keepAlive.sent(4_000)
  expect(keepAlive.deadline).toBe(10_000)
  keepAlive.heard(3_000)
  expect(keepAlive.deadline).toBe(13_000)
  keepAlive.heard(5_000)
  expect(keepAlive.deadline).toBe(14_000)
  keepAlive.pinged(14_000)
  expect(keepAlive.deadline, 'half an interval to answer').toBe(19_000)
  keepAlive.alive()
  expect(keepAlive.deadline).toBe(24_000)
})

test('a Keep Alive of 0 turns it off (§3.1.2.10)', () => {
  const keepAlive = new KeepAlive(0, 30_000, true, 0)
  keepAlive.sent(1)
  keepAlive.pinged(2)
  expect(keepAlive.deadline).toBe(Number.POSITIVE_INFINITY)
  expect(keepAlive.expired(1e12)).toBe(false)
})

for (const version of VERSIONS) {
  test(`${nameOf(version)}: an idle connection sends PINGREQ once an interval [MQTT-3.1.2-20 of 5.0] [MQTT-3.1.2-23 of 3.1.1]`, () => {
    const bench = new Bench(version).connect({}, { keepAlive: 10 })
    expect(bench.session.deadline).toBe(10_000)
    expect(bench.tick(9_999).wire()).toEqual([])
    expect(bench.tick(1).wire()).toEqual(['pingreq'])
    bench.session.alive()
    bench.receive({ type: 'pingresp' })
    expect(bench.tick(9_999).wire()).toEqual([])
    expect(bench.tick(1).wire()).toEqual(['pingreq'])
  })

  test(`a server of ${nameOf(version)} that is silent is noticed within one and a half intervals (§3.1.2.10)`, () => {
    const bench = new Bench(version).connect({}, { keepAlive: 10 })
    bench.tick(10_000)
    expect(bench.wire()).toEqual(['pingreq'])
    expect(bench.session.deadline).toBe(15_000)
    expect(bench.tick(4_999).news()).toEqual([])
    expect(bench.tick(1).news()).toEqual(['failed KEEP_ALIVE_TIMEOUT'])
    expect(bench.session.connected).toBe(false)
    expect(bench.session.deadline).toBe(Number.POSITIVE_INFINITY)
  })
}

test('an ackTimeout shorter than half the interval rules', () => {
  const bench = new Bench(5, { ackTimeout: 1_000 }).connect({}, { keepAlive: 10 })
  bench.tick(10_000)
  expect(bench.tick(1_000).news()).toEqual(['failed KEEP_ALIVE_TIMEOUT'])
})

test('any byte proves that the server lives, PINGRESP or not', () => {
  const bench = new Bench().connect({}, { keepAlive: 10 })
  bench.tick(10_000)
  bench.now += 4_999
  bench.session.alive()
  bench.tick(1)
  expect(bench.news()).toEqual([])
  expect(bench.session.connected).toBe(true)
})

test('whatever is sent puts PINGREQ off while the server is heard: a message, a call, an acknowledgement [MQTT-3.1.2-20 of 5.0]', () => {
  const bench = new Bench().connect({}, { keepAlive: 10 })
  bench.tick(9_000).deliver(0, undefined, 'life')
  expect(bench.session.deadline, 'what was heard does not stand in for what was sent').toBe(10_000)
  bench.publish(0, 'a')
  expect(bench.session.deadline).toBe(19_000)
  bench.tick(9_000)
  bench.subscribe('f')
  bench.receive({ type: 'suback', packetId: 1, reasonCodes: [0] })
  expect(bench.session.deadline).toBe(28_000)
  bench.tick(9_000).deliver(1, 1, 'b')
  bench.settle(bench.deliveries()[0])
  expect(bench.session.deadline).toBe(37_000)
  expect(bench.wire().filter((packet) => packet === 'pingreq')).toEqual([])
})

test('a client that only sends QoS 0 hears of a dead link within one and a half intervals', () => {
  const bench = new Bench().connect({}, { keepAlive: 10 })
  const wire: string[] = []
  for (let second = 1; second < 15; second++) {
    bench.tick(1_000).publish(0, 'm')
    wire.push(...bench.wire().filter((packet) => packet === 'pingreq'))
  }
  expect(wire).toEqual(['pingreq'])
  expect(bench.news()).toEqual([])
  expect(bench.tick(1_000).news()).toEqual(['failed KEEP_ALIVE_TIMEOUT'])
})

test('a large message that comes slowly keeps the connection alive, with a PINGREQ each interval', () => {
  const bench = new Bench().connect({}, { keepAlive: 10 })
  for (let second = 1; second <= 30; second++) {
    bench.tick(1_000).publish(0, 'm')
    bench.session.alive()
  }
  expect(bench.news()).toEqual([])
  expect(bench.wire().filter((packet) => packet === 'pingreq')).toHaveLength(3)
})

test('what is not sent does not put PINGREQ off: an ack that waits for its turn, a call that is refused [MQTT-3.1.2-20 of 5.0]', () => {
  const bench = new Bench().connect({ properties: { sharedSubscriptionAvailable: false } }, { keepAlive: 10 })
  bench.deliver(1, 1, 'a').deliver(1, 2, 'b')
  const [, second] = bench.deliveries()
  bench.tick(9_000)
  bench.settle(second)
  bench.subscribe('$share/g/a')
  expect(bench.wire()).toEqual([])
  expect(bench.tick(1_000).wire()).toEqual(['pingreq'])
})

test('forcePing sends PINGREQ each interval, whatever else was sent', () => {
  const bench = new Bench(4, { forcePing: true }).connect({}, { keepAlive: 10 })
  bench.tick(9_000)
  bench.publish(0, 'a')
  bench.sent()
  expect(bench.tick(1_000).wire()).toEqual(['pingreq'])
})

test('Server Keep Alive replaces ours [MQTT-3.1.2-21 of 5.0] [MQTT-3.2.2-21]', () => {
  const bench = new Bench().connect({ properties: { serverKeepAlive: 3 } }, { keepAlive: 60 })
  expect(bench.session.deadline).toBe(3_000)
  const off = new Bench().connect({ properties: { serverKeepAlive: 0 } }, { keepAlive: 60 })
  expect(off.session.deadline).toBe(Number.POSITIVE_INFINITY)
  const on = new Bench().connect({ properties: { serverKeepAlive: 5 } }, { keepAlive: 0 })
  expect(on.session.deadline).toBe(5_000)
})

test('a machine that slept pings on waking, and gives the server its time to answer', () => {
  const bench = new Bench().connect({}, { keepAlive: 10 })
  expect(bench.tick(3_600_000).wire()).toEqual(['pingreq'])
  expect(bench.news()).toEqual([])
  expect(bench.tick(4_999).news()).toEqual([])
  expect(bench.tick(1).news()).toEqual(['failed KEEP_ALIVE_TIMEOUT'])
})

test('a PINGREQ that the application sent proves a silent server, too', () => {
  const bench = new Bench().connect({}, { keepAlive: 10 })
  bench.session.ping('ping', bench.now)
  expect(bench.tick(5_000).news()).toContain('failed KEEP_ALIVE_TIMEOUT')
})

test('who wants to be left alone sends no PINGREQ, unless it is always, and catches up afterwards', () => {
  for (const always of [false, true]) {
    const keepAlive = new KeepAlive(10_000, 30_000, always, 0)
    keepAlive.quiet = true
    expect(keepAlive.deadline).toBe(always ? 10_000 : Number.POSITIVE_INFINITY)
    keepAlive.quiet = false
    expect(keepAlive.deadline).toBe(10_000)
    keepAlive.pinged(10_000)
    keepAlive.quiet = true
    expect(keepAlive.deadline, 'what was asked has to be answered').toBe(15_000)
    expect(keepAlive.expired(15_000)).toBe(true)
  }
})

test('while the network is not read PINGREQ is sent, and silence proves nothing until it is read again', () => {
  const keepAlive = new KeepAlive(10_000, 30_000, false, 0)
  keepAlive.sent(4_000)
  keepAlive.listen(false, 5_000)
  expect(keepAlive.deadline, 'only what was sent counts').toBe(14_000)
  keepAlive.pinged(14_000)
  expect(keepAlive.expired(1e9)).toBe(false)
  expect(keepAlive.deadline).toBe(24_000)
  keepAlive.pinged(24_000)
  keepAlive.listen(true, 30_000)
  expect(keepAlive.expired(34_999)).toBe(false)
  expect(keepAlive.deadline).toBe(34_000)
  expect(keepAlive.expired(35_000), 'it had its time to answer').toBe(true)
  keepAlive.alive()
  keepAlive.listen(false, 36_000)
  keepAlive.listen(true, 37_000)
  expect(keepAlive.expired(1e9), 'nothing was asked').toBe(false)
  expect(keepAlive.deadline, 'heard counts from when it is read').toBe(34_000)
})

test('a probe has a short time to be answered, by any byte, also where a PINGREQ waits already', () => {
  const keepAlive = new KeepAlive(60_000, 30_000, false, 0)
  expect(keepAlive.probe(1_000)).toBe(true)
  keepAlive.pinged(1_000)
  expect(keepAlive.deadline).toBe(6_000)
  expect(keepAlive.expired(6_000)).toBe(true)
  keepAlive.alive()
  expect(keepAlive.expired(6_000)).toBe(false)
  keepAlive.pinged(66_000)
  expect(keepAlive.deadline).toBe(96_000)
  expect(keepAlive.probe(200_000), 'its answer may be there unread').toBe(true)
  expect(keepAlive.expired(200_000)).toBe(false)
  expect(keepAlive.expired(205_000)).toBe(true)
})

test('a probe that waits for its answer is not put off by another one', () => {
  const keepAlive = new KeepAlive(60_000, 30_000, false, 0)
  keepAlive.probe(1_000)
  expect(keepAlive.probe(5_999)).toBe(false)
  expect(keepAlive.expired(6_000)).toBe(true)
})

test('there is no probe while its answer could not be seen, and one that this overtook can be made again', () => {
  const keepAlive = new KeepAlive(0, 30_000, false, 0)
  expect(keepAlive.probe(1_000)).toBe(true)
  keepAlive.listen(false, 2_000)
  expect(keepAlive.expired(1e9)).toBe(false)
  expect(keepAlive.probe(2_000)).toBe(false)
  keepAlive.listen(true, 3_000)
  expect(keepAlive.expired(1e9)).toBe(false)
  expect(keepAlive.probe(3_000)).toBe(true)
  expect(keepAlive.expired(8_000)).toBe(true)
})

for (const version of VERSIONS) {
  test(`a probe of ${nameOf(version)} is a PINGREQ, and nothing without a connection`, () => {
    const bench = new Bench(version)
    bench.session.probe(bench.now)
    expect(bench.wire()).toEqual([])
    bench.connect({}, { keepAlive: 0 })
    bench.session.probe(bench.now)
    bench.session.probe(bench.now)
    expect(bench.wire()).toEqual(['pingreq'])
    expect(bench.tick(4_999).news()).toEqual([])
    expect(bench.tick(1).news()).toEqual(['failed KEEP_ALIVE_TIMEOUT'])
  })
}

test('who wants to be left alone is not probed, unless PINGREQ is always sent', () => {
  for (const always of [false, true]) {
    const keepAlive = new KeepAlive(60_000, 30_000, always, 0)
    keepAlive.quiet = true
    expect(keepAlive.probe(1_000)).toBe(always)
    expect(keepAlive.expired(6_000)).toBe(always)
  }
})

test('a session that is to be quiet sends no PINGREQ, on this connection and on the next, until it need not be', () => {
  const bench = new Bench().connect({}, { keepAlive: 10 })
  bench.session.quieten(true)
  expect(bench.tick(60_000).wire()).toEqual([])
  bench.cut().resume({}, { keepAlive: 10 })
  expect(bench.session.deadline).toBe(Number.POSITIVE_INFINITY)
  expect(bench.tick(60_000).wire()).toEqual([])
  bench.session.quieten(false)
  expect(bench.tick(0).wire()).toEqual(['pingreq'])
})

test('a session whose network is not read takes no silence for a dead link, until it is read again', () => {
  const bench = new Bench().connect({}, { keepAlive: 10 })
  bench.tick(10_000)
  bench.session.listen(false, bench.now)
  bench.tick(60_000)
  expect(bench.news()).toEqual([])
  bench.session.listen(true, bench.now)
  expect(bench.tick(4_999).news()).toEqual([])
  expect(bench.tick(1).news()).toEqual(['failed KEEP_ALIVE_TIMEOUT'])
})

test('a network that is not read when CONNACK has come is not expected to speak; the next connection is', () => {
  const bench = new Bench().open({ keepAlive: 10 })
  bench.session.listen(false, bench.now)
  bench.receive({ type: 'connack' })
  expect(bench.tick(10_000).wire()).toEqual(['connect', 'pingreq'])
  bench.tick(60_000)
  expect(bench.session.connected).toBe(true)
  bench.cut().events()
  bench.connect({}, { keepAlive: 10 }).tick(10_000).tick(5_000)
  expect(bench.news()).toEqual(['failed KEEP_ALIVE_TIMEOUT'])
})

test('forcePing sends PINGREQ each interval also where the server is heard and messages are sent', () => {
  const bench = new Bench(5, { forcePing: true }).connect({}, { keepAlive: 10 })
  bench.tick(9_000).deliver(0, undefined, 'in').publish(0, 'out')
  bench.sent()
  expect(bench.session.deadline).toBe(10_000)
  expect(bench.tick(1_000).wire()).toEqual(['pingreq'])
})
