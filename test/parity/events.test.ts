/** What a client tells by events, over real connections. */

import { describe, expect, test } from 'vitest'
import { Client, connect, type Message } from '../../platform/node/index.js'
import { startMosquitto } from '../support/mosquitto.js'
import { startPeer } from './peer.js'

describe('events', () => {
  test('tell of a connection, of packets, of messages, of its loss, of the next attempt, and of the end', async () => {
    await using peer = await startPeer()
    const told: string[] = []
    const client = new Client({ url: peer.url, protocolVersion: 5, reconnect: (attempt) => attempt < 2 && 5 })
    for (const name of ['connect', 'disconnect', 'reconnecting', 'message', 'close'] as const) {
      client.on(name, () => told.push(name))
    }
    client.on('packetsend', ({ type }) => told.push(`> ${type}`))
    client.on('packetreceive', ({ type }) => told.push(`< ${type}`))
    const connecting = client.connect()
    const server = await peer.conversation()
    await server.accept()
    await connecting
    const heard = new Promise<Message>((resolve) => client.once('message', resolve))
    server.send({ type: 'publish', topic: 'hi', payload: Buffer.from('there') })
    expect((await heard).text()).toBe('there')
    const ended = new Promise((resolve) => client.once('disconnect', resolve))
    server.send({ type: 'disconnect', reasonCode: 0x8b, properties: { reasonString: 'night' } })
    expect(await ended).toMatchObject({
      reasonCode: 0x8b,
      properties: { reasonString: 'night' },
      retry: true,
      delay: 5,
      error: { code: 'SERVER_SHUTTING_DOWN' },
    })
    const closed = new Promise((resolve) => client.once('close', resolve))
    const again = new Promise((resolve) => client.once('connect', resolve))
    await (await peer.conversation()).accept()
    await again
    await client.stop()
    await closed
    expect(told).toEqual([
      ...['> connect', '< connack', 'connect', '< publish', 'message', '< disconnect', 'disconnect', 'reconnecting'],
      ...['> connect', '< connack', 'connect', '> disconnect', 'disconnect', 'close'],
    ])
  })

  test('are heard until the disposer is called or the signal aborts, and a listener that throws raises error', async () => {
    await using broker = await startMosquitto()
    await using client = await connect(broker.urls.mqtt)
    const controller = new AbortController()
    const counts = { forGood: 0, once: 0, disposed: 0, signalled: 0 }
    const errors: Error[] = []
    client.on('error', (error) => errors.push(error))
    client.on('packetreceive', () => counts.forGood++)
    client.once('packetreceive', () => counts.once++)
    const dispose = client.on('packetreceive', () => counts.disposed++)
    client.on('packetreceive', () => counts.signalled++, { signal: controller.signal })
    const disposeFailing = client.on('packetreceive', () => {
      throw new Error('mine')
    })
    await client.ping()
    dispose()
    disposeFailing()
    controller.abort()
    await client.ping()
    expect(counts).toEqual({ forGood: 2, once: 1, disposed: 1, signalled: 1 })
    expect(errors.map(({ message }) => message)).toEqual(['mine'])
  })
})
