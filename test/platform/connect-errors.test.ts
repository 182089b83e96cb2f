/** Every way in which a connection fails to be made, tried for real: its phase, its code, and whether to try again. */

import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:net'
import { createServer as createTlsServer, type TlsOptions as ServerTlsOptions } from 'node:tls'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { nodePlatform } from '../../platform/node/platform.js'
import type { ClientOptions } from '../../src/client/options.js'
import { ConnectError } from '../../src/errors.js'
import { type Certificate, certificates } from '../support/certificates.js'
import { freePort } from '../support/ports.js'
import { nothingMoreThan, open, Recorder, resources } from './recorder.js'
import { listen, startServer } from './servers.js'

const cleanUps: (() => Promise<void>)[] = []
let before: string[]

beforeEach(() => {
  before = resources()
})
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp()
  await nothingMoreThan(before)
})

async function serve(server: Parameters<typeof listen>[0]): Promise<number> {
  const { port, close } = await listen(server)
  cleanUps.push(close)
  return port
}

async function failure(url: string, options: ClientOptions = {}): Promise<ConnectError> {
  const handlers = new Recorder()
  try {
    const transport = await open(nodePlatform, url, options, handlers)
    transport.destroy()
  } catch (error) {
    expect(error).toBeInstanceOf(ConnectError)
    expect(handlers.calls).toBe(0)
    expect((error as ConnectError).message, 'it names the server').toContain(nodePlatform.endpoints({ url })[0]?.label)
    return error as ConnectError
  }
  return expect.unreachable('it connected') as never
}

const schemes = ['mqtt', 'mqtts', 'ws', 'wss']
const tlsSchemes = ['mqtts', 'wss']

describe('before there is a connection', () => {
  test.each(schemes)('%s: nobody listens', async (scheme) => {
    const port = await freePort()
    const error = await failure(`${scheme}://127.0.0.1:${port}`)
    expect(error).toMatchObject({ phase: 'tcp', code: 'ECONNREFUSED', retryable: true })
    expect(error.message).toMatch(/nothing listens there: check that the broker runs/)
    expect(error.cause).toMatchObject({ code: 'ECONNREFUSED' })
  })

  test('happy eyeballs: the message names each address that was tried, the cause is the first error', async () => {
    const port = await freePort()
    const lookup = (_: string, __: object, found: (error: null, addresses: object[]) => void) =>
      found(null, [
        { address: '127.0.0.1', family: 4 },
        { address: '127.0.0.2', family: 4 },
      ])
    const error = await failure(`mqtt://somewhere.test:${port}`, { tcp: { lookup } })
    expect(error).toMatchObject({ phase: 'tcp', code: 'ECONNREFUSED', retryable: true })
    expect(error.message).toMatch(/127\.0\.0\.1.*127\.0\.0\.2/)
    expect(error.cause).not.toBeInstanceOf(AggregateError)
  })

  test.each(schemes)('%s: the name does not exist', async (scheme) => {
    const error = await failure(`${scheme}://no-such-host.invalid`)
    expect(error).toMatchObject({ phase: 'resolve', retryable: true })
    expect(error.code).toMatch(/^(ENOTFOUND|EAI_AGAIN)$/)
  })

  test('options that net, tls and ws refuse are bad options, not worth another attempt', async () => {
    const { url, close } = await startServer('tls')
    cleanUps.push(close)
    expect(await failure('mqtt://h', { tcp: { localAddress: 'here' } })).toMatchObject({
      phase: 'options',
      retryable: false,
    })
    expect(await failure(url, { tls: { ca: 'no PEM', cert: 'none', key: 'none' } })).toMatchObject({
      phase: 'options',
      retryable: false,
    })
    const headers = { 'not a header': 'x' }
    const plain = await startServer('ws')
    cleanUps.push(plain.close)
    expect(await failure(plain.url, { webSocket: { headers } })).toMatchObject({ phase: 'options', retryable: false })
  })
})

describe('TLS', () => {
  async function securePort({ cert, key }: Certificate, more: ServerTlsOptions = {}): Promise<number> {
    return serve(createTlsServer({ cert, key, ...more }))
  }

  test.each(tlsSchemes)('%s: signed by nobody we trust', async (scheme) => {
    const { selfSigned, server } = await certificates()
    const error = await failure(`${scheme}://localhost:${await securePort(selfSigned)}`)
    expect(error).toMatchObject({ phase: 'tls', code: 'DEPTH_ZERO_SELF_SIGNED_CERT', retryable: false })
    expect(error.message).toMatch(/give its CA as tls\.ca/)
    expect(await failure(`${scheme}://localhost:${await securePort(server)}`)).toMatchObject({
      phase: 'tls',
      code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      retryable: false,
    })
  })

  test.each(tlsSchemes)('%s: expired', async (scheme) => {
    const { expired, ca } = await certificates()
    const error = await failure(`${scheme}://localhost:${await securePort(expired)}`, { tls: { ca: ca.cert } })
    expect(error).toMatchObject({ phase: 'tls', code: 'CERT_HAS_EXPIRED', retryable: false })
    expect(error.message).toMatch(/has expired/)
  })

  test.each(tlsSchemes)('%s: for another host, by name and by address', async (scheme) => {
    const { wrongHost, ca } = await certificates()
    const port = await securePort(wrongHost)
    for (const host of ['localhost', '127.0.0.1']) {
      const error = await failure(`${scheme}://${host}:${port}`, { tls: { ca: ca.cert } })
      expect(error).toMatchObject({ phase: 'tls', code: 'ERR_TLS_CERT_ALTNAME_INVALID', retryable: false })
    }
    // And with the name that it bears, it is accepted.
    const tls = { ca: ca.cert, servername: 'elsewhere.example' }
    if (scheme === 'mqtts') (await open(nodePlatform, `mqtts://127.0.0.1:${port}`, { tls }, new Recorder())).destroy()
  })

  test.each(tlsSchemes)('%s: the server does not speak TLS', async (scheme) => {
    // A plain MQTT server answers a ClientHello by closing; others send text.
    const closing = await serve(createServer((socket) => socket.once('data', () => socket.end())))
    expect(await failure(`${scheme}://127.0.0.1:${closing}`)).toMatchObject({ phase: 'tls', code: 'ECONNRESET' })
    const talking = await serve(createServer((socket) => socket.end('220 hello\r\n')))
    const error = await failure(`${scheme}://127.0.0.1:${talking}`)
    expect(error).toMatchObject({ phase: 'tls', retryable: false })
    expect(error.message).toMatch(/does not speak TLS on this port/)
  })

  test('no TLS version in common', async () => {
    const { server, ca } = await certificates()
    const port = await securePort(server, { minVersion: 'TLSv1.3' })
    const tls = { ca: ca.cert, maxVersion: 'TLSv1.2' as const }
    const error = await failure(`mqtts://127.0.0.1:${port}`, { tls })
    expect(error).toMatchObject({ phase: 'tls', retryable: false })
    expect(error.message).toMatch(/no TLS version in common/)
  })

  test.each(['TLSv1.2', 'TLSv1.3'] as const)('a client certificate is wanted, %s', async (version) => {
    const { server, client, ca } = await certificates()
    const port = await securePort(server, { requestCert: true, ca: ca.cert, minVersion: version, maxVersion: version })
    const url = `mqtts://127.0.0.1:${port}`
    const tls = { ca: ca.cert }
    let error: Error | undefined
    if (version === 'TLSv1.2') {
      error = await failure(url, { tls })
    } else {
      // In TLS 1.3 we are connected before the server has looked at our certificate.
      const handlers = new Recorder()
      await open(nodePlatform, url, { tls }, handlers)
      error = await handlers.closed()
    }
    expect(error).toMatchObject({ phase: 'tls' })
    expect(error?.message).toMatch(/certificate/)
    const transport = await open(
      nodePlatform,
      url,
      { tls: { ...tls, cert: client.cert, key: client.key } },
      new Recorder(),
    )
    transport.destroy()
  })

  test('SNI asks for the name, and for no address', async () => {
    const { server, ca } = await certificates()
    const names: unknown[] = []
    const port = await serve(
      createTlsServer({ cert: server.cert, key: server.key }, (socket) => names.push(socket.servername)),
    )
    for (const host of ['localhost', '127.0.0.1']) {
      const handlers = new Recorder()
      const transport = await open(nodePlatform, `mqtts://${host}:${port}`, { tls: { ca: ca.cert } }, handlers)
      transport.close()
      await handlers.closed()
    }
    expect(names).toEqual(['localhost', false])
  })
})

describe('WebSocket', () => {
  test.each([
    [401, false, /webSocket\.headers/],
    [404, false, /nothing at the path "\/mqtt"/],
    [301, false, /redirects/],
    [200, false, /speaks HTTP there but no WebSocket/],
    [503, true, /in trouble/],
  ])('the server answers with HTTP %i', async (status, retryable, advice) => {
    const port = await serve(
      createHttpServer((_, response) => response.writeHead(status, { location: 'http://x/' }).end('no')).on(
        'upgrade',
        (_, socket) => socket.end(`HTTP/1.1 ${status} Said\r\ncontent-length: 0\r\n\r\n`),
      ),
    )
    const error = await failure(`ws://127.0.0.1:${port}/mqtt?token=secret`)
    expect(error).toMatchObject({ phase: 'websocket', code: `HTTP_${status}`, retryable })
    expect(error.message).toMatch(advice)
    expect(error.message).not.toContain('secret')
  })

  test('an HTTP server that knows no upgrade', async () => {
    const port = await serve(createHttpServer((_, response) => response.end('hello')))
    expect(await failure(`ws://127.0.0.1:${port}`)).toMatchObject({ phase: 'websocket', code: 'HTTP_200' })
  })

  test('a server that does not speak HTTP', async () => {
    const port = await serve(
      createServer((socket) => socket.once('data', () => socket.write(Buffer.of(0x20, 2, 0, 1)))),
    )
    const error = await failure(`ws://127.0.0.1:${port}`)
    expect(error).toMatchObject({ phase: 'websocket', retryable: false })
    expect(error.message).toMatch(/does not speak HTTP/)
  })

  test('a server that closes instead of answering', async () => {
    const port = await serve(createServer((socket) => socket.once('data', () => socket.end())))
    expect(await failure(`ws://127.0.0.1:${port}`)).toMatchObject({
      phase: 'websocket',
      code: 'ECONNRESET',
      retryable: true,
    })
  })

  test.each([
    ['no sub-protocol', () => false as const],
    ['another sub-protocol', () => 'chat'],
  ])('the server chooses %s', async (_, handleProtocols) => {
    const http = createHttpServer()
    new WebSocketServer({ server: http, handleProtocols })
    const error = await failure(`ws://127.0.0.1:${await serve(http)}`)
    expect(error).toMatchObject({ phase: 'websocket', code: 'WEBSOCKET_SUBPROTOCOL', retryable: false })
    expect(error.message).toMatch(/sub-protocol.*"mqtt"/)
  })

  test('3.1 asks for mqttv3.1, the others for mqtt; headers and query reach the server; no credentials do', async () => {
    const seen: object[] = []
    const http = createHttpServer()
    new WebSocketServer({ server: http }).on('connection', (socket, { url, headers }) => {
      const { 'x-tenant': tenant, authorization, 'sec-websocket-extensions': extensions } = headers
      seen.push({ url, protocol: socket.protocol, tenant, authorization, extensions })
    })
    const url = `ws://user:secret@127.0.0.1:${await serve(http)}/a?b=1`
    for (const protocolVersion of [3, 4, 5] as const) {
      const handlers = new Recorder()
      const options = { protocolVersion, webSocket: { headers: { 'X-Tenant': 't' } } }
      const transport = await open(nodePlatform, url, options, handlers)
      transport.close()
      await handlers.closed()
    }
    const common = { url: '/a?b=1', tenant: 't', authorization: undefined, extensions: undefined }
    expect(seen).toEqual(['mqttv3.1', 'mqtt', 'mqtt'].map((protocol) => ({ ...common, protocol })))
  })

  test('a user’s agent makes the connection, and its errors keep their phase', async () => {
    const { Agent } = await import('node:http')
    const { Agent: SecureAgent } = await import('node:https')
    const { url, accept, close } = await startServer('ws')
    cleanUps.push(close)
    const agent = new Agent({ keepAlive: false })
    const transport = await open(nodePlatform, url, { webSocket: { agent } }, new Recorder())
    await accept()
    transport.destroy()
    expect(await failure(`ws://127.0.0.1:${await freePort()}`, { webSocket: { agent } })).toMatchObject({
      phase: 'tcp',
    })
    const { selfSigned } = await certificates()
    const port = await serve(createTlsServer({ cert: selfSigned.cert, key: selfSigned.key }))
    expect(await failure(`wss://localhost:${port}`, { webSocket: { agent: new SecureAgent() } })).toMatchObject({
      phase: 'tls',
      code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    })
  })
})

describe('after the connection is made', () => {
  test('mqtt:// to a port that speaks TLS, or HTTP, is told by the first bytes', async () => {
    // What OpenSSL answers to bytes that are no TLS: a fatal alert, unexpected_message.
    const alert = Buffer.of(0x15, 0x03, 0x03, 0, 2, 2, 10)
    const cases = [
      [await serve(createServer((socket) => socket.once('data', () => socket.end(alert)))), /TLS: use mqtts/],
      [await serve(createHttpServer()), /HTTP: use ws/],
    ] as const
    for (const [port, advice] of cases) {
      const handlers = new Recorder()
      const transport = await open(nodePlatform, `mqtt://127.0.0.1:${port}`, {}, handlers)
      transport.send(Uint8Array.of(0x10, 12, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 60, 0, 0))
      const error = await handlers.closed()
      expect(error).toMatchObject({ code: 'WRONG_PROTOCOL', retryable: false })
      expect(error?.message).toMatch(advice)
      expect(handlers.chunks).toHaveLength(0)
    }
  })

  test('5.0 and 3.1.1: a text frame ends the connection [MQTT-6.0.0-1]', async () => {
    const http = createHttpServer()
    let code: number | undefined
    new WebSocketServer({ server: http }).on('connection', (socket) => {
      socket.send('hello')
      socket.on('close', (closeCode) => {
        code = closeCode
      })
    })
    const handlers = new Recorder()
    await open(nodePlatform, `ws://127.0.0.1:${await serve(http)}`, {}, handlers)
    expect(await handlers.closed()).toMatchObject({ name: 'ProtocolError', reasonCode: 0x81 })
    expect(code).toBe(1003)
    expect(handlers.chunks).toHaveLength(0)
  })

  test.each([
    [1000, undefined],
    [1001, undefined],
    [1008, { code: 'WEBSOCKET_CLOSE_1008', name: 'ConnectionLostError' }],
    [4000, { code: 'WEBSOCKET_CLOSE_4000' }],
  ])('close code %i of the server', async (code, expected) => {
    const http = createHttpServer()
    new WebSocketServer({ server: http }).on('connection', (socket) => socket.close(code, 'because'))
    const handlers = new Recorder()
    await open(nodePlatform, `ws://127.0.0.1:${await serve(http)}`, {}, handlers)
    const error = await handlers.closed()
    if (expected === undefined) expect(error).toBeUndefined()
    else {
      expect(error).toMatchObject(expected)
      expect(error?.message).toContain('"because"')
    }
  })
})
