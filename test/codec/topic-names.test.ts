import { describe, expect, it } from 'vitest'
import { encodePacket, PacketReader } from '../../src/codec/index.js'
import type { Publish } from '../../src/codec/packets/publish.js'
import { bytes, refusal } from './support/wire.js'

/** The topics as they are read out of PUBLISH packets that come one after the other. */
function readTopics(topics: readonly string[]): string[] {
  const reader = new PacketReader({ protocolVersion: 4 })
  return topics.map((topic) => (reader.push(encodePacket({ type: 'publish', topic }, 4))[0] as Publish).topic)
}

describe('the Topic Name of a PUBLISH', () => {
  it('is what came, whatever came before, the same again, and more than can be kept', () => {
    const many = Array.from({ length: 40_000 }, (_, i) => `a/${i % 20_000}/temperature`)
    const odd = [
      'a',
      'b',
      'a',
      'ab',
      'ba',
      'aé',
      'aè',
      'aé',
      'é',
      'x'.repeat(64),
      'x'.repeat(65),
      'x'.repeat(64),
      '\u{1f600}',
    ]
    for (const topics of [odd, many, [...odd].reverse()]) expect(readTopics(topics)).toEqual(topics)
  })

  it('is told from another one in the same place', () => {
    // Under the hash of `placeOf`, 31 a + b is the same for both pairs of letters.
    expect(readTopics(['Aa', 'BB', 'Aa', 'BB'])).toEqual(['Aa', 'BB', 'Aa', 'BB'])
  })

  it('is never taken from a text whose units are not its bytes', () => {
    // Of three units, db, e3 and 61; these three bytes, which are no UTF-8, have the same place.
    expect(readTopics(['Ûãa', 'Ûãa'])).toEqual(['Ûãa', 'Ûãa'])
    expect(refusal('30 05 0003 dbe361', 4).reasonCode).toBe(0x81)
  })

  it('is refused with a wildcard each time', () => {
    for (let i = 0; i < 3; i++) expect(refusal('30 06 0003 612f23 00', 5).reasonCode).toBe(0x90)
  })

  it('is refused where it runs over the end of its packet, though the text is known', () => {
    expect(readTopics(['ab0\u0005', 'ab0\u0005'])).toEqual(['ab0\u0005', 'ab0\u0005'])
    // Its last bytes begin the next packet.
    const reader = new PacketReader({ protocolVersion: 4 })
    expect(() => reader.push(bytes('30 04 0004 6162 30 05 0001 61 6869'))).toThrow('publish.topic: expected 4 B')
  })
})
