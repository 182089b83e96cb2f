/** `pause` and `resume`, and what `metrics` counts, over real connections. */

import { describe, expect, test } from 'vitest'
import { connect } from '../../platform/node/index.js'
import { startMosquitto } from '../support/mosquitto.js'
import { meet, startPeer } from './peer.js'

describe('pause and resume', () => {
  test.each([0, 1, 2] as const)('deliver at QoS %i nothing meanwhile, and all of it in order after', async (qos) => {
    await using broker = await startMosquitto()
    await using reader = await connect(broker.urls.mqtt, { protocolVersion: 5 })
    await using writer = await connect(broker.urls.mqtt, { protocolVersion: 5 })
    const got: string[] = []
    let complete = (): void => {}
    const all = new Promise<void>((resolve) => {
      complete = resolve
    })
    await reader.subscribe('t', { qos }, (message) => {
      got.push(message.text())
      if (got.length === 20) complete()
    })
    reader.pause()
    expect(reader.info.paused).toBe(true)
    let arrived = 0
    const some = new Promise<void>((resolve) => {
      reader.on('packetreceive', ({ type }) => type === 'publish' && ++arrived === 20 && resolve())
    })
    for (let n = 0; n < 20; n++) await writer.publish('t', String(n), { qos })
    await some
    await reader.ping()
    expect(got).toEqual([])
    reader.resume()
    expect(reader.info.paused).toBe(false)
    await all
    expect(got).toEqual(Array.from({ length: 20 }, (_, n) => String(n)))
  })

  test('leave messages unacknowledged meanwhile, so that none is lost when the connection is', async () => {
    await using peer = await startPeer()
    const options = { protocolVersion: 5, reconnect: () => 0 } as const
    const { client, server } = await meet(peer, options)
    await using _ = client
    const got: string[] = []
    client.on('message', (message) => got.push(message.text()))
    client.pause()
    const message = { type: 'publish', topic: 't', payload: Buffer.from('kept'), qos: 1, packetId: 3 } as const
    const arrived = new Promise<void>((resolve) =>
      client.on('packetreceive', ({ type }) => type === 'publish' && resolve()),
    )
    server.send(message)
    await arrived
    const pong = client.ping()
    await server.next('pingreq')
    server.send({ type: 'pingresp' })
    await pong
    expect(got).toEqual([])
    server.drop()
    const next = await peer.conversation()
    await next.accept({ sessionPresent: true })
    next.send({ ...message, dup: true })
    client.resume()
    expect(await next.next('puback')).toMatchObject({ packetId: 3 })
    // At least once (§4.3.2).
    expect(new Set(got)).toEqual(new Set(['kept']))
  })

  test.each([
    [false, 'no PINGREQ is sent meanwhile'],
    [true, 'PINGREQ is sent all the same'],
  ])('with forcePing %s, %s', async (forcePing) => {
    await using peer = await startPeer()
    const { client, server } = await meet(peer, { keepAlive: 1, forcePing })
    await using _ = client
    client.pause()
    if (forcePing) await server.next('pingreq')
    else {
      await new Promise((resolve) => setTimeout(resolve, 1_500))
      expect(server.untaken).toEqual([])
      client.resume()
      await server.next('pingreq')
    }
  })
})

test('metrics count connections, times, bytes and packets each way', async () => {
  await using peer = await startPeer()
  const { client, server } = await meet(peer)
  await using _ = client
  const subscribed = client.subscribe('f')
  const { packetId } = await server.next('subscribe')
  server.send({ type: 'suback', packetId, reasonCodes: [0] })
  await subscribed
  const pong = client.ping()
  await server.next('pingreq')
  server.send({ type: 'pingresp' })
  await pong
  const metrics = client.metrics()
  // CONNECT 14 + the client id, SUBSCRIBE 8, PINGREQ 2; CONNACK 4, SUBACK 5, PINGRESP 2.
  expect(metrics).toMatchObject({ bytesSent: 14 + client.clientId.length + 8 + 2, bytesReceived: 4 + 5 + 2 })
  expect(metrics).toMatchObject({ connections: 1, packetsSent: 3, packetsReceived: 3, messagesDropped: 0 })
  for (const time of [metrics.handshakeTime, metrics.connackTime, metrics.subackTime]) {
    expect(time).toBeGreaterThan(0)
    expect(time).toBeLessThan(10_000)
  }
})
