/** docs/connecting.md says for each reason whether the client tries again: each row is done to a real client. */

import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { Duplex } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { createBrowserPlatform } from '../../platform/browser/platform.js'
import { connectError, EXPLANATIONS, httpError, optionsError } from '../../platform/node/connect-errors.js'
import { SocketTransport } from '../../platform/node/socket-transport.js'
import {
  openWebSocket,
  type WebSocketConstructor,
  type WebSocketLike,
  wrongSubProtocol,
} from '../../platform/shared/websocket.js'
import { Cancel } from '../../src/client/cancel.js'
import { PACKET_TYPES, type PacketType } from '../../src/codec/protocol.js'
import { hex, mayCarry, reasonName, returnCodeName } from '../../src/codec/reason.js'
import {
  type ClientOptions,
  ConnectError,
  CoreClient,
  type Endpoint,
  type ErrorPhase,
  type MqttError,
  type TransportHandlers,
} from '../../src/index.js'
import { ROOT } from '../support/setup.mjs'
import { settled, VirtualHost } from '../support/virtual-host.js'
import { connected, noUnhandledRejections } from './bench.js'

noUnhandledRejections()

const DOCUMENT = readFileSync(join(ROOT, 'docs/connecting.md'), 'utf8')

/** The cells of the rows of the table whose first column is called so, without those of its head. */
function table(head: string): string[][] {
  const lines = DOCUMENT.split('\n')
  const begin = lines.findIndex((line) => line.startsWith(`| ${head} |`))
  const rows = lines.slice(begin + 2)
  const end = rows.findIndex((line) => !line.startsWith('|'))
  return rows.slice(0, end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

/** The names in a cell. */
const names = (cell = ''): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name as string)

type Outcome = 'again' | 'stop'

async function outcome(client: CoreClient, host: VirtualHost): Promise<Outcome> {
  await settled()
  const { status } = client
  const retries = host.pendingTimers > 0
  await client.stop()
  expect(host.pendingTimers).toBe(0)
  if (status === 'closed') {
    expect(retries).toBe(false)
    return 'stop'
  }
  expect(status).toMatch(/connecting$/)
  expect(retries).toBe(true)
  return 'again'
}

/** A client at its first attempt, which it would repeat. */
function first(options: ClientOptions = {}) {
  const host = new VirtualHost()
  const client = new CoreClient({ ...options, reconnect: { retryFirst: true } }, host)
  return { host, client, begin: () => void client.connect().catch(() => {}) }
}

/** A client whose first connection broke, just before its next attempt. */
async function later(options: ClientOptions = {}) {
  const bench = await connected(options)
  bench.peer.drop()
  return { ...bench, begin: () => void bench.host.advance(bench.host.nextTimer) }
}

const FIXED: ClientOptions = { username: 'u', password: 'p' }
const FRESH: ClientOptions = { credentials: () => ({ username: 'u', password: 'p' }) }

/** What a table says of it: `fresh` is to try again with fresh credentials only. */
async function verdict(attempt: (options: ClientOptions) => Promise<Outcome>): Promise<string> {
  const [fixed, fresh] = [await attempt(FIXED), await attempt(FRESH)]
  return fixed === fresh ? fixed : `${fixed === 'stop' ? '' : 'not '}fresh`
}

const refused =
  (protocolVersion: 4 | 3 | 5, reasonCode: number, situation: typeof first | typeof later) =>
  async (options: ClientOptions): Promise<Outcome> => {
    const { client, host, begin } = await situation({ protocolVersion, ...options })
    const next = host.peer(host.peers.length)
    begin()
    await (await next).accept({ reasonCode })
    return outcome(client, host)
  }

describe('Reason Codes of 5.0', () => {
  const rows = table('Reason Code (5.0)')

  test('each that CONNACK and DISCONNECT may carry has a row, by its name', () => {
    const carries = (packet: PacketType, code: number) => mayCarry(PACKET_TYPES.indexOf(packet) + 1, code)
    const all = [0x00, 0x04, ...Array.from({ length: 0x80 }, (_, at) => 0x80 + at)]
    const expected = all
      .map((code) => ({ code, connack: code > 0 && carries('connack', code), disconnect: carries('disconnect', code) }))
      .filter(({ connack, disconnect }) => connack || disconnect)
      .map(({ code, connack, disconnect }) => [
        hex(code),
        reasonName(code, disconnect ? 'disconnect' : 'connack'),
        connack,
        connack,
        disconnect,
      ])
    expect(rows.map(([code, name, ...cells]) => [code, name, ...cells.slice(0, 3).map((cell) => cell !== '')])).toEqual(
      expected,
    )
  })

  for (const [code = '', name, connackFirst, connackLater, disconnect] of rows) {
    test(`${code} ${name}: the client does what the table says`, async () => {
      const reasonCode = Number(code)
      if (connackFirst) expect(await verdict(refused(5, reasonCode, first)), 'CONNACK, first').toBe(connackFirst)
      if (connackLater) expect(await verdict(refused(5, reasonCode, later)), 'CONNACK, later').toBe(connackLater)
      if (!disconnect) return
      const told = await verdict(async (options) => {
        const { client, host, peer } = await connected({ protocolVersion: 5, keepAlive: 0, ...options })
        peer.send({ type: 'disconnect', reasonCode })
        return outcome(client, host)
      })
      expect(told, 'DISCONNECT').toBe(disconnect)
    })
  }
})

describe('return codes of 3.1 and 3.1.1', () => {
  const rows = table('return code (3.1, 3.1.1)')

  test('each has a row, by its name', () => {
    expect(rows.map(([code, name]) => [code, name])).toEqual(
      [1, 2, 3, 4, 5].map((code) => [String(code), returnCodeName(code)]),
    )
  })

  for (const [code, name, connackFirst, connackLater] of rows) {
    test.each([3, 4] as const)(`${code} ${name}: the client does what the table says (%i)`, async (version) => {
      expect(await verdict(refused(version, Number(code), first)), 'first').toBe(connackFirst)
      expect(await verdict(refused(version, Number(code), later)), 'later').toBe(connackLater)
    })
  }
})

const endpoint: Endpoint = { transport: 'tcp', host: 'h', port: 1, path: '', label: 'mqtt://h:1' }

/** A socket that says `bytes`, or fails, and how the transport over it ended. */
async function ofSocket(act: (socket: Duplex) => void): Promise<Error> {
  const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() })
  const handlers = { data() {}, drain() {} }
  return new Promise((resolve) => {
    new SocketTransport(socket as Socket, endpoint, { ...handlers, close: (error) => resolve(error as Error) })
    act(socket)
  })
}

/** Why a browser's attempt to connect fails. */
async function ofBrowser(page: object, WebSocket: WebSocketConstructor | null = failing): Promise<Error> {
  const platform = createBrowserPlatform(WebSocket, page)
  const opening = platform.open({ ...endpoint, transport: 'ws' }, {}, {} as TransportHandlers, new Cancel())
  return opening.then(
    () => expect.unreachable(),
    (error) => error,
  )
}
const failing = class {
  constructor() {
    queueMicrotask(() => (this as unknown as WebSocketLike).onerror?.({}))
  }
  close(): void {}
} as unknown as WebSocketConstructor

const systemError = (code: string): Error => Object.assign(new Error('it failed'), { code })

const SPECIAL: Record<string, () => Error | Promise<Error>> = {
  WRONG_PROTOCOL: () => ofSocket((socket) => socket.push(Buffer.of(0x15, 3, 3, 0, 2, 2, 10))),
  WEBSOCKET_SUBPROTOCOL: () => wrongSubProtocol(endpoint, 'mqtt'),
  WEBSOCKET_FAILED: () => ofBrowser({}),
  OFFLINE: () => ofBrowser({ navigator: { onLine: false } }),
  MIXED_CONTENT: () => ofBrowser({ location: { protocol: 'https:' } }),
  NO_WEBSOCKET: () => ofBrowser({}, null),
}

/** As the platforms make it. */
async function errorOf(code: string, phase: ErrorPhase): Promise<Error> {
  const special = SPECIAL[code]
  if (special) return special()
  if (code.startsWith('HTTP_')) return httpError(endpoint, Number(code.slice(5)))
  return phase === 'options'
    ? optionsError(endpoint, 'tls', systemError(code))
    : connectError(endpoint, phase, systemError(code))
}

/** One of those that a name with … stands for. */
const sample = (name: string): string => name.replace(/^(HTTP_.)…/, '$118').replace('…', 'ANYTHING')

describe('failures on the way to the server', () => {
  const rows = table('code').map(([codes, phase, ...cells]) => ({
    codes: names(codes),
    phase: phase as ErrorPhase,
    cells,
  }))

  test('each that has an explanation is in the table, once', () => {
    const listed = rows.flatMap(({ codes }) => codes)
    expect(new Set(listed).size).toBe(listed.length)
    for (const code of [...Object.keys(EXPLANATIONS), ...Object.keys(SPECIAL)]) expect(listed).toContain(code)
  })

  test('each HTTP status is in the table, as itself or by its first digit', () => {
    for (let status = 100; status < 600; status++) {
      const of = (name: string) => rows.find(({ codes }) => codes.includes(name))?.cells[0]
      const said = of(`HTTP_${status}`) ?? of(`HTTP_${String(status)[0]}…`)
      expect(said, `HTTP ${status}`).toBe(httpError(endpoint, status).retryable ? 'again' : 'stop')
    }
  })

  for (const { codes, phase, cells } of rows) {
    test.each(codes)(`%s (${phase}): the client does what the table says`, async (name) => {
      const outcomes: Outcome[] = []
      for (const situation of [first, later]) {
        const { client, host, begin } = await situation()
        const error = (await errorOf(sample(name), phase)) as MqttError
        expect(error).toMatchObject({ phase })
        if (!name.includes('…')) expect(error.code).toBe(name)
        host.network = error
        begin()
        outcomes.push(await outcome(client, host))
      }
      expect(outcomes).toEqual(cells.slice(0, 2))
    })
  }
})

/** Ends of a connection, or failures of the client itself, and the code that the client tells. */
const ENDS: Record<string, (bench: Awaited<ReturnType<typeof connected>>) => unknown> = {
  CONNECTION_CLOSED: ({ peer }) => peer.end(),
  KEEP_ALIVE_TIMEOUT: async ({ host }) => {
    host.tell(true)
    await host.advance(5_000)
  },
  RETRY_TIMEOUT: async ({ client, host }) => {
    client.publish('t', '', { qos: 1 }).catch(() => {})
    await host.advance(1_000)
  },
  MALFORMED_PACKET: ({ peer }) => peer.sendBytes(Uint8Array.of(0, 0)),
  PROTOCOL_ERROR: ({ peer }) => peer.send({ type: 'connack' }),
}
for (const code of ['ECONNRESET', 'EPIPE', 'ETIMEDOUT'])
  ENDS[code] = async ({ peer }) => {
    const error = await ofSocket((socket) => socket.destroy(systemError(code)))
    expect(error).toMatchObject({ code, phase: 'tcp' })
    peer.drop(error)
  }

/** How a WebSocket that the server closed with `code` ends. */
async function closedWith(code: number): Promise<Error | undefined> {
  const socket = { protocol: 'mqtt', bufferedAmount: 0, close() {} } as unknown as WebSocketLike
  return new Promise((resolve) => {
    const handlers = { data() {}, drain() {}, close: resolve }
    void openWebSocket(
      endpoint,
      'mqtt',
      () => socket,
      () => new Error(),
      handlers,
      new Cancel(),
    )
    socket.onopen?.()
    socket.onclose?.({ code, reason: '' })
  })
}

describe('ends of a connection, and failures of the client', () => {
  const rows = DOCUMENT.slice(DOCUMENT.indexOf('Of the connection, and of the client itself:'))
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
    .filter(([, , said]) => said === 'again')
  const listed = rows.flatMap(([codes]) => names(codes))

  test.each(Object.keys(ENDS))('%s: another connection follows', async (code) => {
    expect(listed).toContain(code)
    const bench = await connected({ protocolVersion: 5, keepAlive: 0, retryInterval: 1_000 })
    const told: unknown[] = []
    bench.client.on('disconnect', ({ error }) => told.push((error as MqttError).code))
    await ENDS[code]?.(bench)
    expect(await outcome(bench.client, bench.host)).toBe('again')
    expect(told).toEqual([code])
  })

  test.each([1000, 1001, 1005, 1006, 1002, 1008, 1009, 1011, 1012, 1013, 4000])(
    'a WebSocket closed with %i: another connection follows',
    async (code) => {
      const error = await closedWith(code)
      const { client, host, peer } = await connected()
      if (error === undefined) {
        expect([1000, 1001, 1005]).toContain(code)
        peer.end()
      } else {
        expect((error as MqttError).code).toBe(code === 1006 ? 'ECONNRESET' : `WEBSOCKET_CLOSE_${code}`)
        peer.drop(error)
      }
      expect(await outcome(client, host)).toBe('again')
    },
  )

  test.each([
    ['CREDENTIALS_FAILED', { credentials: () => Promise.reject(new Error('no')) }],
    [
      'AUTHENTICATION_FAILED',
      {
        protocolVersion: 5,
        enhancedAuth: { method: 'M', start: () => Promise.reject(new Error('no')), next: () => undefined },
      },
    ],
  ] as const)('%s: another attempt follows', async (code, options) => {
    expect(listed).toContain(code)
    const { client, host, begin } = first(options)
    const told: unknown[] = []
    client.on('reconnecting', ({ error }) => told.push((error as MqttError).code))
    begin()
    expect(await outcome(client, host)).toBe('again')
    expect(told).toEqual([code])
  })

  test('no row is left out', () => {
    const elsewhere = ['CREDENTIALS_FAILED', 'AUTHENTICATION_FAILED', 'CREDENTIALS_RENEWED', 'WEBSOCKET_CLOSE_…']
    expect(new Set(listed)).toEqual(new Set([...Object.keys(ENDS), ...elsewhere]))
  })
})

test('a function as reconnect decides in each case', async () => {
  const { client, host, peer } = await connected({ reconnect: (attempt) => attempt < 2 && 10 })
  host.network = new ConnectError('no', { code: 'X', phase: 'options', retryable: false })
  peer.drop()
  expect(client.status).toBe('reconnecting')
  await host.advance(10)
  expect(client.status).toBe('closed')
})
