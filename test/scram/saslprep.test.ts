/** SASLprep by the examples of its standard, and each code point against another implementation. */

import reference from '@mongodb-js/saslprep'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { prepareText } from '../../platform/scram/saslprep.js'

type Kind = 'stored' | 'query'

const attempt = (prepare: () => string): string | undefined => {
  try {
    return prepare()
  } catch {
    return undefined
  }
}
const ours = (text: string, kind: Kind) => attempt(() => prepareText('password', text, kind))
const theirs = (text: string, kind: Kind) =>
  // For them, nothing at all is prepared too; a name or a password of nothing is none.
  attempt(() => reference(text, { allowUnassigned: kind === 'query' }) || undefined!)

describe('the examples of RFC 4013 §3', () => {
  test.each([
    ['I\u00adX', 'IX', 'SOFT HYPHEN is mapped to nothing'],
    ['user', 'user', 'it is left as it is'],
    ['USER', 'USER', 'the case is preserved'],
    ['\u00aa', 'a', 'the output is NFKC'],
    ['\u2168', 'IX', 'the output is NFKC, and matches the first'],
  ])('%j becomes %j: %s', (text, expected) => {
    expect(prepareText('password', text, 'stored')).toBe(expected)
    expect(prepareText('username', text, 'query')).toBe(expected)
  })

  test.each([
    ['\u0007', /^username: .*RFC 4013 §2.3/, 'a prohibited character'],
    ['\u0627\u0031', /^username: .*right to left/, 'it breaks the check of directions'],
  ])('%j is refused: %s', (text, error) => {
    expect(() => prepareText('username', text, 'query')).toThrow(error)
    expect(() => prepareText('username', text, 'query')).toThrow(RangeError)
  })
})

test('spaces of other scripts become a space, ZERO WIDTH SPACE too', () => {
  expect(prepareText('password', 'a\u00a0b\u3000c\u200bd', 'stored')).toBe('a b c d')
})

test('what is written from right to left has to begin and end so, and mixes with nothing from left to right', () => {
  expect(prepareText('password', '\u0627\u0031\u0628', 'stored')).toBe('\u0627\u0031\u0628')
  expect(prepareText('password', '\u05d0-\u05d1', 'stored')).toBe('\u05d0-\u05d1')
  for (const text of ['\u0627a\u0628', '1\u0627', '\u0627\u0628.']) {
    expect(() => prepareText('password', text, 'stored')).toThrow(/right to left/)
  }
})

test('a character that is newer than Unicode 3.2 may be in a name and not in a password', () => {
  expect(prepareText('username', 'ann 🙂', 'query')).toBe('ann 🙂')
  expect(() => prepareText('password', 'ann 🙂', 'stored')).toThrow(/^password: .*Unicode 3\.2/)
  // Newer than 3.2, and normalized to what is not.
  expect(() => prepareText('password', '\u{1f130}', 'stored')).toThrow(/Unicode 3\.2/)
})

test('half a surrogate pair is refused', () => {
  expect(() => prepareText('username', 'a\ud83d', 'query')).toThrow(RangeError)
})

test('a text of which nothing is left is refused', () => {
  expect(() => prepareText('username', '\u00ad', 'query')).toThrow('username: expected at least one character')
})

test('an error shows nothing of the text', () => {
  let message = ''
  try {
    prepareText('password', 'xyzzy\u0007', 'stored')
  } catch (error) {
    message = (error as Error).message
  }
  expect(message).toMatch(/^password: /)
  expect(message).not.toMatch(/xyz|zzy/)
  expect(message).not.toContain('\u0007')
})

describe('the other implementation agrees', () => {
  // Without this, most of the time goes into the traces of errors that nobody looks at.
  const { stackTraceLimit } = Error
  beforeAll(() => {
    Error.stackTraceLimit = 0
  })
  afterAll(() => {
    Error.stackTraceLimit = stackTraceLimit
  })

  /** All of the first three planes; of the others, which are empty or private, the ends, and the tags. */
  const codePoints = Array.from({ length: 0x30000 }, (_, code) => code)
  for (let plane = 3; plane <= 16; plane++) {
    for (let at = -0x100; at < 0x100; at++) if (plane < 16 || at < 0) codePoints.push((plane + 1) * 0x10000 + at)
  }
  // Table C.4 of RFC 3454 has these two, and they have not.
  const missing = new Set([0xffffe, 0xfffff])
  // These five had a wrong decomposition in Unicode 3.2 (its Corrigendum 4), which normalize() has no longer.
  const corrected = new Set([0x2f868, 0x2f874, 0x2f91f, 0x2f95f, 0x2f9bf])
  const characters = codePoints
    .filter((code) => !missing.has(code) && !corrected.has(code))
    .map((code) => String.fromCodePoint(code))

  const disagreements = (texts: string[], kind: Kind) => texts.filter((text) => ours(text, kind) !== theirs(text, kind))

  test('on each character in a user name', () => {
    expect(disagreements(characters, 'query')).toEqual([])
  })

  test('on each character in a password', () => {
    // Of those that normalization changes they see only what becomes of them, which may be older. These are all old.
    const old = /[\u00a0-\u0132\u1e00-\u1e99\u2460-\u24ea\u2f00-\u2fd5\uac00-\ud7a3\uf900-\ufa2d\uff01-\uff5e]/
    const texts = characters.filter((character) => character.normalize('NFKC') === character || old.test(character))
    expect(disagreements(texts, 'stored')).toEqual([])
  })

  test('on the direction of each character', () => {
    // Between letters from right to left it may stand unless it is from left to right; between others, the reverse.
    const texts = characters.flatMap((character) => [`\u05d0${character}\u05d0`, `a${character}a`])
    expect(disagreements(texts, 'query')).toEqual([])
  })
})
