import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Copies } from '../../src/codec/copies.js'
import { Framer } from '../../src/codec/framer.js'
import { encodePacket } from '../../src/codec/index.js'
import { FROM_SERVER } from '../../src/codec/packet.js'
import type { Publish } from '../../src/codec/packets/publish.js'
import { concat } from './support/wire.js'

/** The messages of one chunk that has a payload for each of `sizes`. */
function receive(sizes: readonly number[]): { chunk: Uint8Array; packets: Publish[] } {
  const framer = new Framer(FROM_SERVER, 4, undefined, new Copies())
  const payloads = sizes.map((size, i) => new Uint8Array(size).fill(i + 1))
  const chunk = concat(payloads.map((payload) => encodePacket({ type: 'publish', topic: 'a', payload }, 4)))
  framer.push(chunk)
  return { chunk, packets: sizes.map(() => framer.next() as Publish) }
}

describe('bytes that an application may keep', () => {
  it('keep at most 16 times their own size alive, and are what came', () => {
    const sizes = [1, 32, 33, 100, 100, 5_000, 2_000, 40, 40, 100, 7, 40, 8_000, 0, 33, 60_000]
    const { packets } = receive(sizes)
    expect(packets.map(({ payload }) => [payload.length, new Set(payload)])).toEqual(
      sizes.map((size, i) => [size, new Set(size ? [i + 1] : [])]),
    )
    for (const { payload } of packets) expect(payload.buffer.byteLength).toBeLessThanOrEqual(16 * payload.length)
  })

  it('are copied with what follows, so that neighbours of like size share the memory', () => {
    const { chunk, packets } = receive(new Array<number>(100).fill(100))
    const buffers = new Set(packets.map(({ payload }) => payload.buffer))
    expect(buffers).not.toContain(chunk.buffer)
    // 104 B or 105 B each on the wire.
    expect(buffers.size).toBe(Math.ceil(100 / 15))
  })

  it('are views where that keeps little else alive', () => {
    const { chunk, packets } = receive([100, 900])
    expect(packets.map(({ payload }) => payload.buffer === chunk.buffer)).toEqual([true, true])
  })

  it('are found in the copy of their own chunk only', () => {
    const framer = new Framer(FROM_SERVER, 4, undefined, new Copies())
    const rest = { type: 'publish', topic: 'a', payload: new Uint8Array(60_000) } as const
    const payloads = [1, 2].map((fill) => {
      const payload = new Uint8Array(100).fill(fill)
      framer.push(concat([encodePacket({ ...rest, payload }, 4), encodePacket(rest, 4)]))
      const packet = framer.next() as Publish
      framer.next()
      expect(framer.next()).toBeUndefined()
      return packet.payload
    })
    expect(payloads.map((payload) => new Set(payload))).toEqual([new Set([1]), new Set([2])])
  })

  it('are whole, whatever the sizes, and wherever the chunks end', () => {
    const size = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 40_000 }))
    fc.assert(
      fc.property(
        fc.array(size, { minLength: 1, maxLength: 40 }),
        fc.array(fc.integer({ min: 1, max: 65_536 }), { minLength: 1 }),
        (sizes, cuts) => {
          const payloads = sizes.map((length, i) => new Uint8Array(length).fill(i + 1))
          const stream = concat(payloads.map((payload) => encodePacket({ type: 'publish', topic: 'a', payload }, 4)))
          const framer = new Framer(FROM_SERVER, 4, undefined, new Copies())
          const got: Publish[] = []
          for (let at = 0, turn = 0; at < stream.length; turn++) {
            const end = at + (cuts[turn % cuts.length] as number)
            framer.push(stream.slice(at, end))
            for (let packet = framer.next(); packet; packet = framer.next()) got.push(packet as Publish)
            at = end
          }
          // Looked at in the end: nothing that comes later may write to what was handed out.
          expect(got.map(({ payload }) => [payload.length, ...new Set(payload)])).toEqual(
            sizes.map((length, i) => (length ? [length, i + 1] : [0])),
          )
        },
      ),
      { numRuns: 60 },
    )
  })
})
