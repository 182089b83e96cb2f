/** The options of `new Client`, each seen at the other end of a real connection. */

import { createServer as createHttpServer } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { Client, type ClientOptions, connect, type MqttError } from '../../platform/node/index.js'
import { listen } from '../platform/servers.js'
import { type Mosquitto, startMosquitto } from '../support/mosquitto.js'
import { freePort } from '../support/ports.js'
import { meet, startPeer } from './peer.js'

let broker: Mosquitto
beforeAll(async () => {
  broker = await startMosquitto({ passwords: { 'mü/ller@home': 'p@ss/wörd', reader: 'first' } })
})
afterAll(() => broker[Symbol.asyncDispose]())

const CREDENTIALS = { username: 'reader', password: 'first' }

describe('name', () => {
  test('labels the errors and events of its client, and is the client id unless given', async () => {
    const wrong = { url: broker.urls.mqtt, username: 'reader', password: 'wrong', reconnect: false } as const
    const client = new Client({ ...wrong, name: 'kitchen', clientId: 'k-1' })
    await expect(client.connect()).rejects.toMatchObject({ client: 'kitchen' })
    await expect(new Client({ ...wrong, clientId: 'k-1' }).connect()).rejects.toMatchObject({ client: 'k-1' })

    await using peer = await startPeer()
    const { client: other, server } = await meet(peer, { name: 'cellar' })
    await using _ = other
    const failed = new Promise<Error | undefined>((resolve) => other.once('disconnect', ({ error }) => resolve(error)))
    server.drop()
    expect(await failed).toMatchObject({ client: 'cellar' })
    expect(other.info.name).toBe('cellar')
  })
})

describe('signal', () => {
  test('ends the connection in order when it aborts, and what is pending rejects with its reason', async () => {
    await using peer = await startPeer()
    const controller = new AbortController()
    const { client, server } = await meet(peer, { signal: controller.signal })
    const pending = [client.publish('t', 'p', { qos: 1 }), client.subscribe('f'), client.ping()]
    await server.next('publish')
    await server.next('subscribe')
    await server.next('pingreq')
    const reason = new Error('the owner is gone')
    controller.abort(reason)
    for (const promise of pending) await expect(promise).rejects.toBe(reason)
    await server.next('disconnect')
    await server.closed
    await expect(client.connect()).rejects.toBe(reason)
  })
})

describe('host, port and url', () => {
  test.each(['localhost', '127.0.0.1', '[::1]'])('host may be a name or an address: %s', async (host) => {
    await using peer = await startPeer(host === '[::1]' ? '::1' : undefined)
    const { client, server } = await meet(peer, { url: undefined, host, port: peer.port })
    await using _ = client
    expect(server.remote.address).toMatch(host === '[::1]' ? /^::1$/ : /127\.0\.0\.1$/)
  })

  test.each([
    ['mqtt', 1883],
    ['mqtts', 8883],
    ['ws', 80],
    ['wss', 443],
  ])('a URL of %s without a port goes to %i', async (scheme, port) => {
    // Nobody listens at this address of loopback: what cannot be reached is told with its port.
    const failure = await new Client({ url: `${scheme}://127.0.5.1`, reconnect: false }).connect().catch(String)
    expect(failure).toContain(`${scheme}://127.0.5.1:${port}`)
    await expect(new Client({ url: `${scheme}://127.0.5.1`, reconnect: false }).connect()).rejects.toMatchObject({
      cause: { port, code: 'ECONNREFUSED' },
    })
  })

  test('tcp:// is another name of mqtt://', async () => {
    await using client = await connect(broker.urls.mqtt.replace('mqtt', 'tcp'), CREDENTIALS)
    expect(await client.ping()).toBeGreaterThan(0)
    expect(client.info.server).toBe(broker.urls.mqtt)
  })

  test.each(['ssl', 'tls'])('%s:// is another name of mqtts://', async (alias) => {
    const url = broker.urls.mqtts.replace('mqtts', alias)
    // That the certificate is looked at shows that TLS is spoken; the option `tls` would have it spoken in any case.
    const failure = await connect(url, CREDENTIALS).catch((error: unknown) => error)
    expect(failure).toMatchObject({ phase: 'tls', code: expect.stringMatching(/CERT|VERIFY/) })
    await using client = await connect(url, { ...CREDENTIALS, tls: { ca: broker.ca } })
    expect(client.info.server).toBe(broker.urls.mqtts)
  })

  test('credentials in the URL are decoded', async () => {
    const url = new URL(broker.urls.mqtt)
    url.username = 'mü/ller@home'
    url.password = 'p@ss/wörd'
    expect(url.href).not.toContain('p@ss')
    await using client = await connect(url)
    expect(await client.ping()).toBeGreaterThan(0)
  })

  test('servers are tried in order until one accepts', async () => {
    const nobody = `mqtt://127.0.0.1:${await freePort()}`
    await using client = new Client({ servers: [nobody, broker.urls.mqtt], ...CREDENTIALS, reconnect: false })
    await client.connect()
    expect(client.info.server).toBe(broker.urls.mqtt)
  })
})

describe('the network connection', () => {
  test('tcp reaches net.connect', async () => {
    await using peer = await startPeer('localhost')
    const localPort = await freePort()
    const tcp = { localAddress: '127.0.0.3', localPort, family: 4 }
    const { client, server } = await meet(peer, { url: undefined, host: 'localhost', port: peer.port, tcp })
    await using _ = client
    expect(server.remote).toEqual({ address: '127.0.0.3', port: localPort, family: 'IPv4' })
  })

  test('path is that of the WebSocket, /mqtt unless given, and transport picks TCP, TLS, WS or WSS without a URL', async () => {
    const paths: (string | undefined)[] = []
    const http = createHttpServer()
    new WebSocketServer({ server: http }).on('connection', (socket, { url }) => {
      paths.push(url)
      socket.close()
    })
    const { port, close } = await listen(http)
    const to = { host: '127.0.0.1', port, transport: 'ws', reconnect: false } as const
    for (const options of [to, { ...to, path: '/broker' }])
      await expect(new Client(options).connect()).rejects.toThrow()
    await close()
    expect(paths).toEqual(['/mqtt', '/broker'])

    for (const [transport, scheme] of [
      ['tcp', 'mqtt'],
      ['tls', 'mqtts'],
      ['ws', 'ws'],
      ['wss', 'wss'],
    ] as const) {
      const secured = scheme.endsWith('s') && scheme !== 'ws'
      const tls = secured ? { ca: broker.ca } : false
      const options: ClientOptions = { host: '127.0.0.1', port: broker.ports[scheme], transport, tls, ...CREDENTIALS }
      await using client = await connect(options)
      expect(client.info.server?.replace(/\/mqtt$/, '')).toBe(`${scheme}://127.0.0.1:${broker.ports[scheme]}`)
    }
  })
})

describe('CONNECT', () => {
  test('says MQTT 3.1.1, Clean Session, a keep-alive of 60 s and nothing else unless told otherwise', async () => {
    await using peer = await startPeer()
    const { client, connect } = await meet(peer)
    await using _ = client
    expect(connect).toEqual({
      type: 'connect',
      protocolVersion: 4,
      bridgeMode: false,
      cleanStart: true,
      keepAlive: 60,
      clientId: expect.stringMatching(/^emqtt-[0-9a-f]{16}$/),
      will: undefined,
      username: undefined,
      password: undefined,
      properties: {},
    })
  })

  test.each([3, 4, 5] as const)('bears what its options say in version %i', async (protocolVersion) => {
    await using peer = await startPeer()
    const bridgeMode = protocolVersion !== 5
    const { client, connect } = await meet(peer, {
      protocolVersion,
      bridgeMode,
      clientId: 'reader-1',
      cleanStart: false,
      keepAlive: 17,
      username: 'me',
      password: 'secret',
      will: { topic: 'gone', payload: 'ü', qos: 2, retain: true },
    })
    await using _ = client
    expect(connect).toMatchObject({
      protocolVersion,
      bridgeMode,
      clientId: 'reader-1',
      cleanStart: false,
      keepAlive: 17,
      username: 'me',
      will: { topic: 'gone', qos: 2, retain: true, properties: {} },
    })
    expect(Buffer.from(connect.password as Uint8Array).toString()).toBe('secret')
    expect(Buffer.from(connect.will?.payload as Uint8Array).toString()).toBe('ü')
  })

  test('bridgeMode is taken by a broker in 3.1 and 3.1.1, and refused in 5.0 before anything is sent', async () => {
    for (const protocolVersion of [3, 4] as const) {
      await using client = await connect(broker.urls.mqtt, { ...CREDENTIALS, bridgeMode: true, protocolVersion })
      expect(await client.ping()).toBeGreaterThan(0)
    }
    expect(() => new Client({ bridgeMode: true, protocolVersion: 5 })).toThrow(/bridgeMode/)
  })

  test.each([4, 5] as const)(
    'cleanStart false takes the session up again, true does not, in version %i',
    async (protocolVersion) => {
      const options = { url: broker.urls.mqtt, ...CREDENTIALS, protocolVersion, clientId: `kept-${protocolVersion}` }
      const sessionPresent = async (cleanStart: boolean): Promise<boolean> => {
        await using client = new Client({ ...options, cleanStart })
        return (await client.connect()).sessionPresent
      }
      expect(await sessionPresent(false)).toBe(false)
      expect(await sessionPresent(false)).toBe(true)
      expect(await sessionPresent(true)).toBe(false)
    },
  )
})

describe('username and password', () => {
  test('are what the server asks for, and a password that it refuses is not shown', async () => {
    await using client = await connect(broker.urls.mqtt, { ...CREDENTIALS, protocolVersion: 5 })
    expect(client.status).toBe('connected')
    const failure: MqttError = await connect(broker.urls.mqtt, { username: 'reader', password: 'not-this-one' }).catch(
      (error) => error,
    )
    expect(failure).toMatchObject({ code: 'NOT_AUTHORIZED', phase: 'connack' })
    expect(`${failure} ${failure.stack} ${JSON.stringify(failure)}`).not.toContain('not-this-one')
  })

  test('may be functions, which are asked again at each connection', async () => {
    await using peer = await startPeer()
    let asked = 0
    const { client, server, connect } = await meet(peer, {
      protocolVersion: 5,
      reconnect: () => 0,
      username: () => 'me',
      password: async () => `token-${++asked}`,
    })
    await using _ = client
    server.drop()
    const again = await (await peer.conversation()).accept()
    const tokens = [connect, again].map(({ username, password }) => [username, Buffer.from(password ?? []).toString()])
    expect(tokens).toEqual([
      ['me', 'token-1'],
      ['me', 'token-2'],
    ])
  })
})

test('will is published with all that it was given when the client vanishes', async () => {
  await using watcher = await connect(broker.urls.mqtt, { ...CREDENTIALS, protocolVersion: 5 })
  const wills = await watcher.subscribe('gone', { qos: 2, retainAsPublished: true })
  const will = {
    topic: 'gone',
    payload: 'bye',
    qos: 2,
    retain: true,
    properties: { contentType: 'text/plain' },
  } as const
  const client = new Client({ url: broker.urls.mqtt, ...CREDENTIALS, protocolVersion: 5, will })
  await client.connect()
  await client.disconnect({ reasonCode: 4 })
  const { value: message } = await wills.next()
  expect(message).toMatchObject({ topic: 'gone', qos: 2, retain: true, properties: { contentType: 'text/plain' } })
  expect(message?.text()).toBe('bye')
})
