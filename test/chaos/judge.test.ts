import { describe, expect, test } from 'vitest'
import { type Entry, ExchangeLog } from '../support/exchange-log.js'
import { judge, type Verdict } from './judge.js'

type Line = Omit<Entry, 'at' | 'life'>

/** A message of QoS 2 through both clients, under Packet Identifier `id`. */
function passing(message: number, id: number): Line[] {
  const qos = 2
  const [writer, reader] = [{ side: 'writer', packetId: id } as const, { side: 'reader', packetId: id } as const]
  return [
    { ...writer, what: 'sent', type: 'publish', message, qos, dup: false },
    { ...writer, what: 'got', type: 'pubrec' },
    { ...writer, what: 'sent', type: 'pubrel' },
    { ...writer, what: 'got', type: 'pubcomp' },
    { side: 'writer', what: 'settled', message, qos },
    { ...reader, what: 'got', type: 'publish', message, qos, dup: false },
    { side: 'reader', what: 'delivered', message, qos },
    { ...reader, what: 'sent', type: 'pubrec' },
    { ...reader, what: 'got', type: 'pubrel' },
    { ...reader, what: 'sent', type: 'pubcomp' },
  ]
}

const CONNECTED: Line[] = (['writer', 'reader'] as const).map((side) => ({
  ...{ side, what: 'got' as const, type: 'connack' as const, sessionPresent: true },
}))
const CUT: Line = { side: 'reader', what: 'lost', error: new Error('cut') }
const BACK: Line = { side: 'reader', what: 'got', type: 'connack', sessionPresent: true }
const ENDED: Line = { side: 'reader', what: 'lost' }

function judged(lines: readonly Line[], faults: readonly string[] = []): Verdict {
  const log = new ExchangeLog()
  log.entries.push(...[...CONNECTED, ...lines, ENDED].map((line, at) => ({ ...line, at, life: 0 })))
  const cuts = { writer: 0, reader: 1 }
  log.lives.push({ endedAt: Infinity, saved: new Set(), refused: new Set(), hungUp: 0, cuts })
  const messages = Math.max(...lines.map(({ message = -1 }) => message)) + 1
  return judge({ log, messages, faults, cuts: 1, restarts: 0, reconnects: 1, took: 0 })
}

describe('the account of a run', () => {
  test('has nothing to say of messages that came once and in order', () => {
    expect(judged([...passing(0, 1), ...passing(1, 2)])).toEqual({
      ...{ lost: 0, doubled: 0, byBroker: 0, repeated: 0, reordered: 0, reorderedByBroker: 0, faults: [] },
      unexplained: [],
    })
  })

  test('names a message that was acknowledged and never came', () => {
    const lines = passing(0, 1).filter(({ side }) => side === 'writer')
    const { lost, unexplained } = judged([...lines, ...passing(1, 2)])
    expect(lost).toBe(1)
    expect(unexplained).toEqual(['message 0 of QoS 2 was lost by a broker that lived on'])
  })

  test('blames the client for a message that was handed out twice and came once', () => {
    const { doubled, faults, unexplained } = judged([
      ...passing(0, 1),
      { side: 'reader', what: 'delivered', message: 0, qos: 2 },
    ])
    expect(doubled).toBe(1)
    expect(faults.join()).toMatch(/should have been undefined, and the handler got 0/)
    expect(unexplained).toEqual(['message 0 of QoS 2 came twice in one life of the broker'])
  })

  test('blames the broker for PUBLISH behind its PUBREL, on another connection [MQTT-4.3.3-6]', () => {
    const [publish, delivered, ...rest] = passing(0, 1).slice(5) as [Line, Line, ...Line[]]
    const again = [{ ...publish, dup: true }, delivered, ...rest]
    const { doubled, byBroker, faults, unexplained } = judged([...passing(0, 1), CUT, BACK, ...again])
    expect({ doubled, byBroker, faults, unexplained }).toEqual({ doubled: 1, byBroker: 1, faults: [], unexplained: [] })
  })

  test('counts a message behind a later one of its topic, and not one of another topic', () => {
    expect(judged([...passing(0, 1), ...passing(1, 2), ...passing(4, 3)]).reordered).toBe(0)
    const { reordered, reorderedByBroker } = judged([...passing(4, 1), ...passing(0, 2)])
    expect({ reordered, reorderedByBroker }).toEqual({ reordered: 1, reorderedByBroker: 1 })
  })

  test('blames the client for a connection that nobody cut', () => {
    const { faults } = judged([...passing(0, 1), CUT, BACK, CUT, BACK])
    expect(faults).toEqual(['the reader lost its connection to a live broker: cut'])
  })

  test('passes on what the run itself found', () => {
    expect(judged(passing(0, 1), ['a stopped client left 1 timers']).faults).toEqual(['a stopped client left 1 timers'])
  })
})
