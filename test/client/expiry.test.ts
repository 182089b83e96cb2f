/** Credentials with an end: renewed before it, by another authentication or another connection, and never in a loop. */

import { describe, expect, test } from 'vitest'
import { type ClientOptions, CoreClient, type Credentials } from '../../src/index.js'
import { MemoryStore } from '../support/memory-store.js'
import { settled, VirtualHost } from '../support/virtual-host.js'
import { connected, failure, noUnhandledRejections, publish, reconnected, record, state, VERSIONS } from './bench.js'
import { kept, wire } from './store-bench.js'

noUnhandledRejections()

const HOUR = 3_600_000
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** A client whose tokens are numbered and live for `life`, ms; a test may have the next question answered otherwise. */
async function tokens(life: number, options: ClientOptions = {}) {
  const host = new VirtualHost()
  const bench = { asked: 0, answer: undefined as undefined | (() => Credentials | Promise<Credentials>) }
  const credentials = () => {
    const password = `token ${++bench.asked}`
    return bench.answer?.() ?? { username: 'u', password, expiresAt: host.wallClock() + life }
  }
  const all = await connected({ credentials, ...options }, {}, host)
  return Object.assign(bench, all, { events: record(all.client) })
}

/** The same with a session in a store. */
async function keptTokens() {
  const host = new VirtualHost()
  let asked = 0
  const credentials = () => ({ password: `token ${++asked}`, username: 'u', expiresAt: host.wallClock() + 10_000 })
  const reconnect = () => 100
  const bench = await kept({ credentials, reconnect, protocolVersion: 5 }, {}, new MemoryStore(), host)
  return { ...bench, events: record(bench.client) }
}

describe('before the credentials expire', () => {
  for (const protocolVersion of VERSIONS) {
    test(`the client asks for others, ends the connection in order and makes another at once (${protocolVersion})`, async () => {
      const bench = await tokens(HOUR, { protocolVersion, cleanStart: false, clientId: 'c' })
      const { client, host, peer, events, connect } = bench
      expect(connect).toMatchObject({ username: 'u', password: bytes('token 1') })
      expect(host.nextTimer, 'keep-alive is all that it waits for').toBeLessThanOrEqual(60_000)
      const next = host.peer(1)
      client.pause()
      await host.advance(HOUR - 30_000 - 1)
      expect(bench.asked, 'not before the margin').toBe(1)
      await host.advance(15_000)
      expect(await peer.next('disconnect')).toMatchObject({ reasonCode: 0 })
      const again = await (await next).accept({ sessionPresent: protocolVersion !== 3 })
      await host.advance(0)
      expect(again).toMatchObject({ username: 'u', password: bytes('token 2'), cleanStart: false })
      expect(bench.asked, 'what was asked for ahead is what is sent').toBe(2)
      expect(events).toEqual([
        'disconnect CREDENTIALS_RENEWED retry 0',
        'reconnecting 1 0',
        `connect ${protocolVersion !== 3}`,
      ])
      expect(peer.ended).toBe('closed')
      await client.stop()
      expect(host.pendingTimers).toBe(0)
    })
  }

  test('a message that is in flight is waited for, and one that stays so is sent again', async () => {
    const bench = await tokens(10_000, {
      retryInterval: 0,
      cleanStart: false,
      clientId: 'c',
    })
    const { client, host, peer } = bench
    const [first, second] = [client.publish('t', '1', { qos: 1 }), client.publish('t', '2', { qos: 2 })]
    await settled()
    peer.received.splice(0)
    await host.advance(9_500)
    expect(bench.asked).toBe(2)
    expect(client.status, 'an answer is to come').toBe('connected')
    peer.send({ type: 'puback', packetId: 1 })
    expect((await first).reasonCode).toBe(0)
    expect(client.status).toBe('connected')
    const next = host.peer(1)
    await host.advance(1_000)
    expect(peer.take().map(({ type }) => type)).toEqual(['disconnect'])
    const last = await next
    await last.accept({ sessionPresent: true })
    expect(await last.next('publish')).toMatchObject({ dup: true, qos: 2, payload: bytes('2') })
    last.send({ type: 'pubrec', packetId: 2 }, { type: 'pubcomp', packetId: 2 })
    expect((await second).reasonCode).toBe(0)
    await client.stop()
    expect(host.pendingTimers).toBe(0)
  })

  test('the next connection waits until the server has let go of this one', async () => {
    const { client, host, peer } = await tokens(10_000)
    peer.lingers = true
    await host.advance(10_000)
    expect(client.status).toBe('reconnecting')
    expect(host.attempts).toHaveLength(1)
    peer.finish()
    await settled()
    expect(host.attempts).toHaveLength(2)
    await client.stop()
  })

  test('a connection that is lost while an answer is awaited is lost as any: the next asks for credentials itself', async () => {
    const bench = await tokens(10_000, { reconnect: () => 100 })
    const { client, host, peer, events } = bench
    const published = client.publish('t', '1', { qos: 1 })
    await host.advance(9_500)
    expect([bench.asked, client.status]).toEqual([2, 'connected'])
    peer.drop()
    await settled()
    expect(events).toEqual(['disconnect connection reset retry 100', 'reconnecting 1 100'])
    const { peer: next, connect } = await reconnected(host)
    expect(connect.password).toEqual(bytes('token 3'))
    const { packetId } = await next.next('publish')
    next.send({ type: 'puback', packetId: packetId as number })
    await published
    await client.stop()
    expect(host.pendingTimers).toBe(0)
  })

  test('with a store, DISCONNECT leaves behind what is being written', async () => {
    const { client, host, peer, store, events } = await keptTokens()
    store.holding = true
    peer.send(publish('t', '1', 2, 1))
    await host.advance(9_500)
    expect(await wire(peer)).toEqual([])
    expect(client.status).toBe('connected')
    store.resume()
    expect(await wire(peer)).toEqual(['pubrec 1', 'disconnect'])
    expect(events).toEqual(['message 1', 'disconnect CREDENTIALS_RENEWED retry 0', 'reconnecting 1 0'])
    await client.stop()
    expect(store.breaches).toEqual([])
  })

  test('with a store, a connection that is lost during a write is lost once, and the next has the credentials', async () => {
    const { client, host, peer, store, events } = await keptTokens()
    store.holding = true
    peer.send(publish('t', '1', 2, 1))
    await host.advance(9_500)
    peer.drop()
    store.resume()
    await settled()
    expect(events).toEqual(['message 1', 'disconnect connection reset retry 100', 'reconnecting 1 100'])
    expect((await reconnected(host)).connect.password).toEqual(bytes('token 2'))
    expect(host.attempts).toHaveLength(2)
    await client.stop()
  })

  test('a listener of disconnect may end the client there', async () => {
    const { client, host, events } = await tokens(10_000)
    client.on('disconnect', () => void client.disconnect())
    await host.advance(10_000)
    expect(events).toEqual(['disconnect CREDENTIALS_RENEWED retry 0', 'close'])
    expect(client.status).toBe('closed')
    expect(host.attempts).toHaveLength(1)
    expect(host.pendingTimers).toBe(0)
  })

  test('it is done whatever reconnect says, which is asked once the attempt fails', async () => {
    const { client, host, events } = await tokens(10_000, { reconnect: false })
    host.network = new Error('down')
    await host.advance(10_000)
    expect(events).toEqual(['disconnect CREDENTIALS_RENEWED retry 0', 'reconnecting 1 0', 'close down'])
    expect(client.status).toBe('closed')
    expect(host.pendingTimers).toBe(0)
  })

  test('credentials without an end are asked for at each attempt only', async () => {
    const bench = await tokens(HOUR, { credentials: () => ({ username: 'u' }), keepAlive: 0 })
    expect(bench.host.pendingTimers).toBe(0)
    await bench.client.stop()
  })

  test('a clock that was set ahead is noticed on waking, one that was set back puts the renewal off', async () => {
    const bench = await tokens(HOUR, { keepAlive: 0 })
    const { client, host } = bench
    host.clockAhead = HOUR / 2
    host.tell(true)
    await settled()
    host.peers[0]?.send({ type: 'pingresp' })
    expect(bench.asked).toBe(1)
    const next = host.peer(1)
    await host.advance(HOUR / 2 - 10_000)
    expect(bench.asked).toBe(2)
    await (await next).accept()
    await settled()
    host.clockAhead -= HOUR
    await host.advance(HOUR)
    expect(bench.asked, 'by the wall clock there is an hour left').toBe(2)
    await host.advance(HOUR)
    expect(bench.asked).toBe(3)
    await client.stop()
    expect(host.pendingTimers).toBe(0)
  })
})

describe('while there are no better credentials', () => {
  test('a function that fails leaves the connection up, and is asked again with a back-off', async () => {
    const bench = await tokens(HOUR, { keepAlive: 0 })
    const { client, host, events } = bench
    const cause = new Error('the vault is sealed')
    bench.answer = () => Promise.reject(cause)
    await host.advance(HOUR - 10_000)
    expect(client.status).toBe('connected')
    const early = bench.asked
    expect(early).toBeGreaterThan(2)
    expect(events).toEqual(Array(early - 1).fill('error CREDENTIALS_FAILED'))
    await host.advance(300_000)
    expect(bench.asked - early, 'each 15 to 30 s at last').toBeLessThanOrEqual(22)
    bench.answer = undefined
    events.splice(0)
    await host.advance(30_000)
    expect(events[0]).toBe('disconnect CREDENTIALS_RENEWED retry 0')
    await client.stop()
    expect(host.pendingTimers).toBe(0)
  })

  test('one that hangs is given up after connectTimeout', async () => {
    const bench = await tokens(HOUR, { connectTimeout: 5_000, keepAlive: 0 })
    bench.answer = () => new Promise(() => {})
    await bench.host.advance(HOUR - 10_000)
    expect(bench.events[0]).toBe('error CREDENTIALS_FAILED')
    const hanging = bench.asked
    await bench.client.stop()
    expect(bench.host.pendingTimers).toBe(0)
    expect(hanging).toBeGreaterThan(1)
  })

  test('the same token, given until it has expired, is no reason to connect again, nor an error', async () => {
    const bench = await tokens(HOUR, { keepAlive: 0 })
    const expiresAt = bench.host.wallClock() + HOUR
    bench.answer = () => ({ expiresAt })
    await bench.host.advance(HOUR - 1)
    expect(bench.asked).toBeGreaterThan(3)
    expect(bench.events).toEqual([])
    expect(bench.client.status).toBe('connected')
    await bench.client.stop()
  })

  test('tokens that have expired on arrival make one connection, which stays', async () => {
    const bench = await tokens(-HOUR, { keepAlive: 0 })
    await bench.host.advance(HOUR)
    expect(bench.host.attempts).toHaveLength(1)
    expect(new Set(bench.events)).toEqual(new Set(['error CREDENTIALS_EXPIRED']))
    expect(bench.asked).toBeLessThanOrEqual(250)
    await bench.client.stop()
    expect(bench.host.pendingTimers).toBe(0)
  })

  test('tokens that live half a second make a connection each second, not a loop', async () => {
    const bench = await tokens(500, { keepAlive: 0 })
    for (let at = 1; at <= 5; at++) {
      const next = bench.host.peer(at)
      await bench.host.advance(1_000)
      await (await next).accept()
      await bench.host.advance(0)
    }
    expect(bench.host.attempts).toHaveLength(6)
    await bench.client.stop()
  })
})

describe('with enhancedAuth', () => {
  const method = 'TOKEN'
  async function authenticated(life = HOUR) {
    let starts = 0
    const enhancedAuth = { method, start: () => bytes(`start ${++starts}`), next: () => undefined }
    const host = new VirtualHost()
    let asked = 0
    const credentials = () => ({ expiresAt: host.wallClock() + life * ++asked })
    const client = new CoreClient({ protocolVersion: 5, enhancedAuth, credentials, keepAlive: 0 }, host)
    const connecting = client.connect()
    const peer = await host.peer()
    await peer.accept({ properties: { authenticationMethod: method } })
    await connecting
    await host.advance(0)
    return { client, host, peer, events: record(client), asked: () => asked }
  }

  test('the client authenticates again on the same connection, and so before each end [MQTT-4.12.1-1]', async () => {
    const { client, host, peer, events, asked } = await authenticated()
    for (const time of [2, 3]) {
      await host.advance(HOUR * (time - 1) - 15_000)
      const properties = { authenticationMethod: method }
      expect(await peer.next('auth')).toMatchObject({
        reasonCode: 0x19,
        properties: { ...properties, authenticationData: bytes(`start ${time}`) },
      })
      expect(asked()).toBe(time)
      peer.send({ type: 'auth', reasonCode: 0, properties })
      await host.advance(0)
    }
    expect(events).toEqual([])
    expect(host.attempts).toHaveLength(1)
    await client.stop()
    expect(host.pendingTimers).toBe(0)
  })

  test('one that fails before anything is sent is told, and tried again later', async () => {
    const { client, host, peer, events } = await authenticated()
    // The application's own is under way, and the server takes its time.
    await host.advance(HOUR - 30_001)
    const own = client.reauthenticate()
    await host.advance(20_000)
    expect(events[0]).toBe('error NOT_NOW')
    peer.received.splice(0)
    peer.send({ type: 'auth', reasonCode: 0, properties: { authenticationMethod: method } })
    await own
    await host.advance(30_000)
    expect(peer.take().map(({ type }) => type)).toEqual(['auth'])
    await client.stop()
    expect(host.pendingTimers).toBe(0)
  })

  test('one that the server refuses ends the connection, and the next one brings fresh credentials [MQTT-4.12.1-2]', async () => {
    const { client, host, peer, events, asked } = await authenticated()
    await host.advance(HOUR)
    await peer.next('auth')
    peer.send({ type: 'disconnect', reasonCode: 0x87 })
    await settled()
    expect(events[0]).toMatch(/^disconnect NOT_AUTHORIZED 135 retry /)
    await host.advance(1_000)
    expect(asked()).toBe(3)
    await client.stop()
    expect(host.pendingTimers).toBe(0)
  })
})

describe('nothing is left', () => {
  test.each(['stop', 'disconnect'] as const)('after %s, whatever the renewal is at', async (end) => {
    for (const [name, when] of [
      ['planned', () => {}],
      [
        'asking',
        async (bench: Awaited<ReturnType<typeof tokens>>) => {
          bench.answer = () => new Promise(() => {})
          await bench.host.advance(HOUR)
        },
      ],
      [
        'waiting for an answer',
        async (bench: Awaited<ReturnType<typeof tokens>>) => {
          bench.client.publish('t', '', { qos: 1 }).catch(() => {})
          await bench.host.advance(HOUR - 15_000)
        },
      ],
      [
        'waiting for the end',
        async (bench: Awaited<ReturnType<typeof tokens>>) => {
          bench.peer.lingers = true
          await bench.host.advance(HOUR)
          setImmediate(() => bench.peer.finish())
        },
      ],
      ['connecting', (bench: Awaited<ReturnType<typeof tokens>>) => bench.host.advance(HOUR)],
    ] as const) {
      const bench = await tokens(HOUR, { keepAlive: 0, retryInterval: 0 })
      await when(bench)
      await bench.client[end]()
      expect(bench.host.pendingTimers, name).toBe(0)
      const { length } = bench.host.attempts
      await bench.host.advance(10 * HOUR)
      expect(bench.host.attempts, name).toHaveLength(length)
      expect(bench.client.status).toBe(end === 'stop' ? 'stopped' : 'closed')
    }
  })

  test('of a renewal whose connection is lost meanwhile: the next attempt asks for itself', async () => {
    const bench = await tokens(HOUR, { keepAlive: 0 })
    let give: (credentials: Credentials) => void = () => {}
    bench.answer = () => new Promise((resolve) => (give = resolve))
    await bench.host.advance(HOUR - 10_000)
    bench.peer.drop()
    bench.answer = undefined
    const next = bench.host.peer(1)
    await bench.host.advance(1_000)
    give({ password: 'late', username: 'u' })
    expect((await (await next).accept()).password).toEqual(bytes('token 3'))
    await bench.host.advance(0)
    expect(bench.client.status).toBe('connected')
    await bench.client.stop()
    expect(bench.host.pendingTimers).toBe(0)
  })
})

describe('what credentials() gives', () => {
  test.each([
    ['nothing', undefined, /^credentials: expected the function to give \{/],
    ['a string', 'hunter2', /^credentials: expected the function to give \{/],
    ['another field', { passwort: 'hunter2' }, /^credentials\.passwort: expected no such field, got string$/],
    [
      'a user name of another type',
      { username: ['hunter2'] },
      /^credentials\.username: expected a string, got object$/,
    ],
    [
      'a password of another type',
      { password: { hunter2: 1 } },
      /^credentials\.password: expected a string or bytes, got object$/,
    ],
    ['a date', { expiresAt: new Date() }, /^credentials\.expiresAt: expected ms since 1970.*got object$/],
    [
      'seconds',
      { expiresAt: 1_700_000_000 },
      /^credentials\.expiresAt: expected ms since 1970.*times 1 000.*got number$/,
    ],
    ['no number', { expiresAt: Number.NaN }, /^credentials\.expiresAt/],
  ])('is refused if it is %s, and no secret is shown', async (_, given, message) => {
    const host = new VirtualHost()
    const client = new CoreClient({ credentials: () => given as Credentials }, host)
    const { message: said } = await failure(client.connect())
    expect(said).toMatch(message)
    expect(said).not.toContain('hunter2')
    expect(host.attempts).toEqual([])
  })

  test('may fail and hang as username and password may', async () => {
    const cause = new Error('the vault is sealed')
    const throwing = new CoreClient({ credentials: () => Promise.reject(cause) }, new VirtualHost())
    expect(await failure(throwing.connect())).toMatchObject({ code: 'CREDENTIALS_FAILED', phase: 'credentials', cause })
    const host = new VirtualHost()
    const hanging = new CoreClient({ credentials: () => new Promise(() => {}), connectTimeout: 10 }, host)
    const connecting = hanging.connect()
    expect(await state(connecting)).toBe('pending')
    const failing = failure(connecting)
    await host.advance(10)
    expect(await failing).toMatchObject({ code: 'ETIMEDOUT', phase: 'credentials' })
  })

  test('is asked for again after a refusal: the next may do', async () => {
    const host = new VirtualHost()
    let asked = 0
    const credentials = () => ({ username: 'u', password: `${++asked}` })
    const client = new CoreClient({ credentials, reconnect: { retryFirst: true } }, host)
    const connecting = client.connect()
    await (await host.peer()).accept({ reasonCode: 5 })
    const next = host.peer(1)
    await host.advance(1_000)
    expect((await (await next).accept()).password).toEqual(bytes('2'))
    await connecting
    await client.stop()
  })

  test('goes beside neither username nor password, and is a function', () => {
    const make = (options: object) => () => new CoreClient(options, new VirtualHost())
    const credentials = () => ({})
    expect(make({ credentials, username: 'u' })).toThrow(/^username: expected none beside credentials/)
    expect(make({ credentials, password: () => 'hunter2' })).toThrow(
      /^password: expected none beside credentials, which gives it$/,
    )
    expect(make({ credentials: { password: 'hunter2' } })).toThrow(/^credentials: expected a function, got object$/)
  })
})
