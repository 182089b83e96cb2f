import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readUtf8, utf8Length, writeUtf8 } from '../../src/codec/utf8.js'
import { outOfRange, wrongType } from '../../src/errors.js'
import { bytes } from './support/wire.js'

const read = (digits: string) => readUtf8(bytes(digits), 0, bytes(digits).length)

describe('UTF-8 Encoded Strings (§1.5.4)', () => {
  it('are written and read as the host would, at any length', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 120 }), (text) => {
        if (text.includes('\0')) return
        const expected = new TextEncoder().encode(text)
        const into = new Uint8Array(expected.length + 2)
        expect(utf8Length(text, 'x')).toBe(expected.length)
        expect(writeUtf8(text, into, 1)).toBe(1 + expected.length)
        expect(into.subarray(1, -1)).toEqual(expected)
        expect(readUtf8(into, 1, 1 + expected.length)).toBe(text)
      }),
      { numRuns: 500 },
    )
  })

  it('are counted, written and read as the host would, where the number of bytes changes', () => {
    const points = [0x01, 0x7e, 0x7f, 0x80, 0x7fe, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xffff, 0x1_0000, 0x10_ffff]
    const around = [
      [0, 0],
      [0, 30],
      [30, 0],
      [26, 0],
      [27, 0],
      [46, 0],
      [47, 0],
      [60, 1],
    ] as const
    for (const point of points) {
      for (const [before, after] of around) {
        const text = `${'a'.repeat(before)}${String.fromCodePoint(point, 0xe4, point)}${'b'.repeat(after)}`
        const expected = new TextEncoder().encode(text)
        const into = new Uint8Array(expected.length + 2)
        expect(utf8Length(text, 'x')).toBe(expected.length)
        expect(writeUtf8(text, into, 1)).toBe(1 + expected.length)
        expect(into).toEqual(Uint8Array.of(0, ...expected, 0))
        expect(readUtf8(into, 1, 1 + expected.length)).toBe(text)
      }
    }
  })

  it.each(['a'.repeat(65_535), `${'ä'.repeat(32_767)}a`, `${'😀'.repeat(16_383)}aaa`])(
    'may have 65535 bytes (%#)',
    (text) => {
      expect(utf8Length(text, 'x')).toBe(65_535)
      expect(() => utf8Length(`${text}a`, 'x')).toThrow(RangeError)
    },
  )

  it('of ASCII are read at every length', () => {
    for (let length = 0; length < 70; length++) {
      const text = 'abcdefghijklmnopqrstuvwxyz'.repeat(3).slice(0, length)
      expect(readUtf8(new TextEncoder().encode(text), 0, length)).toBe(text)
    }
  })

  it('keep U+FEFF, wherever it is [MQTT-1.5.4-3]', () => {
    expect(read('efbbbf')).toBe('\ufeff')
    expect(read('efbbbf61efbbbf')).toBe('\ufeffa\ufeff')
  })

  it.each([
    ['U+0000 [MQTT-1.5.4-2]', '6100'],
    ['U+0000 among others [MQTT-1.5.4-2]', 'c3a400'],
    ['a high surrogate [MQTT-1.5.4-1]', 'eda080'],
    ['a low surrogate [MQTT-1.5.4-1]', 'edbfbf'],
    ['a pair of surrogates [MQTT-1.5.4-1]', 'eda080edb080'],
    ['an overlong form of two bytes', 'c080'],
    ['an overlong form of three bytes', 'e08080'],
    ['an overlong form of four bytes', 'f0808080'],
    ['a code point above U+10FFFF', 'f4908080'],
    ['a form of five bytes', 'f888808080'],
    ['a byte that only goes on', '80'],
    ['a cut character', 'e282'],
    ['a bad byte in long text', `${'61'.repeat(60)}ff`],
    ['U+0000 in long text', `${'61'.repeat(60)}00`],
  ])('are refused with %s', (_, digits) => {
    expect(read(digits)).toBeUndefined()
  })

  it.each([
    ['a high surrogate alone', 'a\ud800', 1],
    ['a low surrogate alone', '\udfffa', 0],
    ['surrogates the wrong way round', '\udc00\ud800', 0],
    ['a high surrogate before a letter', 'a\ud800a', 1],
    ['a high surrogate before another', '\ud83d\ude00\ud800\ud800', 2],
    ['U+0000', 'a\0', 1],
    ['U+0000 after others', 'ä\0', 1],
    ['U+0000 after a high surrogate', '\ud800\0', 0],
  ])('of a caller are refused with %s', (_, text, at) => {
    const message = `field: expected text without U+0000 and lone surrogates, got one at ${at}`
    expect(() => utf8Length(text, 'field')).toThrow(new RangeError(message))
  })

  it.each([
    ['too many bytes', 'ä'.repeat(32_768)],
    ['too many characters', 'a'.repeat(65_536)],
  ])('of a caller are refused with %s', (_, text) => {
    expect(() => utf8Length(text, 'field')).toThrow(outOfRange('field', 'text of at most 65535 bytes in UTF-8', 65_536))
  })

  it('of a caller are strings', () => {
    for (const value of [undefined, null, 1, {}, ['a']]) {
      expect(() => utf8Length(value, 'field')).toThrow(wrongType('field', 'a string', value))
    }
  })
})
