import { describe, expect, test } from 'vitest'
import { judgeKills, type KillsVerdict } from './process-judge.js'
import type { KillsRun, Life } from './process-kills.js'
import type { WireEntry } from './wire-log.js'

type Packet = Partial<WireEntry> & Pick<WireEntry, 'what' | 'type'>
interface Story {
  writer: Packet[]
  reader: Packet[]
  writers: Life[]
  readers: Life[]
  left: { writer: string[]; reader: string[] }
}

const NOTHING: Life = { tried: [], accepted: [], rejected: [], handed: [], handled: [], errors: [] }
const CONNACK: Packet = { what: 'got', type: 'connack', sessionPresent: true }

/** Message 1 is of QoS 2, as each odd one. */
const PUBLISH: Packet = { what: 'sent', type: 'publish', packetId: 1, message: 1, qos: 2 }
const COMES: Packet = { ...PUBLISH, what: 'got' }
const ack = (what: 'sent' | 'got', type: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp', packetId = 1): Packet => ({
  what,
  type,
  packetId,
})

/** One message of QoS 2, through a writer that was killed behind PUBREC and a reader that was killed behind PUBREC. */
function tell(): Story {
  const again = { connection: 2, life: 1 }
  return {
    writer: [
      CONNACK,
      PUBLISH,
      ack('got', 'pubrec'),
      { ...CONNACK, ...again },
      { ...PUBLISH, dup: true, ...again },
      { ...ack('got', 'pubrec'), ...again },
      { ...ack('sent', 'pubrel'), ...again },
      { ...ack('got', 'pubcomp'), ...again },
    ],
    reader: [
      CONNACK,
      COMES,
      ack('sent', 'pubrec'),
      { ...CONNACK, ...again },
      { ...COMES, dup: true, ...again },
      { ...ack('sent', 'pubrec'), ...again },
      { ...ack('got', 'pubrel'), ...again },
      { ...ack('sent', 'pubcomp'), ...again },
    ],
    writers: [{ ...NOTHING, tried: [1], accepted: [1] }, { ...NOTHING }],
    readers: [{ ...NOTHING, handed: [1], handled: [1] }, { ...NOTHING }],
    left: { writer: [], reader: [] },
  }
}

function judge(change: (story: Story) => void): KillsVerdict {
  const story = tell()
  change(story)
  const fill = (packet: Packet): WireEntry => ({
    ...{ connection: 1, life: 0, packetId: 0, message: -1, qos: 0, dup: false, reasonCode: 0, sessionPresent: false },
    ...packet,
  })
  const run: KillsRun = {
    lives: { writer: story.writers, reader: story.readers },
    wires: { writer: story.writer.map(fill), reader: story.reader.map(fill) },
    ...{ left: story.left, kills: 2, cuts: 0, faults: [], took: 0 },
  }
  return judgeKills(run)
}

describe('the account of processes that were killed', () => {
  test('has nothing to say where each goes on where the last one stopped', () => {
    expect(judge(() => {})).toMatchObject({ accepted: 1, lost: 0, doubled: 0, reordered: 0, faults: [], byBroker: [] })
  })

  const cases: [fault: string, change: (story: Story) => void, says: RegExp][] = [
    [
      'a message that was accepted and never sent',
      ({ writers }) => Object.assign(writers[0] as Life, { tried: [1, 3], accepted: [1, 3] }),
      /accepted message 3 and never sent it.*message 3 is lost: the writer never sent it/s,
    ],
    [
      'a message that is left in the midst of its exchange',
      ({ writer }) => writer.pop(),
      /accepted message 1 and left it incomplete/,
    ],
    ['DUP 0 of what was sent before', ({ writer }) => Object.assign(writer[4] as Packet, { dup: false }), /with DUP 0/],
    [
      'another Packet Identifier',
      ({ writer }) => Object.assign(writer[4] as Packet, { packetId: 2 }),
      /under another id/,
    ],
    [
      'PUBLISH behind PUBREL',
      ({ writer }) => writer.splice(3, 0, ack('sent', 'pubrel')),
      /sent PUBLISH after PUBREL \[MQTT-4\.3\.3-6\]/,
    ],
    [
      'PUBREL that nobody asked for',
      ({ writer }) => [writer.splice(5, 1), writer.splice(2, 1)],
      /sent PUBREL without PUBREC/,
    ],
    [
      'PUBREL behind that of a later message',
      ({ writer }) => {
        const later = { packetId: 2, connection: 2, life: 1 }
        const came = [
          { ...PUBLISH, ...later, message: 3 },
          { ...ack('got', 'pubrec'), ...later },
        ] as const
        writer.splice(6, 0, ...came, { ...ack('sent', 'pubrel'), ...later })
      },
      /sent PUBREL behind that of 3 \[MQTT-4\.6\.0-4\]/,
    ],
    [
      'a Packet Identifier that is in use',
      ({ writer }) => writer.splice(3, 0, { ...PUBLISH, message: 3 }),
      /used the Packet Identifier of message 1/,
    ],
    [
      'a message behind a later one',
      ({ writer }) => writer.splice(1, 0, { ...PUBLISH, packetId: 2, message: 3 }),
      /sent PUBLISH behind that of 3.*for the first time behind 3/s,
    ],
    [
      'a rejected promise',
      ({ writers }) => Object.assign(writers[0] as Life, { rejected: ['1 no'] }),
      /rejected: 1 no/,
    ],
    [
      'a message handed out again after its PUBREC',
      ({ readers }) => Object.assign(readers[1] as Life, { handed: [1], handled: [1] }),
      /handed message 1 out 1 times in life 1; 0 were due/,
    ],
    [
      'a message handed out twice in one life',
      ({ readers }) => Object.assign(readers[0] as Life, { handed: [1, 1] }),
      /handed message 1 out 2 times in life 0; 1 were due/,
    ],
    [
      'a PUBREC before its handler was done',
      ({ readers }) => Object.assign(readers[0] as Life, { handled: [] }),
      /sent PUBREC for 1 in life 0 and had not handled it/,
    ],
    [
      'a message that came and was not handed out',
      ({ readers }) => Object.assign(readers[0] as Life, { handed: [] }),
      /message 1 is lost: it came to the reader/,
    ],
    [
      'answers in another order',
      ({ reader }) => reader.splice(1, 0, { ...COMES, packetId: 2, message: 3 }),
      /sent pubrec 1 where pubrec 2 was due \[MQTT-4\.6\.0-2\]/,
    ],
    ['PUBCOMP without PUBREL', ({ reader }) => reader.splice(6, 1), /sent PUBCOMP 1 where undefined was due/],
    ['a record of what is delivered', ({ left }) => left.writer.push('p1'), /writer's store holds p1/],
    [
      'a record of what is complete',
      ({ left }) => left.reader.push('r1'),
      /reader's store holds r1, which is complete/,
    ],
    [
      'a store that lost what it had accepted',
      ({ readers }) =>
        Object.assign(readers[1] as Life, {
          errors: ['STORE_DAMAGED The store in x is damaged: the last 2 accepted writes are missing.'],
        }),
      /an error was raised: STORE_DAMAGED/,
    ],
  ]
  for (const [fault, change, says] of cases)
    test(`names ${fault}`, () => expect(judge(change).faults.join('; ')).toMatch(says))

  test('counts a double at QoS 2 as ours where PUBREC was on the wire, as one of the kill where it was not', () => {
    const twice = ({ readers }: Story): unknown => Object.assign(readers[1] as Life, { handed: [1], handled: [1] })
    expect(judge(twice)).toMatchObject({ doubled: 1, repeatedByKill: 0 })
    expect(judge((story) => [twice(story), story.reader.splice(2, 1)])).toMatchObject({
      ...{ doubled: 0, repeatedByKill: 1, faults: [] },
    })
  })

  test('blames the broker for PUBLISH behind its PUBREL [MQTT-4.3.3-6]', () => {
    const verdict = judge(({ reader, readers }) => {
      reader.splice(3, 0, ack('got', 'pubrel'))
      Object.assign(readers[1] as Life, { handed: [1], handled: [1] })
    })
    expect(verdict).toMatchObject({ doubled: 0, doubledByBroker: 1, faults: [] })
  })

  test('says of a message that the broker took and did not pass on that it is lost, and by whom', () => {
    const verdict = judge(({ reader, readers }) => {
      reader.splice(0)
      Object.assign(readers[0] as Life, { handed: [], handled: [] })
    })
    expect(verdict).toMatchObject({ lost: 1, faults: [] })
    expect(verdict.byBroker).toEqual(['message 1 is lost: the broker had it and never sent it to the reader'])
  })

  test('takes a write that a kill cut off for what it is', () => {
    const says = 'its last write was cut off before it was accepted; nothing that was accepted is missing from the end'
    const verdict = judge(({ writers }) =>
      Object.assign(writers[1] as Life, { errors: [`STORE_RECOVERED store: The store in x has recovered: ${says}.`] }),
    )
    expect(verdict).toMatchObject({ cutOff: 1, faults: [] })
  })
})
