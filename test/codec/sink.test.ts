import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Sink } from '../../src/codec/sink.js'
import { hex } from './support/wire.js'

const laid = (sink: Sink) => hex(sink.bytes.subarray(0, sink.size))

describe('Sink', () => {
  it('lays down each type of the standard (§1.5)', () => {
    const sink = new Sink()
    sink.byte(255)
    sink.uint16(65_534, 'x')
    sink.uint32(4_294_967_294, 'x')
    sink.varint(268_435_455, 'x')
    sink.text('ä/b', 'x')
    sink.binary(new Uint8Array([1, 2, 3]), 'x')
    expect(laid(sink)).toBe('fffffefffffffeffffff7f0004c3a42f620003010203')
    sink.reset()
    expect(sink.size).toBe(0)
  })

  it('refuses what has no place there, and names the field', () => {
    const sink = new Sink()
    expect(() => sink.uint16(65_536, 'a.b')).toThrow('a.b: expected an integer from 0 to 65535, got 65536')
    expect(() => sink.uint32('1' as never, 'a.b')).toThrow(TypeError)
    expect(() => sink.varint(0, 'a.b', 1)).toThrow('a.b: expected an integer from 1 to 268435455, got 0')
    expect(() => sink.text(1 as never, 'a.b')).toThrow('a.b: expected a string, got 1')
    expect(() => sink.binary('hunter2' as never, 'a.b')).toThrow(/^a\.b: expected a Uint8Array$/)
    expect(sink.size).toBe(0)
  })

  it('takes texts of any length and script, whatever room there is, and lets go of much room', () => {
    const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ minLength: 40, maxLength: 400 }))
    fc.assert(
      fc.property(fc.array(text, { maxLength: 20 }), (texts) => {
        const sink = new Sink()
        const sendable = texts.map((each) => each.replaceAll('\0', ''))
        for (const each of sendable) sink.text(each, 'x')
        const expected = sendable.map((each) => {
          const bytes = Buffer.from(each)
          return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]).toString('hex')
        })
        expect(laid(sink)).toBe(expected.join(''))
        const { length } = sink.bytes
        sink.reset()
        expect(sink.bytes.length).toBe(Math.min(length, 1024))
      }),
    )
  })

  it('asks for more than that it is text where it is told to', () => {
    const check = (value: string, field: string) => {
      if (value === 'no') throw new RangeError(field)
    }
    const sink = new Sink()
    sink.text('yes', 'x', check)
    expect(() => sink.text('no', 'x', check)).toThrow(new RangeError('x'))
    expect(laid(sink)).toBe('0003796573')
  })
})
