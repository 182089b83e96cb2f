import { expect, test } from 'vitest'
import { Journal } from '../../src/session/journal.js'
import { recordCodec } from '../../src/session/record-codec.js'
import { Bench, nameOf, VERSIONS } from './bench.js'

/** A session with an open store, and the keys that the store has after each write. */
function keep(version: (typeof VERSIONS)[number]): { bench: Bench; write: () => string[] } {
  const bench = new Bench(version, { journal: new Journal(recordCodec) })
  const keys = new Set<string>()
  bench.kept.load(new Map(), 0)
  bench.connect()
  const write = (): string[] => {
    for (let batch = bench.kept.takeBatch(); batch; batch = bench.kept.takeBatch()) {
      for (const [key, value] of batch.changes) value ? keys.add(key) : keys.delete(key)
      bench.kept.stored(batch, bench.now)
    }
    return [...keys].sort()
  }
  return { bench, write }
}

for (const version of VERSIONS) {
  test(`${nameOf(version)}: a message that is delivered leaves nothing in the store`, () => {
    const { bench, write } = keep(version)
    bench.publish(1, 'a')
    bench.publish(2, 'b')
    expect(write()).toEqual(['m1', 'm2', 'p1', 'p2'])
    bench.receive({ type: 'puback', packetId: 1 })
    expect(write()).toEqual(['m2', 'p2'])
    bench.receive({ type: 'pubrec', packetId: 2 })
    expect(write()).toEqual(['m2', 'p2'])
    bench.receive({ type: 'pubcomp', packetId: 2 })
    expect(write()).toEqual([])
  })

  test(`${nameOf(version)}: a message that is given up before it is sent takes no record of another's exchange along`, () => {
    const { bench, write } = keep(version)
    bench.publish(1, 'a')
    write()
    bench.cut()
    bench.publish(1, 'b')
    expect(write()).toEqual(['m1', 'm2', 'p1'])
    bench.session.cancel('b')
    expect(write()).toEqual(['m1', 'p1'])
  })
}

test('a record that holds another packet, a part of one, or nothing is no message', () => {
  const payload = new TextEncoder().encode('payload')
  const whole = recordCodec.encode({
    type: 'publish',
    topic: 't',
    qos: 1,
    retain: false,
    dup: false,
    packetId: 1,
    properties: {},
    payload,
  })
  expect(recordCodec.decode(whole)).toMatchObject({ type: 'publish', topic: 't', payload })
  const pingresp = new Uint8Array([0xd0, 0])
  for (const bytes of [pingresp, whole.slice(0, -1), new Uint8Array(0)])
    expect(() => recordCodec.decode(bytes)).toThrow(new TypeError('no message'))
})
