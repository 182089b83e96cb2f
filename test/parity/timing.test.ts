/** The options about time and about how much is under way, each seen at the other end of a real connection. */

import { createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { AckTimeoutError, Client, ConnectError, type ProtocolVersion } from '../../platform/node/index.js'
import { listen } from '../platform/servers.js'
import { startMosquitto } from '../support/mosquitto.js'
import { type Conversation, meet, startPeer } from './peer.js'

/** Runs `act` again and again, each as soon as the last is done, until `over`. */
async function keepBusy(act: () => Promise<unknown>, over: () => boolean): Promise<void> {
  while (!over()) {
    await act()
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** For each PINGREQ, how long the client had sent nothing before it, ms. */
function silencesBeforePing({ heard }: Conversation): number[] {
  return heard.flatMap(({ packet, at }, index) =>
    packet.type === 'pingreq' ? [at - (heard[index - 1]?.at ?? Number.NaN)] : [],
  )
}

/** Whether PINGREQ is sent before a timer of `ms` ends: where the machine is late, both are, in their order. */
function pingedWithin(client: Client, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), ms)
    client.on('packetsend', ({ type }) => {
      if (type !== 'pingreq') return
      clearTimeout(timer)
      resolve(true)
    })
  })
}

describe('connectTimeout', () => {
  test.each([
    ['mqtt', 'connack'],
    ['mqtts', 'tls'],
    ['ws', 'websocket'],
    ['wss', 'tls'],
  ])('ends the wait for a server of %s that says nothing, in the phase %s', async (scheme, phase) => {
    let arrived = 0
    const { port, close } = await listen(createServer(() => arrived++))
    const failure = await new Client({
      url: `${scheme}://127.0.0.1:${port}`,
      connectTimeout: 200,
      reconnect: false,
    })
      .connect()
      .catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(ConnectError)
    expect(failure).toMatchObject({ code: 'ETIMEDOUT', phase })
    expect(String(failure)).toContain('connectTimeout')
    expect(arrived).toBe(1)
    await close()
  })
})

describe('keepAlive', () => {
  test('is the silence after which PINGREQ is sent', async () => {
    await using peer = await startPeer()
    const { client, server } = await meet(peer, { keepAlive: 1 })
    await using _ = client
    const inTime = pingedWithin(client, 1_900)
    await server.next('pingreq')
    expect(silencesBeforePing(server)[0]).toBeGreaterThan(900)
    expect(await inTime).toBe(true)
  })

  test('of the server replaces ours', async () => {
    await using peer = await startPeer()
    const options = { protocolVersion: 5, keepAlive: 600 } as const
    const { client, server } = await meet(peer, options, { properties: { serverKeepAlive: 1 } })
    await using _ = client
    const inTime = pingedWithin(client, 1_900)
    await server.next('pingreq')
    expect(silencesBeforePing(server)[0]).toBeGreaterThan(900)
    expect(await inTime).toBe(true)
  })

  test('of mosquitto is told in CONNACK, and keeps the connection alive', async () => {
    await using broker = await startMosquitto({ config: ['max_keepalive 10'] })
    await using client = new Client({ url: broker.urls.mqtt, protocolVersion: 5, keepAlive: 600 })
    const { properties } = await client.connect()
    expect(properties.serverKeepAlive).toBe(10)
  })

  test.each([
    [false, 'is left out while other packets are sent'],
    [true, 'is sent each interval whatever else was sent'],
  ])('forcePing %s: PINGREQ %s', async (forcePing) => {
    await using broker = await startPeer()
    const { client, server } = await meet(broker, { keepAlive: 1, forcePing })
    await using _ = client
    const started = performance.now()
    const answer = async (): Promise<void> => {
      const { packetId } = (await server.nextOf('publish')) as { packetId: number }
      server.send({ type: 'puback', packetId })
    }
    await keepBusy(
      () => Promise.all([client.publish('t', 'p', { qos: 1 }), answer()]),
      () => (forcePing ? silencesBeforePing(server).length > 0 : performance.now() - started > 2_000),
    )
    // A machine that was too slow to publish for a whole interval has reason to ping.
    if (forcePing) expect(Math.min(...silencesBeforePing(server))).toBeLessThan(900)
    else for (const silence of silencesBeforePing(server)) expect(silence).toBeGreaterThan(900)
  })
})

describe('maxInflight', () => {
  test.each([
    [2, undefined, 2],
    [undefined, 3, 3],
    [2, 3, 2],
    [3, 2, 2],
  ])(
    '%s of ours and a Receive Maximum of %s let %i be under way; the rest waits and is not dropped',
    async (maxInflight, receiveMaximum, window) => {
      await using peer = await startPeer()
      const properties = receiveMaximum === undefined ? {} : { receiveMaximum }
      const { client, server } = await meet(peer, { protocolVersion: 5, maxInflight }, { properties })
      await using _ = client
      const published = Array.from({ length: 10 }, (_, n) => client.publish('t', String(n), { qos: 1 }))
      expect(client.info).toMatchObject({ inflight: window, queued: 10 - window, maxInflight: window })
      // PINGREQ comes behind all that the client may send.
      const pong = client.ping()
      const seen = await Promise.all(Array.from({ length: window }, () => server.next('publish')))
      await server.next('pingreq')
      server.send({ type: 'pingresp' })
      await pong
      for (let n = 0; n < 10; n++) {
        expect(server.untaken).toEqual([])
        server.send({ type: 'puback', packetId: (seen[n] as { packetId: number }).packetId })
        if (seen.length < 10) seen.push(await server.next('publish'))
      }
      const payloads = seen.map(({ payload }) => Buffer.from(payload).toString())
      await Promise.all(published)
      expect(payloads).toEqual(Array.from({ length: 10 }, (_, n) => String(n)))
      expect(client.info).toMatchObject({ inflight: 0, queued: 0 })
    },
  )

  test('has no limit of its own unless given', async () => {
    await using peer = await startPeer()
    const { client, server } = await meet(peer)
    await using _ = client
    for (let n = 0; n < 1_000; n++) client.publish('t', '', { qos: 1 }).catch(() => {})
    for (let n = 0; n < 1_000; n++) await server.next('publish')
  })
})

describe('retryInterval', () => {
  test.each([3, 4] as const)(
    'sends PUBLISH and PUBREL again, with DUP, in version %i',
    async (protocolVersion: ProtocolVersion) => {
      await using peer = await startPeer()
      const { client, server } = await meet(peer, { protocolVersion, retryInterval: 150 })
      await using _ = client
      const published = client.publish('t', 'p', { qos: 2 })
      expect(await server.next('publish')).toMatchObject({ dup: false, packetId: 1 })
      expect(await server.next('publish')).toMatchObject({ dup: true, packetId: 1 })
      server.send({ type: 'pubrec', packetId: 1 })
      await server.next('pubrel')
      expect(await server.next('pubrel')).toMatchObject({ packetId: 1 })
      server.send({ type: 'pubcomp', packetId: 1 })
      await published
    },
  )

  test('gives a silent 5.0 connection up, and sends again on the next one [MQTT-4.4.0-1 of 5.0]', async () => {
    await using peer = await startPeer()
    const options = { protocolVersion: 5, retryInterval: 150, reconnect: () => 0 } as const
    const { client, server } = await meet(peer, options)
    await using _ = client
    const published = client.publish('t', 'p', { qos: 1 })
    expect(await server.next('publish')).toMatchObject({ dup: false, packetId: 1 })
    await server.closed
    expect(server.untaken).toEqual([])
    const next = await peer.conversation()
    await next.accept({ sessionPresent: true })
    expect(await next.next('publish')).toMatchObject({ dup: true, packetId: 1 })
    next.send({ type: 'puback', packetId: 1 })
    await published
  })
})

describe('ackTimeout', () => {
  test.each([
    ['subscribe', (client: Client) => client.subscribe('f')],
    ['unsubscribe', (client: Client) => client.unsubscribe('f')],
    ['pingreq', (client: Client) => client.ping()],
  ] as const)('ends the wait for the answer to %s', async (type, call) => {
    await using peer = await startPeer()
    const { client, server } = await meet(peer, { ackTimeout: 150 })
    await using _ = client
    await expect(call(client)).rejects.toThrow(AckTimeoutError)
    await server.next(type)
  })
})
