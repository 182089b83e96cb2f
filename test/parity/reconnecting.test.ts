/** The options about connecting again, each seen through a server that goes away and comes back. */

import { describe, expect, test, vi } from 'vitest'
import { Client, type ReconnectingEvent } from '../../platform/node/index.js'
import { startMosquitto } from '../support/mosquitto.js'
import { freePort } from '../support/ports.js'
import { meet, startPeer } from './peer.js'

describe('reconnect', () => {
  test('is on unless told otherwise, after at most a second', async () => {
    await using peer = await startPeer()
    const { client, server } = await meet(peer, { reconnect: undefined })
    await using _ = client
    const planned = new Promise<ReconnectingEvent>((resolve) => client.once('reconnecting', resolve))
    server.drop()
    const { attempt, delay } = await planned
    expect(attempt).toBe(1)
    expect(delay).toBeLessThanOrEqual(1_000)
    await (await peer.conversation()).accept()
  })

  test('false leaves it at the first connection', async () => {
    await using peer = await startPeer()
    const { client, server } = await meet(peer, { reconnect: false })
    const closed = new Promise<{ error: Error | undefined }>((resolve) => client.once('close', resolve))
    server.drop()
    expect((await closed).error).toMatchObject({ name: 'ConnectionLostError' })
    expect(client.status).toBe('closed')
  })

  test('as a function says when, and when to give up', async () => {
    await using peer = await startPeer()
    const asked: number[] = []
    const reconnect = (attempt: number): number | false => {
      asked.push(attempt)
      return attempt < 3 && 10
    }
    const { client, server } = await meet(peer, { reconnect })
    const closed = new Promise((resolve) => client.once('close', resolve))
    server.drop()
    // Two more attempts, which it does not answer.
    for (let n = 0; n < 2; n++) (await peer.conversation()).drop()
    await closed
    expect(asked).toEqual([1, 2, 3])
  })

  test('maxAttempts, minDelay and maxDelay bound the attempts and their delays, which are random below a growing cap', async () => {
    const url = `mqtt://127.0.0.1:${await freePort()}`
    const reconnect = { maxAttempts: 6, minDelay: 4, maxDelay: 16, retryFirst: true }
    const client = new Client({ url, reconnect })
    const planned: ReconnectingEvent[] = []
    client.on('reconnecting', (event) => planned.push(event))
    await expect(client.connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    expect(planned.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5, 6])
    const delays = planned.map(({ delay }) => delay)
    for (const [index, cap] of [4, 8, 16, 16, 16, 16].entries()) expect(delays[index]).toBeLessThanOrEqual(cap)
    expect(new Set(delays).size).toBe(6)
  })

  test('retryFirst waits for a broker that is not there yet; without it, the first connect rejects', async () => {
    await using broker = await startMosquitto()
    await broker.stop()
    await expect(new Client({ url: broker.urls.mqtt }).connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await using client = new Client({
      url: broker.urls.mqtt,
      reconnect: { retryFirst: true, minDelay: 20, maxDelay: 50 },
    })
    const connected = client.connect()
    await broker.start()
    expect(await connected).toMatchObject({ reasonCode: 0 })
  })
})

describe('retryCalls', () => {
  test('sends a call that waits for its answer again after a reconnect', async () => {
    await using peer = await startPeer()
    const { client, server } = await meet(peer, { reconnect: () => 0 })
    await using _ = client
    const subscribed = client.subscribe('f', { qos: 1 })
    await server.next('subscribe')
    server.drop()
    const next = await peer.conversation()
    await next.accept()
    const { packetId, subscriptions } = await next.next('subscribe')
    expect(subscriptions).toMatchObject([{ filter: 'f', qos: 1 }])
    next.send({ type: 'suback', packetId, reasonCodes: [1] })
    expect((await subscribed).reasonCodes).toEqual([1])
  })

  test('false ends it with its connection', async () => {
    await using peer = await startPeer()
    const { client, server } = await meet(peer, { reconnect: () => 0, retryCalls: false })
    await using _ = client
    const connectedAgain = new Promise((resolve) => client.once('connect', resolve))
    const failed = expect(client.subscribe('f')).rejects.toMatchObject({ name: 'ConnectionLostError' })
    await server.next('subscribe')
    server.drop()
    await failed
    const next = await peer.conversation()
    await next.accept()
    await connectedAgain
    const pong = client.ping()
    // Nothing is between CONNECT and this.
    await next.next('pingreq')
    next.send({ type: 'pingresp' })
    await pong
  })
})

test('a large message leaves no buffer of its size behind, and an idle client holds little', async () => {
  const { setFlagsFromString } = await import('node:v8')
  const { runInNewContext } = await import('node:vm')
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  const held = (): number => {
    collectGarbage()
    return process.memoryUsage().arrayBuffers
  }
  await using broker = await startMosquitto()
  const size = 16 * 1024 * 1024
  await using client = new Client({ url: broker.urls.mqtt })
  await client.connect()
  let arrived = (): void => {}
  let length = 0
  await client.subscribe('large', { qos: 1 }, ({ payload }) => {
    length = payload.length
    arrived()
  })
  const before = held()
  await Promise.all([
    new Promise<void>((resolve) => {
      arrived = resolve
    }),
    client.publish('large', new Uint8Array(size), { qos: 1 }),
  ])
  expect(length).toBe(size)
  // The connection is used once more, since a socket may hold on to what it wrote last.
  await client.ping()
  // What was garbage a moment ago is freed in its own time.
  await vi.waitFor(() => expect(held() - before).toBeLessThan(1024 * 1024), { timeout: 10_000, interval: 50 })
})
