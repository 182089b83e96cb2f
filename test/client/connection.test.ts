import { describe, expect, test } from 'vitest'
import { encodePacket } from '../../src/codec/index.js'
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

describe('one flush a turn', () => {
  test('a burst of 1 000 publishes in one turn is a few writes, and none of them before the turn is over', async () => {
    const { client, peer } = await connected()
    peer.take()
    const before = peer.writes.length
    const all = Array.from({ length: 1_000 }, (_, index) => client.publish('t', `${index}`))
    expect(peer.writes.length - before).toBe(0)
    await Promise.all(all)
    await settled()
    expect(peer.writes.length - before).toBeLessThanOrEqual(6)
    expect(peer.take()).toHaveLength(1_000)
    await client.disconnect()
  })

  test('a burst of more than 64 KiB leaves in writes of about that size, at once', async () => {
    const { client, peer } = await connected()
    peer.take()
    const before = peer.writes.length
    for (let index = 0; index < 1_000; index++) void client.publish('t', 'x'.repeat(1_000))
    expect(peer.writes.length - before, 'before the turn is over').toBeGreaterThanOrEqual(14)
    await settled()
    expect(peer.writes.length - before).toBeLessThan(40)
    expect(peer.take()).toHaveLength(1_000)
    await client.disconnect()
  })

  test('the acks of one chunk leave in one write, in order [MQTT-4.6.0-2 of 3.1.1]', async () => {
    const { client, peer, host } = await connected()
    client.on('message', () => {})
    const before = peer.writes.length
    peer.send(...Array.from({ length: 50 }, (_, index) => publish('t', 'x', 1, index + 1)))
    await host.advance(0)
    expect(peer.writes.length - before).toBe(1)
    expect(peer.take().map((packet) => packet.type === 'puback' && packet.packetId)).toEqual(
      Array.from({ length: 50 }, (_, index) => index + 1),
    )
    await client.disconnect()
  })

  test('what handlers publish leaves with the acks of their messages', async () => {
    const { client, peer, host } = await connected()
    client.on('message', (message) => void client.publish('echo', message.payload))
    const before = peer.writes.length
    peer.send(publish('t', 'a', 1, 1), publish('t', 'b', 1, 2))
    await host.advance(0)
    expect(peer.writes.length - before).toBe(1)
    expect(peer.take().map(({ type }) => type)).toEqual(['publish', 'puback', 'publish', 'puback'])
    await client.disconnect()
  })

  test('a packet that comes byte by byte is one packet', async () => {
    const { client, peer, host } = await connected({ protocolVersion: 5 })
    const events = record(client)
    for (const byte of encodePacket(publish('t', 'slow', 1, 1), 5)) peer.sendBytes(new Uint8Array([byte]))
    await host.advance(0)
    expect(events).toEqual(['message slow'])
    await client.disconnect()
  })
})

describe('a network that is slower than we are', () => {
  test('holds the promises of QoS 0 until it has caught up', async () => {
    const { client, peer } = await connected()
    peer.congested = true
    const first = client.publish('t', 'a')
    await settled()
    const second = client.publish('t', 'b')
    expect(await state(second)).toBe('pending')
    peer.drain()
    await settled()
    expect(await second).toMatchObject({ packetId: undefined })
    expect(await first).toMatchObject({ packetId: undefined })
    await client.disconnect()
  })

  test('and breaks, rejects them', async () => {
    const { client, peer } = await connected({ reconnect: false })
    peer.congested = true
    const first = client.publish('t', 'a')
    await settled()
    const second = client.publish('t', 'b')
    expect(await state(second)).toBe('pending')
    peer.drop()
    expect(codeOf(await failure(second))).toBe('CONNECTION_LOST')
    await Promise.allSettled([first])
  })

  test('is forgotten with its connection', async () => {
    const { client, peer, host } = await connected()
    peer.congested = true
    void client.publish('t', 'a')
    await settled()
    peer.drop()
    await reconnected(host)
    expect(await state(client.publish('t', 'b'))).toMatchObject({ value: { reasonCode: 0 } })
    await client.disconnect()
  })
})

describe('a message of QoS 0', () => {
  test('waits for a connection and is sent by it', async () => {
    const host = new VirtualHost()
    const client = new CoreClient({}, host)
    const publishing = client.publish('t', 'early')
    expect(await state(publishing)).toBe('pending')
    const connecting = client.connect()
    const peer = await host.peer()
    await peer.accept()
    await connecting
    expect(await publishing).toEqual({ packetId: undefined, reasonCode: 0, properties: {} })
    expect(await peer.next('publish')).toMatchObject({ topic: 't', qos: 0 })
    await client.disconnect()
  })

  test('that waited for a connection, and then for the network, rejects when that breaks', async () => {
    const host = new VirtualHost()
    const client = new CoreClient({ reconnect: false }, host)
    const publishing = client.publish('t', 'early')
    const connecting = client.connect()
    const peer = await host.peer()
    peer.congested = true
    await peer.accept()
    await connecting
    await peer.next('publish')
    expect(await state(publishing)).toBe('pending')
    peer.drop()
    expect(codeOf(await failure(publishing))).toBe('CONNECTION_LOST')
    expect(host.pendingTimers).toBe(0)
  })

  test('that waits behind a full window resolves when it is sent', async () => {
    const { client, peer, host } = await connected({ maxInflight: 1 })
    peer.drop()
    const one = client.publish('t', '1', { qos: 1 })
    const two = client.publish('t', '2', { qos: 1 })
    const zero = client.publish('t', '0')
    const next = await reconnected(host)
    expect(await state(zero)).toBe('pending')
    next.peer.send({ type: 'puback', packetId: 1 })
    await settled()
    expect(await state(zero)).toMatchObject({ value: { packetId: undefined } })
    next.peer.send({ type: 'puback', packetId: 2 })
    await Promise.all([one, two])
    await client.disconnect()
  })
})

describe('a server that breaks the protocol', () => {
  const HOSTILE: [string, number, number[]][] = [
    ['a malformed packet', 0x81, [0x00, 0x00]],
    ['a Remaining Length of five bytes', 0x81, [0x30, 0x80, 0x80, 0x80, 0x80, 0x01]],
    ['QoS 3', 0x81, [0x36, 0x00]],
    ['DUP at QoS 0 [MQTT-3.3.1-2 of 5.0]', 0x81, [0x38, 0x00]],
    ['PUBREL with wrong flags [MQTT-3.6.1-1 of 5.0]', 0x81, [0x60, 0x02, 0x00, 0x01]],
    ['a wildcard in a Topic Name', 0x90, [0x30, 0x04, 0x00, 0x01, 0x23, 0x00]],
    ['SUBACK for nothing', 0x82, [0x90, 0x04, 0x00, 0x09, 0x00, 0x00]],
    ['an alias that was not offered', 0x94, [0x30, 0x07, 0x00, 0x01, 0x61, 0x03, 0x23, 0x00, 0x01]],
    ['a packet above our Maximum Packet Size [MQTT-3.1.2-24 of 5.0]', 0x95, [0x30, 0xff, 0x7f]],
    ['a second CONNACK', 0x82, [0x20, 0x03, 0x00, 0x00, 0x00]],
    ['CONNECT', 0x82, [0x10, 0x00]],
    ['AUTH without a method [MQTT-4.12.0-6]', 0x82, [0xf0, 0x00]],
  ]
  for (const [what, code, bytes] of HOSTILE) {
    test(`with ${what.replace(/( \[.*)?$/, ` is told ${`0x${code.toString(16)}`}, left, and the application hears of it$1`)} [MQTT-4.13.1-1]`, async () => {
      const { client, peer, host } = await connected({
        protocolVersion: 5,
        properties: { maximumPacketSize: 1_000 },
        reconnect: false,
      })
      const events = record(client)
      peer.sendBytes(new Uint8Array(bytes))
      await settled()
      const [packet, ...rest] = peer.take()
      expect(packet).toMatchObject({ type: 'disconnect', reasonCode: code })
      expect(rest, 'nothing after DISCONNECT [MQTT-3.14.4-1]').toEqual([])
      expect(peer.ended).toBe('closed')
      expect(events).toHaveLength(2)
      expect(events[0]).toMatch(/^disconnect [A-Z_]+/)
      expect(events[1]).toMatch(/^close [A-Z_]+/)
      expect(host.pendingTimers).toBe(0)
    })
  }

  test('in 3.x is left without a word: DISCONNECT would say that all is well [MQTT-4.8.0-1]', async () => {
    for (const protocolVersion of [3, 4] as const) {
      const { client, peer } = await connected({ protocolVersion, reconnect: false })
      const events = record(client)
      peer.sendBytes(new Uint8Array([0x90, 0x03, 0, 9, 0]))
      await settled()
      expect(peer.take()).toEqual([])
      expect(peer.ended).toBe('closed')
      expect(events).toEqual(['disconnect PROTOCOL_ERROR', 'close PROTOCOL_ERROR'])
    }
  })

  test('before CONNACK makes connect() fail', async () => {
    for (const protocolVersion of VERSIONS) {
      const host = new VirtualHost()
      const connecting = new CoreClient({ protocolVersion }, host).connect()
      const peer = await host.peer()
      await peer.next('connect')
      peer.sendBytes(new TextEncoder().encode('HTTP/1.1 400 Bad Request\r\n\r\n'))
      expect(await failure(connecting)).toMatchObject({
        name: 'ConnectError',
        phase: 'connack',
        code: 'MALFORMED_PACKET',
        message: expect.stringMatching(/^mqtt:\/\/virtual:1883 .*check that it is an MQTT server/),
      })
      await settled()
      expect(peer.ended).toBe('closed')
      expect(host.pendingTimers).toBe(0)
    }
  })

  test('behind good packets of the same chunk does not take them back', async () => {
    const { client, peer, host } = await connected({ protocolVersion: 5, reconnect: false })
    const events = record(client)
    const good = encodePacket(publish('t', 'good', 1, 1), 5)
    peer.sendBytes(new Uint8Array([...good, 0, 0, ...good]))
    await host.advance(0)
    expect(events[0]).toBe('message good')
    expect(events).toHaveLength(3)
    expect(peer.take().map(({ type }) => type)).toEqual(['disconnect'])
  })

  test('and sends on is not heard', async () => {
    const { client, peer, host } = await connected({ protocolVersion: 5, reconnect: false })
    peer.lingers = true
    const events = record(client)
    peer.sendBytes(new Uint8Array([0, 0]))
    peer.ended = undefined
    peer.send(publish('t', 'late', 1, 1))
    await host.advance(0)
    expect(events.filter((event) => event.startsWith('message'))).toEqual([])
    peer.finish()
  })

  test('is left for another connection, where that may help', async () => {
    const { client, peer, host } = await connected({ protocolVersion: 5 })
    peer.sendBytes(new Uint8Array([0, 0]))
    expect(client.status).toBe('reconnecting')
    await reconnected(host)
    expect(client.status).toBe('connected')
    await client.disconnect()
  })
})

describe('keep-alive by the clock', () => {
  test('pings an idle server, and leaves one that does not answer, at once and without DISCONNECT', async () => {
    const { client, peer, host } = await connected({ protocolVersion: 5, keepAlive: 10 })
    const events = record(client)
    await host.advance(10_000)
    await peer.next('pingreq')
    peer.send({ type: 'pingresp' })
    await host.advance(10_000)
    await peer.next('pingreq')
    await host.advance(4_999)
    expect(events).toEqual([])
    await host.advance(1)
    expect(events[0]).toMatch(/^disconnect KEEP_ALIVE_TIMEOUT retry/)
    expect(peer.ended).toBe('destroyed')
    expect(peer.take()).toEqual([])
    await client.disconnect()
    expect(host.pendingTimers).toBe(0)
  })

  test('one timer serves all deadlines', async () => {
    const { client, host } = await connected({ keepAlive: 10 })
    for (let index = 0; index < 20; index++) {
      void client.publish('t', 'x', { qos: 1 })
      void client.subscribe(`f${index}`).catch(() => {})
      void client.ping().catch(() => {})
    }
    await host.advance(1)
    expect(host.pendingTimers).toBe(1)
    await client.disconnect()
    expect(host.pendingTimers).toBe(0)
  })

  test('retryInterval in 5.0 makes another connection, on which the message goes out again [MQTT-4.4.0-1 of 5.0]', async () => {
    const { client, peer, host } = await connected({ protocolVersion: 5, retryInterval: 1_000, keepAlive: 0 })
    const publishing = client.publish('t', 'x', { qos: 1 })
    await peer.next('publish')
    await host.advance(1_000)
    expect(peer.ended).toBe('destroyed')
    const next = await reconnected(host, { sessionPresent: true })
    expect(await next.peer.next('publish')).toMatchObject({ dup: true, packetId: 1 })
    next.peer.send({ type: 'puback', packetId: 1 })
    await publishing
    await client.disconnect()
  })

  test('retryInterval in 3.1.1 sends again on the same connection', async () => {
    const { client, peer, host } = await connected({ retryInterval: 1_000, keepAlive: 0 })
    const publishing = client.publish('t', 'x', { qos: 1 })
    await peer.next('publish')
    await host.advance(1_000)
    expect(await peer.next('publish')).toMatchObject({ dup: true, packetId: 1 })
    peer.send({ type: 'puback', packetId: 1 })
    await publishing
    await client.disconnect()
  })
})

describe('packetsend and packetreceive', () => {
  test('tell of each packet, in order', async () => {
    const { client, peer, host } = await connected({ protocolVersion: 5 })
    const packets: string[] = []
    client.on('packetsend', ({ type }) => packets.push(`> ${type}`))
    client.on('packetreceive', ({ type }) => packets.push(`< ${type}`))
    const publishing = client.publish('t', 'x', { qos: 2 })
    await settled()
    peer.send({ type: 'pubrec', packetId: 1 })
    await host.advance(0)
    peer.send({ type: 'pubcomp', packetId: 1 })
    await publishing
    await client.disconnect()
    expect(packets).toEqual(['> publish', '< pubrec', '> pubrel', '< pubcomp', '> disconnect'])
  })

  test('a listener that publishes does not change the order of what was on its way', async () => {
    const host = new VirtualHost()
    const client = new CoreClient({}, host)
    for (const payload of ['a', 'b', 'c']) void client.publish('t', payload, { qos: 1 })
    client.on('packetsend', (packet) => {
      if (packet.type === 'publish' && packet.packetId === 1) void client.publish('t', 'd', { qos: 1 })
    })
    const connecting = client.connect()
    const peer = await host.peer()
    await peer.accept()
    await connecting
    await host.advance(0)
    expect(peer.take().map((packet) => packet.type === 'publish' && new TextDecoder().decode(packet.payload))).toEqual([
      'a',
      'b',
      'c',
      'd',
    ])
    await client.disconnect()
  })

  test('a listener that disconnects ends it in order', async () => {
    const { client, peer, host } = await connected()
    client.once('packetsend', () => void client.disconnect())
    void client.publish('t', 'x')
    await host.advance(0)
    expect(peer.take().map(({ type }) => type)).toEqual(['publish', 'disconnect'])
    expect(peer.ended).toBe('closed')
    expect(host.pendingTimers).toBe(0)
  })
})

test('a network connection that is there when nobody wants it any more is freed, and nothing is sent on it', async () => {
  class SlowHost extends VirtualHost {
    override async open(...attempt: Parameters<VirtualHost['open']>): ReturnType<VirtualHost['open']> {
      const transport = await super.open(...attempt)
      // The application's, in the same turn.
      void client.disconnect()
      return transport
    }
  }
  const host = new SlowHost()
  const client: CoreClient = new CoreClient({}, host)
  const events = record(client)
  expect(codeOf(await failure(client.connect()))).toBe('CLOSED')
  await settled()
  expect(host.peers.map(({ ended, writes }) => [ended, writes])).toEqual([['destroyed', []]])
  expect(events).toEqual(['close'])
  expect(host.pendingTimers).toBe(0)
})

test('a chunk that the host has given away meanwhile is thrown back at it: the server did not break the protocol', async () => {
  const { client, peer } = await connected({ protocolVersion: 5 })
  const events = record(client)
  const chunk = Buffer.from(new ArrayBuffer(2))
  structuredClone(chunk.buffer, { transfer: [chunk.buffer] })
  expect(() => peer.arrive(chunk)).toThrow(/detached/)
  expect(peer.take()).toEqual([])
  expect(peer.ended).toBeUndefined()
  expect(events).toEqual([])
  await client.disconnect()
})

test('a chunk of an old connection is not heard on the new one', async () => {
  const { client, peer, host } = await connected()
  const events = record(client)
  peer.drop()
  await reconnected(host)
  peer.ended = undefined
  peer.send(publish('t', 'late'))
  peer.drain()
  await host.advance(0)
  expect(events.filter((event) => event.startsWith('message'))).toEqual([])
  expect(client.status).toBe('connected')
  await client.disconnect()
})

test('acks of an old connection are not sent on the new one (§4.6)', async () => {
  const { client, peer, host } = await connected({ cleanStart: false, clientId: 'c', autoAck: false })
  const messages: { ack(): void }[] = []
  client.on('message', (message) => messages.push(message))
  peer.send(publish('t', 'one', 1, 1), publish('t', 'two', 2, 2))
  await host.advance(0)
  peer.drop()
  const next = await reconnected(host, { sessionPresent: true })
  for (const message of messages) message.ack()
  await host.advance(0)
  expect(next.peer.take()).toEqual([])
  next.peer.send(publish('t', 'one', 1, 1, { dup: true }), publish('t', 'two', 2, 2, { dup: true }))
  await host.advance(0)
  expect(messages, 'QoS 2 is not delivered again').toHaveLength(3)
  messages[2]?.ack()
  await host.advance(0)
  expect(next.peer.take().map(({ type }) => type)).toEqual(['puback', 'pubrec'])
  await client.disconnect()
})

test('subscribing while the connection breaks before SUBACK is done by the next one', async () => {
  const bench = await connected({ protocolVersion: 5 })
  const subscribing = bench.client.subscribe('a')
  await bench.peer.next('subscribe')
  bench.peer.drop()
  const next = await reconnected(bench.host)
  await granted({ ...bench, peer: next.peer }, subscribing)
  expect([...bench.client.subscriptions.keys()]).toEqual(['a'])
  await bench.client.disconnect()
})
