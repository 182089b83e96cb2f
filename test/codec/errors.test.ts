import { expect, describe as group, it } from 'vitest'
import {
  AckTimeoutError,
  ConnectError,
  ConnectionLostError,
  describe,
  isMqttError,
  MqttError,
  outOfRange,
  ProtocolError,
  RefusedError,
  wrongType,
} from '../../src/errors.js'

const details = { code: 'ECONNREFUSED', phase: 'tcp' } as const

group('an MqttError', () => {
  it('carries what is known, and says nothing of the rest', () => {
    const error = new MqttError('Cannot connect.', details)
    expect(error).toBeInstanceOf(Error)
    expect({ ...error, message: error.message, hasCause: 'cause' in error }).toEqual({
      name: 'MqttError',
      message: 'Cannot connect.',
      code: 'ECONNREFUSED',
      phase: 'tcp',
      reasonCode: undefined,
      retryable: false,
      client: undefined,
      hasCause: false,
    })
  })

  it('carries Reason Code, cause, and whether to try again', () => {
    const cause = new Error('why')
    const error = new MqttError('x', { ...details, reasonCode: 0x88, retryable: true, cause })
    expect(error).toMatchObject({ reasonCode: 0x88, retryable: true })
    expect(error.cause).toBe(cause)
    expect(new MqttError('x', { ...details, cause: null }).cause).toBeNull()
  })

  it.each([
    ['ConnectError', ConnectError],
    ['AckTimeoutError', AckTimeoutError],
    ['RefusedError', RefusedError],
    ['ConnectionLostError', ConnectionLostError],
  ] as const)('of the kind %s says so', (name, Kind) => {
    const error = new Kind('x', details)
    expect(error).toBeInstanceOf(MqttError)
    expect(error).toMatchObject({ name, ...details })
    expect(String(error)).toBe(`${name}: x`)
  })

  it('of a peer that broke the protocol is of the codec, and worth another try', () => {
    expect(new ProtocolError('x', 0x81, 'MALFORMED_PACKET')).toMatchObject({
      name: 'ProtocolError',
      message: 'x',
      code: 'MALFORMED_PACKET',
      phase: 'codec',
      reasonCode: 0x81,
      retryable: true,
    })
  })
})

group('isMqttError', () => {
  it('knows the errors of any copy of the package by a symbol that all share', () => {
    expect(isMqttError(new RefusedError('x', details))).toBe(true)
    expect(isMqttError({ [Symbol.for('emqtt.MqttError')]: true })).toBe(true)
  })

  it.each([[new Error('x')], [undefined], [null], ['MqttError'], [{ name: 'MqttError' }], [() => {}]])(
    'does not take %s for one',
    (value) => {
      expect(isMqttError(value)).toBe(false)
    },
  )

  it('leaves no trace of the symbol where an error is printed', () => {
    const error = new MqttError('x', details)
    expect(Reflect.get(error, Symbol.for('emqtt.MqttError'))).toBe(true)
    expect(Object.getOwnPropertySymbols({ ...error })).toEqual([])
  })
})

group('what a value looks like in an error', () => {
  it.each([
    ['"text"', 'text'],
    ['"a \\"quote\\" and \\n"', 'a "quote" and \n'],
    [`"${'a'.repeat(40)}"`, 'a'.repeat(40)],
    [`"${'a'.repeat(40)}…"`, 'a'.repeat(41)],
    ['a function', function named() {}],
    ['a function', class Named {}],
    ['an array of 2', [1, 2]],
    ['Object', { secret: 1 }],
    ['Uint8Array', new Uint8Array(2)],
    ['Map', new Map()],
    ['an object', Object.create(null)],
    ['null', null],
    ['undefined', undefined],
    ['true', true],
    ['1.5', 1.5],
    ['NaN', Number.NaN],
    ['10n', 10n],
    ['Symbol(s)', Symbol('s')],
  ])('%s', (text, value) => {
    expect(describe(value)).toBe(text)
  })

  it('stands behind the field and what was expected', () => {
    expect(wrongType('a.b', 'a string', 1)).toEqual(new TypeError('a.b: expected a string, got 1'))
    expect(outOfRange('a.b', '1 to 5', '6')).toEqual(new RangeError('a.b: expected 1 to 5, got "6"'))
  })
})
