/** No secret is in an error, an event, or what is printed of a client: tried with many failures, over real sockets. */

import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:net'
import { HttpsProxyAgent } from 'https-proxy-agent'
import { afterEach, describe, expect, it, test } from 'vitest'
import { Client, type ClientOptions, connect, type TlsOptions } from '../../platform/node/index.js'
import { scram } from '../../platform/scram/index.js'
import { encodePacket } from '../../src/codec/index.js'
import { CoreClient } from '../../src/index.js'
import { serveTls } from '../integration/servers.js'
import { listen as serve } from '../platform/servers.js'
import { certificates } from '../support/certificates.js'
import { freePort } from '../support/ports.js'
import { ScramServer } from '../support/scram-server.js'
import { VirtualHost } from '../support/virtual-host.js'
import { everythingOf, leaks, listen } from './secrets.js'

const SECRET = 'S3cr3t-Marker'
const NUMBER = 987_654_321
const SECRETS = [SECRET, String(NUMBER)]

const cleanUps: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp()
})

async function server(started: Parameters<typeof serve>[0]): Promise<number> {
  const { port, close } = await serve(started)
  cleanUps.push(close)
  return port
}

/** Takes a connection and answers whatever comes first. */
function answering(bytes: Uint8Array | string): Promise<number> {
  return server(createServer((socket) => socket.on('error', () => {}).once('data', () => socket.end(bytes))))
}

const refusing = (reasonCode: number) => answering(encodePacket({ type: 'connack', reasonCode }, 5))

/** All that comes out of a client that fails with these options, which it has to. */
async function failing(options: ClientOptions): Promise<string> {
  let client: Client
  try {
    client = new Client({ protocolVersion: 5, reconnect: false, connectTimeout: 10_000, ...options })
  } catch (error) {
    return everythingOf(error)
  }
  const heard = listen(client)
  const failed: unknown = await client.connect().then(
    () => expect.unreachable('it connected'),
    (error: unknown) => error,
  )
  await client.stop()
  return `${everythingOf(failed)}\n${heard()}`
}

async function expectNothing(options: ClientOptions): Promise<void> {
  const output = await failing(options)
  expect(output).toMatch(/Error/)
  expect(leaks(output, SECRETS)).toEqual([])
}

describe('the search', () => {
  test.each([
    ['text', SECRET],
    ['bytes', Buffer.from(SECRET)],
    ['an array of bytes', new TextEncoder().encode(SECRET)],
    ['a property of an error', Object.assign(new Error('x'), { it: SECRET })],
    ['the cause of a cause', new Error('x', { cause: new Error('y', { cause: { it: SECRET } }) })],
    ['what is not enumerable', Object.defineProperty({}, 'it', { value: SECRET })],
    ['base64', { it: btoa(SECRET) }],
    ['far inside', { a: { b: { c: { d: { e: SECRET } } } } }],
  ])('finds a secret in %s', (_, value) => {
    expect(leaks(everythingOf(value), SECRETS)).not.toEqual([])
  })
})

describe('the password', () => {
  const given: [string, ClientOptions][] = [
    ['a string', { username: 'u', password: SECRET }],
    ['bytes', { username: 'u', password: Buffer.from(SECRET) }],
    ['a function', { username: 'u', password: async () => SECRET }],
    ['from credentials, with a token for a user name', { credentials: () => ({ username: SECRET, password: SECRET }) }],
  ]
  it.each(given)('%s, refused by the server', async (_, options) => {
    for (const code of [0x86, 0x87, 0x8c]) await expectNothing({ ...options, port: await refusing(code) })
  })
  it.each(given)('%s, with nobody to send it to', async (_, options) => {
    await expectNothing({ ...options, port: await freePort() })
  })
  it.each(given)('%s, sent to what is no MQTT server', async (_, options) => {
    for (const bytes of ['HTTP/1.1 400 Bad Request\r\n\r\n', Uint8Array.of(0x15, 3, 1), Uint8Array.of(0xf1, 0xff), ''])
      await expectNothing({ ...options, port: await answering(bytes) })
  })

  it('of a URL, whether it can be read or not', async () => {
    const port = await freePort()
    for (const scheme of ['mqtt', 'mqtts', 'ws', 'wss']) {
      await expectNothing({ url: `${scheme}://u:${SECRET}@127.0.0.1:${port}` })
      await expectNothing({ servers: [`${scheme}://u:${SECRET}@127.0.0.1:${port}`] })
      for (const url of [
        `${scheme}://u:1/${SECRET}@127.0.0.1`,
        `${scheme}://u:/${SECRET}@127.0.0.1`,
        `${scheme}://u:#${SECRET}@127.0.0.1`,
        `${scheme}://u:${SECRET}@127.0.0.1:99999`,
        `${scheme}://u:${SECRET}%@127.0.0.1:${port}`,
        `${scheme}:u:${SECRET}@127.0.0.1`,
        `u:${SECRET}@127.0.0.1`,
        `u:${SECRET}://127.0.0.1`,
      ])
        await expectNothing({ url })
    }
    await expectNothing({ host: `u:${SECRET}@127.0.0.1` })
  })

  it.each<[string, object]>([
    ['a number', { password: NUMBER }],
    ['an object', { password: { it: SECRET } }],
    ['a user name that is none', { username: [SECRET] }],
    ['a function that gives an object', { username: 'u', password: () => ({ it: SECRET }) }],
    ['a function that gives a number', { username: 'u', password: async () => NUMBER }],
    ['credentials that are none', { credentials: SECRET }],
    ['credentials that give text', { credentials: () => SECRET }],
    ['credentials in a field of another name', { credentials: () => ({ pasword: SECRET }) }],
    ['credentials of other types', { credentials: () => ({ username: NUMBER, password: { it: SECRET } }) }],
    ['a password where the time belongs', { credentials: () => ({ expiresAt: SECRET }) }],
    ['a user name that UTF-8 cannot hold', { username: `${SECRET}\ud800` }],
    ['a user name that is too long', { username: SECRET.repeat(10_000) }],
    ['a password that is too long', { password: SECRET.repeat(10_000), username: 'u' }],
    ['options that are a password', SECRET as never],
    ['one too many', { credentials: () => ({}), password: SECRET }],
    ['authentication data that is a number', { enhancedAuth: { method: 'OTP', start: () => NUMBER, next: () => {} } }],
    ['authentication data in place of an authenticator', { properties: { authenticationData: Buffer.from(SECRET) } }],
    ['an authenticator that is none', { enhancedAuth: { method: { it: SECRET } } }],
  ])('%s is refused without being shown', async (_, options) => {
    await expectNothing(options)
  })
})

describe('TLS', () => {
  it('shows no key, pass phrase or archive, whatever is wrong with them', async () => {
    const { ca, client } = await certificates()
    const tls = await serveTls()
    cleanUps.push(async () => tls[Symbol.asyncDispose]())
    const given: object[] = [
      { key: client.key, cert: client.cert, passphrase: SECRET },
      { key: SECRET, cert: client.cert },
      { key: Buffer.from(`-----BEGIN PRIVATE KEY-----\n${SECRET}\n-----END PRIVATE KEY-----\n`), cert: client.cert },
      { pfx: Buffer.from(SECRET), passphrase: SECRET },
      { pfx: SECRET, passphrase: SECRET },
      { passphrase: NUMBER, key: client.key, cert: client.cert },
      { key: NUMBER, cert: client.cert },
      { passphrase: NUMBER, ca: ca.cert, key: { it: SECRET } },
    ]
    // Untrusted at the latest.
    for (const options of given)
      for (const transport of ['tls', 'wss'] as const)
        await expectNothing({ transport, port: tls.port, tls: options as TlsOptions })
  })
})

describe('WebSocket', () => {
  const TOKEN = `/mqtt?token=${SECRET}`
  const headers = { authorization: `Bearer ${SECRET}`, cookie: `session=${SECRET}` }

  it('shows no header and no query, whatever the server answers', async () => {
    for (const status of [200, 302, 400, 401, 404, 407, 503]) {
      const port = await server(createHttpServer((_, response) => response.writeHead(status).end()))
      await expectNothing({ transport: 'ws', port, path: TOKEN, webSocket: { headers } })
      await expectNothing({ url: `ws://127.0.0.1:${port}${TOKEN}`, webSocket: { headers } })
    }
    for (const bytes of ['', 'SSH-2.0\r\n', Uint8Array.of(0x20, 2, 0, 0), 'HTTP/1.1 101 Switching Protocols\r\n\r\n'])
      await expectNothing({ transport: 'ws', port: await answering(bytes), path: TOKEN, webSocket: { headers } })
  })

  it('shows them neither where they, or the host beside them, are refused', async () => {
    for (const value of [`${SECRET}\n`, `${SECRET}\u{1f600}`, undefined, NUMBER])
      await expectNothing({
        transport: 'ws',
        path: TOKEN,
        webSocket: { headers: { authorization: value as string } },
        port: await freePort(),
      })
    for (const host of ['fe80::1%lo', '%', 'a^b'])
      await expectNothing({ transport: 'ws', host, path: TOKEN, connectTimeout: 2_000 })
    await expectNothing({ transport: 'ws', path: `${TOKEN} ` })
    await expectNothing({ url: `ws://127.0.0.1${TOKEN}#` })
  })

  it('shows no credentials of a proxy', async () => {
    const asking = await server(
      createServer((socket) => socket.once('data', () => socket.end('HTTP/1.1 407 No\r\n\r\n'))),
    )
    for (const port of [asking, await freePort(), await answering(''), await answering('x')]) {
      const agent = new HttpsProxyAgent(`http://u:${SECRET}@127.0.0.1:${port}`)
      for (const transport of ['ws', 'wss'] as const)
        await expectNothing({ transport, port: 1, path: TOKEN, webSocket: { agent, headers } })
    }
  })

  it('shows no query of a URL that cannot be, as it is first seen behind an agent', async () => {
    const agent = new HttpsProxyAgent('http://127.0.0.1:1')
    const output = await failing({ transport: 'ws', host: 'fe80::1%lo', path: TOKEN, webSocket: { agent } })
    expect(output).toContain('the options "webSocket" are refused')
    expect(leaks(output, SECRETS)).toEqual([])
  })

  it('shows no pass phrase that a proxy hands on', async () => {
    const { client } = await certificates()
    const proxy = createHttpServer().on('connect', (_, socket) => socket.write('HTTP/1.1 200 OK\r\n\r\n'))
    const agent = new HttpsProxyAgent(`http://127.0.0.1:${await server(proxy)}`)
    await expectNothing({
      transport: 'wss',
      port: 1,
      tls: { key: client.key, passphrase: NUMBER as never },
      webSocket: { agent },
    })
  })
})

describe('in memory', () => {
  it('a client that is connected shows nothing of what it was made with, nor of what it sent', async () => {
    const host = new VirtualHost()
    const client = new CoreClient(
      {
        url: `mqtt://u:${SECRET}@broker:1`,
        password: SECRET,
        username: SECRET,
        will: { topic: 'gone', payload: SECRET },
        tls: { passphrase: SECRET, key: SECRET, pfx: SECRET },
        webSocket: { headers: { authorization: SECRET } },
        protocolVersion: 5,
      },
      host,
    )
    let will: unknown
    client.on('packetsend', (packet) => {
      if (packet.type === 'connect') will = packet.will
    })
    const connecting = client.connect()
    const peer = await host.peer(0)
    const { password, username } = await peer.accept()
    expect([username, Buffer.from(password as Uint8Array).toString()], 'it was sent').toEqual([SECRET, SECRET])
    await connecting
    expect(leaks(everythingOf(client), SECRETS)).toEqual([])
    // The will is a message, and messages are told.
    expect(will).toMatchObject({ topic: 'gone', payload: new TextEncoder().encode(SECRET) })
    await client.stop()
  })

  it('SCRAM: neither the password nor a proof of it, in an exchange that succeeds, that fails, and again', async () => {
    const host = new VirtualHost()
    const authenticator = scram('SCRAM-SHA-256', { username: 'u', password: SECRET })
    const client = new CoreClient({ protocolVersion: 5, enhancedAuth: authenticator, password: SECRET }, host)
    const heard = listen(client)
    const said: Uint8Array[] = []
    const connecting = client.connect()
    const peer = await host.peer(0)
    const exchange = async (begun: { properties: { authenticationData?: Uint8Array | undefined } }) => {
      const scramServer = new ScramServer('SCRAM-SHA-256', { username: 'u', password: SECRET })
      const first = scramServer.first(begun.properties.authenticationData)
      peer.send({
        type: 'auth',
        reasonCode: 0x18,
        properties: { authenticationMethod: 'SCRAM-SHA-256', authenticationData: first },
      })
      const proof = (await peer.next('auth')).properties.authenticationData as Uint8Array
      const last = scramServer.final(proof)
      said.push(first, proof)
      return { authenticationMethod: 'SCRAM-SHA-256', authenticationData: last }
    }
    peer.send({ type: 'connack', properties: await exchange(await peer.next('connect')) })
    await connecting
    const again = client.reauthenticate()
    peer.send({ type: 'auth', reasonCode: 0, properties: await exchange(await peer.next('auth')) })
    await again
    const failing = client.reauthenticate()
    const wrong = { ...(await exchange(await peer.next('auth'))), authenticationData: Buffer.from('v=AAAA') }
    peer.send({ type: 'auth', reasonCode: 0, properties: wrong })
    const error: unknown = await failing.catch((thrown: unknown) => thrown)
    const output = [heard(), everythingOf(error), everythingOf(authenticator)].join('\n')
    expect(output).toContain('SCRAM_SERVER_SIGNATURE')
    expect(said).toHaveLength(6)
    expect(leaks(output, [...SECRETS, ...said])).toEqual([])
    await client.stop()
  })

  it('connect() of a URL with a password that is no option rejects without it', async () => {
    const error: unknown = await connect(`mqtt://u:${SECRET}@127.0.0.1:${await freePort()}`).catch((thrown) => thrown)
    expect(leaks(everythingOf(error), SECRETS)).toEqual([])
  })
})
