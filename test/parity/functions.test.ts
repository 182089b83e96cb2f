/** The functions of a client, in every form in which they may be called, over real connections. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Client, connect, isMqttError, type Message } from '../../platform/node/index.js'
import { nothingMoreThan, resources } from '../platform/recorder.js'
import { type Mosquitto, startMosquitto } from '../support/mosquitto.js'
import { freePort } from '../support/ports.js'
import { meet, startPeer } from './peer.js'

let broker: Mosquitto
beforeAll(async () => {
  broker = await startMosquitto()
})
afterAll(() => broker[Symbol.asyncDispose]())

const USER: [string, string][] = [['why', 'because']]

describe('new Client', () => {
  test('without options is a client of localhost, port 1883', async () => {
    const client = new Client()
    // Somebody may listen there, or not.
    await client.connect().catch(() => {})
    expect(client.info).toMatchObject({ server: 'mqtt://localhost:1883', protocolVersion: 4 })
    await client.stop()
  })

  test('refuses options that are misspelt or out of range, by name', () => {
    expect(() => new Client({ keepalive: 60 } as object)).toThrow(/keepalive/)
    expect(() => new Client({ keepAlive: 65_536 })).toThrow(/^keepAlive: .*65.?536/)
    expect(() => new Client({ url: 'http://localhost' })).toThrow(/^url: /)
  })
})

describe('connect', () => {
  test('answers with what CONNACK said', async () => {
    await using client = new Client({ url: broker.urls.mqtt, protocolVersion: 5 })
    expect(client.status).toBe('idle')
    const result = await client.connect()
    expect(result).toMatchObject({ sessionPresent: false, reasonCode: 0 })
    expect(result.properties.assignedClientIdentifier).toBe(client.clientId)
    expect(client.status).toBe('connected')
  })

  test('rejects with an error that has a code and a cause: a POSIX name, or the reason of CONNACK', async () => {
    const port = await freePort()
    const failure = await connect(`mqtt://127.0.0.1:${port}`).catch((error) => error)
    expect(isMqttError(failure)).toBe(true)
    expect(failure).toMatchObject({ name: 'ConnectError', code: 'ECONNREFUSED', phase: 'tcp', cause: { port } })

    await using peer = await startPeer()
    const client = new Client({ url: peer.url, protocolVersion: 5, reconnect: false })
    const refused = expect(client.connect()).rejects.toMatchObject({ code: 'BANNED', reasonCode: 0x8a })
    await (await peer.conversation()).accept({ reasonCode: 0x8a })
    await refused
  })

  test('as one call makes the client, too, and gives up when its signal aborts', async () => {
    await using client = await connect(broker.urls.mqtt, { clientId: 'at-once' })
    expect(client.clientId).toBe('at-once')
    await using peer = await startPeer()
    const controller = new AbortController()
    const waiting = new Client({ url: peer.url, reconnect: false })
    const connecting = expect(waiting.connect({ signal: controller.signal })).rejects.toThrow('enough')
    const server = await peer.conversation()
    controller.abort(new Error('enough'))
    await connecting
    await server.closed
  })

  test('over WebSocket is the same call', async () => {
    await using client = await connect({ host: '127.0.0.1', port: broker.ports.ws, transport: 'ws' })
    expect(await client.ping()).toBeGreaterThan(0)
    expect(client.info.server).toBe(broker.urls.ws)
  })
})

describe('disconnect', () => {
  test('is normal by itself, and says in 5.0 what it is told to', async () => {
    await using peer = await startPeer()
    const cases = [
      [undefined, { reasonCode: 0, properties: {} }],
      [{ reasonCode: 4 }, { reasonCode: 4, properties: {} }],
      [
        { reasonCode: 0x80, properties: { reasonString: 'tired', userProperties: USER } },
        { reasonCode: 0x80, properties: { reasonString: 'tired', userProperties: USER } },
      ],
    ] as const
    for (const [options, expected] of cases) {
      const { client, server } = await meet(peer, { protocolVersion: 5 })
      await client.disconnect(options as Parameters<typeof client.disconnect>[0])
      expect(client.status).toBe('closed')
      const { reasonCode, properties } = await server.next('disconnect')
      expect({ reasonCode, properties }).toEqual(expected)
      await server.closed
    }
  })

  test('resolves after what was published before it has gone out', async () => {
    await using reader = await connect(broker.urls.mqtt)
    const messages = await reader.subscribe('last/words')
    const client = await connect(broker.urls.mqtt)
    client.publish('last/words', 'farewell').catch(() => {})
    await client.disconnect()
    expect((await messages.next()).value?.text()).toBe('farewell')
  })
})

test('ping answers with the round trip', async () => {
  await using client = await connect(broker.urls.mqtt)
  const before = performance.now()
  const roundTrip = await client.ping()
  expect(roundTrip).toBeGreaterThan(0)
  expect(roundTrip).toBeLessThanOrEqual(performance.now() - before + 1)
})

describe('publish', () => {
  test('takes a topic and a payload, options, and properties', async () => {
    await using client = await connect(broker.urls.mqtt, { protocolVersion: 5 })
    const messages = await client.subscribe('pub/#', { qos: 2, retainAsPublished: true })
    const next = async (): Promise<Message> => (await messages.next()).value as Message

    expect(await client.publish('pub/2', 'text')).toMatchObject({ packetId: undefined, reasonCode: 0 })
    const plain = await next()
    expect(plain).toMatchObject({ topic: 'pub/2', qos: 0, retain: false })
    expect([plain.text(), plain.properties]).toEqual(['text', {}])

    const bytes = Uint8Array.of(0, 255, 128)
    const { packetId } = await client.publish('pub/3', bytes, { qos: 1, retain: true })
    expect(packetId).toEqual(expect.any(Number))
    const message = await next()
    expect(message).toMatchObject({ topic: 'pub/3', qos: 1, retain: true })
    expect(Buffer.compare(message.payload, bytes)).toBe(0)

    await client.publish('pub/4', '{"a":1}', { qos: 2, properties: { contentType: 'application/json' } })
    const json = await next()
    expect(json).toMatchObject({ qos: 2, properties: { contentType: 'application/json' } })
    expect(json.json()).toEqual({ a: 1 })
    await client.publish('pub/3', '', { retain: true })
  })

  test('answers with the reason code and the properties of the last answer', async () => {
    await using peer = await startPeer()
    const { client, server } = await meet(peer, { protocolVersion: 5 })
    await using _ = client
    const once = client.publish('t', '', { qos: 1 })
    const packetId = (await server.next('publish')).packetId as number
    server.send({ type: 'puback', packetId, reasonCode: 0x10, properties: { reasonString: 'nobody' } })
    expect(await once).toEqual({ packetId, reasonCode: 0x10, properties: { reasonString: 'nobody' } })
    const refused = client.publish('t', '', { qos: 1 })
    server.send({ type: 'puback', packetId: (await server.next('publish')).packetId as number, reasonCode: 0x97 })
    await expect(refused).rejects.toMatchObject({ name: 'RefusedError', reasonCode: 0x97 })
  })

  test('stops waiting when its signal aborts', async () => {
    await using peer = await startPeer()
    const { client, server } = await meet(peer)
    await using _ = client
    const controller = new AbortController()
    const published = client.publish('t', '', { qos: 1, signal: controller.signal })
    await server.next('publish')
    controller.abort(new Error('enough'))
    await expect(published).rejects.toThrow('enough')
  })
})

describe('stop', () => {
  test.each(['stop', 'await using'])(
    '%s leaves no timer, socket or listener, and the client cannot be used again',
    async (how) => {
      await using peer = await startPeer()
      const before = resources()
      const client = new Client({ url: peer.url, keepAlive: 1, reconnect: () => 10 })
      const events: string[] = []
      client.on('close', () => events.push('close'))
      const [server] = await Promise.all([
        peer.conversation().then(async (server) => {
          await server.accept()
          return server
        }),
        client.connect(),
      ])
      if (how === 'stop') await client.stop()
      else {
        await using _ = client
      }
      await server.closed
      expect(server.heard.at(-1)?.packet.type).toBe('disconnect')
      expect(client.status).toBe('stopped')
      expect(events).toEqual(['close'])
      await expect(client.connect()).rejects.toMatchObject({ code: 'CLOSED' })
      await nothingMoreThan(before)
    },
  )
})

test('status and info show what is in force', async () => {
  await using peer = await startPeer()
  const { client, server } = await meet(peer, { name: 'n', clientId: 'c', protocolVersion: 5, maxInflight: 1 })
  await using _ = client
  const published = [1, 2, 3].map((n) => client.publish('t', String(n), { qos: 1 }))
  expect(client.info).toEqual({
    name: 'n',
    clientId: 'c',
    status: 'connected',
    protocolVersion: 5,
    server: peer.url,
    queued: 2,
    inflight: 1,
    maxInflight: 1,
    paused: false,
    connack: { sessionPresent: false, reasonCode: 0, properties: {} },
  })
  for (const _ of published)
    server.send({ type: 'puback', packetId: (await server.next('publish')).packetId as number })
  await Promise.all(published)
  expect(client.info).toMatchObject({ queued: 0, inflight: 0 })
})

test('the example of the reference does here what it does there', async () => {
  const received: string[] = []
  const client = new Client({ url: broker.urls.mqtt, clientId: 'example' })
  await client.connect()
  const done = new Promise<void>((resolve) => {
    client.on('message', (message) => {
      received.push(`${message.topic} ${message.text()}`)
      if (received.length === 2) resolve()
    })
  })
  const { reasonCodes } = await client.subscribe('hello', { qos: 1 })
  expect(reasonCodes).toEqual([1])
  await client.publish('hello', 'Hello World!', { qos: 0 })
  const { packetId } = await client.publish('hello', 'Hello World!', { qos: 1 })
  expect(packetId).toEqual(expect.any(Number))
  await done
  expect(received).toEqual(['hello Hello World!', 'hello Hello World!'])
  expect((await client.unsubscribe('hello')).reasonCodes).toEqual([0])
  await client.disconnect()
  await client.stop()
})
