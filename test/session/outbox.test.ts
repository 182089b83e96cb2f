import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodePacket } from '../../src/codec/index.js'
import type { QoS } from '../../src/codec/protocol.js'
import { Outbox, type OutboxLimits } from '../../src/session/outbox.js'
import type { Entry } from '../../src/session/records.js'
import { UNLIMITED } from '../support/unlimited.js'
import { Bench, gone, nameOf, VERSIONS } from './bench.js'

const { POSITIVE_INFINITY: NEVER } = Number

interface Facts {
  topic?: string
  qos?: QoS
  size?: number
  expiresAt?: number
  tag?: unknown
}

function entryOf({ topic = 't', qos = 1, size = 1, expiresAt = NEVER, tag = {} }: Facts = {}): Entry {
  const packet = {
    type: 'publish',
    dup: false,
    qos,
    retain: false,
    topic,
    packetId: undefined,
    properties: {},
    payload: new Uint8Array(),
  } as const
  const kept = { asked: false, accepted: true, untilAccepted: false, left: false, order: 0, turn: 0 }
  return { packet, size, tag, awaits: undefined, sentAt: 0, acceptedAt: 0, expiresAt, ...kept }
}

const RULES = ['reject', 'drop-oldest', 'drop-newest', 'latest-per-topic'] as const

describe('an outbox', () => {
  /** The same, as one would write it who has all the time in the world. */
  class Model {
    owed: Entry[] = []
    fresh: Entry[] = []

    constructor(readonly limits: OutboxLimits) {}

    get bytes(): number {
      return this.fresh.reduce((sum, { size }) => sum + size, 0)
    }

    makeRoom({ size, packet }: Entry): Entry[] | undefined {
      const { maxMessages, maxBytes, whenFull } = this.limits
      const out: Entry[] = []
      while (this.fresh.length >= maxMessages || this.bytes + size > maxBytes) {
        if (whenFull === 'reject' || whenFull === 'drop-newest' || size > maxBytes) return undefined
        const same = this.fresh.findIndex((entry) => entry.packet.topic === packet.topic)
        out.push(...this.fresh.splice(whenFull === 'latest-per-topic' ? Math.max(0, same) : 0, 1))
      }
      return out
    }
  }

  const facts = fc.record({
    topic: fc.constantFrom('a', 'b', 'c'),
    qos: fc.constantFrom<QoS>(0, 1, 2),
    size: fc.integer({ min: 1, max: 12 }),
    after: fc.constantFrom(1, 2, 3, 20, NEVER),
  })
  const step = fc.oneof(
    { weight: 12, arbitrary: fc.record({ do: fc.constant('publish' as const), facts }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('shift' as const) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('expire' as const) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel' as const), at: fc.nat(12) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('keep' as const), topic: fc.constantFrom('a', 'b', 'c') }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('owe' as const), count: fc.nat(3), left: fc.boolean() }) },
  )

  test.each(RULES)('that goes by %s does what an array does, to the byte, whatever is done to it', (whenFull) => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 80 }),
        fc.constantFrom(1, 2, 5, NEVER),
        fc.constantFrom(8, 20, 33, NEVER),
        (steps, maxMessages, maxBytes) => {
          const limits: OutboxLimits = { ...UNLIMITED, maxMessages, maxBytes, whenFull }
          const box = new Outbox(limits)
          const model = new Model(limits)
          let now = 0
          for (const what of steps) {
            if (what.do === 'publish') {
              const { after, ...rest } = what.facts
              const entry = entryOf({ ...rest, expiresAt: now + after })
              const room = model.makeRoom(entry)
              expect(box.makeRoom(entry)).toEqual(room)
              if (room) {
                box.push(entry)
                model.fresh.push(entry)
              }
            } else if (what.do === 'shift') expect(box.shift()).toBe(model.owed.shift() ?? model.fresh.shift())
            else if (what.do === 'wait') now += 1
            else if (what.do === 'expire') {
              now += 1
              const over = model.fresh.filter(({ expiresAt }) => expiresAt <= now)
              expect(box.expire(now)).toEqual(over)
              model.fresh = model.fresh.filter((entry) => !over.includes(entry))
            } else if (what.do === 'cancel') {
              const entry = [...model.owed, ...model.fresh][what.at]
              if (!entry) continue
              const { tag } = entry
              box.cancel(tag)
              model.fresh = model.fresh.filter((other) => other.tag !== tag)
              if (model.owed.includes(entry)) expect(entry.tag).toBeUndefined()
            } else if (what.do === 'keep') {
              const stays = ({ packet }: Entry): boolean => packet.topic !== what.topic
              box.keep(stays)
              model.owed = model.owed.filter(stays)
              model.fresh = model.fresh.filter(stays)
            } else {
              const news = Array.from({ length: what.count }, () => entryOf({ expiresAt: now }))
              // What the last connection did not get to may be in flight, too, and then is in both.
              const entries = what.left ? [...news, ...model.owed] : news
              box.owe(entries)
              model.owed = what.left ? entries : [...entries, ...model.owed]
            }
            expect(box.size).toBe(model.owed.length + model.fresh.length)
            expect(box.qos0).toBe(model.fresh.filter(({ packet }) => packet.qos === 0).length)
            expect(box.peek()).toBe(model.owed[0] ?? model.fresh[0])
            expect(box.late(now)).toBe(model.owed.length === 0 && (model.fresh[0]?.expiresAt ?? NEVER) <= now)
            const expiry = Math.min(...model.fresh.map(({ expiresAt }) => expiresAt))
            // At most 80 are looked through in less than a ms.
            expect(Math.floor(box.deadline)).toBeLessThanOrEqual(Math.max(expiry, now))
            if (model.fresh.length === 0) expect(box.expire(now)).toEqual([])
          }
          for (const entry of [...model.owed, ...model.fresh]) expect(box.shift()).toBe(entry)
          expect(box.shift()).toBeUndefined()
          expect(box.deadline).toBe(NEVER)
        },
      ),
      { seed: 4, numRuns: 300 },
    )
  })

  /** Entries that count how often somebody looks at one. */
  function looks() {
    let count = 0
    const entry = (facts: Facts): Entry =>
      new Proxy(entryOf(facts), {
        get: (target, name) => {
          count++
          return Reflect.get(target, name)
        },
      })
    return { entry, count: () => count }
  }

  test.each([
    ['drop-oldest', 'all of different topics', (at: number) => `${at}`],
    ['latest-per-topic', 'all of one topic', () => 'one'],
    ['latest-per-topic', 'all of different topics', (at: number) => `${at}`],
    [
      'latest-per-topic',
      'a busy topic behind many that are not',
      (at: number) => (at < 90_000 ? `${at % 900}` : 'busy'),
    ],
  ] as const)('%s with 100 000 waiting, %s: one more costs what it costs with 100', (whenFull, _, topicOf) => {
    const cost = (waiting: number): number => {
      const { entry, count } = looks()
      const box = new Outbox({ ...UNLIMITED, maxMessages: waiting, whenFull })
      for (let at = 0; at < waiting; at++) box.push(entry({ topic: topicOf(at) }))
      const before = count()
      for (let at = 0; at < 1_000; at++) {
        const next = entry({ topic: topicOf(waiting + at) })
        expect(box.makeRoom(next)).toHaveLength(1)
        box.push(next)
      }
      expect(box.size).toBe(waiting)
      return count() - before
    }
    expect(cost(100_000)).toBeLessThanOrEqual(cost(100) + 1_000)
  })

  test('looks for what is over at a pace, however many wait and however short their times are', () => {
    const { entry, count } = looks()
    const box = new Outbox(UNLIMITED)
    for (let at = 0; at < 10_000; at++) box.push(entry({ expiresAt: 1_000_000 }))
    const before = count()
    const over: Entry[] = []
    for (let now = 1; now <= 1_000; now++) {
      box.push(entry({ expiresAt: now }))
      over.push(...box.expire(now))
    }
    expect(over.length).toBeGreaterThan(900)
    // Ten times through 10 000, five looks at each and some for those that go.
    expect(count() - before).toBeLessThan(1_000_000)
  })
})

const limited = (limits: Partial<OutboxLimits>) => ({ outbox: { ...UNLIMITED, ...limits } })

/** How many bytes the message has that `Bench.publish` makes. */
function wireSize(payload: string, qos: QoS, version: 3 | 4 | 5): number {
  const bytes = new TextEncoder().encode(payload)
  return encodePacket(
    { type: 'publish', topic: 'topic', qos, packetId: qos > 0 ? 1 : undefined, payload: bytes },
    version,
  ).length
}

const discards = (bench: Bench): string[] =>
  bench
    .events()
    .flatMap((event) =>
      event.type === 'discarded' ? [`${event.reason} ${new TextDecoder().decode(event.packet.payload)}`] : [],
    )

describe('what waits without a connection', () => {
  const FULL = {
    reject: ['publish 1 a', 'publish 2 b'],
    'drop-newest': ['publish 1 a', 'publish 2 b'],
    'drop-oldest': ['publish 1 d', 'publish 2 e'],
    'latest-per-topic': ['publish 1 d', 'publish 2 e'],
  }

  for (const version of VERSIONS)
    for (const whenFull of RULES) {
      const title = `${nameOf(version)}: is bounded by maxMessages, and ${whenFull} says what gives way`
      test(title, () => {
        const bench = new Bench(version, limited({ maxMessages: 2, whenFull }))
        for (const payload of ['a', 'b', 'c', 'd', 'e']) bench.publish(1, payload)
        expect(bench.session.queued).toBe(2)
        const full = 'OUTBOX_FULL'
        expect(bench.news()).toEqual(
          {
            reject: [`rejected c ${full}`, `rejected d ${full}`, `rejected e ${full}`],
            'drop-newest': ['c', 'd', 'e'].flatMap((name) => ['discarded', `rejected ${name} ${full}`]),
            'drop-oldest': ['a', 'b', 'c'].flatMap((name) => ['discarded', `rejected ${name} ${full}`]),
            'latest-per-topic': ['a', 'b', 'c'].flatMap((name) => ['discarded', `rejected ${name} ${full}`]),
          }[whenFull],
        )
        expect(bench.connect().wire()).toEqual(FULL[whenFull])
      })

      test(`${nameOf(version)}: is bounded by the bytes of its packets, and ${whenFull} says what gives way`, () => {
        const maxBytes = wireSize('aaaa', 1, version) + wireSize('bbbb', 2, version)
        const bench = new Bench(version, limited({ maxBytes, whenFull }))
        bench.publish(1, 'aaaa')
        bench.publish(2, 'bbbb')
        expect(bench.news(), 'to the last byte').toEqual([])
        bench.publish(1, 'c')
        expect(bench.session.queued).toBe(2)
        expect(bench.connect().wire()).toEqual(
          whenFull === 'reject' || whenFull === 'drop-newest'
            ? ['publish 1 aaaa', 'publish 2 bbbb']
            : ['publish 1 bbbb', 'publish 2 c'],
        )
      })

      test(`${nameOf(version)}: takes nothing that is larger than maxBytes by itself, and ${whenFull} drops nothing for it`, () => {
        const bench = new Bench(version, limited({ maxBytes: wireSize('aaaa', 1, version), whenFull }))
        bench.publish(1, 'a')
        bench.publish(1, 'aaaaa')
        expect(bench.news().at(-1)).toBe('rejected aaaaa OUTBOX_FULL')
        expect(bench.session.queued).toBe(1)
      })
    }

  test('a byte less than two messages is room for one', () => {
    const bench = new Bench(5, limited({ maxBytes: 2 * wireSize('a', 1, 5) - 1 }))
    bench.publish(1, 'a')
    bench.publish(1, 'b')
    expect(bench.news()).toEqual(['rejected b OUTBOX_FULL'])
  })

  test('one large message makes as many small ones give way as it needs room', () => {
    const maxBytes = 3 * wireSize('a', 1, 5)
    const bench = new Bench(5, limited({ maxBytes, whenFull: 'drop-oldest' }))
    for (const payload of ['a', 'b', 'c']) bench.publish(1, payload)
    const large = 'x'.repeat(wireSize('a', 1, 5) - 2)
    bench.publish(1, large)
    expect(discards(bench)).toEqual(['full a', 'full b'])
    expect(bench.connect().wire()).toEqual(['publish 1 c', `publish 2 ${large}`])
  })

  test('latest-per-topic takes the oldest of the topic, and only where there is none the oldest of all', () => {
    const bench = new Bench(5, limited({ maxMessages: 4, whenFull: 'latest-per-topic' }))
    bench.publish(1, 'other', { topic: 'x' })
    for (const payload of ['a1', 'a2']) bench.publish(1, payload, { topic: 'a' })
    bench.publish(1, 'b1', { topic: 'b' })
    bench.publish(1, 'a3', { topic: 'a' })
    bench.publish(1, 'b2', { topic: 'b' })
    bench.publish(1, 'c1', { topic: 'c' })
    expect(discards(bench)).toEqual(['full a1', 'full b1', 'full other'])
    expect(bench.connect().wire()).toEqual(['publish 1 a2', 'publish 2 a3', 'publish 3 b2', 'publish 4 c1'])
  })

  test('the error says what to do, and the event has the message as it was published', () => {
    const bench = new Bench(5, limited({ maxMessages: 1, whenFull: 'drop-newest' }))
    bench.publish(1, 'a')
    bench.publish(1, 'b', { properties: { contentType: 'c' } })
    const [dropped, rejected] = bench.events()
    expect(dropped).toMatchObject({
      type: 'discarded',
      reason: 'full',
      packet: { topic: 'topic', qos: 1, packetId: undefined, properties: { contentType: 'c' } },
    })
    expect(rejected).toMatchObject({
      type: 'rejected',
      tag: 'b',
      error: { code: 'OUTBOX_FULL', phase: 'session', retryable: true },
    })
    expect(rejected).toMatchObject({
      error: { message: 'the message was not sent: the outbox is full; wait for what is in it, or raise its limits' },
    })
  })

  test.each([0, 1, 2] as const)('offlineQos0 is about QoS 0 alone: at QoS %i', (qos) => {
    const bench = new Bench(5, limited({ offlineQos0: 'drop' }))
    bench.publish(qos, 'a')
    expect(bench.news()).toEqual(qos === 0 ? ['discarded', 'rejected a OFFLINE'] : [])
    expect(bench.session.queued).toBe(qos === 0 ? 0 : 1)
    bench.connect()
    bench.publish(0, 'online')
    expect(bench.wire()).toEqual(qos === 0 ? ['publish - online'] : ['publish 1 a', 'publish - online'])
    bench.cut()
    bench.publish(0, 'b')
    const [dropped, rejected] = bench.events()
    expect(dropped).toMatchObject({ type: 'discarded', reason: 'offline' })
    expect((rejected as { error?: Error }).error?.message).toMatch(
      /no connection; wait for one, or set outbox.offlineQos0/,
    )
  })

  test('messages of QoS 0 that wait count like others', () => {
    const bench = new Bench(5, limited({ maxMessages: 2, whenFull: 'drop-oldest' }))
    bench.publish(0, 'a')
    bench.publish(1, 'b')
    bench.publish(0, 'c')
    expect(discards(bench)).toEqual(['full a'])
    bench.publish(1, 'd')
    expect(discards(bench)).toEqual(['full b'])
    expect(bench.connect().wire()).toEqual(['publish - c', 'publish 1 d'])
  })

  test('cancelled messages give back their room', () => {
    const bench = new Bench(5, limited({ maxMessages: 2, maxBytes: 2 * wireSize('a', 1, 5) }))
    for (const payload of ['a', 'b']) bench.publish(1, payload)
    bench.session.cancel('a')
    expect(bench.session.queued).toBe(1)
    bench.publish(1, 'c')
    expect(bench.news()).toEqual([])
    bench.publish(1, 'd')
    expect(bench.news()).toEqual(['rejected d OUTBOX_FULL'])
    expect(bench.connect().wire()).toEqual(['publish 1 b', 'publish 2 c'])
  })

  test('a new session gives back the room of the old one', () => {
    const bench = new Bench(5, limited({ maxMessages: 2 }))
    bench.publish(0, 'z')
    bench.publish(1, 'a')
    bench.session.detach(gone)
    expect(bench.news()).toEqual(['rejected z GONE', 'rejected a GONE'])
    expect(bench.session.queued, 'QoS 0 is not kept for a later connection').toBe(1)
    bench.session.reset()
    expect(bench.session.queued).toBe(0)
    for (const payload of ['b', 'c', 'd']) bench.publish(1, payload)
    expect(bench.news()).toEqual(['rejected d OUTBOX_FULL'])
  })

  test('what is dropped after its caller was told of the end is still an event', () => {
    const bench = new Bench(5, limited({ maxMessages: 1, whenFull: 'drop-oldest' }))
    bench.publish(1, 'a')
    bench.session.detach(gone)
    bench.news()
    bench.publish(1, 'b')
    expect(bench.news()).toEqual(['discarded'])
    expect(bench.connect().wire()).toEqual(['publish 1 b'])
  })
})

describe('with a connection', () => {
  test('what is in flight is in no limit: only what waits behind the window is', () => {
    const bench = new Bench(5, {
      maxInflight: 2,
      ...limited({ maxMessages: 1, maxBytes: wireSize('a', 1, 5) }),
    }).connect()
    for (const payload of ['a', 'b', 'c', 'd']) bench.publish(1, payload)
    expect(bench.wire()).toEqual(['publish 1 a', 'publish 2 b'])
    expect(bench.news()).toEqual(['rejected d OUTBOX_FULL'])
    bench.receive({ type: 'puback', packetId: 1 })
    expect(bench.wire()).toEqual(['publish 3 c'])
    bench.publish(1, 'e')
    expect(bench.news(), 'there is room again').toEqual(['acknowledged a'])
  })

  test('what has to be sent again has no room in a smaller window, is in no limit and never gives way [MQTT-4.4.0-1 of 5.0]', () => {
    const bench = new Bench(5, limited({ maxMessages: 1, maxAge: 1_000, whenFull: 'drop-oldest' })).connect()
    for (const payload of ['a', 'b', 'c']) bench.publish(1, payload)
    bench.sent()
    bench.cut()
    bench.tick(5_000)
    bench.publish(1, 'd')
    bench.resume({ properties: { receiveMaximum: 1 } })
    expect(bench.wire()).toEqual(['publish 1 dup a'])
    expect(bench.session.queued, 'what is in flight does not wait').toBe(1)
    bench.publish(1, 'e')
    expect(discards(bench)).toEqual(['full d'])
    const rest: string[] = []
    for (const packetId of [1, 2, 3]) rest.push(...bench.receive({ type: 'puback', packetId }).wire())
    expect(rest).toEqual(['publish 2 dup b', 'publish 3 dup c', 'publish 4 e'])
  })

  test('what a server forgot is sent as new, first, in no limit, however late, and never gives way', () => {
    const bench = new Bench(5, limited({ maxMessages: 1, maxAge: 1_000, whenFull: 'drop-oldest' })).connect()
    for (const payload of ['a', 'b']) bench.publish(1, payload, { properties: { messageExpiryInterval: 2 } })
    bench.sent()
    bench.cut()
    bench.now = 10_000
    bench.publish(1, 'c')
    bench.connect({ sessionPresent: false, properties: { receiveMaximum: 1 } })
    bench.publish(1, 'd')
    expect(discards(bench)).toEqual(['full c'])
    expect(bench.session.queued).toBe(2)
    // Forgotten once more, before all of it was sent.
    expect(bench.wire()).toHaveLength(1)
    bench.cut().connect({ sessionPresent: false, properties: { receiveMaximum: 1 } })
    bench.tick(60_000)
    expect(discards(bench), 'its time was over').toEqual(['expired d'])
    bench.publish(1, 'e')
    const order: string[] = []
    for (let [packet] = bench.sent(); packet?.type === 'publish'; [packet] = bench.sent()) {
      order.push(`${new TextDecoder().decode(packet.payload)} ${packet.dup}`)
      bench.receive({ type: 'puback', packetId: packet.packetId as number })
    }
    expect(order).toEqual(['a false', 'b false', 'e false'])
  })

  test('who waits no more for what was sent once does not stop it, though the server forgot it', () => {
    const bench = new Bench(5).connect()
    for (const payload of ['a', 'b']) bench.publish(1, payload)
    bench.sent()
    bench.cut().connect({ sessionPresent: false, properties: { receiveMaximum: 1 } })
    bench.session.cancel('b')
    bench.sent()
    bench.receive({ type: 'puback', packetId: 3 })
    expect(bench.wire()).toEqual(['publish 4 b'])
    bench.receive({ type: 'puback', packetId: 4 })
    expect(bench.news()).toEqual(['acknowledged a'])
  })

  test('what is dropped at the front lets those behind it go that need no place in the window', () => {
    const bench = new Bench(5, { maxInflight: 1, ...limited({ maxMessages: 2, whenFull: 'drop-oldest' }) }).connect()
    bench.publish(1, 'a')
    bench.sent()
    bench.publish(1, 'b')
    bench.cut()
    bench.publish(0, 'zero')
    bench.resume()
    bench.wire()
    bench.publish(0, 'next')
    expect(bench.wire()).toEqual(['publish - zero', 'publish - next'])
    expect(bench.news()).toEqual(['discarded', 'rejected b OUTBOX_FULL', 'sent zero', 'sent next'])
  })

  test('what expires at the front lets those behind it go', () => {
    const bench = new Bench(5, { maxInflight: 1 }).connect()
    bench.publish(1, 'a')
    bench.publish(1, 'b', { properties: { messageExpiryInterval: 1 } })
    bench.cut()
    bench.publish(0, 'zero')
    bench.resume()
    bench.sent()
    expect(bench.tick(1_000).wire()).toEqual(['publish - zero'])
    expect(bench.news()).toEqual(['discarded', 'rejected b MESSAGE_EXPIRED', 'sent zero'])
  })

  test('a limit of the server that comes late refuses what waits, and that is no discard', () => {
    const bench = new Bench(5, limited({ maxMessages: 1 }))
    bench.publish(2, 'a')
    bench.connect({ properties: { maximumQos: 1 } })
    expect(bench.news()).toEqual(['rejected a 0x9b'])
    bench.cut()
    bench.publish(1, 'b')
    expect(bench.news()).toEqual([])
  })
})

describe('time', () => {
  const expiring = (seconds: number) => ({ properties: { messageExpiryInterval: seconds } })

  test('a Message Expiry Interval runs while a message waits, to the ms [MQTT-3.3.2-5]', () => {
    const bench = new Bench()
    bench.publish(1, 'one', expiring(1))
    bench.publish(0, 'two', expiring(2))
    bench.publish(1, 'ever')
    expect(bench.session.deadline).toBe(1_000)
    expect(bench.tick(999).news()).toEqual([])
    expect(bench.tick(1).news()).toEqual(['discarded', 'rejected one MESSAGE_EXPIRED'])
    expect(bench.session.deadline).toBe(2_000)
    expect(bench.tick(999).news()).toEqual([])
    expect(bench.tick(1).news()).toEqual(['discarded', 'rejected two MESSAGE_EXPIRED'])
    expect(bench.session.deadline).toBe(NEVER)
    expect(bench.tick(1e9).connect().wire()).toEqual(['publish 1 ever'])
  })

  test.each([
    [500, 10, 500],
    [60_000, 10, 10_000],
    [60_000, undefined, 60_000],
    [NEVER, 10, 10_000],
    [NEVER, undefined, NEVER],
    [NEVER, 0xffff_ffff, 4_294_967_295_000],
  ])('maxAge %d with a Message Expiry Interval of %d: the shorter one rules', (maxAge, seconds, at) => {
    const bench = new Bench(5, limited({ maxAge }))
    bench.now = 7
    bench.publish(1, 'a', seconds === undefined ? {} : expiring(seconds))
    expect(bench.session.deadline).toBe(at === NEVER ? NEVER : 7 + at)
    if (at === NEVER) return
    expect(bench.tick(at - 1).news()).toEqual([])
    expect(bench.tick(1).news()).toEqual(['discarded', 'rejected a MESSAGE_EXPIRED'])
  })

  test.each([3, 4] as const)('maxAge needs no property: it is there in version %i, too', (version) => {
    const bench = new Bench(version, limited({ maxAge: 100 }))
    bench.publish(1, 'a')
    bench.tick(100)
    const [dropped, rejected] = bench.events()
    expect(dropped).toMatchObject({ type: 'discarded', reason: 'expired' })
    expect(rejected).toMatchObject({ error: { code: 'MESSAGE_EXPIRED', message: expect.stringMatching(/raise/) } })
  })

  test('a message is sent in its last ms and not a ms later, whether or not anybody called tick', () => {
    for (const [now, wire] of [
      [999, ['publish 1 a']],
      [1_000, []],
    ] as const) {
      const bench = new Bench()
      bench.publish(1, 'a', expiring(1))
      bench.now = now
      expect(bench.connect().wire()).toEqual(wire)
    }
  })

  test('behind a full window a message expires, too, at the time itself or when its turn comes', () => {
    const bench = new Bench(5, { maxInflight: 1 }).connect()
    bench.publish(1, 'a')
    bench.publish(1, 'b', expiring(1))
    bench.publish(1, 'c', expiring(2))
    bench.sent()
    expect(bench.session.deadline).toBe(1_000)
    bench.now = 2_000
    bench.receive({ type: 'puback', packetId: 1 })
    expect(bench.wire()).toEqual([])
    expect(bench.news()).toEqual([
      'acknowledged a',
      'discarded',
      'rejected b MESSAGE_EXPIRED',
      'discarded',
      'rejected c MESSAGE_EXPIRED',
    ])
  })

  test("one that is over takes nobody's room, though tick was called late", () => {
    const bench = new Bench(5, limited({ maxMessages: 1 }))
    bench.publish(1, 'a', expiring(1))
    bench.now = 1_000
    bench.publish(1, 'b')
    expect(bench.news()).toEqual(['discarded', 'rejected a MESSAGE_EXPIRED'])
    expect(bench.connect().wire()).toEqual(['publish 1 b'])
  })

  test('an interval of 0 goes at once or never', () => {
    const bench = new Bench(5, { maxInflight: 1 }).connect()
    bench.publish(1, 'a', expiring(0))
    bench.publish(1, 'b', expiring(0))
    bench.publish(0, 'c', expiring(0))
    expect(bench.sent().map((packet) => packet.type === 'publish' && packet.properties.messageExpiryInterval)).toEqual([
      0, 0,
    ])
    expect(bench.news()).toEqual(['discarded', 'rejected b MESSAGE_EXPIRED'])
  })

  const intervals = (bench: Bench): (number | undefined)[] =>
    bench.sent().flatMap((packet) => (packet.type === 'publish' ? [packet.properties.messageExpiryInterval] : []))

  test.each([
    [999, 60],
    [1_000, 59],
    [59_999, 1],
  ])('after %i ms of waiting, 60 s are sent as %i [MQTT-3.3.2-6]', (ms, left) => {
    for (const qos of [0, 1, 2] as const) {
      const bench = new Bench()
      const packet = expiring(60)
      bench.publish(qos, 'a', packet)
      bench.now = ms
      expect(intervals(bench.connect())).toEqual([left])
      expect(packet.properties.messageExpiryInterval, 'the application keeps its own').toBe(60)
    }
  })

  test('what is sent again has the time taken off since it was published, and is sent though that is over [MQTT-4.4.0-1 of 5.0]', () => {
    const bench = new Bench().connect()
    bench.publish(1, 'a', expiring(10))
    bench.publish(2, 'b', expiring(4))
    bench.publish(1, 'c', expiring(0))
    bench.publish(1, 'd')
    expect(intervals(bench)).toEqual([10, 4, 0, undefined])
    bench.cut()
    bench.tick(4_000)
    expect(bench.news()).toEqual([])
    // 0 would be without end for a mosquitto; that of the application's own stays what it is.
    expect(intervals(bench.resume())).toEqual([6, 1, 0, undefined])
    bench.cut()
    bench.now += 60_000
    bench.resume()
    expect(intervals(bench)).toEqual([1, 1, 0, undefined])
    expect(bench.news()).toEqual([])
  })

  test('what a server forgot has the time taken off, too', () => {
    const bench = new Bench().connect()
    bench.publish(1, 'a', expiring(10))
    bench.sent()
    bench.cut()
    bench.now = 3_000
    expect(intervals(bench.connect({ sessionPresent: false }))).toEqual([7])
  })

  test('an aged message has its Topic Alias all the same, and the size that the server takes', () => {
    const bench = new Bench()
    for (const payload of ['a', 'b']) bench.publish(1, payload, { topic: 'a/long/topic', ...expiring(60) })
    bench.now = 5_000
    const sent = bench.connect({ properties: { topicAliasMaximum: 5 } }).sent()
    expect(sent).toMatchObject([
      { topic: 'a/long/topic', properties: { topicAlias: 1, messageExpiryInterval: 55 } },
      { topic: '', properties: { topicAlias: 1, messageExpiryInterval: 55 } },
    ])
  })

  test('what its caller left, or was sent, wants no time any more', () => {
    const bench = new Bench()
    bench.publish(1, 'a', expiring(1))
    bench.publish(1, 'b', expiring(2))
    bench.session.cancel('a')
    bench.connect()
    expect(bench.tick(5_000).news()).toEqual([])
    expect(bench.session.deadline).toBe(NEVER)
  })

  test('after a detach what stays wants no time, and what is over is told of by the next connection', () => {
    const bench = new Bench()
    bench.publish(1, 'a', expiring(1))
    for (const payload of ['b', 'c']) bench.publish(1, payload, expiring(9))
    bench.session.detach(gone)
    bench.news()
    expect(bench.session.deadline).toBe(NEVER)
    bench.now = 1_000
    expect(bench.connect({ properties: { receiveMaximum: 1 } }).wire()).toEqual(['publish 1 b'])
    expect(bench.news()).toEqual(['discarded'])
    expect(bench.tick(0).session.deadline).toBe(9_000)
  })

  test('a message after a detach wants its time again, without a connection', () => {
    const bench = new Bench()
    bench.session.detach(gone)
    bench.publish(1, 'a', expiring(1))
    expect(bench.session.deadline).toBe(1_000)
  })

  test('of many, all that are over are told of in their order', () => {
    const bench = new Bench()
    for (let at = 0; at < 5_000; at++) bench.publish(1, `${at}`, expiring(1 + (at % 2)))
    bench.tick(1_000)
    expect(discards(bench)).toEqual(Array.from({ length: 2_500 }, (_, at) => `expired ${2 * at}`))
    expect(bench.session.queued).toBe(2_500)
    bench.tick(1_000)
    expect(discards(bench)).toHaveLength(2_500)
  })
})

test.each(VERSIONS)(
  'one line before, during and after an outage: order is kept, at mixed QoS, in version %i (§4.6)',
  (version) => {
    const bench = new Bench(version).connect()
    const published: string[] = []
    const publish = (qos: QoS): void => {
      const name = `${published.length}/${qos}`
      published.push(name)
      bench.publish(qos, name)
    }
    for (const qos of [1, 2, 1, 2, 1] as const) publish(qos)
    const before = bench.wire().map((line) => line.split(' ').at(-1))
    expect(before).toEqual(published)
    bench.cut()
    for (const qos of [1, 0, 2, 0, 1] as const) publish(qos)
    bench.resume()
    for (const qos of [2, 0, 1] as const) publish(qos)
    expect(bench.wire().map((line) => line.split(' ').at(-1))).toEqual(published)
  },
)

test('latest-per-topic: one that was cancelled among others of its topic leaves them in their order', () => {
  const bench = new Bench(5, limited({ maxMessages: 3, whenFull: 'latest-per-topic' }))
  for (const payload of ['a1', 'a2', 'a3']) bench.publish(1, payload, { topic: 'a' })
  bench.session.cancel('a2')
  for (const payload of ['a4', 'a5', 'a6']) bench.publish(1, payload, { topic: 'a' })
  expect(discards(bench)).toEqual(['full a1', 'full a3'])
  expect(bench.session.queued).toBe(3)
  expect(bench.connect().wire()).toEqual(['publish 1 a4', 'publish 2 a5', 'publish 3 a6'])
})

test('5.0: a new session drops what was to be sent again, too [MQTT-3.1.2-4]', () => {
  const bench = new Bench().connect()
  for (const payload of ['a', 'b', 'c']) bench.publish(1, payload)
  bench.cut().resume({ properties: { receiveMaximum: 1 } })
  bench.cut().session.detach(gone)
  bench.session.reset()
  expect([bench.session.inflight, bench.session.queued]).toEqual([0, 0])
  expect(bench.connect({}, { cleanStart: true }).wire()).toEqual([])
})

test('latest-per-topic remembers no topic of which nothing waits', () => {
  const prototype = Map.prototype as unknown as Record<'set' | 'delete', (...args: unknown[]) => unknown>
  const { set, delete: remove } = prototype
  const topics = new Set<unknown>()
  const isTopic = (key: unknown): boolean => typeof key === 'string' && key.startsWith('forgotten/')
  prototype.set = function (...args) {
    if (isTopic(args[0])) topics.add(args[0])
    return set.apply(this, args)
  }
  prototype.delete = function (...args) {
    topics.delete(args[0])
    return remove.apply(this, args)
  }
  try {
    const box = new Outbox({ ...UNLIMITED, maxMessages: 10, whenFull: 'latest-per-topic' })
    for (let at = 0; at < 100; at++) {
      const entry = entryOf({ topic: `forgotten/${at}` })
      expect(box.makeRoom(entry)).toHaveLength(at < 10 ? 0 : 1)
      box.push(entry)
    }
    expect(topics.size).toBe(10)
    for (let at = 0; at < 10; at++) box.shift()
    expect(topics.size).toBe(0)
  } finally {
    Object.assign(prototype, { set, delete: remove })
  }
})
