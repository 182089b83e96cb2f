/** What a server can make a client hold is bounded, whatever it sends: each bound of SECURITY.md, and the test that holds it. */

import { describe, expect, it } from 'vitest'
import { encodePacket, type PacketInput, PacketReader, PacketReaderError } from '../../src/codec/index.js'
import type { Authenticator } from '../../src/index.js'
import { CoreClient } from '../../src/index.js'
import { connected, failure, granted, publish } from '../client/bench.js'
import type { ScriptedPeer } from '../support/scripted-peer.js'
import { VirtualHost } from '../support/virtual-host.js'

const never = () => new Promise<never>(() => {})

const repeated = (packet: PacketInput, times: number, version: 4 | 5 = 5) => {
  const bytes = encodePacket(packet, version)
  return new Uint8Array(Buffer.concat(Array.from({ length: times }, () => bytes)))
}

/** A packet of 5.0 with so many repetitions of `part` in it. */
function stuffed(first: number, head: readonly number[], part: readonly number[], times: number, listed: boolean) {
  const body = Buffer.alloc(part.length * times, Uint8Array.from(part))
  const content = Buffer.concat([Buffer.from(head), ...(listed ? [varint(body.length)] : []), body])
  return new Uint8Array(Buffer.concat([Buffer.of(first), varint(content.length), content]))
}

function varint(value: number): Buffer {
  const bytes = []
  for (let rest = value; bytes.length === 0 || rest > 0; rest >>>= 7) bytes.push((rest & 127) | (rest > 127 ? 128 : 0))
  return Buffer.from(bytes)
}

describe('one packet', () => {
  const MOST = 1_048_576
  it.each([
    ['User Properties', (times: number) => stuffed(0x30, [0, 1, 0x74], [0x26, 0, 0, 0, 0], times, true)],
    ['Subscription Identifiers', (times: number) => stuffed(0x30, [0, 1, 0x74], [0x0b, 1], times, true)],
    ['Reason Codes', (times: number) => stuffed(0x90, [0, 1, 0], [0], times, false)],
  ])('has room for 1 048 576 %s, and one more is 0x97', (_, make) => {
    expect(new PacketReader().push(make(MOST))).toHaveLength(1)
    const read = () => new PacketReader().push(make(MOST + 1))
    expect(read).toThrow(PacketReaderError)
    expect(read).toThrow(expect.objectContaining({ reasonCode: 0x97 }))
  })
})

describe('one chunk, such as a WebSocket frame', () => {
  it('with many messages: they are given out while it is read, so that the backlog counts them', async () => {
    const { client, peer, host } = await connected({ protocolVersion: 5, backlog: { maxBytes: 100_000 } })
    let first = 0
    client.on('drop', () => {
      first ||= client.metrics().packetsReceived
    })
    client.on('message', never)
    peer.sendBytes(repeated(publish('t', ''), 50_000))
    await host.advance(0)
    expect(client.metrics().packetsReceived).toBeGreaterThan(50_000)
    expect(first).toBeLessThan(3_000)
    expect(client.metrics().messagesDropped).toBeGreaterThan(49_000)
    await client.stop()
  })

  it('is left alone once a handler has disconnected', async () => {
    const given = await connected({ protocolVersion: 5 })
    let got = 0
    await granted(
      given,
      given.client.subscribe('t', () => {
        if (++got === 1) void given.client.disconnect()
      }),
    )
    given.peer.sendBytes(repeated(publish('t', ''), 50_000))
    await given.host.advance(0)
    expect(given.client.metrics().packetsReceived).toBeLessThan(3_000)
    await given.client.stop()
  })
})

describe('the backlog', () => {
  const many = { userProperties: Array.from({ length: 1_000 }, () => ['', ''] as [string, string]) }

  it('counts what properties become as objects, so that the network waits', async () => {
    const { client, peer, host } = await connected({ protocolVersion: 5, backlog: { maxBytes: 1_000_000 } })
    client.on('message', never)
    for (let id = 1; id <= 100; id++) peer.send(publish('t', '', 1, id, { properties: many }))
    await host.advance(0)
    // 1 000 of them are 5 000 bytes, which count as 80 000.
    expect(client.metrics().packetsReceived).toBeLessThan(20)
    expect(peer.paused).toBe(true)
    await client.stop()
  })

  it('has the network wait at 16 times its bytes, whatever answer may come behind', async () => {
    const { client, peer, host } = await connected({ protocolVersion: 5, keepAlive: 0, backlog: { maxBytes: 10_000 } })
    client.on('message', never)
    client.ping().catch(() => {})
    for (let id = 1; id <= 1_000; id++) peer.send(publish('t', 'x', 1, id))
    await host.advance(0)
    expect(peer.paused).toBe(true)
    const { packetsReceived } = client.metrics()
    expect(packetsReceived).toBeGreaterThan(150)
    expect(packetsReceived).toBeLessThan(170)
    await client.stop()
  })

  it('3.1.1: twice as many unacknowledged messages as there are Packet Identifiers end the connection', async () => {
    const { client, peer, host } = await connected({ protocolVersion: 4, autoAck: false, reconnect: false })
    client.on('message', () => {})
    const closed = new Promise((resolve) => client.on('close', resolve))
    peer.arrive(repeated(publish('t', '', 1, 1), 131_070, 4))
    await host.advance(0)
    expect(client.status).toBe('connected')
    peer.arrive(repeated(publish('t', '', 1, 1), 1, 4))
    expect(await closed).toMatchObject({ error: { code: 'RECEIVE_MAXIMUM_EXCEEDED' } })
    await client.stop()
  })
})

describe('answers', () => {
  it.each([
    ['PUBCOMP', { type: 'pubrel', packetId: 1 }],
    ['PUBACK', publish('t', '', 1, 1)],
  ] as const)('%s that a server never reads end the connection past 262 144', async (_, packet) => {
    const { client, peer, host } = await connected({ protocolVersion: 5, keepAlive: 0, reconnect: false })
    const closed = new Promise((resolve) => client.on('close', resolve))
    peer.congested = true
    const flood = repeated(packet, 10_000)
    for (let times = 1; times <= 26; times++) {
      peer.arrive(flood)
      await host.advance(0)
    }
    expect(client.status).toBe('connected')
    peer.arrive(flood)
    expect(await closed).toMatchObject({
      error: { message: expect.stringContaining('before our answers are read'), reasonCode: 0x97 },
    })
    await client.stop()
  })

  it('that are read in time may be many more', async () => {
    const { client, peer, host } = await connected({ protocolVersion: 5, keepAlive: 0 })
    const flood = repeated({ type: 'pubrel', packetId: 1 }, 10_000)
    for (let times = 1; times <= 60; times++) {
      // Full for half of the time.
      peer.congested = times % 20 < 10
      peer.arrive(flood)
      await host.advance(0)
      if (times % 20 === 10) peer.drain()
    }
    expect(client.status).toBe('connected')
    expect(client.metrics().packetsSent).toBeGreaterThan(600_000)
    await client.stop()
  })
})

describe('authentication', () => {
  const method = 'X'
  const authenticator = (more: Partial<Authenticator>): Authenticator => ({
    method,
    start: () => undefined,
    next: () => undefined,
    ...more,
  })
  const auth = { type: 'auth', reasonCode: 0x18, properties: { authenticationMethod: method } } as const

  it.each([
    ['many packets', () => repeated(publish('t', ''), 2_000)],
    ['a large one', () => repeated(publish('t', 'x'.repeat(1_000_000)), 2)],
  ])('%s behind a CONNACK that is not verified end the connection past backlog.maxBytes', async (_, make) => {
    const host = new VirtualHost()
    const enhancedAuth = authenticator({ finish: never })
    const client = new CoreClient({ protocolVersion: 5, enhancedAuth, backlog: { maxBytes: 1_000_000 } }, host)
    const connecting = failure(client.connect())
    const peer = await host.peer(0)
    await peer.accept({ properties: { authenticationMethod: method } })
    await host.advance(0)
    expect(peer.paused).toBe(true)
    // As it goes in a browser, which reads on.
    peer.arrive(make())
    expect((await connecting).message).toContain('before the server has proved itself')
    expect(await peer.next('disconnect')).toMatchObject({ reasonCode: 0x97 })
    await client.stop()
  })

  it('that goes on for ever ends with connectTimeout, and one again with ackTimeout', async () => {
    const host = new VirtualHost()
    const enhancedAuth = authenticator({})
    const client = new CoreClient(
      { protocolVersion: 5, enhancedAuth, connectTimeout: 5_000, ackTimeout: 5_000, reconnect: false },
      host,
    )
    const endless = async (promise: Promise<unknown>, peer: ScriptedPeer) => {
      let ended: unknown
      promise.catch((error: unknown) => {
        ended = error
      })
      let rounds = 0
      for (; !ended && rounds < 100; rounds++) {
        await host.advance(100)
        peer.take()
        if (!ended) peer.send(auth)
      }
      expect(ended).toMatchObject({ code: 'ETIMEDOUT' })
      expect(rounds).toBeGreaterThan(40)
    }
    const first = client.connect()
    const peer = await host.peer(0)
    await peer.next('connect')
    await endless(first, peer)
    const second = client.connect()
    const next = await host.peer(1)
    await next.accept({ properties: { authenticationMethod: method } })
    await second
    await endless(client.reauthenticate(), next)
    await client.stop()
  })
})

it('of the servers that a Server Reference names, 16 are tried', async () => {
  const { client, peer, host } = await connected({ protocolVersion: 5, reconnect: { maxAttempts: 1 } })
  host.network = new Error('not there')
  const serverReference = Array.from({ length: 4_000 }, (_, at) => `h${at}`).join(' ')
  peer.send({ type: 'disconnect', reasonCode: 0x9c, properties: { serverReference } })
  await host.advance(0)
  expect(host.attempts.filter((label) => label.startsWith('mqtt://h'))).toHaveLength(16)
  await client.stop()
})
