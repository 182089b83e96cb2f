import { describe, expect, it } from 'vitest'
import { Reader, sizeOnWire, varintSize, Writer } from '../../src/codec/bytes.js'
import { bytes, concat, hex } from './support/wire.js'

/** The first byte of a packet, for its name in errors. */
const PUBLISH = 0x30

function reader(digits: string): Reader {
  const it = new Reader()
  const array = bytes(digits)
  it.reset(array, 0, array.length, PUBLISH)
  return it
}

/** §1.5.5, Table 1-1. */
const VARINTS = [
  [0, '00'],
  [127, '7f'],
  [128, '8001'],
  [16_383, 'ff7f'],
  [16_384, '808001'],
  [2_097_151, 'ffff7f'],
  [2_097_152, '80808001'],
  [268_435_455, 'ffffff7f'],
] as const

describe('Variable Byte Integers (§1.5.5)', () => {
  it.each(VARINTS)('%i is %s', (value, digits) => {
    const writer = new Writer()
    writer.begin(0xc0, 0, -4)
    writer.varint(value)
    expect(hex(concat(writer.take())).slice(4)).toBe(digits)
    expect(varintSize(value)).toBe(digits.length / 2)
    expect(reader(digits).varint('x')).toBe(value)
  })

  it('are refused when longer than four bytes or than needed [MQTT-1.5.5-1]', () => {
    expect(() => reader('8000').varint('x')).toThrow('publish.x: expected the fewest bytes for 0')
    expect(() => reader('ff808000').varint('x')).toThrow('fewest bytes')
    expect(() => reader('ffffffff7f').varint('x')).toThrow('at most four bytes')
    expect(() => reader('ffff').varint('x')).toThrow('publish.x: expected 1 B, got 0 B')
  })

  it('give the size of a packet', () => {
    expect(sizeOnWire(0)).toBe(2)
    expect(sizeOnWire(128)).toBe(131)
    expect(sizeOnWire(268_435_455)).toBe(268_435_460)
    expect(() => sizeOnWire(268_435_456)).toThrow(
      new RangeError('packet: expected a Remaining Length of at most 268435455, got 268435456'),
    )
  })
})

describe('Reader', () => {
  it('reads unsigned integers (§1.5.2, §1.5.3)', () => {
    expect(reader('ff').byte('x')).toBe(255)
    expect(reader('fffe').uint16('x')).toBe(65_534)
    expect(reader('ffffffff').uint32('x')).toBe(4_294_967_295)
    expect(reader('80000000').uint32('x')).toBe(2_147_483_648)
  })

  it('refuses to read over the end, though the chunk goes on', () => {
    const it = new Reader()
    const chunk = bytes('0002 6162 63')
    for (const read of ['byte', 'uint16', 'uint32', 'text', 'binary'] as const) {
      it.reset(chunk, 0, 0, PUBLISH)
      expect(() => it[read]('field')).toThrow(/^publish\.field: expected \d B, got 0 B before the end$/)
    }
    it.reset(chunk, 0, 3, PUBLISH)
    expect(() => it.text('field')).toThrow('publish.field: expected 2 B, got 1 B before the end')
  })
})

describe('Writer', () => {
  const ping = (writer: Writer) => writer.begin(0xc0, 0)

  it('is empty at first and after taking', () => {
    const writer = new Writer()
    expect(writer.size).toBe(0)
    expect(writer.take()).toEqual([])
    ping(writer)
    expect(writer.size).toBe(2)
    expect(writer.take()).toEqual([bytes('c000')])
    expect(writer.size).toBe(0)
    expect(writer.take()).toEqual([])
  })

  it('makes one chunk of what is written together', () => {
    const writer = new Writer()
    for (let i = 0; i < 100; i++) ping(writer)
    expect(writer.take()).toHaveLength(1)
  })

  it('never writes again what was taken', () => {
    const writer = new Writer(8, 16)
    const taken: Uint8Array[] = []
    for (let i = 0; i < 50; i++) {
      writer.begin(0x40, 2)
      writer.uint16(i)
      taken.push(...writer.take())
    }
    expect(taken.map(hex)).toEqual(Array.from({ length: 50 }, (_, i) => `4002${i.toString(16).padStart(4, '0')}`))
  })

  it('uses the rest of a slab', () => {
    const writer = new Writer()
    ping(writer)
    const [first] = writer.take()
    ping(writer)
    expect(writer.take()[0]?.buffer).toBe(first?.buffer)
  })

  it('leaves the last slab to be filled, unless there is no other', () => {
    const writer = new Writer(16, 16)
    for (let i = 0; i < 10; i++) ping(writer)
    expect(writer.take(false).map((chunk) => chunk.length)).toEqual([16])
    expect(writer.size).toBe(4)
    ping(writer)
    expect(writer.take(false)).toEqual([bytes('c000c000c000')])
    expect(writer.size).toBe(0)
  })

  it('starts small, grows with bursts only, and no larger than its limit', () => {
    const writer = new Writer(16, 64)
    const slab = () => writer.take()[0]?.buffer.byteLength
    for (let i = 0; i < 50; i++) {
      ping(writer)
      expect(slab()).toBe(16)
    }
    for (let i = 0; i < 100; i++) ping(writer)
    const chunks = writer.take()
    expect(concat(chunks)).toHaveLength(200)
    expect(chunks.map((chunk) => chunk.buffer.byteLength)).toEqual([16, 32, 64, 64, 64])
  })

  it('does not grow where no more than half a slab waits', () => {
    const writer = new Writer(16, 64)
    for (let i = 0; i < 4; i++) ping(writer)
    writer.take()
    for (let i = 0; i < 5; i++) ping(writer)
    expect(writer.take().map((chunk) => [chunk.length, chunk.buffer.byteLength])).toEqual([
      [8, 16],
      [2, 16],
    ])
  })

  it('fills a slab to its last byte', () => {
    const writer = new Writer(4)
    ping(writer)
    const [first] = writer.take()
    ping(writer)
    const [second] = writer.take()
    expect(second?.buffer).toBe(first?.buffer)
    expect(second?.byteOffset).toBe(2)
  })

  it('keeps payloads from the size on that it was told', () => {
    const writer = new Writer(1024, 1024, 3)
    expect([2, 3, 4].map((length) => writer.keeps(new Uint8Array(length)))).toEqual([false, true, true])
  })

  it('makes room for a single packet larger than a slab', () => {
    const writer = new Writer(16, 16)
    writer.begin(0x30, 1000)
    writer.raw(new Uint8Array(1000), 1000)
    expect(writer.size).toBe(1003)
    expect(concat(writer.take())).toHaveLength(1003)
  })

  it('counts what waits and not what was taken', () => {
    const writer = new Writer(1024, 1024, 3)
    ping(writer)
    writer.take()
    writer.begin(0x30, 4, 3)
    writer.varint(9)
    writer.reference(bytes('010203'))
    expect(writer.size).toBe(6)
    expect(writer.take().map(hex)).toEqual(['300409', '010203'])
    expect(writer.size).toBe(0)
  })

  it('keeps the order around what goes by reference', () => {
    const writer = new Writer(1024, 1024, 3)
    const payload = bytes('010203')
    ping(writer)
    writer.begin(0x30, 4, 3)
    writer.varint(9)
    writer.reference(payload)
    ping(writer)
    expect(writer.size).toBe(10)
    const chunks = writer.take()
    expect(chunks.map(hex)).toEqual(['c000300409', '010203', 'c000'])
    expect(chunks[1]).toBe(payload)
  })
})
