/** How often a client hands bytes to its transport, of which each time is a system call: bars, which no change may raise unnoticed. */

import { describe, expect, test } from 'vitest'
import type { PacketInput } from '../../src/codec/index.js'
import type { QoS } from '../../src/index.js'
import { settled } from '../support/virtual-host.js'
import { type Connected, connected, noUnhandledRejections, publish } from './bench.js'

noUnhandledRejections()

/** Publishes in one turn; and the writes that they are at most, of a new connection and of one that has sent as much before. */
const BURSTS: readonly { size: number; count: number; first: number; later: number; why: string }[] = [
  { size: 16, count: 1_000, first: 1, later: 1, why: 'all slabs of a turn leave together' },
  { size: 1_000, count: 1_000, first: 17, later: 17, why: 'one for each 64 KiB' },
  { size: 40_000, count: 10, first: 5, later: 5, why: 'large payloads leave with their headers, two at a time' },
]

describe('publishing at once', () => {
  for (const { size, count, first, later, why } of BURSTS)
    for (const qos of [0, 1, 2] as const)
      test(`${count} messages of ${size} bytes at QoS ${qos} takes few writes: ${why}`, async () => {
        const meeting = await connected({ protocolVersion: 5 })
        expect(await burst(meeting, count, size, qos)).toBeLessThanOrEqual(first)
        expect(await burst(meeting, count, size, qos)).toBeLessThanOrEqual(later)
        await meeting.client.stop()
      })
})

/** Messages in one chunk, and the writes that their acknowledgements are at most, each time that it is their turn. */
const CHUNKS: readonly { count: number; most: number; why: string }[] = [
  { count: 100, most: 1, why: 'one' },
  { count: 1_000, most: 1, why: 'one for all slabs' },
]

describe('acknowledging what comes in one chunk', () => {
  for (const { count, most, why } of CHUNKS)
    for (const qos of [1, 2] as const)
      test(`${count} messages at QoS ${qos} takes few writes: ${why}`, async () => {
        const meeting = await connected({ protocolVersion: 5 })
        meeting.client.on('message', () => {})
        const ids = Array.from({ length: count }, (_, index) => index + 1)
        const messages = ids.map((packetId) => publish('t', 'x', qos, packetId))
        expect(await answers(meeting, messages, qos === 1 ? 'puback' : 'pubrec')).toBeLessThanOrEqual(most)
        if (qos === 2) {
          const releases = ids.map((packetId) => ({ type: 'pubrel', packetId }) as const)
          expect(await answers(meeting, releases, 'pubcomp')).toBeLessThanOrEqual(most)
        }
        await meeting.client.stop()
      })
})

describe('going on with what was published', () => {
  test('100 PUBREC in one chunk are answered by 100 PUBREL in one write', async () => {
    const meeting = await connected({ protocolVersion: 5 })
    await burst(meeting, 100, 16, 2)
    const received = Array.from({ length: 100 }, (_, index) => ({ type: 'pubrec', packetId: index + 1 }) as const)
    expect(await answers(meeting, received, 'pubrel')).toBe(1)
    await meeting.client.stop()
  })

  test('100 PUBACK in one chunk let 100 messages go that waited for the window, in one write', async () => {
    const meeting = await connected({ protocolVersion: 5, maxInflight: 100 })
    expect(await burst(meeting, 100, 16, 1)).toBe(1)
    expect(await burst(meeting, 100, 16, 1, 0)).toBe(0)
    const acks = Array.from({ length: 100 }, (_, index) => ({ type: 'puback', packetId: index + 1 }) as const)
    expect(await answers(meeting, acks, 'publish')).toBe(1)
    await meeting.client.stop()
  })
})

/** The writes of a turn in which so many messages are published, all of which arrive unless said otherwise. */
async function burst(
  { client, peer }: Connected,
  count: number,
  size: number,
  qos: QoS,
  sent = count,
): Promise<number> {
  peer.take()
  const before = peer.writes.length
  for (let each = 0; each < count; each++) client.publish('t', new Uint8Array(size), { qos }).catch(() => {})
  await settled()
  expect(peer.take().filter(({ type }) => type === 'publish')).toHaveLength(sent)
  return peer.writes.length - before
}

/** The writes of the answers to a chunk, each of this type. */
async function answers({ host, peer }: Connected, chunk: readonly PacketInput[], type: string): Promise<number> {
  peer.take()
  const before = peer.writes.length
  peer.send(...chunk)
  await host.advance(0)
  expect(peer.take().map((packet) => packet.type)).toEqual(chunk.map(() => type))
  return peer.writes.length - before
}
