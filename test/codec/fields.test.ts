import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { checkBytes, checkInteger, isBytes } from '../../src/codec/fields.js'

describe('fields', () => {
  it('may hold arrays of another realm', () => {
    expect(isBytes(runInNewContext('new Uint8Array(2)'))).toBe(true)
    expect(isBytes(Buffer.alloc(1))).toBe(true)
    for (const value of [[1], 'a', new Uint16Array(1), new ArrayBuffer(1), undefined, { length: 1 }]) {
      expect(isBytes(value)).toBe(false)
    }
  })

  it('are named with range and value when refused', () => {
    expect(() => checkInteger(0, 1, 5, 'a.b')).toThrow('a.b: expected an integer from 1 to 5, got 0')
    expect(() => checkInteger(Number.POSITIVE_INFINITY, 1, 5, 'a.b')).toThrow(RangeError)
    expect(() => checkInteger(1n, 1, 5, 'a.b')).toThrow('a.b: expected an integer from 1 to 5, got 1n')
  })

  it('of bytes may be as long as is allowed', () => {
    const nine = new Uint8Array(9)
    expect(checkBytes(nine, 9, 'a.b')).toBe(nine)
    expect(() => checkBytes(nine, 8, 'a.b')).toThrow(new RangeError('a.b: expected at most 8 bytes, got 9'))
  })

  it('of bytes never show what they hold, for it may be a password', () => {
    expect(() => checkBytes('hunter2', 9, 'connect.password')).toThrow(/^connect\.password: expected a Uint8Array$/)
  })
})
