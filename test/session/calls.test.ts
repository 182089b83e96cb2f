import { expect, test } from 'vitest'
import type { Subscribe } from '../../src/codec/packets/subscribe.js'
import type { Resumption } from '../../src/session/calls.js'
import { Bench, gone, nameOf, packetOf, VERSIONS } from './bench.js'

/** Subscriptions to make again, as one group; the tag is the filters. */
function again(version: 3 | 4 | 5, ...filters: string[]): Resumption[] {
  const subscriptions = filters.map((filter) => ({ filter }))
  return [
    {
      packet: packetOf<'subscribe'>({ type: 'subscribe', packetId: 1, subscriptions }, version),
      tag: (packet: Subscribe) => `again ${packet.subscriptions.map(({ filter }) => filter).join(' ')}`,
    },
  ]
}

for (const version of VERSIONS) {
  const name = nameOf(version)

  test(`${name}: SUBSCRIBE and UNSUBSCRIBE are answered by id, in any order`, () => {
    const bench = new Bench(version).connect()
    bench.subscribe('a', 'A')
    bench.unsubscribe('b', 'B')
    expect(bench.wire()).toEqual(['subscribe 1 a', 'unsubscribe 2 b'])
    bench.receive({ type: 'unsuback', packetId: 2, ...(version === 5 && { reasonCodes: [17] }) })
    bench.receive({ type: 'suback', packetId: 1, reasonCodes: [version === 3 ? 1 : 0x80] })
    expect(bench.news()).toEqual(['answered B', 'answered A'])
  })

  test(`${name}: no answer within ackTimeout is an error, and one that comes late is only told of`, () => {
    const bench = new Bench(version, { ackTimeout: 1_000 }).connect()
    bench.subscribe('a', 'A')
    bench.now = 500
    bench.subscribe('b', 'B')
    expect(bench.session.deadline).toBe(1_000)
    bench.tick(500)
    expect(bench.news()).toEqual(['rejected A ETIMEDOUT'])
    expect(bench.session.deadline).toBe(1_500)
    bench.subscribe('c', 'C')
    expect(bench.wire(), 'the id of A stays taken').toEqual(['subscribe 1 a', 'subscribe 2 b', 'subscribe 3 c'])
    bench.receive({ type: 'suback', packetId: 1, reasonCodes: [0] }, { type: 'suback', packetId: 3, reasonCodes: [0] })
    expect(bench.news()).toEqual(['late', 'answered C'])
    expect(bench.session.connected).toBe(true)
  })

  test(`${name}: a call that waits for a connection is bound by ackTimeout, too, and is not sent after it`, () => {
    const bench = new Bench(version, { ackTimeout: 1_000 })
    bench.subscribe('a', 'A')
    expect(bench.session.deadline).toBe(1_000)
    expect(bench.tick(1_000).news()).toEqual(['rejected A ETIMEDOUT'])
    expect(bench.connect().wire()).toEqual([])
  })

  test(`${name}: calls that were not answered are sent again on the next connection, in order, before messages`, () => {
    const bench = new Bench(version).connect()
    bench.publish(1, 'm')
    bench.subscribe('a', 'A')
    bench.unsubscribe('b', 'B')
    bench.sent()
    bench.cut()
    bench.subscribe('c', 'C')
    bench.resume()
    expect(bench.wire()).toEqual(['subscribe 4 a', 'unsubscribe 5 b', 'subscribe 6 c', 'publish 1 dup m'])
    expect(bench.news()).toEqual([])
  })

  test(`${name}: with retryCalls false calls that were not answered end with the connection`, () => {
    const bench = new Bench(version, { retryCalls: false }).connect()
    bench.subscribe('a', 'A')
    bench.cut()
    bench.unsubscribe('b', 'B')
    bench.resume()
    expect(bench.news()).toEqual(['rejected A CONNECTION_LOST'])
    expect(bench.wire().at(-1)).toBe('unsubscribe 2 b')
  })

  test(`${name}: PINGRESP answers PINGREQs in order, and says how long it took`, () => {
    const bench = new Bench(version).connect()
    bench.session.ping('one', bench.now)
    bench.now += 30
    bench.session.ping('two', bench.now)
    bench.now += 40
    bench.receive({ type: 'pingresp' })
    expect(bench.events()).toEqual([{ type: 'pong', tag: 'one', roundTrip: 70 }])
    bench.receive({ type: 'pingresp' })
    expect(bench.events()).toEqual([{ type: 'pong', tag: 'two', roundTrip: 40 }])
  })

  test(`${name}: a PINGRESP that comes after ackTimeout is not taken for the answer to a later PINGREQ`, () => {
    const bench = new Bench(version, { ackTimeout: 1_000 }).connect({}, { keepAlive: 0 })
    bench.session.ping('one', bench.now)
    expect(bench.tick(1_000).news()).toEqual(['rejected one ETIMEDOUT'])
    expect(bench.session.deadline, 'one that has passed is no deadline any more').toBe(Number.POSITIVE_INFINITY)
    bench.session.ping('two', bench.now)
    bench.receive({ type: 'pingresp' })
    expect(bench.news()).toEqual([])
    bench.receive({ type: 'pingresp' })
    expect(bench.news()).toEqual(['pong two'])
    bench.receive({ type: 'pingresp' })
    expect(bench.session.connected, 'one too many harms nobody').toBe(true)
  })
}

test('ackTimeout is an AckTimeoutError that says what was waited for, and that it may be tried again', () => {
  const bench = new Bench(5, { ackTimeout: 1_000 }).connect({}, { keepAlive: 0 })
  bench.subscribe('a')
  bench.unsubscribe('a')
  bench.session.ping('p', bench.now)
  bench.tick(1_000)
  const errors = bench.events().flatMap((event) => (event.type === 'rejected' ? [event.error] : []))
  expect(errors.map(({ name, retryable }) => [name, retryable])).toEqual(Array(3).fill(['AckTimeoutError', true]))
  expect(errors.map(({ message }) => /no (\w+) came within 1000 ms/.exec(message)?.[1])).toEqual([
    'SUBACK',
    'UNSUBACK',
    'PINGRESP',
  ])
})

test('a ping without a connection, and one that the connection ended, is rejected', () => {
  const bench = new Bench()
  bench.session.ping('one', 0)
  bench.connect()
  bench.session.ping('two', 0)
  bench.cut()
  expect(bench.news()).toEqual(['rejected one CONNECTION_LOST', 'rejected two CONNECTION_LOST'])
})

for (const [what, answer] of [
  ['SUBACK for an id that is not in use', { type: 'suback', packetId: 9, reasonCodes: [0] }],
  ['UNSUBACK that answers a SUBSCRIBE', { type: 'unsuback', packetId: 1, reasonCodes: [0] }],
  ['SUBACK that answers an UNSUBSCRIBE', { type: 'suback', packetId: 2, reasonCodes: [0] }],
  ['SUBACK that answers a PUBLISH', { type: 'suback', packetId: 3, reasonCodes: [0] }],
  ['SUBACK with too many Reason Codes [MQTT-3.8.4-6 of 5.0]', { type: 'suback', packetId: 1, reasonCodes: [0, 0] }],
  ['UNSUBACK with too many Reason Codes [MQTT-3.11.3-2]', { type: 'unsuback', packetId: 2, reasonCodes: [0, 0] }],
] as const) {
  test(`a ${what.replace(/( \[.*)?$/, ' is a Protocol Error$1')}`, () => {
    const bench = new Bench().connect()
    bench.subscribe('a', 'A')
    bench.unsubscribe('b', 'B')
    bench.publish(1, 'm')
    bench.sent()
    bench.receive({ ...answer, reasonCodes: [...answer.reasonCodes] })
    expect(bench.news()).toEqual(['failed 0x82'])
    expect(bench.wire()).toEqual(['disconnect 0x82'])
  })
}

test('a cancelled call that waits is not sent; of one that was sent the answer is only told of', () => {
  const bench = new Bench()
  bench.subscribe('a', 'A')
  bench.session.cancel('A')
  bench.connect()
  bench.subscribe('b', 'B')
  bench.session.ping('P', 0)
  bench.session.cancel('B')
  bench.session.cancel('P')
  bench.receive({ type: 'suback', packetId: 1, reasonCodes: [0] }, { type: 'pingresp' })
  expect(bench.wire()).toEqual(['subscribe 1 b', 'pingreq'])
  expect(bench.tick(60_000).news()).toEqual(['late'])
})

test('a cancelled call is not sent again on the next connection', () => {
  const bench = new Bench().connect()
  bench.subscribe('a', 'A')
  bench.session.cancel('A')
  bench.sent()
  expect(bench.cut().resume().wire()).toEqual([])
})

test('detach ends all calls and pings', () => {
  const bench = new Bench().connect()
  bench.subscribe('a', 'A')
  bench.session.ping('P', 0)
  bench.session.detach(gone)
  expect(bench.news()).toEqual(['rejected P GONE', 'rejected A GONE'])
  bench.cut()
  bench.subscribe('b', 'B')
  bench.session.detach(gone)
  expect(bench.news()).toEqual(['rejected B GONE'])
  expect(bench.connect().wire()).toEqual([])
})

test('where the server lost the session, subscriptions are made again before anything else is sent [MQTT-3.2.2-5 of 5.0]', () => {
  const bench = new Bench().connect()
  bench.publish(1, 'm')
  bench.sent()
  bench.cut()
  bench.unsubscribe('x', 'U')
  bench.connect({ sessionPresent: false }, {}, again(5, 'x', 'y'))
  const wire = bench.wire().map((line) => line.replace(/ \d+/, ''))
  expect(wire, 'an UNSUBSCRIBE that waited stays behind, or x would be subscribed for good').toEqual([
    'subscribe x y',
    'unsubscribe x',
    'publish m',
  ])
})

test('where the server has the session, subscriptions are not made again; 3.1 cannot know', () => {
  expect(new Bench(5).resume({}, {}, again(5, 'x')).wire()).toEqual([])
  expect(new Bench(4).resume({}, {}, again(4, 'x')).wire()).toEqual([])
  expect(new Bench(3).resume({}, {}, again(3, 'x')).wire()).toEqual(['subscribe 1 x'])
})

for (const retryCalls of [true, false]) {
  test(`making subscriptions again is not done twice when the connection ends before SUBACK, and not forgotten (retryCalls ${retryCalls})`, () => {
    const bench = new Bench(5, { retryCalls }).connect({}, {}, again(5, 'x'))
    expect(bench.wire()).toEqual(['subscribe 1 x'])
    for (let round = 0; round < 3; round++) {
      bench.cut().connect({ sessionPresent: round === 1 }, {}, again(5, 'x'))
      expect(bench.wire(), 'also with a session, which may lack it').toHaveLength(1)
    }
    expect(bench.news()).toEqual([])
    bench.receive({ type: 'suback', packetId: 4, reasonCodes: [0] })
    expect(bench.news()).toEqual(['answered again x'])
    expect(bench.cut().resume({}, {}, again(5, 'x')).wire()).toEqual([])
  })
}

test('a group of subscriptions that is too large for the server is asked for in parts [MQTT-3.2.2-15]', () => {
  const filters = Array.from({ length: 64 }, (_, index) => `sensors/${index}/temperature`)
  const bench = new Bench().connect({ properties: { maximumPacketSize: 200 } }, {}, again(5, ...filters))
  const asked = bench.sent().flatMap((packet) => (packet.type === 'subscribe' ? packet.subscriptions : []))
  expect(asked.map(({ filter }) => filter)).toEqual(filters)
  expect(bench.news()).toEqual([])
})

test('one subscription that the server does not take any more does not take others with it', () => {
  const bench = new Bench()
  bench.connect({ properties: { sharedSubscriptionAvailable: false } }, {}, again(5, 'a', 'b', '$share/g/c', 'd'))
  expect(bench.news()).toEqual(['rejected again $share/g/c 0x9e'])
  const asked = bench.sent().flatMap((packet) => (packet.type === 'subscribe' ? packet.subscriptions : []))
  expect(asked.map(({ filter }) => filter)).toEqual(['a', 'b', 'd'])
})

test('an UNSUBACK that comes when nobody waits for it is told to nobody, and frees its id', () => {
  const bench = new Bench().connect()
  bench.unsubscribe('a', 'A')
  bench.session.cancel('A')
  bench.receive({ type: 'unsuback', packetId: 1, reasonCodes: [0] })
  expect(bench.news()).toEqual([])
  bench.receive({ type: 'unsuback', packetId: 1, reasonCodes: [0] })
  expect(bench.news(), 'no second one').toEqual(['failed 0x82'])
})

for (const version of VERSIONS) {
  test(`${nameOf(version)}: a connection is awaited while somebody waits for the server, and no longer`, () => {
    const bench = new Bench(version)
    expect(bench.session.awaits, 'CONNACK').toBe(true)
    bench.connect()
    expect(bench.session.awaits).toBe(false)
    bench.subscribe('a', 'A')
    expect(bench.session.awaits).toBe(true)
    bench.receive({ type: 'suback', packetId: 1, reasonCodes: [0] })
    expect(bench.session.awaits).toBe(false)
    bench.session.ping('P', bench.now)
    expect(bench.session.awaits).toBe(true)
    bench.session.cancel('P')
    expect(bench.session.awaits, 'nobody waits any more').toBe(false)
    bench.publish(1, 'm')
    expect(bench.session.awaits).toBe(true)
    bench.receive({ type: 'puback', packetId: 2 })
    expect(bench.session.awaits).toBe(false)
  })
}

for (const version of VERSIONS) {
  const name = nameOf(version)

  test(`${name}: a SUBACK that answers for more or fewer filters than were asked for is a Protocol Error`, () => {
    for (const reasonCodes of [[0], [0, 0, 0]]) {
      const bench = new Bench(version).connect()
      const subscriptions = [{ filter: 'a' }, { filter: 'b' }]
      bench.session.call(packetOf<'subscribe'>({ type: 'subscribe', packetId: 1, subscriptions }, version), 'A', 0)
      bench.receive({ type: 'suback', packetId: 1, reasonCodes })
      expect(bench.news()).toEqual(['failed 0x82'])
    }
  })

  test(`${name}: an answer says what the server said, and how long that took since the question was sent`, () => {
    const bench = new Bench(version)
    bench.now = 1_000
    bench.subscribe('a', 'A')
    bench.now = 5_000
    bench.connect()
    bench.now = 5_040
    bench.receive({ type: 'suback', packetId: 1, reasonCodes: [1] })
    expect(bench.events()).toEqual([{ type: 'answered', tag: 'A', reasonCodes: [1], properties: {}, roundTrip: 40 }])
  })

  test(`${name}: who cancels one call leaves the others as they are`, () => {
    const bench = new Bench(version).connect()
    bench.subscribe('a', 'A')
    bench.subscribe('b', 'B')
    bench.session.ping('P', 0)
    bench.session.cancel('A')
    bench.receive({ type: 'suback', packetId: 2, reasonCodes: [0] }, { type: 'pingresp' })
    expect(bench.news()).toEqual(['answered B', 'pong P'])
  })
}

test('a call that nobody waits for wants no time', () => {
  const bench = new Bench(5, { ackTimeout: 1_000 }).connect({}, { keepAlive: 0 })
  bench.subscribe('a', 'A')
  bench.now = 500
  bench.subscribe('b', 'B')
  bench.session.cancel('B')
  expect(bench.tick(500).news()).toEqual(['rejected A ETIMEDOUT'])
  expect(bench.session.deadline).toBe(Number.POSITIVE_INFINITY)
})

test('a call that waits for a Packet Identifier is looked at in its turn, and not each time that one becomes free', () => {
  const bench = new Bench(4).connect()
  const { push } = Array.prototype
  let pushed = 0
  Array.prototype.push = function (...items) {
    pushed++
    return push.apply(this, items)
  }
  try {
    for (let call = 0; call < 65_535 + 1_000; call++) bench.subscribe('a', call)
    for (let packetId = 1; packetId <= 1_000; packetId++) bench.receive({ type: 'suback', packetId, reasonCodes: [0] })
  } finally {
    Array.prototype.push = push
  }
  expect(bench.news().at(-1)).toBe('answered 999')
  expect(pushed, 'once into a line, once onto the wire, and a few for the answer').toBeLessThan(10 * 65_535)
})
