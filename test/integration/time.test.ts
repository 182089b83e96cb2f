/** Time over real sockets: how long connecting, answers and silence may last. The bounds are wide: machines are busy. */

import { createServer as createHttpServer } from 'node:http'
import { createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createServer as createTlsServer } from 'node:tls'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import {
  AckTimeoutError,
  Client,
  type ClientOptions,
  ConnectError,
  connect,
  type ErrorPhase,
  type Packet,
} from '../../platform/node/index.js'
import { nothingMoreThan, resources } from '../platform/recorder.js'
import { type Certificates, certificates } from '../support/certificates.js'
import { type Mosquitto, startMosquitto } from '../support/mosquitto.js'
import { expectFailure } from './failures.js'
import { type Listening, listening, type Relay, serveFull, serveSilence, startRelay } from './servers.js'

const SCHEMES = ['mqtt', 'mqtts', 'ws', 'wss'] as const
/** How much later than due something may come on a busy machine, ms. */
const LATE = 2_000

let made: Certificates
let broker: Mosquitto
beforeAll(async () => {
  made = await certificates()
  broker = await startMosquitto()
})
afterAll(() => broker[Symbol.asyncDispose]())

function expectBetween(ms: number, least: number, most: number): void {
  // What is measured may begin a little after what is timed.
  expect(ms).toBeGreaterThanOrEqual(least - 50)
  expect(ms).toBeLessThan(most)
}

const trusting = (scheme: string): ClientOptions =>
  scheme === 'mqtts' || scheme === 'wss' ? { tls: { ca: made.ca.cert } } : {}

describe('connectTimeout', () => {
  /** The handshake is done, and then nothing. */
  const silentTls = () => {
    const { cert, key } = made.server
    return listening(createTlsServer({ cert, key }, (socket) => socket.on('error', () => {}).resume()))
  }
  /** The upgrade is answered, and then nothing. */
  const silentWebSocket = () => {
    const server = createHttpServer()
    new WebSocketServer({ server })
    return listening(server)
  }
  const neverFound: ClientOptions = { tcp: { lookup: () => {} } }

  const stops: [string, string, () => Promise<Listening>, ErrorPhase, RegExp, ClientOptions?][] = [
    ['at the name', 'mqtt', serveSilence, 'resolve', /the DNS does not answer/, neverFound],
    ['at the name, over wss', 'wss', serveSilence, 'resolve', /the DNS does not answer/, neverFound],
    ['inside TLS', 'mqtts', serveSilence, 'tls', /does not answer in TLS: check that this port speaks TLS/],
    ['inside the TLS of a WebSocket', 'wss', serveSilence, 'tls', /does not answer in TLS/],
    [
      'inside the upgrade',
      'ws',
      serveSilence,
      'websocket',
      /does not answer the WebSocket upgrade: check port and path/,
    ],
    ['inside the upgrade over TLS', 'wss', silentTls, 'websocket', /does not answer the WebSocket upgrade/],
    ['before CONNACK', 'mqtt', serveSilence, 'connack', /no CONNACK within 300 ms .*check host and port, or raise it/],
    ['before CONNACK over TLS', 'mqtts', silentTls, 'connack', /no CONNACK within 300 ms/],
    ['before CONNACK over a WebSocket', 'ws', silentWebSocket, 'connack', /no CONNACK within 300 ms/],
  ]
  test.each(stops)('ends an attempt that stops %s', async (_, scheme, serve, phase, says, options) => {
    await using server = await serve()
    const started = performance.now()
    await expectFailure(
      `${scheme}://localhost:${server.port}`,
      { connectTimeout: 300, ...trusting(scheme), ...options },
      {
        code: 'ETIMEDOUT',
        phase,
        retryable: true,
        says,
        cause: phase === 'connack' ? null : { message: expect.stringContaining('within 300 ms (connectTimeout)') },
      },
    )
    expectBetween(performance.now() - started, 300, 300 + LATE)
  })

  // Others refuse where Linux lets wait.
  test.runIf(process.platform === 'linux')('ends an attempt that nobody takes', async () => {
    await using server = await serveFull()
    await expectFailure(
      `mqtt://127.0.0.1:${server.port}`,
      { connectTimeout: 300 },
      {
        code: 'ETIMEDOUT',
        phase: 'tcp',
        retryable: true,
        says: /within connectTimeout: no answer: check the address, and firewalls on the way/,
        cause: { message: expect.stringContaining('within 300 ms (connectTimeout)') },
      },
    )
  })

  test('covers all phases together', async () => {
    await using server = await silentTls()
    const started = performance.now()
    const password = () => sleep(800, 'secret')
    const connecting = connect(`mqtts://localhost:${server.port}`, {
      ...trusting('mqtts'),
      username: 'ann',
      password,
      connectTimeout: 1_000,
    })
    await expect(connecting).rejects.toMatchObject({ code: 'ETIMEDOUT', phase: 'connack' })
    // 1 800 ms, if CONNACK had 1 000 for itself.
    expectBetween(performance.now() - started, 1_000, 1_750)
  })

  test('ends one attempt, and the next is made', async () => {
    const sockets: Socket[] = []
    await using server = await listening(createServer((socket) => sockets.push(socket.resume())))
    const client = new Client({
      url: `mqtt://127.0.0.1:${server.port}`,
      connectTimeout: 100,
      reconnect: { retryFirst: true, minDelay: 1, maxDelay: 5, maxAttempts: 2 },
    })
    const failures: Error[] = []
    client.on('reconnecting', ({ error }) => void failures.push(error))
    await expect(client.connect()).rejects.toBeInstanceOf(ConnectError)
    expect(failures).toMatchObject([{ phase: 'connack' }, { phase: 'connack' }])
    expect(sockets).toHaveLength(3)
  })
})

describe('what is not answered', () => {
  let relay: Relay
  let before: string[]
  beforeEach(async () => {
    before = resources()
    relay = await startRelay(broker.ports.mqtt)
  })
  afterEach(async () => {
    await relay[Symbol.asyncDispose]()
    await nothingMoreThan(before)
  })

  test('within ackTimeout rejects: SUBACK, UNSUBACK, PINGRESP', async () => {
    const client = await connect(`mqtt://127.0.0.1:${relay.port}`, { ackTimeout: 300, keepAlive: 0, reconnect: false })
    await client.subscribe('before')
    relay.mute()
    const started = performance.now()
    const calls = [client.subscribe('never'), client.unsubscribe('before'), client.ping()]
    for (const call of await Promise.allSettled(calls)) {
      const { reason } = call as PromiseRejectedResult
      expect(reason).toBeInstanceOf(AckTimeoutError)
      expect(reason).toMatchObject({ phase: 'session', retryable: true })
      expect(reason.message).toMatch(/SUBACK|UNSUBACK|PINGRESP/)
    }
    expectBetween(performance.now() - started, 300, 300 + LATE)
    await client.disconnect()
  })

  for (const qos of [1, 2] as const) {
    test(`within retryInterval is sent again on the same connection in 3.1.1, at QoS ${qos}`, async () => {
      const client = await connect(`mqtt://127.0.0.1:${relay.port}`, { retryInterval: 200, keepAlive: 0 })
      const sent: { dup: boolean; at: number }[] = []
      client.on('packetsend', (packet) => {
        if (packet.type !== 'publish') return
        sent.push({ dup: packet.dup, at: performance.now() })
        if (packet.dup) relay.unmute()
      })
      relay.mute()
      await client.publish('again', 'payload', { qos })
      expect(sent.slice(0, 2).map(({ dup }) => dup)).toEqual([false, true])
      expectBetween((sent[1]?.at ?? 0) - (sent[0]?.at ?? 0), 200, 200 + LATE)
      expect(relay.connections).toBe(1)
      await client.disconnect()
    })

    test(`within retryInterval is sent again on another connection in 5.0, at QoS ${qos} [MQTT-4.4.0-1 of 5.0]`, async () => {
      const client = await connect(`mqtt://127.0.0.1:${relay.port}`, {
        protocolVersion: 5,
        properties: { sessionExpiryInterval: 60 },
        retryInterval: 200,
        keepAlive: 0,
        reconnect: { minDelay: 1, maxDelay: 5 },
      })
      const sent: string[] = []
      client.on('packetsend', (packet) => {
        if (packet.type === 'publish') sent.push(`${relay.connections} ${packet.dup}`)
      })
      const ends: object[] = []
      client.on('disconnect', (end) => {
        ends.push(end)
        relay.unmute()
      })
      relay.mute()
      await client.publish('again', 'payload', { qos })
      expect(sent).toEqual(['1 false', '2 true'])
      expect(ends).toMatchObject([{ retry: true, error: { code: 'RETRY_TIMEOUT', phase: 'session', retryable: true } }])
      await client.disconnect()
    })
  }
})

// They only wait: so they do it together.
describe.concurrent('keep-alive', () => {
  /** Types of the packets of one client that have to do with it, and when they came. */
  function pings(client: Client): { type: Packet['type']; at: number }[] {
    const heard: { type: Packet['type']; at: number }[] = []
    const hear = ({ type }: Packet): void => {
      if (type === 'pingreq' || type === 'pingresp') heard.push({ type, at: performance.now() })
    }
    client.on('packetsend', hear)
    client.on('packetreceive', hear)
    return heard
  }

  test('asks an idle broker once in each interval, and is answered', async () => {
    const client = new Client({ url: broker.urls.mqtt, keepAlive: 1 })
    const heard = pings(client)
    await client.connect()
    const started = performance.now()
    while (heard.length < 4) await sleep(20)
    expect(heard.map(({ type }) => type)).toEqual(['pingreq', 'pingresp', 'pingreq', 'pingresp'])
    expectBetween((heard[0]?.at ?? 0) - started, 1_000, 1_000 + LATE)
    expectBetween((heard[2]?.at ?? 0) - started, 2_000, 2_000 + LATE)
    expect(client.status).toBe('connected')
    await client.disconnect()
  })

  test('asks nothing while messages go and come, unless forcePing says so', async () => {
    const clients = [false, true].map((forcePing) => new Client({ url: broker.urls.mqtt, keepAlive: 2, forcePing }))
    const heard = clients.map(pings)
    await Promise.all(clients.map((client) => client.connect()))
    const end = performance.now() + 3_000
    while (performance.now() < end) {
      await Promise.all(clients.map((client) => client.publish('busy', '', { qos: 1 })))
      await sleep(50)
    }
    expect(heard[0]).toEqual([])
    expect(heard[1]?.map(({ type }) => type).slice(0, 2)).toEqual(['pingreq', 'pingresp'])
    await Promise.all(clients.map((client) => client.disconnect()))
  })

  test('goes by what the server says in its place (Server Keep Alive) [MQTT-3.2.2-21]', async () => {
    // CONNACK of 5.0 with Server Keep Alive 1, and PINGRESP.
    const connack = Buffer.of(0x20, 6, 0, 0, 3, 0x13, 0, 1)
    const pingresp = Buffer.of(0xd0, 0)
    await using server = await listening(
      createServer((socket) => {
        socket.once('data', () => {
          socket.write(connack)
          socket.on('data', ([first]) => void (first === 0xc0 && socket.write(pingresp)))
        })
      }),
    )
    const client = new Client({ url: `mqtt://127.0.0.1:${server.port}`, protocolVersion: 5, keepAlive: 60 })
    const heard = pings(client)
    await client.connect()
    const started = performance.now()
    while (heard.length < 2) await sleep(20)
    expect(heard.map(({ type }) => type)).toEqual(['pingreq', 'pingresp'])
    expectBetween((heard[0]?.at ?? 0) - started, 1_000, 1_000 + LATE)
    await client.disconnect()
  })

  test('goes by the 10 s that are the least a mosquitto may say', async () => {
    await using strict = await startMosquitto({ config: ['max_keepalive 10'] })
    const client = new Client({ url: strict.urls.mqtt, protocolVersion: 5, keepAlive: 600 })
    const heard = pings(client)
    const { properties } = await client.connect()
    expect(properties.serverKeepAlive).toBe(10)
    const started = performance.now()
    while (heard.length < 2) await sleep(50)
    expectBetween((heard[0]?.at ?? 0) - started, 10_000, 10_000 + LATE)
    await client.disconnect()
  })

  test.each(SCHEMES)(
    'notices within 1.5 intervals that a server is silent, and connects again, over %s',
    async (scheme) => {
      await using relay = await startRelay(broker.ports[scheme])
      const client = await connect(`${scheme}://localhost:${relay.port}`, {
        ...trusting(scheme),
        keepAlive: 2,
        reconnect: { minDelay: 1, maxDelay: 5 },
      })
      await client.ping()
      relay.mute()
      const started = performance.now()
      const { error, retry } = await new Promise<{ error: unknown; retry: boolean }>((resolve) => {
        client.once('disconnect', resolve)
      })
      // The last word came before: 2 s until PINGREQ, 1 s for its answer.
      expectBetween(performance.now() - started, 3_000, 3_000 + LATE)
      expect(error).toMatchObject({ code: 'KEEP_ALIVE_TIMEOUT', phase: 'session', retryable: true })
      expect(retry).toBe(true)
      const again = new Promise<void>((resolve) => void client.once('connect', () => resolve()))
      relay.unmute()
      await again
      expect(relay.connections).toBeGreaterThan(1)
      await client.disconnect()
    },
  )
})
