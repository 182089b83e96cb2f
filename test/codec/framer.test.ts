import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Framer, LARGEST_PACKET } from '../../src/codec/framer.js'
import {
  encodePacket,
  type Packet,
  PacketReader,
  PacketReaderError,
  ProtocolError,
  type ProtocolVersion,
} from '../../src/codec/index.js'
import { FROM_SERVER } from '../../src/codec/packet.js'
import { FROM_ANYONE } from '../../src/codec/packet-reader.js'
import { arbitraryPacket } from './support/arbitraries.js'
import { refusesBytes } from './support/tables.js'
import { bytes, concat, refusal, VERSIONS } from './support/wire.js'
import { VECTORS } from './vectors/emqtt.js'
import { GOLDEN } from './vectors/golden.js'

/** All that was ever decoded, in bytes and the version to read them in. */
const STREAMS: readonly (readonly [ProtocolVersion, Uint8Array])[] = [
  ...GOLDEN.map(({ version, digits }) => [version, bytes(digits)] as const),
  ...VECTORS.filter(({ kind }) => kind === 'decode').map(({ version, hex }) => [version, bytes(hex!)] as const),
]

function read(version: ProtocolVersion, chunks: readonly Uint8Array[]): Packet[] {
  const reader = new PacketReader({ protocolVersion: version })
  return chunks.flatMap((chunk) => reader.push(chunk))
}

describe('a stream of packets', () => {
  it('gives the same packets wherever it is cut', () => {
    for (const [version, stream] of STREAMS) {
      const whole = read(version, [stream])
      expect(whole).toHaveLength(1)
      for (let at = 0; at <= stream.length; at++) {
        expect(read(version, [stream.slice(0, at), stream.slice(at)])).toEqual(whole)
      }
    }
  })

  it('gives the same packets byte by byte', () => {
    for (const [version, stream] of STREAMS) {
      expect(
        read(
          version,
          Array.from(stream, (byte) => Uint8Array.of(byte)),
        ),
      ).toEqual(read(version, [stream]))
    }
  })

  it.each(VERSIONS)('gives the same packets in any chunks (version %i)', (version) => {
    fc.assert(
      fc.property(
        fc.array(arbitraryPacket(version), { minLength: 1, maxLength: 10 }),
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 }),
        (packets, sizes) => {
          const stream = concat(packets.map((packet) => encodePacket(packet, version)))
          const chunks: Uint8Array[] = []
          for (let at = 0, i = 0; at < stream.length; i++) {
            const size = sizes[i % sizes.length]!
            chunks.push(stream.slice(at, at + size))
            at += size
          }
          expect(read(version, chunks)).toStrictEqual(packets)
        },
      ),
      { numRuns: 100 },
    )
  })

  it.each(VERSIONS)('of random bytes gives packets or a ProtocolError (version %i)', (version) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 1, max: 16 }), (random, type) => {
        // A plausible header leads further in than random ones do.
        for (const stream of [random, concat([Uint8Array.of((type << 4) & 255, random.length & 127), random])]) {
          try {
            read(version, [stream])
          } catch (error) {
            expect(error).toBeInstanceOf(ProtocolError)
          }
        }
      }),
      { numRuns: 2000 },
    )
  })
})

describe('Framer', () => {
  it('decodes a packet inside one chunk as a view of it', () => {
    const framer = new Framer(FROM_ANYONE, 4)
    const chunk = bytes('30 05 0001 61 6869')
    framer.push(chunk)
    const packet = framer.next()
    expect(packet?.type === 'publish' && packet.payload.buffer === chunk.buffer).toBe(true)
    expect(framer.next()).toBeUndefined()
  })

  it('works chunks off in order that were pushed together', () => {
    const framer = new Framer(FROM_ANYONE, 4)
    framer.push(bytes('c000 d0'))
    framer.push(bytes(''))
    framer.push(bytes('00 c0'))
    framer.push(bytes('00'))
    expect([framer.next(), framer.next(), framer.next(), framer.next()]).toEqual([
      { type: 'pingreq' },
      { type: 'pingresp' },
      { type: 'pingreq' },
      undefined,
    ])
  })

  it('hands out plain arrays where it was given a Buffer', () => {
    const framer = new Framer(FROM_ANYONE, 4)
    framer.push(Buffer.from(bytes('30 05 0001 61 6869')))
    const packet = framer.next()
    expect(packet?.type === 'publish' && packet.payload.constructor).toBe(Uint8Array)
  })

  it('takes a large packet byte by byte in linear time and space', () => {
    const payload = Uint8Array.from({ length: 300_000 }, (_, i) => i)
    const stream = encodePacket({ type: 'publish', topic: 'a', payload }, 5)
    const framer = new Framer(FROM_ANYONE, 5)
    let packet: Packet | undefined
    for (const byte of stream) {
      framer.push(Uint8Array.of(byte))
      packet = framer.next()
    }
    expect(packet?.type === 'publish' && Buffer.compare(packet.payload, payload)).toBe(0)
  })

  it('takes a packet that is announced as huge without making room for it', () => {
    const before = process.memoryUsage().arrayBuffers
    const framers = Array.from({ length: 100 }, () => new Framer(FROM_ANYONE, 5))
    for (const framer of framers) {
      // The second chunk has to be joined with the first.
      for (const chunk of ['30 ffffff7f 0001 61', '61']) {
        framer.push(bytes(chunk))
        expect(framer.next()).toBeUndefined()
      }
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000)
  })

  it.each([
    ['connect', '10'],
    ['subscribe', '82'],
    ['unsubscribe', 'a2'],
    ['pingreq', 'c0'],
  ])('of a client refuses a %s of the server at its first byte', (type, first) => {
    const framer = new Framer(FROM_SERVER, 5)
    framer.push(bytes(first))
    const expected = { reasonCode: 0x82, message: `${type}: expected a packet that a server may send, got this` }
    expect(() => framer.next()).toThrow(expect.objectContaining(expected))
  })

  it('throws the same error ever after', () => {
    const framer = new Framer(FROM_ANYONE, 5)
    framer.push(bytes('00'))
    let first: unknown
    try {
      framer.next()
    } catch (error) {
      first = error
    }
    expect(first).toBeInstanceOf(ProtocolError)
    framer.push(bytes('c000'))
    try {
      framer.next()
      expect.unreachable()
    } catch (again) {
      expect(again).toBe(first)
    }
  })

  it('gives each packet as soon as its last byte is there, wherever the next one begins', () => {
    const stream = bytes('c000 30 05 0001 61 6869 d000')
    for (let cut = 0; cut <= stream.length; cut++) {
      const framer = new Framer(FROM_ANYONE, 4)
      const types: (string | undefined)[] = []
      for (const chunk of [stream.slice(0, cut), stream.slice(cut)]) {
        framer.push(chunk)
        for (let packet = framer.next(); packet; packet = framer.next()) types.push(packet.type)
        types.push(undefined)
      }
      const first = cut < 2 ? 0 : cut < 9 ? 1 : cut < 11 ? 2 : 3
      const all = ['pingreq', 'publish', 'pingresp']
      expect(types, `cut at ${cut}`).toEqual([...all.slice(0, first), undefined, ...all.slice(first), undefined])
    }
  })

  it('takes the next chunk without being asked again after the last packet', () => {
    const framer = new Framer(FROM_ANYONE, 4)
    framer.push(bytes('c000'))
    expect(framer.next()).toEqual({ type: 'pingreq' })
    framer.push(bytes('d000'))
    expect(framer.next()).toEqual({ type: 'pingresp' })
  })

  it.each([100, 50_000])('collects a split packet of %i bytes in room for no more than that', (size) => {
    // Fixed header and topic take 5 bytes, or 7 where the Remaining Length has three.
    const payload = new Uint8Array(size - (size < 128 ? 5 : 7))
    const whole = encodePacket({ type: 'publish', topic: 'a', payload }, 4)
    expect(whole).toHaveLength(size)
    const step = size / 10
    const framer = new Framer(FROM_ANYONE, 4)
    let packet: Packet | undefined
    for (let at = 0; at < size; at += step) {
      expect(packet).toBeUndefined()
      framer.push(whole.slice(at, at + step))
      packet = framer.next()
    }
    expect(packet?.type === 'publish' && packet.payload.buffer.byteLength).toBe(size)
  })

  it.each([1, 2, 3, 9])('decodes in place what comes behind a packet that was cut after %i bytes', (cut) => {
    const publish = encodePacket({ type: 'publish', topic: 'a', payload: new Uint8Array(200) }, 4)
    const stream = concat([publish, publish, publish])
    const rest = stream.slice(cut)
    const framer = new Framer(FROM_ANYONE, 4)
    framer.push(stream.slice(0, cut))
    expect(framer.next()).toBeUndefined()
    framer.push(rest)
    const packets = [framer.next(), framer.next(), framer.next()]
    expect(framer.next()).toBeUndefined()
    const buffers = packets.map((packet) => packet?.type === 'publish' && packet.payload.buffer)
    expect(buffers.map((buffer) => buffer === rest.buffer)).toEqual([false, true, true])
  })
})

describe('Maximum Packet Size', () => {
  it('is of the whole packet, fixed header included (§3.1.2.11.4)', () => {
    const stream = encodePacket({ type: 'publish', topic: 'a', payload: new Uint8Array(200) }, 5)
    const reader = (maximumPacketSize: number) => new PacketReader({ maximumPacketSize })
    expect(reader(stream.length).push(stream)).toHaveLength(1)
    expect(() => reader(stream.length - 1).push(stream)).toThrow('packet: expected at most 206 bytes, got one of 207')
  })

  it('is kept as soon as the Remaining Length is there [MQTT-3.1.2-24 of 5.0]', () => {
    const reader = new PacketReader({ maximumPacketSize: 1000 })
    reader.push(bytes('30 ff'))
    expect(() => reader.push(bytes('7f'))).toThrow(
      expect.objectContaining({ reasonCode: 0x95, code: 'PACKET_TOO_LARGE' }),
    )
  })

  it('is by default the largest that can be said', () => {
    expect(LARGEST_PACKET).toBe(268_435_460)
    expect(new PacketReader().push(bytes('30 ffffff7f'))).toEqual([])
  })
})

describe('Remaining Length', () => {
  refusesBytes([
    [
      'one of five bytes (§1.5.5)',
      VERSIONS,
      '30 ffffffff 01',
      0x81,
      'publish.remainingLength: expected at most four bytes, got more',
    ],
    [
      'one that goes on after four bytes, at once',
      VERSIONS,
      '30 80808080',
      0x81,
      'publish.remainingLength: expected at most four bytes, got more',
    ],
    [
      'one longer than needed [MQTT-1.5.5-1 of 5.0]',
      VERSIONS,
      'c0 8000',
      0x81,
      'pingreq.remainingLength: expected the fewest bytes for 0, got more',
    ],
    [
      'one longer than needed [MQTT-1.5.5-1 of 5.0]',
      VERSIONS,
      '30 858000',
      0x81,
      'publish.remainingLength: expected the fewest bytes for 5, got more',
    ],
  ])
})

describe('PacketReader', () => {
  it('tells of the packets before a bad one with the error, and throws it ever after', () => {
    const reader = new PacketReader({ protocolVersion: 4 })
    let error: unknown
    try {
      reader.push(bytes('c000 d000 00'))
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(PacketReaderError)
    expect((error as PacketReaderError).packets).toEqual([{ type: 'pingreq' }, { type: 'pingresp' }])
    expect(error).toMatchObject({ name: 'ProtocolError', phase: 'codec', reasonCode: 0x81, code: 'MALFORMED_PACKET' })
    for (const chunk of ['c000', '']) {
      try {
        reader.push(bytes(chunk))
        expect.unreachable()
      } catch (again) {
        expect(again).toBe(error)
      }
    }
  })

  it('follows the version of a CONNECT', () => {
    const reader = new PacketReader()
    expect(reader.protocolVersion).toBe(5)
    const connect = encodePacket({ type: 'connect', protocolVersion: 3, clientId: 'c' }, 3)
    const publish = encodePacket({ type: 'publish', topic: 'a', payload: Uint8Array.of(0xff) }, 3)
    expect(reader.push(concat([connect, publish]))[1]).toMatchObject({ type: 'publish', payload: Uint8Array.of(0xff) })
    expect(reader.protocolVersion).toBe(3)
  })

  it('refuses wrong options and chunks', () => {
    expect(() => new PacketReader({ protocolVersion: 2 as never })).toThrow(
      'protocolVersion: expected 3, 4 or 5, got 2',
    )
    expect(() => new PacketReader({ maximumPacketSize: 0 })).toThrow(
      new RangeError('maximumPacketSize: expected an integer from 1 to 4294967295, got 0'),
    )
    expect(() => new PacketReader().push('abc' as never)).toThrow('chunk: expected a Uint8Array, got "abc"')
    expect(new PacketReader({ protocolVersion: undefined }).push(new Uint8Array(0))).toEqual([])
  })

  it('does not lay to the peer what is the fault of the caller', () => {
    const chunk = Buffer.from(new ArrayBuffer(2))
    structuredClone(chunk.buffer, { transfer: [chunk.buffer] })
    const reader = new PacketReader()
    expect(() => reader.push(chunk)).toThrow(TypeError)
    expect(reader.push(bytes('c000'))).toEqual([{ type: 'pingreq' }])
  })

  it('names packet, field, what was expected and what came', () => {
    expect(refusal('40 02 0000', 4).message).toBe('puback.packetId: expected 1 to 65535, got 0')
  })
})
