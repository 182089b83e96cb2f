import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { CoreClient } from '../../src/index.js'
import { settled, VirtualHost } from '../support/virtual-host.js'
import {
  codeOf,
  connected,
  failure,
  granted,
  noUnhandledRejections,
  publish,
  reconnected,
  record,
  state,
  VERSIONS,
} from './bench.js'

noUnhandledRejections()

for (const protocolVersion of VERSIONS) {
  test(`publishes at QoS 0, 1 and 2, and settles each when its exchange is complete (${protocolVersion})`, async () => {
    const { client, peer, host } = await connected({ protocolVersion })
    expect(await client.publish('a', 'zero', { retain: true })).toEqual({
      packetId: undefined,
      reasonCode: 0,
      properties: {},
    })
    expect(await peer.next('publish')).toMatchObject({ topic: 'a', qos: 0, retain: true, dup: false })

    const one = client.publish('a', new Uint8Array([1, 2]), { qos: 1 })
    const first = await peer.next('publish')
    expect(first).toMatchObject({ qos: 1, retain: false, payload: new Uint8Array([1, 2]) })
    expect(await state(one)).toBe('pending')
    peer.send({
      type: 'puback',
      packetId: first.packetId as number,
      ...(protocolVersion === 5 && { reasonCode: 0x10 }),
    })
    expect(await one).toEqual({
      packetId: first.packetId,
      reasonCode: protocolVersion === 5 ? 0x10 : 0,
      properties: {},
    })

    const two = client.publish('a', 'two', { qos: 2 })
    const second = await peer.next('publish')
    peer.send({ type: 'pubrec', packetId: second.packetId as number })
    await peer.next('pubrel')
    expect(await state(two)).toBe('pending')
    peer.send({ type: 'pubcomp', packetId: second.packetId as number })
    expect(await two).toMatchObject({ packetId: second.packetId })

    await client.disconnect()
    expect(host.pendingTimers).toBe(0)
  })

  test(`CONNECT says what the options say (${protocolVersion})`, async () => {
    const will = { topic: 'w', payload: 'gone', qos: 1, retain: true } as const
    const { client, connect } = await connected({
      protocolVersion,
      clientId: 'me',
      cleanStart: false,
      keepAlive: 33,
      username: 'u',
      password: 'p',
      will,
      bridgeMode: protocolVersion < 5,
    })
    expect(connect).toMatchObject({
      protocolVersion,
      clientId: 'me',
      cleanStart: false,
      keepAlive: 33,
      username: 'u',
      password: new TextEncoder().encode('p'),
      bridgeMode: protocolVersion < 5,
      will: { topic: 'w', qos: 1, retain: true },
    })
    await client.disconnect()
  })
}

describe('publish()', () => {
  test('rejects what MQTT does not allow with an error that names the field, and sends nothing', async () => {
    const { client, peer } = await connected({ protocolVersion: 5 })
    const calls: [Promise<unknown>, RegExp][] = [
      [client.publish('a/+', ''), /topic/],
      [client.publish('', ''), /topic/],
      [client.publish(5 as never, ''), /topic/],
      [client.publish('a', 5 as never), /payload/],
      [client.publish('a', '', { qos: 3 as never }), /qos/],
      [client.publish('a', '', { retain: 'yes' as never }), /retain/],
      [client.publish('a', '', { properties: { payloadFormatIndicator: 2 as never } }), /payloadFormatIndicator/],
      [client.publish('a', '', { properties: { nonsense: 1 } as never }), /nonsense/],
      [client.publish('a', '', { properties: { topicAlias: 1 } as never }), /topicAlias/],
      [client.publish('a', '', { properties: { subscriptionIdentifiers: [1] } as never }), /subscriptionIdentifiers/],
    ]
    for (const [promise, message] of calls) {
      const error = await failure(promise)
      expect(error).toSatisfy((thrown) => thrown instanceof TypeError || thrown instanceof RangeError)
      expect(error.message).toMatch(message)
    }
    await settled()
    expect(peer.take()).toEqual([])
    await client.disconnect()
  })

  test('takes bytes of another realm', async () => {
    const foreign = (text: string): Uint8Array => runInNewContext(`new Uint8Array([${new TextEncoder().encode(text)}])`)
    expect(foreign('x')).not.toBeInstanceOf(Uint8Array)
    const { client, peer, connect } = await connected({
      username: 'u',
      password: () => foreign('secret'),
      will: { topic: 'w', payload: foreign('gone') },
    })
    expect(new TextDecoder().decode(connect.password)).toBe('secret')
    expect(new TextDecoder().decode(connect.will?.payload)).toBe('gone')
    await client.publish('t', foreign('x'))
    await settled()
    expect(new TextDecoder().decode((await peer.next('publish')).payload)).toBe('x')
    await client.disconnect()
  })

  test('rejects with RefusedError what the server refuses, and what CONNACK said that it would', async () => {
    const { client, peer } = await connected({ protocolVersion: 5 }, { properties: { maximumQos: 1 } })
    expect(await failure(client.publish('a', '', { qos: 2 }))).toMatchObject({ name: 'RefusedError', reasonCode: 0x9b })
    const publishing = client.publish('a', '', { qos: 1 })
    const { packetId } = await peer.next('publish')
    peer.send({ type: 'puback', packetId: packetId as number, reasonCode: 0x87 })
    expect(await failure(publishing)).toMatchObject({ name: 'RefusedError', code: 'NOT_AUTHORIZED', reasonCode: 0x87 })
    await client.disconnect()
  })

  test('before connect() waits, and goes out in order with what was published after', async () => {
    const host = new VirtualHost()
    const client = new CoreClient({}, host)
    void client.publish('t', 'a', { qos: 1 })
    void client.publish('t', 'b', { qos: 2 })
    expect(client.info).toMatchObject({ status: 'idle', queued: 2, inflight: 0, maxInflight: 0 })
    void client.connect()
    void client.publish('t', 'c', { qos: 1 })
    const peer = await host.peer()
    await peer.accept()
    await host.advance(0)
    expect(peer.take().map((packet) => packet.type === 'publish' && new TextDecoder().decode(packet.payload))).toEqual([
      'a',
      'b',
      'c',
    ])
    await client.disconnect()
  })

  for (const protocolVersion of [4, 5] as const) {
    test(`through reconnects resolves once, with the session or without it (${protocolVersion})`, async () => {
      for (const sessionPresent of [true, false]) {
        const { client, peer, host } = await connected({ protocolVersion, clientId: 'c', cleanStart: false })
        const publishing = client.publish('t', 'x', { qos: 2 })
        await peer.next('publish')
        peer.drop()
        const next = await reconnected(host, { sessionPresent })
        const packet = await next.peer.next('publish')
        expect(packet.dup).toBe(sessionPresent)
        next.peer.send({ type: 'pubrec', packetId: packet.packetId as number })
        await next.peer.next('pubrel')
        next.peer.drop()
        const last = await reconnected(host, { sessionPresent: true })
        await last.peer.next('pubrel')
        last.peer.send({ type: 'pubcomp', packetId: packet.packetId as number })
        expect(await publishing).toMatchObject({ reasonCode: 0 })
        expect(last.peer.take()).toEqual([])
        await client.disconnect()
      }
    })
  }

  test('does not write to the options, and copies nothing that it need not', async () => {
    const { client, peer } = await connected({ protocolVersion: 5 }, { properties: { topicAliasMaximum: 5 } })
    const options = Object.freeze({ qos: 1 as const, properties: Object.freeze({ contentType: 'x' }) })
    void client.publish('topic', 'x', options)
    void client.publish('topic', 'x', options)
    await settled()
    expect(peer.take()).toMatchObject([
      { topic: 'topic', properties: { topicAlias: 1, contentType: 'x' } },
      { topic: '', properties: { topicAlias: 1, contentType: 'x' } },
    ])
    await client.disconnect()
  })
})

describe('ping()', () => {
  test('resolves with the round trip in ms', async () => {
    const { client, peer, host } = await connected()
    const pinging = client.ping()
    await peer.next('pingreq')
    await host.advance(25)
    peer.send({ type: 'pingresp' })
    expect(await pinging).toBe(25)
    await client.disconnect()
  })

  test('without an answer is an AckTimeoutError, without a connection a ConnectionLostError', async () => {
    const { client, peer, host } = await connected({ ackTimeout: 100, keepAlive: 0 })
    const caught = failure(client.ping())
    await host.advance(100)
    expect(await caught).toMatchObject({ name: 'AckTimeoutError' })
    const lost = failure(client.ping())
    peer.drop()
    expect(await lost).toMatchObject({ name: 'ConnectionLostError' })
    expect(await failure(client.ping())).toMatchObject({ name: 'ConnectionLostError' })
    await client.stop()
    expect(await failure(client.ping())).toMatchObject({ name: 'ConnectionLostError' })
  })

  test('is rejected as soon as the connection is lost, though no timer runs', async () => {
    const { client, peer } = await connected({ keepAlive: 0, ackTimeout: 2_000_000_000 })
    const pinging = client.ping()
    await settled()
    peer.drop()
    expect(await state(pinging)).toMatchObject({ error: { code: 'CONNECTION_LOST' } })
    await client.disconnect()
  })
})

describe('retryCalls', () => {
  test('false ends calls with their connection, at once', async () => {
    const { client, peer } = await connected({ retryCalls: false, keepAlive: 0, ackTimeout: 2_000_000_000 })
    const subscribing = client.subscribe('a', () => {})
    const caught = failure(subscribing)
    await settled()
    peer.drop()
    expect(await caught).toMatchObject({ code: 'CONNECTION_LOST' })
    await client.disconnect()
  })

  test('true sends them again, with a time limit of its own for each connection', async () => {
    const { client, peer, host } = await connected({ ackTimeout: 10_000, keepAlive: 0 })
    const leaving = client.unsubscribe('a')
    await peer.next('unsubscribe')
    await host.advance(9_000)
    peer.drop()
    const next = await reconnected(host)
    const { packetId } = await next.peer.next('unsubscribe')
    await host.advance(9_000)
    next.peer.send({ type: 'unsuback', packetId })
    expect(await leaving).toMatchObject({ reasonCodes: [0] })
    await client.disconnect()
  })
})

describe('info and name', () => {
  test('show what is in force', async () => {
    const { client, peer } = await connected(
      { protocolVersion: 5, clientId: 'me', name: 'pump 7', maxInflight: 2 },
      { properties: { receiveMaximum: 9, serverKeepAlive: 7 } },
    )
    for (let index = 0; index < 5; index++) void client.publish('t', '', { qos: 1 })
    await settled()
    expect(client.info).toEqual({
      name: 'pump 7',
      clientId: 'me',
      status: 'connected',
      protocolVersion: 5,
      server: 'mqtt://virtual:1883',
      queued: 3,
      inflight: 2,
      maxInflight: 2,
      paused: false,
      connack: { sessionPresent: false, reasonCode: 0, properties: { receiveMaximum: 9, serverKeepAlive: 7 } },
    })
    expect(peer.take()).toHaveLength(2)
    await client.disconnect()
  })

  test('connect() answers with what CONNACK said', async () => {
    const host = new VirtualHost()
    const client = new CoreClient({ protocolVersion: 5, cleanStart: false, clientId: 'c' }, host)
    const connecting = client.connect()
    await (await host.peer()).accept({ sessionPresent: true, properties: { maximumQos: 1 } })
    expect(await connecting).toEqual({ sessionPresent: true, reasonCode: 0, properties: { maximumQos: 1 } })
    await client.disconnect()
  })

  test('two connect() calls at once are one connection', async () => {
    const host = new VirtualHost()
    const client = new CoreClient({}, host)
    const both = [client.connect(), client.connect()]
    await (await host.peer()).accept()
    const [first, second] = await Promise.all(both)
    expect(first).toBe(second)
    await settled()
    expect(host.attempts).toHaveLength(1)
    await client.disconnect()
  })
})

describe('events', () => {
  test('come in the order in which things happen', async () => {
    const host = new VirtualHost()
    const client = new CoreClient(
      { protocolVersion: 5, clientId: 'c', cleanStart: false, reconnect: { minDelay: 0, maxDelay: 0 } },
      host,
    )
    const events = record(client)
    const connecting = client.connect()
    const peer = await host.peer()
    await peer.next('connect')
    peer.send({ type: 'connack' }, publish('t', 'one'))
    await connecting
    await host.advance(0)
    peer.send(publish('t', 'two'), { type: 'disconnect', reasonCode: 0x8b })
    await reconnected(host, { sessionPresent: true })
    await client.disconnect()
    expect(events).toEqual([
      'connect false',
      'message one',
      'message two',
      'disconnect SERVER_SHUTTING_DOWN 139 retry 0',
      'reconnecting 1 0',
      'connect true',
      'disconnect',
      'close',
    ])
  })

  test('with listeners that throw raise error, and do no harm', async () => {
    const host = new VirtualHost()
    const client = new CoreClient({ reconnect: { minDelay: 10 } }, host)
    const errors: string[] = []
    client.on('error', (error) => errors.push(codeOf(error)))
    for (const name of ['connect', 'disconnect', 'reconnecting', 'packetsend', 'packetreceive', 'close'] as const) {
      client.on(name, () => {
        throw new Error(`${name} sync`)
      })
      client.on(name, async () => {
        throw new Error(`${name} async`)
      })
    }
    const connecting = client.connect()
    const peer = await host.peer()
    await peer.accept()
    await connecting
    peer.drop()
    await reconnected(host)
    await client.disconnect()
    await settled()
    for (const name of ['connect', 'disconnect', 'reconnecting', 'packetsend', 'packetreceive', 'close']) {
      expect(errors).toContain(`${name} sync`)
      expect(errors).toContain(`${name} async`)
    }
    expect(host.pendingTimers).toBe(0)
  })

  test('an error listener that throws, or rejects, is not asked about that', async () => {
    const { client, peer, host } = await connected()
    let calls = 0
    client.on('error', () => {
      calls++
      throw new Error('in error')
    })
    client.on('error', async () => {
      throw new Error('in error, later')
    })
    client.on('message', () => {
      throw new Error('bad handler')
    })
    peer.send(publish('t', 'x'))
    await host.advance(10)
    expect(calls).toBe(1)
    await client.disconnect()
  })

  test('an error that comes of what an error listener does is not told to it: it cannot go round and round', async () => {
    const { client, peer } = await connected()
    const errors: string[] = []
    client.on('packetsend', () => {
      throw new Error('bad listener')
    })
    client.on('error', (error) => {
      errors.push(error.message)
      client.publish('log', error.message).catch(() => {})
    })
    await client.publish('t', 'x')
    await settled()
    expect(errors).toEqual(['bad listener'])
    expect(peer.take().map((packet) => packet.type === 'publish' && packet.topic)).toEqual(['t', 'log'])
    await client.publish('t', 'y')
    await settled()
    expect(errors, 'the next one is told again').toHaveLength(2)
    await client.disconnect()
  })

  test('an error that nobody listens for does not reach the process', async () => {
    const { client, peer, host } = await connected()
    client.on('message', async () => {
      throw new Error('unheard')
    })
    peer.send(publish('t', 'x', 1, 1))
    await host.advance(0)
    expect(await peer.next('puback')).toBeDefined()
    await client.disconnect()
  })

  test('something that is no error, thrown by a handler, becomes one', async () => {
    const bench = await connected()
    const errors: Error[] = []
    bench.client.on('error', (error) => errors.push(error))
    await granted(
      bench,
      bench.client.subscribe('#', () => Promise.reject(undefined)),
    )
    await granted(
      bench,
      bench.client.subscribe('t', () => {
        throw 'text'
      }),
    )
    bench.peer.send(publish('t', 'x'))
    await bench.host.advance(0)
    expect(errors).toHaveLength(2)
    for (const error of errors) expect(error).toBeInstanceOf(Error)
    await bench.client.disconnect()
  })

  test('after stop() none is heard', async () => {
    const { client } = await connected()
    await client.stop()
    const events = record(client)
    await client.stop()
    expect(events).toEqual([])
  })
})

test('promises that nobody waits for do not reject into the process when the client ends', async () => {
  const { client, peer } = await connected({ reconnect: false })
  void client.publish('t', '', { qos: 1 })
  void client.publish('t', '', { qos: 2 })
  void client.ping()
  peer.congested = true
  void client.publish('t', '0')
  await settled()
  void client.publish('t', '0')
  peer.drop()
  await settled()
  expect(client.status).toBe('closed')
})
