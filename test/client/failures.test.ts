import { expect, test } from 'vitest'
import { asError, connackError, disconnectError, notConnected, subscribeError } from '../../src/client/failures.js'
import type { Endpoint } from '../../src/index.js'
import { ConnectError, isMqttError, ProtocolError } from '../../src/index.js'

const endpoint: Endpoint = { transport: 'tcp', host: 'h', port: 1, path: '', label: 'mqtt://h:1', password: 'hunter2' }

test('the error of a refused CONNACK says who refused, why, and what to do', () => {
  const { message } = connackError(
    { type: 'connack', sessionPresent: false, reasonCode: 0x86, properties: { reasonString: 'who?' } },
    5,
    endpoint,
    false,
  )
  expect(message).toBe(
    'mqtt://h:1 refused the connection: Bad User Name or Password (who?); check username and password',
  )
})

test('a 3.x return code is told by its own name and has the code of 5.0 that says the same', () => {
  const error = connackError(
    { type: 'connack', sessionPresent: false, reasonCode: 2, properties: {} },
    4,
    endpoint,
    false,
  )
  expect(error).toMatchObject({
    code: 'CLIENT_IDENTIFIER_NOT_VALID',
    reasonCode: 2,
    message: expect.stringContaining('Identifier rejected'),
  })
})

test('fresh credentials make a refusal for the old ones retryable', () => {
  for (const code of [0x86, 0x87]) {
    const connack = { type: 'connack' as const, sessionPresent: false, reasonCode: code, properties: {} }
    expect(connackError(connack, 5, endpoint, true).retryable).toBe(true)
    expect(connackError(connack, 5, endpoint, false).retryable).toBe(false)
    expect(disconnectError({ type: 'disconnect', reasonCode: code, properties: {} }, true).retryable).toBe(true)
  }
  expect(disconnectError({ type: 'disconnect', reasonCode: 0x8e, properties: {} }, true).retryable).toBe(false)
})

test('a DISCONNECT that tells of no failure is tried again, also with the code that only a client says', () => {
  for (const reasonCode of [0x00, 0x04])
    expect(disconnectError({ type: 'disconnect', reasonCode, properties: {} }, false).retryable).toBe(true)
})

test('another client with the same id is named as the reason of Session taken over', () => {
  const { message } = disconnectError({ type: 'disconnect', reasonCode: 0x8e, properties: {} }, false)
  expect(message).toMatch(/same clientId/)
})

test('a refused subscription in 3.1.1 is a failure without more to say', () => {
  expect(subscribeError('a', 0x80, undefined, 4).message).toBe('the server refused the subscription to "a": Failure')
})

test('an end before CONNACK hints at a wrong server or version, and keeps an error that knows more', () => {
  const cause = new Error('reset')
  expect(notConnected(endpoint, cause)).toMatchObject({
    name: 'ConnectError',
    phase: 'connack',
    code: 'CONNECTION_CLOSED',
    retryable: true,
    cause,
  })
  const known = new ConnectError('tls', { code: 'CERT', phase: 'tls' })
  expect(notConnected(endpoint, known)).toBe(known)
  const nonsense = new ProtocolError('that was HTTP', 0x81, 'MALFORMED_PACKET')
  expect(notConnected(endpoint, nonsense)).toMatchObject({
    phase: 'connack',
    code: 'MALFORMED_PACKET',
    message: expect.stringContaining('check that it is an MQTT server'),
  })
})

test('whatever is thrown becomes an error, and an error stays what it is', () => {
  const error = new Error('x')
  expect(asError(error)).toBe(error)
  for (const thrown of [undefined, null, 'text', 5, { a: 1 }, Symbol('s')])
    expect(asError(thrown)).toBeInstanceOf(Error)
})

test('an error of another copy of the package is known', () => {
  const foreign = Object.defineProperty(new Error('x'), Symbol.for('emqtt.MqttError'), { value: true })
  expect(isMqttError(foreign)).toBe(true)
  expect(isMqttError(new Error('x'))).toBe(false)
  expect(isMqttError(null)).toBe(false)
})
