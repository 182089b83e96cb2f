import { expect, test } from 'vitest'
import { Journal } from '../../src/session/journal.js'
import { recordCodec } from '../../src/session/record-codec.js'
import { Bench, gone, nameOf, packetOf, VERSIONS } from './bench.js'

/** A session beside a store that writes when it is told to. */
class Kept extends Bench {
  readonly records = new Map<string, Uint8Array>()

  constructor(version: (typeof VERSIONS)[number] = 5, settings: ConstructorParameters<typeof Bench>[1] = {}) {
    super(version, { ...settings, journal: new Journal(recordCodec) })
  }

  load(): this {
    expect(this.kept.load(this.records, 0)).toBe(0)
    return this
  }

  /** Writes all that changed. */
  write(): this {
    for (let batch = this.kept.takeBatch(); batch; batch = this.kept.takeBatch()) {
      for (const [key, value] of batch.changes) value ? this.records.set(key, value) : this.records.delete(key)
      this.kept.stored(batch, this.now)
    }
    return this
  }

  /** The store is closed, in order. */
  close(): this {
    this.kept.seal()
    this.write().kept.unload()
    return this
  }

  /** What the store has once all is written. */
  keys(): string[] {
    return [...this.write().records.keys()].sort()
  }

  get counts(): { inflight: number; queued: number } {
    return { inflight: this.session.inflight, queued: this.session.queued }
  }
}

for (const version of VERSIONS) {
  const name = nameOf(version)

  test(`${name}: while the store is closed it alone has the session, and what is published then waits behind it`, () => {
    const bench = new Kept(version, { maxInflight: 2 }).load().connect()
    for (const payload of ['a', 'b', 'c']) bench.publish(1, payload)
    expect(bench.write().wire()).toEqual(['publish 1 a', 'publish 2 b'])
    bench.cut().kept.seal()
    bench.publish(1, 'late')
    expect(bench.counts).toEqual({ inflight: 2, queued: 2 })
    bench.close()
    expect(bench.counts, 'the store has all but the last').toEqual({ inflight: 0, queued: 1 })
    bench.publish(1, 'later')
    expect(bench.kept.changed, 'a closed store is not written to').toBe(false)
    bench.load()
    expect(bench.counts).toEqual({ inflight: 2, queued: 3 })
    bench.write().resume()
    expect(bench.wire()).toEqual(['publish 1 dup a', 'publish 2 dup b'])
    bench.receive({ type: 'puback', packetId: 1 }, { type: 'puback', packetId: 2 })
    expect(bench.wire()).toEqual(['publish 3 c', 'publish 4 late'])
    bench.receive({ type: 'puback', packetId: 3 }, { type: 'puback', packetId: 4 })
    expect(bench.wire()).toEqual(['publish 5 later'])
  })

  test(`${name}: a message of QoS 2 that was answered is known again when the store is opened again [MQTT-4.3.3-2 of 3.1.1] [MQTT-4.3.3-10 of 5.0]`, () => {
    const bench = new Kept(version).load().connect().deliver(2, 7, 'in') as Kept
    bench.settle(bench.deliveries()[0])
    bench.write().cut().sent()
    bench.close().load().resume().deliver(2, 7, 'in', { dup: true })
    expect(bench.news()).toEqual([])
    expect(bench.wire()).toEqual(['pubrec 7'])
    bench.receive({ type: 'pubrel', packetId: 7 })
    expect(bench.wire()).toEqual(['pubcomp 7'])
    expect(bench.write().records.size).toBe(0)
  })

  test(`${name}: what another process finished while the store was closed is not remembered`, () => {
    const bench = new Kept(version).load().connect().deliver(2, 7, 'in') as Kept
    bench.settle(bench.deliveries()[0])
    bench.publish(2, 'out')
    bench.write().cut().sent()
    bench.close().records.clear()
    bench.load().resume()
    expect(bench.wire()).toEqual([])
    expect(bench.deliver(2, 7, 'another').news()).toEqual(['message another'])
  })
}

test('a message that could not be stored is rejected with the reason, once, and those before and behind it are sent', () => {
  const bench = new Kept().load().connect()
  bench.publish(1, 'a')
  bench.write()
  expect(bench.wire()).toEqual(['publish 1 a'])
  bench.publish(1, 'b')
  const failed = bench.kept.takeBatch()
  bench.publish(1, 'c')
  if (!failed) throw new Error('expected a batch')
  bench.kept.unstored(failed, gone)
  expect(bench.news()).toEqual(['rejected b GONE'])
  expect(bench.write().wire()).toEqual(['publish 2 c'])
  bench.receive({ type: 'puback', packetId: 1 }, { type: 'puback', packetId: 2 })
  expect(bench.news()).toEqual(['acknowledged a', 'acknowledged c'])
  expect(bench.write().records.size).toBe(0)
})

test('what waits behind a message that could not be stored is sent as soon as that is known', () => {
  const bench = new Kept().load()
  bench.publish(1, 'a')
  bench.publish(0, 'zero')
  const failed = bench.kept.takeBatch()
  bench.connect()
  expect(bench.wire(), 'a message is not sent before it is written').toEqual([])
  if (!failed) throw new Error('expected a batch')
  bench.kept.unstored(failed, gone)
  expect(bench.wire()).toEqual(['publish - zero'])
  expect(bench.news()).toEqual(['rejected a GONE', 'sent zero'])
})

/** As `Bench.publish`, for one who waits only until the message is accepted. */
function hand(bench: Bench, payload: string): void {
  const packet = packetOf<'publish'>(
    { type: 'publish', topic: 'topic', qos: 1, packetId: 9, payload: new TextEncoder().encode(payload) },
    bench.version,
  )
  bench.session.publish(packet, payload, bench.now, true)
}

for (const version of VERSIONS) {
  const name = nameOf(version)

  test(`${name}: who waits until a message is accepted hears of it once it is written, and of nothing after`, () => {
    const bench = new Kept(version).load().connect() as Kept
    hand(bench, 'a')
    hand(bench, 'b')
    bench.session.cancel('b')
    hand(bench, 'c')
    expect(bench.events()).toEqual([])
    bench.write()
    expect(bench.events(), 'nobody waits for b').toEqual(
      ['a', 'c'].map((tag) => ({ type: 'accepted', tag, packetId: undefined, reasonCode: 0, properties: {} })),
    )
    for (const packet of bench.sent())
      if (packet.type === 'publish') bench.receive({ type: 'puback', packetId: packet.packetId as number })
    expect(bench.session.inflight).toBe(0)
    expect(bench.events()).toEqual([])
  })

  test(`${name}: without a store a message is accepted at once, with a connection or without`, () => {
    const bench = new Bench(version)
    hand(bench, 'offline')
    expect(bench.news()).toEqual(['accepted'])
    bench.connect()
    hand(bench, 'online')
    expect(bench.news()).toEqual(['accepted'])
    expect(bench.wire()).toEqual(['publish 1 offline', 'publish 2 online'])
    bench.receive({ type: 'puback', packetId: 1 }, { type: 'puback', packetId: 2 })
    expect(bench.news()).toEqual([])
  })

  test(`${name}: a message that is not written yet is not sent, and keeps its turn`, () => {
    const bench = new Kept(version).load().connect() as Kept
    bench.publish(1, 'a')
    bench.receive({ type: 'pingresp' })
    bench.tick(1_000).publish(1, 'b')
    expect(bench.wire()).toEqual([])
    expect(bench.write().wire()).toEqual(['publish 1 a', 'publish 2 b'])
  })

  test(`${name}: a server that has the session finds the exchanges that the store has`, () => {
    const bench = new Kept(version).load().connect() as Kept
    for (const payload of ['a', 'b']) bench.publish(1, payload)
    expect(bench.keys()).toEqual(['m1', 'm2', 'p1', 'p2'])
    bench.cut().resume()
    expect(bench.keys()).toEqual(['m1', 'm2', 'p1', 'p2'])
    expect(bench.wire()).toEqual(['publish 1 dup a', 'publish 2 dup b'])
  })

  test(`${name}: a new session takes the messages of the old one out of the store, and no other`, () => {
    const bench = new Kept(version, { maxInflight: 1 }).load().connect() as Kept
    for (const payload of ['sent', 'waits']) bench.publish(1, payload)
    expect(bench.keys()).toEqual(['m1', 'm2', 'p1'])
    bench.cut().session.detach(gone)
    bench.publish(1, 'new')
    bench.session.reset()
    expect(bench.keys()).toEqual(['m3'])
    expect(bench.counts).toEqual({ inflight: 0, queued: 1 })
  })

  test(`${name}: a PUBREC that comes again changes nothing in the store`, () => {
    const bench = new Kept(version).load().connect() as Kept
    bench.publish(2, 'a')
    bench.write().receive({ type: 'pubrec', packetId: 1 })
    expect(bench.kept.changed).toBe(true)
    bench.write().receive({ type: 'pubrec', packetId: 1 })
    expect(bench.kept.changed).toBe(false)
  })

  test(`${name}: who waits for nothing cancels nothing`, () => {
    const bench = new Kept(version).load().connect() as Kept
    bench.publish(1, 'a')
    bench.session.cancel('nobody')
    expect(bench.keys()).toEqual(['m1', 'p1'])
  })
}

for (const version of [4, 5] as const) {
  test(`${nameOf(version)}: where the server lost the session, what has no room on the new connection is in the store as not sent`, () => {
    const bench = new Kept(version, { maxInflight: 2 }).load().connect() as Kept
    for (const payload of ['a', 'b']) bench.publish(1, payload)
    expect(bench.keys()).toEqual(['m1', 'm2', 'p1', 'p2'])
    bench.cut().connect({ sessionPresent: false, ...(version === 5 && { properties: { receiveMaximum: 1 } }) })
    expect(bench.keys()).toEqual(version === 5 ? ['m1', 'm2', 'p3'] : ['m1', 'm2', 'p3', 'p4'])
  })
}

test('what a store held wants its time before there is a connection', () => {
  const bench = new Kept().load()
  bench.publish(1, 'a', { properties: { messageExpiryInterval: 1 } })
  bench.write()
  const next = new Kept()
  for (const [key, value] of bench.records) next.records.set(key, value)
  next.load()
  expect(next.session.deadline).toBe(1_000)
  expect(next.tick(1_000).news()).toEqual(['discarded'])
  expect(next.keys()).toEqual([])
})

test.each(['written', 'not written'])('who waits no more for a message hears nothing of it, once it is %s', (how) => {
  for (const until of ['accepted', 'acknowledged']) {
    const bench = new Kept().load()
    if (until === 'accepted') hand(bench, 'a')
    else bench.publish(1, 'a')
    const batch = bench.kept.takeBatch()
    bench.session.cancel('a')
    if (!batch) throw new Error('expected a batch')
    if (how === 'written') bench.kept.stored(batch, bench.now)
    else bench.kept.unstored(batch, gone)
    expect(bench.events()).toEqual([])
    expect(bench.connect().wire()).toEqual([])
  }
})

for (const version of VERSIONS) {
  const name = nameOf(version)

  test(`${name}: of what came, the store has the ids of QoS 2 from PUBREC to PUBREL, and nothing else`, () => {
    const bench = new Kept(version).load().connect().deliver(1, 5, 'one').deliver(2, 7, 'two') as Kept
    const [one, two] = bench.deliveries()
    bench.settle(one)
    expect(bench.keys()).toEqual([])
    bench.settle(two)
    expect(bench.keys()).toEqual(['r7'])
    bench.deliver(2, 7, 'two', { dup: true })
    expect(bench.kept.changed, 'a PUBREC again is no news').toBe(false)
    bench.receive({ type: 'pubrel', packetId: 7 })
    expect(bench.keys()).toEqual([])
    bench.receive({ type: 'pubrel', packetId: 7 })
    expect(bench.kept.changed, 'nor is a PUBREL').toBe(false)
  })

  test(`${name}: where the server lost the session, the store forgets what came; what was not answered was not in it`, () => {
    const bench = new Kept(version).load().connect({}, { cleanStart: true }).deliver(2, 7, 'in') as Kept
    const [delivery] = bench.deliveries()
    bench.cut().connect({}, { cleanStart: true })
    expect(bench.kept.changed).toBe(false)
    bench.settle(delivery)
    bench.deliver(2, 7, 'in')
    bench.settle(bench.deliveries()[0])
    expect(bench.keys()).toEqual(['r7'])
    bench.cut().connect({}, { cleanStart: true })
    expect(bench.keys()).toEqual([])
  })
}

test('a PUBREC from 0x80 leaves nothing in the store: its exchange is over [MQTT-4.3.3-9]', () => {
  const bench = new Kept().load().connect().deliver(2, 7, 'in') as Kept
  bench.settle(bench.deliveries()[0], 0x80)
  expect(bench.keys()).toEqual([])
})

for (const version of VERSIONS) {
  test(`${nameOf(version)}: a PUBREL may be the first that is heard of a message that the store knows [MQTT-4.3.3-2 of 3.1.1] [MQTT-4.3.3-11 of 5.0]`, () => {
    const bench = new Kept(version).load().connect().deliver(2, 7, 'in') as Kept
    bench.settle(bench.deliveries()[0])
    bench.write().cut().sent()
    bench.close().load().resume().receive({ type: 'pubrel', packetId: 7 })
    expect(bench.wire()).toEqual(['pubcomp 7'])
    expect(bench.keys()).toEqual([])
  })
}
