/** Credentials that are functions, at a real broker: asked at each attempt, and an attempt ends when they fail or hang. */

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Client, type ClientOptions, type ConnectError } from '../../platform/node/index.js'
import { nothingMoreThan, resources } from '../platform/recorder.js'
import { type Mosquitto, startMosquitto } from '../support/mosquitto.js'
import { expectFailure } from './failures.js'
import { type Relay, startRelay } from './servers.js'

const AT_ONCE = { minDelay: 1, maxDelay: 5 }
const never = (): Promise<string> => new Promise(() => {})

let broker: Mosquitto
let relay: Relay
let before: string[]
beforeAll(async () => {
  broker = await startMosquitto({ passwords: { 'user-1': 'secret-1', 'user-2': 'secret-2' } })
})
afterAll(() => broker[Symbol.asyncDispose]())
beforeEach(async () => {
  before = resources()
  relay = await startRelay(broker.ports.mqtt)
})
afterEach(async () => {
  await relay[Symbol.asyncDispose]()
  await nothingMoreThan(before)
})

/** A client, what its attempts failed of, and a promise of its next connection. */
function watched(options: ClientOptions) {
  const client = new Client({ url: `mqtt://127.0.0.1:${relay.port}`, reconnect: AT_ONCE, ...options })
  const failures: ConnectError[] = []
  client.on('reconnecting', ({ error }) => void failures.push(error as ConnectError))
  const connected = () => new Promise<void>((resolve) => void client.once('connect', () => resolve()))
  return { client, failures, connected }
}

/** Gives the answers in turn, the last one for ever. */
function inTurn<T>(...answers: (() => T)[]): { ask: () => T; asked: () => number } {
  let asked = 0
  return { ask: () => (answers[asked++] ?? (answers.at(-1) as () => T))(), asked: () => asked }
}

describe('functions', () => {
  test('are both asked at the first attempt and at each one after a loss', async () => {
    let asked = 0
    const { client, connected } = watched({
      username: async () => `user-${++asked}`,
      // Both are asked at once; the password is that of the user whose turn it is.
      password: async () => new TextEncoder().encode(`secret-${asked}`),
    })
    await client.connect()
    expect(asked).toBe(1)
    const again = connected()
    relay.cut()
    await again
    expect(asked).toBe(2)
    await client.disconnect()
  })

  test('whose answer the server refuses are asked again, because the next one may do', async () => {
    const password = inTurn(
      () => 'outdated',
      () => 'secret-1',
    )
    const { client, failures } = watched({
      username: 'user-1',
      password: password.ask,
      reconnect: { ...AT_ONCE, retryFirst: true },
    })
    await client.connect()
    expect(password.asked()).toBe(2)
    expect(failures).toMatchObject([{ code: 'NOT_AUTHORIZED', phase: 'connack', reasonCode: 5, retryable: true }])
    await client.disconnect()
  })
})

describe('a function that fails', () => {
  const cause = new Error('the vault is sealed')
  const failing: [string, () => Promise<string>][] = [
    [
      'throws',
      () => {
        throw cause
      },
    ],
    ['rejects', () => Promise.reject(cause)],
  ]
  for (const [how, give] of failing) {
    for (const field of ['username', 'password'] as const) {
      test(`because ${field} ${how} ends the attempt with its reason as the cause, and no server is asked`, async () => {
        const error = await expectFailure(
          `mqtt://127.0.0.1:${relay.port}`,
          { username: 'user-1', [field]: give },
          {
            code: 'CREDENTIALS_FAILED',
            phase: 'credentials',
            retryable: true,
            says: new RegExp(`^${field}: the function that gives it failed; see cause`),
            cause: { message: 'the vault is sealed' },
          },
        )
        expect(error.cause).toBe(cause)
        expect(relay.connections).toBe(0)
      })
    }
  }

  test('after a loss ends that attempt only: the next one asks again and connects', async () => {
    const password = inTurn<string | Promise<string>>(
      () => 'secret-1',
      () => Promise.reject(cause),
      () => 'secret-1',
    )
    const { client, failures, connected } = watched({ username: 'user-1', password: password.ask })
    await client.connect()
    const again = connected()
    relay.cut()
    await again
    expect(password.asked()).toBe(3)
    expect(failures.map(({ phase }) => phase)).toEqual(['tcp', 'credentials'])
    expect(failures[1]).toMatchObject({ name: 'ConnectError', code: 'CREDENTIALS_FAILED', retryable: true, cause })
    expect(relay.connections).toBe(2)
    await client.disconnect()
  })
})

describe('a function that hangs', () => {
  test('ends the attempt after connectTimeout, with an error that says what was waited for; no server is asked', async () => {
    await expectFailure(
      `mqtt://127.0.0.1:${relay.port}`,
      { username: 'user-1', password: never, connectTimeout: 100 },
      {
        code: 'ETIMEDOUT',
        phase: 'credentials',
        retryable: true,
        says: /no credentials within 100 ms \(connectTimeout\)/,
        cause: null,
      },
    )
    expect(relay.connections).toBe(0)
  })

  test('and answers when the attempt is over is not heard', async () => {
    let give: (password: string) => void = () => {}
    const late = new Promise<string>((resolve) => {
      give = resolve
    })
    const { client } = watched({ username: 'user-1', password: () => late, connectTimeout: 50, reconnect: false })
    await expect(client.connect()).rejects.toMatchObject({ phase: 'credentials' })
    give('secret-1')
    await new Promise((turn) => setImmediate(turn))
    expect(client.status).toBe('closed')
    expect(relay.connections).toBe(0)
  })

  test('after a loss ends that attempt only: the next one asks again and connects', async () => {
    const password = inTurn<string | Promise<string>>(
      () => 'secret-1',
      never,
      () => 'secret-1',
    )
    const { client, failures, connected } = watched({
      username: 'user-1',
      password: password.ask,
      // For the attempts that succeed it has to be enough on a busy machine, too.
      connectTimeout: 1_000,
    })
    await client.connect()
    const again = connected()
    relay.cut()
    await again
    expect(password.asked()).toBe(3)
    expect(failures.map(({ code, phase }) => `${code} ${phase}`)).toEqual(['ECONNRESET tcp', 'ETIMEDOUT credentials'])
    await client.disconnect()
  })

  test('does not keep disconnect or a signal waiting', async () => {
    const { client } = watched({ username: 'user-1', password: never })
    const connecting = client.connect()
    await client.disconnect()
    await expect(connecting).rejects.toMatchObject({ code: 'CLOSED' })

    const controller = new AbortController()
    const { client: other } = watched({ username: never, signal: controller.signal })
    const waiting = other.connect()
    const reason = new Error('no longer wanted')
    controller.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    expect(relay.connections).toBe(0)
  })
})
