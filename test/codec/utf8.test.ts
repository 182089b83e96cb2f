import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readUtf8, utf8Length, writeUtf8 } from '../../src/codec/utf8.js'
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
    ['a high surrogate alone', 'a\ud800'],
    ['a low surrogate alone', '\udfffa'],
    ['surrogates the wrong way round', '\udc00\ud800'],
    ['a high surrogate before a letter', '\ud800a'],
    ['U+0000', 'a\0'],
    ['U+0000 after others', 'ä\0'],
    ['too many bytes', 'ä'.repeat(32_768)],
    ['too many characters', 'a'.repeat(65_536)],
  ])('of a caller are refused with %s', (_, text) => {
    expect(() => utf8Length(text, 'field')).toThrow(RangeError)
    expect(() => utf8Length(text, 'field')).toThrow(/^field: expected text /)
  })

  it('of a caller are strings', () => {
    for (const value of [undefined, null, 1, {}, ['a']]) expect(() => utf8Length(value, 'field')).toThrow(TypeError)
  })
})
