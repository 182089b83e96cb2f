import { describe, expect, it } from 'vitest'
import { Measure } from '../../src/codec/measure.js'

describe('Measure', () => {
  it('counts what a Writer would lay down', () => {
    const measure = new Measure()
    measure.byte()
    measure.uint16(1, 'x')
    measure.uint32(1, 'x')
    measure.varint(128, 'x')
    measure.text('ä', 'x')
    measure.binary(new Uint8Array(3), 'x')
    expect(measure.size).toBe(1 + 2 + 4 + 2 + 4 + 5)
  })

  it('refuses what has no place there, and names the field', () => {
    const measure = new Measure()
    expect(() => measure.uint16(65_536, 'a.b')).toThrow('a.b: expected an integer from 0 to 65535, got 65536')
    expect(() => measure.uint32('1', 'a.b')).toThrow(TypeError)
    expect(() => measure.varint(0, 'a.b', 1)).toThrow('a.b: expected an integer from 1 to 268435455, got 0')
    expect(() => measure.text(1, 'a.b')).toThrow('a.b: expected a string, got 1')
    expect(() => measure.binary('hunter2', 'a.b')).toThrow(/^a\.b: expected a Uint8Array$/)
    expect(measure.size).toBe(0)
  })
})
