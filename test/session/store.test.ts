import { expect, test } from 'vitest'
import { Journal } from '../../src/session/journal.js'
import { recordCodec } from '../../src/session/record-codec.js'
import { Bench, gone, nameOf, VERSIONS } from './bench.js'

/** A session beside a store that writes when it is told to. */
class Kept extends Bench {
  readonly records = new Map<string, Uint8Array>()

  constructor(version: (typeof VERSIONS)[number] = 5, settings: ConstructorParameters<typeof Bench>[1] = {}) {
    super(version, { ...settings, journal: new Journal(recordCodec) })
  }

  load(): this {
    expect(this.session.load(this.records, 0)).toBe(0)
    return this
  }

  /** Writes all that changed. */
  write(): this {
    for (let batch = this.session.takeBatch(); batch; batch = this.session.takeBatch()) {
      for (const [key, value] of batch.changes) value ? this.records.set(key, value) : this.records.delete(key)
      this.session.stored(batch, this.now)
    }
    return this
  }

  /** The store is closed, in order. */
  close(): this {
    this.session.seal()
    this.write().session.unload()
    return this
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
    bench.cut().session.seal()
    bench.publish(1, 'late')
    expect(bench.counts).toEqual({ inflight: 2, queued: 2 })
    bench.close()
    expect(bench.counts, 'the store has all but the last').toEqual({ inflight: 0, queued: 1 })
    bench.publish(1, 'later')
    expect(bench.session.changed, 'a closed store is not written to').toBe(false)
    bench.load()
    expect(bench.counts).toEqual({ inflight: 2, queued: 3 })
    bench.write().resume()
    expect(bench.wire()).toEqual(['publish 1 dup a', 'publish 2 dup b'])
    bench.receive({ type: 'puback', packetId: 1 }, { type: 'puback', packetId: 2 })
    expect(bench.wire()).toEqual(['publish 3 c', 'publish 4 late'])
    bench.receive({ type: 'puback', packetId: 3 }, { type: 'puback', packetId: 4 })
    expect(bench.wire()).toEqual(['publish 5 later'])
  })

  test(`${name}: a message of QoS 2 that was answered is known again when the store is opened again [MQTT-4.3.3-10]`, () => {
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

test('a session without a store has nothing to write, and no store to close', () => {
  const bench = new Bench().connect()
  bench.publish(1, 'a')
  expect(bench.session.changed).toBe(false)
  expect(bench.session.takeBatch()).toBeUndefined()
  bench.session.seal()
  bench.session.unload()
  expect(bench.session.changed).toBe(false)
})

test('a message that could not be stored is rejected with the reason, once, and those before and behind it are sent', () => {
  const bench = new Kept().load().connect()
  bench.publish(1, 'a')
  bench.write()
  expect(bench.wire()).toEqual(['publish 1 a'])
  bench.publish(1, 'b')
  const failed = bench.session.takeBatch()
  bench.publish(1, 'c')
  if (!failed) throw new Error('expected a batch')
  bench.session.unstored(failed, gone)
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
  const failed = bench.session.takeBatch()
  bench.connect()
  expect(bench.wire(), 'a message is not sent before it is written').toEqual([])
  if (!failed) throw new Error('expected a batch')
  bench.session.unstored(failed, gone)
  expect(bench.wire()).toEqual(['publish - zero'])
  expect(bench.news()).toEqual(['rejected a GONE', 'sent zero'])
})
