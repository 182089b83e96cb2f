import { expect, test } from 'vitest'
import { encodePacket, type PacketInput } from '../../src/codec/index.js'
import { CoreClient } from '../../src/index.js'
import type { ScriptedPeer } from '../support/scripted-peer.js'
import { VirtualHost } from '../support/virtual-host.js'
import { connected, granted, publish, reconnected } from './bench.js'

/** A host whose network connections take a while. */
class SlowHost extends VirtualHost {
  override async open(...args: Parameters<VirtualHost['open']>): ReturnType<VirtualHost['open']> {
    await new Promise<void>((resolve) => this.setTimer(resolve, 30))
    return super.open(...args)
  }
}

test('before the first connection nothing is measured, and a look changes nothing', () => {
  const client = new CoreClient({}, new VirtualHost())
  const metrics = client.metrics()
  expect(metrics).toEqual({
    connections: 0,
    handshakeTime: undefined,
    connackTime: undefined,
    subackTime: undefined,
    bytesSent: 0,
    bytesReceived: 0,
    packetsSent: 0,
    packetsReceived: 0,
    messagesDropped: 0,
    messagesDiscarded: 0,
  })
  metrics.connections = 7
  expect(client.metrics().connections).toBe(0)
})

test('times are of the last handshake, CONNACK and SUBACK', async () => {
  const host = new SlowHost()
  const client = new CoreClient({}, host)
  const connecting = client.connect()
  await host.advance(30)
  const peer = host.peers[0] as ScriptedPeer
  await host.advance(7)
  await peer.accept()
  await connecting
  expect(client.metrics()).toMatchObject({ connections: 1, handshakeTime: 30, connackTime: 7, subackTime: undefined })
  const subscribing = client.subscribe('t', () => {})
  const { packetId } = await peer.next('subscribe')
  await host.advance(11)
  peer.send({ type: 'suback', packetId, reasonCodes: [0] })
  await subscribing
  expect(client.metrics().subackTime).toBe(11)
})

test('connackTime is that of the whole authentication', async () => {
  const host = new VirtualHost()
  const enhancedAuth = { method: 'M', start: () => undefined, next: () => undefined, finish: () => wait }
  let go = (): void => {}
  const wait = new Promise<void>((resolve) => {
    go = resolve
  })
  const client = new CoreClient({ protocolVersion: 5, enhancedAuth }, host)
  const connecting = client.connect()
  const peer = await host.peer(0)
  await host.advance(5)
  await peer.accept({ properties: { authenticationMethod: 'M' } })
  await host.advance(20)
  expect(client.metrics()).toMatchObject({ connections: 0, connackTime: undefined })
  go()
  await connecting
  expect(client.metrics()).toMatchObject({ connections: 1, connackTime: 25 })
})

test('bytes and packets are those of MQTT, over all connections', async () => {
  const size = (...packets: PacketInput[]): number =>
    packets.reduce((sum, packet) => sum + encodePacket(packet, 4).length, 0)
  const bench = await connected({ clientId: 'c' })
  const { client, host, peer } = bench
  const sent: PacketInput[] = [{ type: 'connect', protocolVersion: 4, clientId: 'c', keepAlive: 60 }]
  const received: PacketInput[] = [{ type: 'connack' }]
  expect(client.metrics()).toMatchObject({
    bytesSent: size(...sent),
    packetsSent: 1,
    bytesReceived: size(...received),
    packetsReceived: 1,
  })
  await granted(
    bench,
    client.subscribe('t', () => {}),
  )
  sent.push({ type: 'subscribe', packetId: 1, subscriptions: [{ filter: 't' }] })
  received.push({ type: 'suback', packetId: 1, reasonCodes: [0] })
  peer.send(publish('t', 'x', 1, 5), publish('t', 'y'))
  sent.push({ type: 'puback', packetId: 5 })
  received.push(publish('t', 'x', 1, 5), publish('t', 'y'))
  await client.publish('out', 'z')
  sent.push({ type: 'publish', topic: 'out', payload: new TextEncoder().encode('z') })
  await host.advance(0)
  expect(client.metrics()).toMatchObject({
    bytesSent: size(...sent),
    packetsSent: sent.length,
    bytesReceived: size(...received),
    packetsReceived: received.length,
  })
  const half = encodePacket(publish('t', 'long'), 4).subarray(0, 4)
  peer.sendBytes(half)
  expect(client.metrics()).toMatchObject({
    bytesReceived: size(...received) + half.length,
    packetsReceived: received.length,
  })
  const before = client.metrics()
  peer.drop()
  await reconnected(host, { sessionPresent: false })
  expect(client.metrics()).toMatchObject({ connections: 2, packetsReceived: before.packetsReceived + 1 })
  expect(client.metrics().packetsSent).toBe(before.packetsSent + 2)
})

test('subackTime is that of the SUBSCRIBE that was sent, and a ping is not one', async () => {
  const { client, host, peer } = await connected()
  const ping = client.ping()
  await peer.next('pingreq')
  await host.advance(3)
  peer.send({ type: 'pingresp' })
  expect(await ping).toBe(3)
  expect(client.metrics().subackTime).toBeUndefined()
})
