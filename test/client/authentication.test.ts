import { describe, expect, test } from 'vitest'
import { encodePacket, type PacketInput } from '../../src/codec/index.js'
import {
  AckTimeoutError,
  type AuthenticationData,
  type Authenticator,
  type ClientOptions,
  ConnectError,
  ConnectionLostError,
  CoreClient,
  MqttError,
  RefusedError,
} from '../../src/index.js'
import type { ScriptedPeer } from '../support/scripted-peer.js'
import { settled, VirtualHost } from '../support/virtual-host.js'
import { codeOf, failure, noUnhandledRejections, publish, reconnected, record, state } from './bench.js'

noUnhandledRejections()

const METHOD = 'TEST'
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const textOf = (data: AuthenticationData): string => (data === undefined ? '-' : new TextDecoder().decode(data))
const never = (): Promise<never> => new Promise(() => {})

/** An authenticator that answers at once and notes what it is asked; `own` replaces steps. */
function scripted(own: Partial<Authenticator> = {}): { authenticator: Authenticator; steps: string[] } {
  const steps: string[] = []
  let starts = 0
  const authenticator: Authenticator = {
    method: own.method ?? METHOD,
    start: () => {
      steps.push('start')
      return own.start ? own.start() : bytes(`first ${++starts}`)
    },
    next: (data) => {
      steps.push(`next ${textOf(data)}`)
      return own.next ? own.next(data) : bytes(`answer to ${textOf(data)}`)
    },
    finish: (data) => {
      steps.push(`finish ${textOf(data)}`)
      return own.finish?.(data)
    },
  }
  return { authenticator, steps }
}

function auth(reasonCode: number, data?: string): PacketInput {
  const authenticationData = data === undefined ? undefined : bytes(data)
  return { type: 'auth', reasonCode, properties: { authenticationMethod: METHOD, authenticationData } }
}

function connack(data?: string, more: object = {}): PacketInput {
  const authenticationData = data === undefined ? undefined : bytes(data)
  return { type: 'connack', properties: { authenticationMethod: METHOD, authenticationData, ...more } }
}

function clientOf(enhancedAuth: Authenticator, options: ClientOptions = {}, host = new VirtualHost()) {
  const client = new CoreClient({ protocolVersion: 5, enhancedAuth, ...options }, host)
  return { client, host, events: record(client) }
}

/** CONNECT was sent. */
async function connecting(enhancedAuth: Authenticator, options: ClientOptions = {}) {
  const bench = clientOf(enhancedAuth, options)
  const promise = bench.client.connect()
  promise.catch(() => {})
  const peer = await bench.host.peer(0)
  const connect = await peer.next('connect')
  return { ...bench, promise, peer, connect }
}

/** The server has proved itself. */
async function authenticated(own: Partial<Authenticator> = {}, options: ClientOptions = {}, more: object = {}) {
  const { authenticator, steps } = scripted(own)
  const bench = await connecting(authenticator, options)
  bench.peer.send(connack(undefined, more))
  await bench.promise
  await bench.host.advance(0)
  steps.length = 0
  return { ...bench, authenticator, steps }
}

const said = async (peer: ScriptedPeer): Promise<string> => {
  const { reasonCode, properties } = await peer.next('auth')
  return `${reasonCode} ${properties.authenticationMethod} ${textOf(properties.authenticationData)}`
}

describe('to connect', () => {
  test('CONNECT has the method and the first data, each challenge its answer, and the end is checked', async () => {
    const { authenticator, steps } = scripted({ start: async () => bytes('hello') })
    const { peer, connect, promise, client, events } = await connecting(authenticator)
    expect(connect.properties).toMatchObject({ authenticationMethod: METHOD, authenticationData: bytes('hello') })
    peer.send(auth(0x18, 'c1'))
    expect(await said(peer)).toBe('24 TEST answer to c1')
    peer.send(auth(0x18, 'c2'))
    expect(await said(peer)).toBe('24 TEST answer to c2')
    expect(await state(promise)).toBe('pending')
    peer.send(connack('proof'))
    expect((await promise).properties.authenticationData).toEqual(bytes('proof'))
    expect(steps).toEqual(['start', 'next c1', 'next c2', 'finish proof'])
    expect(client.status).toBe('connected')
    expect(events).toEqual(['connect false'])
  })

  test('a method without data and without `finish` will do', async () => {
    const { promise, peer, connect } = await connecting({
      method: METHOD,
      start: () => undefined,
      next: () => undefined,
    })
    expect(connect.properties.authenticationMethod).toBe(METHOD)
    expect(connect.properties.authenticationData).toBeUndefined()
    peer.send(auth(0x18))
    expect(await said(peer)).toBe('24 TEST -')
    peer.send(connack())
    await promise
  })

  test('until `finish` is done nothing is sent, nothing is handed out, and the network is not read', async () => {
    let finish = (): void => {}
    const { authenticator } = scripted({ finish: () => new Promise<void>((resolve) => (finish = resolve)) })
    const { client, host, peer, promise, events } = await connecting(authenticator, { cleanStart: false })
    const subscribing = client.subscribe('t', (message) => events.push(`handler ${message.text()}`))
    const publishing = client.publish('out', '1', { qos: 1 })
    const atOnce = client.publish('out', '0')
    peer.send(
      { ...connack(), sessionPresent: true } as PacketInput,
      publish('t', 'a', 1, 1),
      { type: 'pubrel', packetId: 7 },
      publish('t', 'b'),
    )
    await host.advance(1_000)
    expect(peer.take()).toEqual([])
    expect(events).toEqual([])
    expect(await state(promise)).toBe('pending')
    expect(client.status).toBe('connecting')
    expect(peer.reading).toEqual(['pause'])
    peer.send(publish('t', 'c', 2, 2))
    expect(peer.unread).toBe(1)

    finish()
    await promise
    await host.advance(0)
    expect(peer.reading).toEqual(['pause', 'resume'])
    expect(events).toEqual([
      'connect true',
      'message a',
      'handler a',
      'message b',
      'handler b',
      'message c',
      'handler c',
    ])
    expect(peer.take().map(({ type }) => type)).toEqual([
      'subscribe',
      'publish',
      'publish',
      'pubcomp',
      'puback',
      'pubrec',
    ])
    peer.send({ type: 'suback', packetId: 1, reasonCodes: [0] }, { type: 'puback', packetId: 2 })
    await Promise.all([subscribing, publishing, atOnce])
  })

  test('an error of the authenticator, at each step, is the error of connect', async () => {
    const given = new ConnectError('wrong proof', { code: 'WRONG_PROOF', phase: 'authentication' })
    const plain = new Error('boom')
    const fail = {
      throws: (error: Error) => (): never => {
        throw error
      },
      rejects: (error: Error) => (): Promise<never> => Promise.reject(error),
    }
    for (const step of ['start', 'next', 'finish'] as const) {
      for (const how of Object.values(fail)) {
        for (const error of [given, plain]) {
          const { authenticator } = scripted({ [step]: how(error) })
          const { client, host } = clientOf(authenticator)
          const promise = client.connect()
          if (step !== 'start') {
            const peer = await host.peer(0)
            await peer.next('connect')
            peer.send(step === 'next' ? auth(0x18, 'c') : connack())
          }
          const thrown = await failure(promise)
          if (error === given) expect(thrown).toBe(given)
          else {
            expect(thrown).toBeInstanceOf(ConnectError)
            expect(thrown).toMatchObject({ code: 'AUTHENTICATION_FAILED', phase: 'authentication', cause: plain })
            expect(thrown.message).toBe('enhancedAuth: the authenticator failed; see cause')
          }
          expect(client.status).toBe('closed')
          await settled()
          for (const peer of host.peers) expect(peer.ended).toBe('closed')
          expect(host.pendingTimers).toBe(0)
        }
      }
    }
  })

  test('an MqttError that is no ConnectError keeps its code, phase and retryable in one', async () => {
    const cause = new MqttError('no', { code: 'MINE', phase: 'authentication', retryable: true })
    const { authenticator } = scripted({ finish: () => Promise.reject(cause) })
    const { promise, peer } = await connecting(authenticator)
    peer.send(connack())
    const error = await failure(promise)
    expect(error).toBeInstanceOf(ConnectError)
    expect(error).toMatchObject({ message: 'no', code: 'MINE', phase: 'authentication', retryable: true, cause })
  })

  test('what is no bytes is refused by the name of the step', async () => {
    for (const step of ['start', 'next'] as const) {
      const { authenticator } = scripted({ [step]: () => ({ secret: 1 }) as unknown as Uint8Array })
      const { client, host } = clientOf(authenticator)
      const promise = client.connect()
      if (step === 'next') {
        const peer = await host.peer(0)
        await peer.next('connect')
        peer.send(auth(0x18, 'c'))
      }
      const error = await failure(promise)
      expect(error).toMatchObject({ code: 'AUTHENTICATION_FAILED', phase: 'authentication' })
      expect(error.cause).toEqual(new TypeError(`enhancedAuth.${step}: expected a string or a Uint8Array, got object`))
    }
  })

  test('an authenticator that does not answer is named when connectTimeout is over', async () => {
    for (const step of ['start', 'next', 'finish'] as const) {
      const { authenticator } = scripted({ [step]: never })
      const { client, host } = clientOf(authenticator, { connectTimeout: 5_000 })
      const promise = client.connect()
      promise.catch(() => {})
      if (step !== 'start') {
        const peer = await host.peer(0)
        await peer.next('connect')
        peer.send(step === 'next' ? auth(0x18, 'c') : connack())
      }
      await host.advance(4_999)
      expect(await state(promise)).toBe('pending')
      await host.advance(1)
      expect(await failure(promise), step).toMatchObject({
        message:
          'mqtt://virtual:1883: no answer of enhancedAuth within 5000 ms (connectTimeout); check host and port, or raise it',
        code: 'ETIMEDOUT',
        phase: 'authentication',
        retryable: true,
      })
      expect(host.pendingTimers).toBe(0)
    }
  })

  test('a server that does not go on is what connectTimeout names, also after an authenticator of before that hung', async () => {
    let hang = true
    const { authenticator } = scripted({ finish: () => (hang ? never() : undefined) })
    const { client, host } = clientOf(authenticator, { connectTimeout: 5_000 })
    for (const phase of ['authentication', 'connack']) {
      const promise = client.connect()
      promise.catch(() => {})
      const peer = await host.peer(host.peers.length)
      await peer.next('connect')
      if (hang) peer.send(connack())
      await host.advance(5_000)
      expect(await failure(promise)).toMatchObject({ phase })
      hang = false
    }
  })

  test('one that hung before and answers now does not hide that it hangs again', async () => {
    const works: (() => void)[] = []
    const { authenticator } = scripted({ finish: () => new Promise<void>((resolve) => works.push(resolve)) })
    const { client, host } = clientOf(authenticator, { connectTimeout: 5_000 })
    for (const attempt of [1, 2]) {
      const promise = client.connect()
      promise.catch(() => {})
      const peer = await host.peer(host.peers.length)
      await peer.next('connect')
      peer.send(connack())
      await settled()
      if (attempt === 2) works[0]?.()
      await host.advance(5_000)
      expect(await failure(promise)).toMatchObject({ phase: 'authentication' })
    }
  })

  test('an error that says so is tried again, and each connection begins anew', async () => {
    let proofs = 0
    const { authenticator, steps } = scripted({
      finish: () => {
        if (proofs++ === 0) throw new ConnectError('busy', { code: 'BUSY', phase: 'authentication', retryable: true })
        if (proofs === 3) throw new ConnectError('forged', { code: 'FORGED', phase: 'authentication' })
      },
    })
    const { client, host, events, peer } = await connecting(authenticator, { reconnect: { retryFirst: true } })
    peer.send(connack('1'))
    await host.advance(0)
    expect(events).toEqual([expect.stringMatching(/^reconnecting 1 /)])
    for (const proof of ['2', '3']) {
      const next = host.peer(host.peers.length)
      await host.advance(host.nextTimer)
      const again = await next
      const connect = await again.next('connect')
      expect(textOf(connect.properties.authenticationData)).toBe(`first ${proof}`)
      again.send(connack(proof))
      await host.advance(0)
      if (proof === '2') again.drop()
    }
    expect(steps).toEqual(['start', 'finish 1', 'start', 'finish 2', 'start', 'finish 3'])
    expect(events.at(-1)).toBe('close FORGED')
    expect(client.status).toBe('closed')
    expect(host.pendingTimers).toBe(0)
  })

  test('the loss of the connection in the midst of it is that of any connection', async () => {
    let finish = (): void => {}
    const { authenticator } = scripted({ finish: () => new Promise<void>((resolve) => (finish = resolve)) })
    const { client, host, peer, promise } = await connecting(authenticator)
    peer.send(connack())
    await settled()
    peer.drop()
    expect(await failure(promise)).toMatchObject({ phase: 'connack' })
    finish()
    await settled()
    expect(client.status).toBe('closed')
    expect(host.pendingTimers).toBe(0)
  })

  test.each(['start', 'next', 'finish'] as const)(
    'stop() while `%s` works settles all and leaves no timer',
    async (step) => {
      let work: (data: undefined) => void = () => {}
      const { authenticator } = scripted({ [step]: () => new Promise<undefined>((resolve) => (work = resolve)) })
      const { client, host, events } = clientOf(authenticator)
      const promise = client.connect()
      const publishing = client.publish('t', 'x', { qos: 1 })
      for (const each of [promise, publishing]) each.catch(() => {})
      if (step !== 'start') {
        const peer = await host.peer(0)
        await peer.next('connect')
        peer.send(step === 'next' ? auth(0x18, 'c') : connack())
      }
      await settled()
      await client.stop()
      expect(codeOf(await failure(promise))).toBe('CLOSED')
      expect(codeOf(await failure(publishing))).toBe('CLOSED')
      expect(host.pendingTimers).toBe(0)
      work(undefined)
      await settled()
      expect(host.peers.flatMap((peer) => peer.take())).toEqual([])
      expect(host.pendingTimers).toBe(0)
      expect(events).toEqual(['close'])
    },
  )

  test('AUTH of a 3.1.1 server is an error of the server', async () => {
    const host = new VirtualHost()
    const client = new CoreClient({ reconnect: false }, host)
    const promise = client.connect()
    const peer = await host.peer(0)
    await peer.next('connect')
    peer.sendBytes(encodePacket({ type: 'auth', reasonCode: 0x18, properties: { authenticationMethod: 'x' } }, 5))
    expect(await failure(promise)).toMatchObject({ name: 'ConnectError', phase: 'connack', code: 'MALFORMED_PACKET' })
  })
})

describe('the option', () => {
  test('is refused where it cannot be', () => {
    const { authenticator } = scripted()
    const make = (options: object) => () => new CoreClient(options as ClientOptions, new VirtualHost())
    expect(make({ enhancedAuth: authenticator })).toThrow('enhancedAuth: expected protocolVersion 5, got 4')
    for (const enhancedAuth of [
      {},
      { ...authenticator, method: 1 },
      { ...authenticator, next: 1 },
      { ...authenticator, finish: 1 },
      { ...authenticator, start: undefined },
    ])
      expect(make({ protocolVersion: 5, enhancedAuth })).toThrow(
        'enhancedAuth: expected { method, start, next }, a string and functions',
      )
    for (const properties of [{ authenticationMethod: 'x' }, { authenticationData: bytes('x') }])
      expect(make({ protocolVersion: 5, properties })).toThrow('use enhancedAuth')
  })
})

describe('reauthenticate', () => {
  test('resolves when the server has accepted and proved itself', async () => {
    const { client, peer, steps } = await authenticated()
    const again = client.reauthenticate()
    expect(await said(peer)).toBe('25 TEST first 2')
    peer.send(auth(0x18, 'c'))
    expect(await said(peer)).toBe('24 TEST answer to c')
    peer.send(auth(0, 'proof'))
    await again
    expect(steps).toEqual(['start', 'next c', 'finish proof'])
    expect(client.status).toBe('connected')
  })

  test('stops waiting when its signal aborts, while the exchange goes on', async () => {
    const { client, peer, steps } = await authenticated()
    const abort = new AbortController()
    const again = client.reauthenticate(undefined, { signal: abort.signal })
    await said(peer)
    abort.abort(new Error('enough'))
    expect(await failure(again)).toMatchObject({ message: 'enough' })
    peer.send(auth(0, 'proof'))
    await settled()
    expect(steps).toEqual(['start', 'finish proof'])
    expect(client.status).toBe('connected')
  })

  test('DISCONNECT instead rejects it and ends the connection', async () => {
    const { client, peer, events } = await authenticated()
    const again = client.reauthenticate()
    await said(peer)
    peer.send({ type: 'disconnect', reasonCode: 0x87 })
    expect(await failure(again)).toMatchObject({ name: 'RefusedError', reasonCode: 0x87, retryable: false })
    await settled()
    expect(events).toEqual(['connect false', 'disconnect NOT_AUTHORIZED 135', 'close NOT_AUTHORIZED'])
  })

  test('no end of it within ackTimeout ends the connection, and another one is made [MQTT-4.12.1-2]', async () => {
    const { client, peer, host, events } = await authenticated({}, { ackTimeout: 2_000 })
    const again = client.reauthenticate()
    again.catch(() => {})
    await said(peer)
    await host.advance(1_999)
    expect(await state(again)).toBe('pending')
    await host.advance(1)
    const error = await failure(again)
    expect(error).toBeInstanceOf(AckTimeoutError)
    expect(error.message).toBe('no AUTH came within 2000 ms (ackTimeout); try again, or raise ackTimeout')
    expect(peer.ended).toBe('destroyed')
    const next = await reconnected(host, { properties: { authenticationMethod: METHOD } })
    expect(textOf(next.connect.properties.authenticationData)).toBe('first 3')
    await settled()
    expect(events).toEqual([
      'connect false',
      expect.stringMatching('disconnect ETIMEDOUT retry'),
      expect.stringMatching('reconnecting 1'),
      'connect false',
    ])
  })

  test('a second one while one runs is refused, and the first goes on undisturbed', async () => {
    let start = (): void => {}
    let asked = 0
    const { client, peer, host, steps } = await authenticated({
      start: () =>
        asked++ === 0 ? bytes('connect') : new Promise((resolve) => (start = () => resolve(bytes('slow')))),
    })
    const first = client.reauthenticate()
    const while1 = await failure(client.reauthenticate())
    expect(while1).toMatchObject({ code: 'NOT_NOW', message: 'reauthenticate: expected no other to be under way' })
    expect(while1.client).toBe(client.name)
    start()
    expect(await said(peer)).toBe('25 TEST slow')
    expect(codeOf(await failure(client.reauthenticate(scripted().authenticator)))).toBe('NOT_NOW')
    peer.send(auth(0x18, 'c'))
    expect(await said(peer), 'of the one that began').toBe('24 TEST answer to c')
    expect(codeOf(await failure(client.reauthenticate()))).toBe('NOT_NOW')
    peer.send(auth(0))
    await first
    expect(steps, 'the others did not begin').toEqual(['start', 'next c', 'finish -'])
    await host.advance(0)
    expect(peer.take()).toEqual([])
  })

  test('needs a connection and a method, and begins nothing without', async () => {
    const { authenticator, steps } = scripted()
    const { client, host } = clientOf(authenticator)
    expect(codeOf(await failure(client.reauthenticate()))).toBe('CONNECTION_LOST')
    const connecting = client.connect()
    const peer = await host.peer(0)
    await peer.next('connect')
    expect(codeOf(await failure(client.reauthenticate()))).toBe('CONNECTION_LOST')
    peer.send(connack())
    await connecting
    await client.stop()
    expect(codeOf(await failure(client.reauthenticate()))).toBe('CONNECTION_LOST')
    expect(steps).toEqual(['start', 'finish -'])

    const other = new VirtualHost()
    const plain = new CoreClient({ protocolVersion: 5 }, other)
    const opening = plain.connect()
    await (await other.peer(0)).accept()
    await opening
    expect(await failure(plain.reauthenticate())).toMatchObject({
      code: 'NOT_NOW',
      message: 'reauthenticate: expected enhancedAuth',
    })
  })

  test('keeps the method [MQTT-4.12.1-1]', async () => {
    const { client, peer } = await authenticated()
    const error = await failure(client.reauthenticate(scripted({ method: 'OTHER' }).authenticator))
    expect(error).toEqual(new RangeError('reauthenticate.method: expected that of enhancedAuth, TEST, got "OTHER"'))
    await settled()
    expect(peer.take()).toEqual([])
  })

  test('with another authenticator goes to that, as do the connections to come', async () => {
    const { client, peer, host, steps } = await authenticated()
    const fresh = scripted({ start: () => bytes('fresh') })
    const again = client.reauthenticate(fresh.authenticator)
    expect(await said(peer)).toBe('25 TEST fresh')
    peer.send(auth(0x18, 'c'))
    await said(peer)
    peer.send(auth(0))
    await again
    peer.drop()
    const next = await reconnected(host, { properties: { authenticationMethod: METHOD } })
    expect(textOf(next.connect.properties.authenticationData)).toBe('fresh')
    expect(fresh.steps).toEqual(['start', 'next c', 'finish -', 'start', 'finish -'])
    expect(steps).toEqual([])
  })

  test('the loss of the connection in the midst of it rejects it, and a late answer goes nowhere', async () => {
    let answer = (): void => {}
    const { client, peer, host } = await authenticated({
      next: () => new Promise((resolve) => (answer = () => resolve(bytes('late')))),
    })
    const again = client.reauthenticate()
    await said(peer)
    peer.send(auth(0x18, 'c'))
    await settled()
    peer.drop()
    expect(await failure(again)).toBeInstanceOf(ConnectionLostError)
    const next = await reconnected(host, { properties: { authenticationMethod: METHOD } })
    answer()
    await settled()
    expect(next.peer.take()).toEqual([])
    expect(client.status).toBe('connected')
  })

  test('one whose connection went before it began is rejected, and nothing of it reaches the next', async () => {
    let start = (): void => {}
    let asked = 0
    const { client, peer, host } = await authenticated({
      start: () =>
        asked++ === 1 ? new Promise((resolve) => (start = () => resolve(bytes('stale')))) : bytes(`at once ${asked}`),
    })
    const again = client.reauthenticate()
    again.catch(() => {})
    peer.drop()
    const next = await reconnected(host, { properties: { authenticationMethod: METHOD } })
    start()
    expect(await failure(again)).toBeInstanceOf(ConnectionLostError)
    await settled()
    expect(next.peer.take()).toEqual([])
  })

  test('an error of the authenticator rejects it and ends the connection; before anything was sent only the first', async () => {
    const error = new MqttError('forged', { code: 'FORGED', phase: 'authentication' })
    const late = await authenticated()
    const again = late.client.reauthenticate(scripted({ finish: () => Promise.reject(error) }).authenticator)
    await said(late.peer)
    late.peer.send(auth(0, 'x'))
    expect(await failure(again)).toBe(error)
    await settled()
    expect(late.events).toEqual(['connect false', 'disconnect FORGED', 'close FORGED'])

    const early = await authenticated()
    const failing = scripted({ start: () => Promise.reject(error) }).authenticator
    expect(await failure(early.client.reauthenticate(failing))).toBe(error)
    expect(early.client.status).toBe('connected')
    const second = early.client.reauthenticate(scripted().authenticator)
    await said(early.peer)
    early.peer.send(auth(0))
    await second
  })

  test('AUTH above the Maximum Packet Size of the server is refused, and the connection goes on [MQTT-3.2.2-15]', async () => {
    const { client, peer, host } = await authenticated({}, {}, { maximumPacketSize: 50 })
    const large = scripted({ start: () => new Uint8Array(60) }).authenticator
    expect(await failure(client.reauthenticate(large))).toBeInstanceOf(RefusedError)
    await host.advance(0)
    expect(peer.take()).toEqual([])
    expect(client.status).toBe('connected')
    const again = client.reauthenticate(scripted({ next: () => new Uint8Array(60) }).authenticator)
    await said(peer)
    peer.send(auth(0x18, 'c'))
    expect(codeOf(await failure(again)), 'but a challenge has to be answered').toBe('PACKET_TOO_LARGE')
    expect(client.status).not.toBe('connected')
    await client.stop()
    expect(host.pendingTimers).toBe(0)
  })

  test('stop() rejects it and leaves no timer', async () => {
    const { client, peer, host } = await authenticated()
    const again = client.reauthenticate()
    await said(peer)
    await client.stop()
    expect(await failure(again)).toBeInstanceOf(ConnectionLostError)
    expect(host.pendingTimers).toBe(0)
  })

  test('a server that asks for it (AUTH 0x19) is answered: with what begins, or what its data asks for', async () => {
    const { peer, steps, client, events } = await authenticated()
    peer.send(auth(0x19))
    expect(await said(peer)).toBe('24 TEST first 2')
    peer.send(auth(0))
    await settled()
    peer.send(auth(0x19, 'data'))
    expect(await said(peer)).toBe('24 TEST answer to data')
    peer.send(auth(0, 'proof'))
    await settled()
    expect(steps).toEqual(['start', 'finish -', 'start', 'next data', 'finish proof'])
    expect(client.status).toBe('connected')
    expect(events).toEqual(['connect false'])
  })
})
