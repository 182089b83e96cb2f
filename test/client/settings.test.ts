import { expect, test } from 'vitest'
import { settle } from '../../src/client/settings.js'
import { type ClientOptions, CoreClient } from '../../src/index.js'
import { VirtualHost } from '../support/virtual-host.js'

const random = (size: number): Uint8Array => new Uint8Array(size).fill(0xab)
const settings = (options: ClientOptions = {}) => settle(options, random)

test('the defaults are those of docs/parity.md', () => {
  expect(settings()).toMatchObject({
    version: 4,
    connectTimeout: 60_000,
    ackTimeout: 30_000,
    retryInterval: 30_000,
    forcePing: false,
    retryCalls: true,
    autoAck: true,
    connect: { cleanStart: true, keepAlive: 60, bridgeMode: false, will: undefined },
  })
})

test('the client id is left to the server in 5.0, and made of randomness in 3.x, within the 23 characters of 3.1', () => {
  expect(settings({ protocolVersion: 5 }).connect.clientId).toBe('')
  for (const protocolVersion of [3, 4] as const) {
    const { clientId } = settings({ protocolVersion }).connect
    expect(clientId).toBe('emqtt-abababababababab')
    expect(clientId.length).toBeLessThanOrEqual(23)
  }
  expect(settings({ clientId: 'own' }).connect.clientId).toBe('own')
})

test('cleanStart false in 5.0 asks the server to keep the session, unless a sessionExpiryInterval says how long (§3.1.2.11.2)', () => {
  const expiry = (options: ClientOptions) => settings(options).connect.properties.sessionExpiryInterval
  expect(expiry({ protocolVersion: 5, cleanStart: false })).toBe(0xffffffff)
  expect(expiry({ protocolVersion: 5, cleanStart: false, properties: { sessionExpiryInterval: 0 } })).toBe(0)
  expect(expiry({ protocolVersion: 5, cleanStart: true })).toBeUndefined()
  expect(expiry({ protocolVersion: 4, cleanStart: false, clientId: 'c' })).toBeUndefined()
})

test('options of the user are never written to', () => {
  const options = Object.freeze({
    protocolVersion: 5 as const,
    cleanStart: false,
    properties: Object.freeze({ receiveMaximum: 9 }),
    will: Object.freeze({ topic: 't' }),
  })
  expect(settings(options).connect.properties).toEqual({ receiveMaximum: 9, sessionExpiryInterval: 0xffffffff })
})

test('a will gets its defaults, and its payload as UTF-8', () => {
  expect(settings({ will: { topic: 'w', payload: 'ü' } }).connect.will).toEqual({
    topic: 'w',
    payload: new Uint8Array([0xc3, 0xbc]),
    qos: 0,
    retain: false,
    properties: {},
  })
  expect(settings({ will: { topic: 'w' } }).connect.will?.payload).toHaveLength(0)
})

test('retryInterval 0 is never, and maxInflight Infinity is no limit', () => {
  expect(settings({ retryInterval: 0 }).retryInterval).toBe(Number.POSITIVE_INFINITY)
  expect(settings({ maxInflight: Number.POSITIVE_INFINITY }).maxInflight).toBeGreaterThanOrEqual(65_535)
  expect(settings().maxInflight).toBeGreaterThanOrEqual(65_535)
})

test('reconnect true is what holds without it, false is no attempt', () => {
  expect(settings({ reconnect: true }).reconnect).toEqual(settings().reconnect)
  expect(settings({ reconnect: false }).reconnect).toMatchObject({ maxAttempts: 0 })
})

test('what came in the place of something else is named by its kind, its class or its beginning, and never called', () => {
  class Thing {}
  const kinds: [unknown, string][] = [
    [() => expect.unreachable(), 'a function'],
    [Thing, 'a function'],
    [new Thing(), 'Thing'],
    [Object.create(null), 'an object'],
    [['secret'], 'an array of 1'],
    ['x'.repeat(50), `"${'x'.repeat(40)}…"`],
    [5n, '5n'],
    [null, 'null'],
  ]
  for (const [given, said] of kinds) {
    const error = new TypeError(`keepAlive: expected an integer from 0 to 65535, got ${said}`)
    expect(() => settings({ keepAlive: given as never })).toThrow(error)
  }
})

const WRONG: [string, object, RegExp][] = [
  ['protocolVersion', { protocolVersion: 6 }, /^protocolVersion: expected .*got 6/],
  ['protocolVersion', { protocolVersion: '5' }, /^protocolVersion/],
  ['keepAlive', { keepAlive: 65_536 }, /^keepAlive: expected an integer from 0 to 65535, got 65536/],
  ['keepAlive', { keepAlive: 1.5 }, /^keepAlive/],
  ['keepAlive', { keepAlive: '60' }, /^keepAlive: expected an integer.*"60"/],
  ['connectTimeout', { connectTimeout: 0 }, /^connectTimeout/],
  ['ackTimeout', { ackTimeout: Number.NaN }, /^ackTimeout/],
  ['retryInterval', { retryInterval: -1 }, /^retryInterval/],
  ['maxInflight', { maxInflight: 0 }, /^maxInflight/],
  ['cleanStart', { cleanStart: 1 }, /^cleanStart: expected .*got 1/],
  ['forcePing', { forcePing: 'yes' }, /^forcePing/],
  ['retryCalls', { retryCalls: null }, /^retryCalls/],
  ['autoAck', { autoAck: 0 }, /^autoAck/],
  ['bridgeMode', { bridgeMode: 'x' }, /^bridgeMode/],
  ['username', { username: 5 }, /^username: expected a string or a function, got number/],
  ['reconnect', { reconnect: 5 }, /^reconnect/],
  ['reconnect', { reconnect: null }, /^reconnect/],
  ['reconnect.minDelay', { reconnect: { minDelay: -1 } }, /^reconnect\.minDelay/],
  ['reconnect.maxDelay', { reconnect: { maxDelay: 2 ** 40 } }, /^reconnect\.maxDelay/],
  ['reconnect.maxAttempts', { reconnect: { maxAttempts: 1.5 } }, /^reconnect\.maxAttempts/],
  ['reconnect.retryFirst', { reconnect: { retryFirst: 'no' } }, /^reconnect\.retryFirst/],
  ['a misspelt option of reconnect', { reconnect: { maxDelays: 5 } }, /^reconnect\.maxDelays: there is no such option/],
  ['clientId', { clientId: 5 }, /clientId/],
  ['clientId', { clientId: '', cleanStart: false }, /clientId/],
  ['will.topic', { will: { topic: 'a/#' } }, /will\.topic/],
  ['will.qos', { will: { topic: 'a', qos: 3 } }, /will\.qos/],
  ['will.payload', { will: { topic: 'a', payload: 5 } }, /will\.payload/],
  ['properties', { properties: { receiveMaximum: 5 } }, /propert/],
  ['properties', { protocolVersion: 5, properties: { receiveMaximum: 0 } }, /receiveMaximum/],
  ['what is no object', 5 as unknown as object, /^options: expected an object, got 5/],
  ['a name that does not exist', { keepalive: 60 }, /^keepalive: there is no such option/],
]

for (const [name, options, message] of WRONG) {
  test(`${name} as in ${JSON.stringify(options)} is refused by name, before anything is connected`, () => {
    const host = new VirtualHost()
    let error: unknown
    try {
      new CoreClient(options as ClientOptions, host)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toSatisfy((thrown) => thrown instanceof TypeError || thrown instanceof RangeError)
    expect((error as Error).message).toMatch(message)
    expect(host.pendingTimers).toBe(0)
  })
}

test('a password of the wrong type is refused without being shown', () => {
  for (const password of [123_456_789, { secret: 'hunter2' }, ['hunter2']]) {
    expect(() => settings({ password: password as never })).toThrow(
      /^password: expected a string or a function, got (number|object)$/,
    )
  }
  settings({ password: new Uint8Array(3), username: 'u' })
})
