import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Publish } from '../../src/codec/packets/publish.js'
import { type Batch, Journal, type Restored } from '../../src/session/journal.js'
import { recordCodec } from '../../src/session/record-codec.js'
import type { Entry } from '../../src/session/records.js'
import { Bench } from './bench.js'

type Records = Map<string, Uint8Array>

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

function message(more: Partial<Publish> = {}): Publish {
  return {
    type: 'publish',
    dup: false,
    qos: 1,
    retain: false,
    topic: 't',
    packetId: 1,
    properties: {},
    payload: bytes('x'),
    ...more,
  }
}

function entry(packet: Publish = message(), acceptedAt = 0): Entry {
  return {
    packet,
    size: 0,
    tag: undefined,
    awaits: undefined,
    asked: false,
    sentAt: 0,
    acceptedAt,
    expiresAt: Number.POSITIVE_INFINITY,
    accepted: false,
    untilAccepted: false,
    left: false,
    order: 0,
    turn: 0,
  }
}

/** A journal whose store is open and empty. */
function empty(offset = 0): Journal {
  const journal = new Journal(recordCodec)
  journal.load([], offset)
  return journal
}

function apply(batch: Batch | undefined, records: Records = new Map()): Records {
  for (const [key, value] of batch?.changes ?? []) {
    if (value) records.set(key, value)
    else records.delete(key)
  }
  return records
}

/** What the next process finds. */
function restart(journal: Journal, records?: Records, offset = 0): Restored {
  return new Journal(recordCodec).load(apply(journal.take(), records), offset)
}

/** Sends it, under this Packet Identifier, and goes as far as `awaits`. */
function send(journal: Journal, sent: Entry, packetId: number, awaits: Entry['awaits'] = 'puback'): void {
  sent.packet.packetId = packetId
  sent.awaits = awaits
  journal.proceed(sent)
}

const topics = (restored: Restored): string[] => restored.messages.map(({ packet }) => packet.topic)

const text = fc
  .string({ maxLength: 20, unit: 'grapheme' })
  .filter((value) => !/[\p{Cc}\p{Noncharacter_Code_Point}]/u.test(value))
const topic = text.filter((value) => value !== '' && !/[+#]/.test(value))
const binary = fc.uint8Array({ maxLength: 40 })
const properties = fc.record(
  {
    payloadFormatIndicator: fc.constantFrom<(0 | 1)[]>(0, 1),
    messageExpiryInterval: fc.nat(0xffffffff),
    contentType: text,
    responseTopic: topic,
    correlationData: binary,
    userProperties: fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 3 }),
  },
  { requiredKeys: [] },
)

describe('a message', () => {
  test('is found as it was accepted: topic, payload, QoS, retain, all properties, the time', () => {
    fc.assert(
      fc.property(
        fc.record({
          topic,
          payload: binary,
          properties,
          qos: fc.constantFrom<(1 | 2)[]>(1, 2),
          retain: fc.boolean(),
        }),
        fc.nat(1e9),
        fc.nat(2e12),
        fc.nat(2e12),
        (fields, acceptedAt, offset, laterOffset) => {
          const journal = empty(offset)
          journal.accept(entry(message(fields), acceptedAt))
          const [found, ...others] = restart(journal, new Map(), laterOffset).messages
          expect(others).toEqual([])
          expect(found?.packet).toEqual(message(fields))
          // The two processes count their milliseconds from different times of day.
          expect(found?.acceptedAt).toBe(acceptedAt + offset - laterOffset)
          expect(found?.awaits).toBeUndefined()
        },
      ),
      { seed: 20_270, numRuns: 300 },
    )
  })

  test('may be of any size from nothing to more than a mebibyte', () => {
    for (const size of [0, 1, 127, 128, 16_383, 16_384, 65_536, 1_048_576, 2_097_153]) {
      const payload = new Uint8Array(size).map((_, at) => at % 251)
      const journal = empty()
      journal.accept(entry(message({ payload, topic: 'T'.repeat(100) })))
      const found = restart(journal).messages[0]?.packet.payload as Uint8Array
      expect(Buffer.compare(found, payload)).toBe(0)
    }
  })

  test('is not for the store before the store is open, after it was closed, and at QoS 0', () => {
    const journal = new Journal(recordCodec)
    journal.accept(entry())
    expect(journal.changed).toBe(false)
    journal.load([], 0)
    journal.accept(entry(message({ qos: 0, packetId: undefined })))
    expect(journal.take()).toBeUndefined()
    journal.accept(entry())
    expect(journal.changed).toBe(true)
    journal.unload()
    expect(journal.changed).toBe(false)
    expect(journal.take()).toBeUndefined()
    journal.accept(entry())
    expect(journal.take()).toBeUndefined()
  })

  test('is told of as accepted with the batch that it is in, and in no other', () => {
    const journal = empty()
    const [a, b] = [entry(), entry()]
    journal.accept(a)
    expect(journal.take()?.accepted).toEqual([a])
    journal.accept(b)
    const batch = journal.take()
    expect(batch?.accepted).toEqual([b])
    expect([...(batch?.changes.keys() ?? [])]).toEqual(['m2'])
    expect(journal.take()).toBeUndefined()
  })

  test('is gone once it is removed; one that was never stored needs no removal', () => {
    const journal = empty()
    const stored = entry()
    journal.remove(stored)
    expect(journal.take()).toBeUndefined()
    journal.accept(stored)
    const records = apply(journal.take())
    journal.remove(stored)
    expect(restart(journal, records).messages).toEqual([])
    expect([...records.keys()]).toEqual([])
  })
})

describe('the order', () => {
  test('of what waits is that of accepting, also past ten, and goes on in the next process', () => {
    const journal = empty()
    for (let n = 1; n <= 12; n++) journal.accept(entry(message({ topic: `${n}` })))
    const records = apply(journal.take())
    const next = new Journal(recordCodec)
    // A store may give its records in any order.
    next.load([...records].reverse(), 0)
    next.accept(entry(message({ topic: '13' })))
    expect(topics(restart(next, records))).toEqual(Array.from({ length: 13 }, (_, n) => `${n + 1}`))
  })

  test('5.0 and 3.1.1: of what was sent is that of sending, whatever the Packet Identifiers, before all that waits [MQTT-4.6.0-1]', () => {
    const journal = empty()
    const sent = [30, 2, 65_535].map((packetId) => [entry(message({ topic: `${packetId}` })), packetId] as const)
    for (const [each] of sent) journal.accept(each)
    journal.accept(entry(message({ topic: 'waits' })))
    for (const [each, packetId] of [...sent].reverse()) send(journal, each, packetId)
    const restored = restart(journal)
    expect(topics(restored)).toEqual(['30', '2', '65535', 'waits'])
    expect(restored.messages.map(({ packet, awaits }) => [packet.packetId, awaits])).toEqual([
      [30, 'puback'],
      [2, 'puback'],
      [65_535, 'puback'],
      [1, undefined],
    ])
  })

  test('5.0 and 3.1.1: of PUBREL is that in which PUBREC came, through two restarts [MQTT-4.6.0-4]', () => {
    const journal = empty()
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((topic) => entry(message({ topic, qos: 2 }))) as [
      Entry,
      Entry,
      Entry,
      Entry,
    ]
    for (const [at, each] of [a, b, c, d].entries()) {
      journal.accept(each)
      send(journal, each, at + 1, 'pubrec')
    }
    send(journal, c, 3, 'pubcomp')
    send(journal, a, 1, 'pubrel')
    const records = apply(journal.take())
    const next = new Journal(recordCodec)
    const { messages } = next.load(records, 0)
    expect(messages.map(({ packet, awaits }) => [packet.topic, packet.packetId, awaits])).toEqual([
      ['b', 2, 'pubrec'],
      ['d', 4, 'pubrec'],
      ['c', 3, 'pubcomp'],
      ['a', 1, 'pubrel'],
    ])
    // What follows in the next process comes behind.
    const restored = messages.find(({ packet }) => packet.topic === 'b')
    const again = { ...entry(restored?.packet), order: restored?.order as number }
    send(next, again, 2, 'pubcomp')
    const third = restart(next, records)
    expect(topics(third)).toEqual(['d', 'c', 'a', 'b'])
  })
})

describe('an exchange', () => {
  test('is over where its message is gone: its record is removed at the next start, and its number is not given again', () => {
    const journal = empty()
    const done = entry()
    journal.accept(done)
    send(journal, done, 7)
    const records = apply(journal.take())
    // As it is where a store lost a record.
    records.delete(`m${done.order}`)
    expect([...records.keys()]).toEqual(['p7'])
    const next = new Journal(recordCodec)
    expect(next.load(records, 0).messages).toEqual([])
    next.accept(entry(message({ topic: 'next' })))
    // The process dies before the stale record is removed: it must not be taken for that of the new message.
    const batch = next.take() as Batch
    expect(batch.changes.has('p7')).toBe(true)
    apply({ ...batch, changes: new Map([...batch.changes].filter(([key]) => key !== 'p7')) }, records)
    const { messages } = new Journal(recordCodec).load(records, 0)
    expect(messages.map(({ packet, awaits }) => [packet.topic, awaits])).toEqual([['next', undefined]])
  })

  test('of a session that the server lost is one of a new message again', () => {
    const journal = empty()
    const sent = entry()
    journal.accept(sent)
    send(journal, sent, 7)
    const records = apply(journal.take())
    journal.restart(sent)
    const { messages } = restart(journal, records)
    expect(messages.map(({ awaits }) => awaits)).toEqual([undefined])
    expect([...records.keys()]).toEqual(['m1'])
  })

  test('of a Packet Identifier that was used before is that of the later message', () => {
    const journal = empty()
    const [first, second] = [entry(message({ topic: 'first' })), entry(message({ topic: 'second' }))]
    for (const each of [first, second]) {
      journal.accept(each)
      send(journal, each, 7)
      if (each === first) journal.remove(each)
    }
    expect(topics(restart(journal))).toEqual(['second'])
  })
})

test('Packet Identifiers of the server are kept from PUBREC to PUBREL', () => {
  const journal = empty()
  for (const packetId of [1, 65_535, 9]) journal.receive(packetId)
  const records = apply(journal.take())
  expect(new Journal(recordCodec).load(records, 0).received).toEqual([1, 65_535, 9])
  journal.complete(65_535)
  expect(restart(journal, records).received).toEqual([1, 9])
})

test('what cannot be read is counted and removed, and the rest is there', () => {
  const journal = empty()
  const [good, cut, other, odd] = ['good', 'cut', 'other', 'odd'].map((topic) => entry(message({ topic })))
  for (const each of [good, cut, other, odd]) journal.accept(each as Entry)
  send(journal, good as Entry, 5)
  journal.receive(3)
  const records = apply(journal.take())
  records.set('m2', (records.get('m2') as Uint8Array).slice(0, -1))
  records.set('m3', new Uint8Array([...new Uint8Array(8), 0xc0, 0])) // PINGREQ
  records.set('m4', new Uint8Array(3))
  records.set('p6', new Uint8Array(23))
  records.set('mx', records.get('m1') as Uint8Array)
  records.set('r0.5', new Uint8Array(0))
  records.set('later', new Uint8Array(1))
  const next = new Journal(recordCodec)
  const restored = next.load(records, 0)
  expect(restored.broken).toBe(6)
  expect(restored.messages.map(({ packet }) => [packet.topic, packet.packetId])).toEqual([['good', 5]])
  expect(restored.received).toEqual([3])
  next.accept(entry(message({ topic: 'next' })))
  const again = restart(next, records)
  expect(again.broken).toBe(0)
  expect(topics(again)).toEqual(['good', 'next'])
  // Of a later version, perhaps.
  expect([...records.keys()].sort()).toEqual(['later', 'm1', 'm2', 'p5', 'r3'])
})

describe('a write that failed', () => {
  test('is made again with the next change, but for what was to be accepted: that is removed', () => {
    const journal = empty()
    const [older, refused] = [entry(message({ topic: 'older' })), entry(message({ topic: 'refused' }))]
    journal.accept(older)
    const records = apply(journal.take())
    send(journal, older, 5)
    journal.accept(refused)
    const batch = journal.take() as Batch
    journal.unwrite(batch)
    journal.receive(3)
    const next = journal.take() as Batch
    expect([...next.changes.keys()].sort()).toEqual(['m2', 'p5', 'r3'])
    expect(next.changes.get('m2')).toBeUndefined()
    expect(next.accepted).toEqual([])
    // Whether the store had written it all the same or not.
    for (const there of [apply(batch, new Map(records)), records]) {
      const restored = new Journal(recordCodec).load(apply(next, there), 0)
      expect(restored.messages.map(({ packet }) => [packet.topic, packet.packetId])).toEqual([['older', 5]])
      expect(restored.received).toEqual([3])
    }
  })

  test('is outdone by what changed meanwhile', () => {
    const journal = empty()
    const sent = entry()
    journal.accept(sent)
    const records = apply(journal.take())
    send(journal, sent, 5)
    journal.receive(3)
    journal.receive(4)
    const failed = journal.take() as Batch
    journal.complete(3)
    const [more] = [entry(message({ topic: 'more' }))]
    journal.accept(more)
    journal.unwrite(failed)
    const next = journal.take() as Batch
    // What was to be accepted since is not of the batch that failed.
    expect(next.accepted).toEqual([more])
    const restored = new Journal(recordCodec).load(apply(next, records), 0)
    expect(restored.received).toEqual([4])
    expect(topics(restored)).toEqual(['t', 'more'])
  })

  test('twice in a row is made up for by the third', () => {
    const journal = empty()
    journal.receive(1)
    journal.unwrite(journal.take() as Batch)
    journal.receive(2)
    journal.accept(entry())
    journal.unwrite(journal.take() as Batch)
    journal.receive(3)
    const restored = restart(journal)
    expect([...restored.received].sort()).toEqual([1, 2, 3])
    expect(restored.messages).toEqual([])
  })
})

describe('a session', () => {
  /** A session that goes on with `records`, at a time of day. */
  function session(version: 3 | 4 | 5, records: Records, clock = 0): Bench {
    const bench = new Bench(version, { journal: new Journal(recordCodec) })
    bench.kept.load(records, clock)
    return bench
  }

  /** Writes all that changed. */
  function save(bench: Bench, records: Records): void {
    for (let batch = bench.kept.takeBatch(); batch; batch = bench.kept.takeBatch()) {
      apply(batch, records)
      bench.kept.stored(batch, bench.now)
    }
  }

  test('of 5.0 goes on in 3.1.1: its messages without properties, and sent again as they are', () => {
    const records: Records = new Map()
    const first = session(5, records)
    first.connect()
    first.publish(1, 'sent', { properties: { contentType: 'c', userProperties: [['a', 'b']] } })
    save(first, records)
    expect(first.wire()).toEqual(['publish 1 sent'])
    first.cut()
    first.publish(2, 'waits', { properties: { responseTopic: 'r' } })
    save(first, records)
    const next = session(4, records)
    next.resume()
    expect(next.sent()).toMatchObject([
      { type: 'publish', packetId: 1, dup: true, properties: {} },
      { type: 'publish', packetId: 2, dup: false, properties: {} },
    ])
  })

  test('lets Message Expiry run between two processes, by the time of day, and never lengthens it', () => {
    const records: Records = new Map()
    const first = session(5, records, 1_000_000)
    for (const seconds of [5, 60]) first.publish(1, `${seconds} s`, { properties: { messageExpiryInterval: seconds } })
    save(first, records)
    const next = session(5, new Map(records), 1_010_000)
    next.tick(0).resume()
    expect(next.events().map((event) => event.type === 'discarded' && event.reason)).toContain('expired')
    expect(next.sent()).toMatchObject([{ properties: { messageExpiryInterval: 50 } }])
    // The clock was put back.
    const earlier = session(5, new Map(records), 500_000).resume()
    expect(earlier.sent()).toMatchObject([
      { properties: { messageExpiryInterval: 5 } },
      { properties: { messageExpiryInterval: 60 } },
    ])
  })

  test('does not use a Packet Identifier that is in use from before', () => {
    const records: Records = new Map()
    const first = session(4, records)
    first.connect()
    for (const payload of ['a', 'b', 'c']) first.publish(1, payload)
    save(first, records)
    expect(first.wire()).toEqual(['publish 1 a', 'publish 2 b', 'publish 3 c'])
    first.receive({ type: 'puback', packetId: 2 })
    save(first, records)
    const next = session(4, records).resume()
    expect(next.wire()).toEqual(['publish 1 dup a', 'publish 3 dup c'])
    for (const payload of ['d', 'e']) next.publish(1, payload)
    save(next, records)
    expect(next.wire()).toEqual(['publish 2 d', 'publish 4 e'])
  })
})

test('whether something changed is asked of what was not taken yet', () => {
  const journal = empty()
  expect(journal.changed).toBe(false)
  journal.receive(1)
  expect(journal.changed).toBe(true)
  journal.take()
  expect(journal.changed).toBe(false)
  journal.complete(1)
  expect(journal.changed).toBe(true)
})

test('messages that wait are found in the order of accepting, in whatever order a store gives its records', () => {
  const journal = empty()
  for (let n = 1; n <= 12; n++) journal.accept(entry(message({ topic: `${n}` })))
  const records = [...apply(journal.take())]
  const order = Array.from({ length: 12 }, (_, n) => `${n + 1}`)
  for (const given of [[...records].reverse(), [...records].sort(), [...records.slice(7), ...records.slice(0, 7)]])
    expect(topics(new Journal(recordCodec).load(given, 0))).toEqual(order)
})

test('a record whose number none of ours has is counted as one that cannot be read', () => {
  const journal = empty()
  journal.accept(entry())
  const value = apply(journal.take()).get('m1') as Uint8Array
  for (const key of ['m0', 'm-1', 'm1.5', 'm', 'p0', 'r0', 'r-7', 'rx']) {
    const restored = new Journal(recordCodec).load([[key, value]], 0)
    expect(restored, key).toEqual({ messages: [], received: [], broken: 1 })
  }
})

test('what was not written when the store was closed is told of as accepted by no later write', () => {
  const journal = empty()
  journal.accept(entry(message({ topic: 'before' })))
  journal.unload()
  journal.load([], 0)
  const after = entry(message({ topic: 'after' }))
  journal.accept(after)
  expect(journal.take()?.accepted).toEqual([after])
})
