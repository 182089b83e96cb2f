/** What only Node gives a WebSocket: headers of the upgrade request, and an agent, which is a way through a proxy. */

import { createServer as createHttpServer, type IncomingHttpHeaders, type Server } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { createServer } from 'node:net'
import { HttpsProxyAgent } from 'https-proxy-agent'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { type ClientOptions, connect } from '../../platform/node/index.js'
import { nothingMoreThan, resources } from '../platform/recorder.js'
import { type Certificates, certificates } from '../support/certificates.js'
import { type Mosquitto, startMosquitto } from '../support/mosquitto.js'
import { freePort } from '../support/ports.js'
import { expectFailure } from './failures.js'
import { startProxy } from './proxy.js'
import { type Listening, listening, serveTls } from './servers.js'

const SCHEMES = ['ws', 'wss'] as const
const CONNACK = Buffer.of(0x20, 2, 0, 0)

let made: Certificates
let broker: Mosquitto
let before: string[]
beforeAll(async () => {
  made = await certificates()
  broker = await startMosquitto()
})
afterAll(() => broker[Symbol.asyncDispose]())
beforeEach(() => {
  before = resources()
})
afterEach(() => nothingMoreThan(before))

/** Takes CONNECT over a WebSocket; `allow` sees the headers of each upgrade request, and may refuse it. */
function serve(scheme: (typeof SCHEMES)[number], allow: (headers: IncomingHttpHeaders) => boolean): Promise<Listening> {
  const { cert, key } = made.server
  const server: Server = scheme === 'ws' ? createHttpServer() : createHttpsServer({ cert, key })
  new WebSocketServer({
    server,
    verifyClient: ({ req }: { req: { headers: IncomingHttpHeaders } }) => allow(req.headers),
  }).on('connection', (socket) => socket.once('message', () => socket.send(CONNACK)))
  return listening(server)
}

const trusting = (scheme: string): ClientOptions => (scheme === 'wss' ? { tls: { ca: made.ca.cert } } : {})

async function visit(url: string, options: ClientOptions): Promise<void> {
  const client = await connect(url, options)
  await client.disconnect()
}

describe.each(SCHEMES)('headers over %s', (scheme) => {
  test('reach the server as they were given, those that ws sets itself, too; no credentials of MQTT do', async () => {
    const seen: IncomingHttpHeaders[] = []
    await using server = await serve(scheme, (headers) => seen.push(headers) > 0)
    const headers = { 'X-Tenant': 'blue', Origin: 'https://app.example', 'User-Agent': 'meter/1', Cookie: 'a=b; c=d' }
    await visit(`${scheme}://ann:hush@localhost:${server.port}`, { ...trusting(scheme), webSocket: { headers } })
    expect(seen).toHaveLength(1)
    expect(seen[0]).toMatchObject({
      'x-tenant': 'blue',
      origin: 'https://app.example',
      'user-agent': 'meter/1',
      cookie: 'a=b; c=d',
      host: `localhost:${server.port}`,
      'sec-websocket-protocol': 'mqtt',
    })
    expect(JSON.stringify(seen)).not.toMatch(/hush|authorization/i)
  })

  test('may be what the server asks for before it takes an upgrade', async () => {
    await using server = await serve(scheme, ({ authorization }) => authorization === 'Bearer hush')
    const url = `${scheme}://localhost:${server.port}`
    await visit(url, { ...trusting(scheme), webSocket: { headers: { Authorization: 'Bearer hush' } } })
    const error = await expectFailure(
      url,
      { ...trusting(scheme), webSocket: { headers: { Authorization: 'Bearer hushed' } } },
      {
        code: 'HTTP_401',
        phase: 'websocket',
        retryable: false,
        says: /wants credentials in the upgrade request: give them as webSocket\.headers/,
        cause: null,
      },
    )
    expect(String(error.stack)).not.toContain('hush')
  })

  test('that are none are refused by their name, before the request is sent', async () => {
    await using server = await serve(scheme, () => expect.unreachable('it was sent'))
    await expectFailure(
      `${scheme}://localhost:${server.port}`,
      { ...trusting(scheme), webSocket: { headers: { 'X-Tenant': 'hush\r\nX-Other: 1' } } },
      {
        code: 'ERR_INVALID_CHAR',
        phase: 'options',
        retryable: false,
        says: /the options "webSocket" are refused: .*X-Tenant/,
        cause: { code: 'ERR_INVALID_CHAR' },
      },
    )
  })
})

describe('a proxy, through webSocket.agent', () => {
  const through = (proxy: Listening, account = ''): ClientOptions => ({
    webSocket: { agent: new HttpsProxyAgent(`http://${account}127.0.0.1:${proxy.port}`) },
  })

  test.each(SCHEMES)('carries messages to a broker and back, over %s', async (scheme) => {
    await using proxy = await startProxy()
    const client = await connect(broker.urls[scheme], { ...trusting(scheme), ...through(proxy) })
    const subscription = await client.subscribe('through', { qos: 1 })
    await client.publish('through', 'the proxy', { qos: 1 })
    expect((await subscription.next()).value?.text()).toBe('the proxy')
    await client.disconnect()
    expect(proxy.asked.map(({ target }) => target)).toEqual([`127.0.0.1:${broker.ports[scheme]}`])
  })

  test('has its headers, and the server has ours', async () => {
    const seen: IncomingHttpHeaders[] = []
    await using server = await serve('ws', (headers) => seen.push(headers) > 0)
    await using proxy = await startProxy()
    const { agent } = through(proxy).webSocket as { agent: unknown }
    await visit(`ws://localhost:${server.port}`, { webSocket: { agent, headers: { 'X-Tenant': 'blue' } } })
    expect(seen).toMatchObject([{ 'x-tenant': 'blue' }])
    expect(proxy.asked[0]?.headers).not.toHaveProperty('x-tenant')
  })

  test('leaves TLS to the ends: our CA, our certificate, the name that we ask for', async () => {
    const seen: object[] = []
    await using server = await serveTls({ requestCert: true, ca: made.ca.cert, rejectUnauthorized: true }, (socket) =>
      seen.push({ servername: socket.servername, name: socket.getPeerCertificate().subject.CN }),
    )
    await using proxy = await startProxy()
    const { cert, key } = made.client
    // It takes no WebSockets: how it ends is seen below, TLS is what counts here.
    const options = { tls: { ca: made.ca.cert, cert, key }, ...through(proxy) }
    await expect(connect(`wss://localhost:${server.port}`, options)).rejects.toMatchObject({ phase: 'websocket' })
    expect(seen).toEqual([{ servername: 'localhost', name: 'test-client' }])
  })

  const untrusted: [string, string, ClientOptions['tls'], string][] = [
    ['of nobody we trust', 'localhost', true, 'SELF_SIGNED_CERT_IN_CHAIN'],
    // The agent would hold it against the proxy's name.
    ['for another address than the one we ask for', '127.0.0.2', undefined, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['for another name than the one we ask for', 'broker.example', undefined, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ]
  test.each(untrusted)('does not hide a certificate %s', async (_, host, tls, code) => {
    await using proxy = await startProxy()
    await expectFailure(
      `wss://${host}:${broker.ports.wss}`,
      { tls: tls ?? { ca: made.ca.cert }, ...through(proxy) },
      { code, phase: 'tls', retryable: false, says: /through webSocket\.agent: its certificate is/, cause: { code } },
    )
    expect(proxy.asked).toHaveLength(1)
  })

  test('that wants an account is told so, and gets it', async () => {
    await using proxy = await startProxy({ account: 'ann:sesame' })
    await visit(broker.urls.ws, through(proxy, 'ann:sesame@'))
    const error = await expectFailure(broker.urls.ws, through(proxy, 'ann:hush@'), {
      code: 'HTTP_407',
      phase: 'websocket',
      retryable: false,
      says: /through webSocket\.agent: HTTP status 407: the proxy wants credentials: give them to webSocket\.agent/,
      cause: null,
    })
    expect(String(error.stack)).not.toContain('hush')
  })

  test.each([
    [403, false, /credentials/],
    [502, true, /it, or the proxy before it, is in trouble/],
  ])('that answers %i is told with what to do', async (status, retryable, says) => {
    await using proxy = await startProxy({ status })
    await expectFailure(broker.urls.ws, through(proxy), {
      code: `HTTP_${status}`,
      phase: 'websocket',
      retryable,
      says,
      cause: null,
    })
  })

  test('that is not there is told as that', async () => {
    const port = await freePort()
    await expectFailure(broker.urls.wss, through({ port } as Listening), {
      code: 'ECONNREFUSED',
      phase: 'tcp',
      retryable: true,
      says: /through webSocket\.agent: nothing listens there/,
      cause: { code: 'ECONNREFUSED', port },
    })
  })

  test('that is silent ends the attempt after connectTimeout', async () => {
    const sockets: { destroy(): void }[] = []
    await using proxy = await listening(createServer((socket) => sockets.push(socket.resume())))
    const error = await connect(broker.urls.ws, { connectTimeout: 200, ...through(proxy) }).catch((thrown) => thrown)
    expect(error).toMatchObject({ name: 'ConnectError', code: 'ETIMEDOUT', phase: 'websocket', retryable: true })
    expect(error.message).toContain('no network connection within 200 ms (connectTimeout)')
    // The agent waits for its proxy, whoever waits for the agent: it keeps its socket until the proxy ends it.
    for (const socket of sockets) socket.destroy()
  })
})
