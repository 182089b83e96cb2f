/** A subscriber that is slower than its server, over real sockets: nothing is lost, nothing piles up, and it stays connected. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Client, type ClientOptions, type Message, type ProtocolVersion, type QoS } from '../../platform/node/index.js'
import { type Mosquitto, startMosquitto } from '../support/mosquitto.js'

const MESSAGES = 500
const PAYLOAD = new Uint8Array(10_000)

let broker: Mosquitto
beforeAll(async () => {
  broker = await startMosquitto()
})
afterAll(() => broker[Symbol.asyncDispose]())

/** A handler whose calls stay pending until `release`. */
function gate() {
  const got: number[] = []
  let open = false
  let waiting: (() => void)[] = []
  const handler = (message: Message): Promise<void> | undefined => {
    got.push(Number(message.text().slice(0, 6)))
    if (open) return undefined
    return new Promise((resolve) => waiting.push(resolve))
  }
  const release = (): void => {
    open = true
    for (const resolve of waiting) resolve()
    waiting = []
  }
  return { got, handler, release, pending: () => waiting.length }
}

async function publishAll(topic: string, qos: QoS): Promise<void> {
  await using publisher = new Client({ url: broker.urls.mqtt, protocolVersion: 5, reconnect: false })
  await publisher.connect()
  for (let from = 0; from < MESSAGES; from += 100) {
    await Promise.all(
      Array.from({ length: 100 }, (_, index) => {
        const payload = PAYLOAD.slice()
        payload.set(new TextEncoder().encode(String(from + index).padStart(6, '0')))
        return publisher.publish(topic, payload, { qos })
      }),
    )
  }
}

/** Resolves when the client has sent PINGREQ `count` times from now. */
function pings(client: Client, count: number): Promise<void> {
  return new Promise((resolve) => {
    client.on('packetsend', ({ type }) => {
      if (type === 'pingreq' && --count === 0) resolve()
    })
  })
}

const inOrder = Array.from({ length: MESSAGES }, (_, index) => index)

describe.concurrent('a handler that does not return', () => {
  for (const protocolVersion of [3, 4, 5] as ProtocolVersion[]) {
    for (const qos of [1, 2] as const) {
      test(`holds the server back at QoS ${qos} in version ${protocolVersion}, while keep-alive goes on, and loses nothing`, async ({
        expect,
      }) => {
        const options: ClientOptions = {
          url: broker.urls.mqtt,
          protocolVersion,
          reconnect: false,
          keepAlive: 1,
          backlog: { maxMessages: 50 },
        }
        await using subscriber = new Client(options)
        let lost: unknown
        subscriber.on('disconnect', ({ error }) => {
          lost = error
        })
        await subscriber.connect()
        const { got, handler, release, pending } = gate()
        const topic = `slow/${protocolVersion}/${qos}`
        await subscriber.subscribe(topic, { qos }, handler)
        await publishAll(topic, qos)
        await pings(subscriber, 3)
        // Of 5 MB, what was read before the network was left alone: far from all.
        expect(subscriber.metrics().bytesReceived).toBeLessThan(1_500_000)
        expect(pending()).toBe(50)
        expect(lost).toBeUndefined()
        release()
        await expect.poll(() => got.length, { timeout: 15_000 }).toBe(MESSAGES)
        expect(got).toEqual(inOrder)
        expect(lost).toBeUndefined()
        expect(subscriber.metrics().messagesDropped).toBe(0)
      })
    }
  }

  for (const overflow of ['drop-oldest', 'drop-newest'] as const) {
    test(`at QoS 0 drops what is too much, counts it, and keeps the rest in order (${overflow})`, async ({
      expect,
    }) => {
      await using subscriber = new Client({
        url: broker.urls.mqtt,
        protocolVersion: 5,
        reconnect: false,
        keepAlive: 1,
        backlog: { maxMessages: 50, overflow },
      })
      await subscriber.connect()
      const { got, handler, release, pending } = gate()
      const subscription = await subscriber.subscribe(`lossy/${overflow}`, handler)
      let told = 0
      subscriber.on('drop', () => told++)
      await publishAll(`lossy/${overflow}`, 0)
      await expect.poll(() => told, { timeout: 15_000 }).toBe(MESSAGES - 100)
      await pings(subscriber, 2)
      expect(pending()).toBe(50)
      expect(subscriber.status).toBe('connected')
      release()
      await expect.poll(() => got.length).toBe(100)
      expect(got).toEqual(
        overflow === 'drop-oldest' ? [...inOrder.slice(0, 50), ...inOrder.slice(-50)] : inOrder.slice(0, 100),
      )
      expect(subscription.dropped).toBe(MESSAGES - 100)
      expect(subscriber.metrics().messagesDropped).toBe(MESSAGES - 100)
    })
  }

  test('at QoS 0 has the network wait instead, with overflow wait', async ({ expect }) => {
    await using subscriber = new Client({
      url: broker.urls.mqtt,
      reconnect: false,
      keepAlive: 1,
      backlog: { maxMessages: 50, overflow: 'wait' },
    })
    await subscriber.connect()
    const { got, handler, release, pending } = gate()
    await subscriber.subscribe('patient', handler)
    await publishAll('patient', 0)
    await pings(subscriber, 3)
    expect(pending()).toBe(50)
    expect(subscriber.metrics().bytesReceived).toBeLessThan(1_500_000)
    release()
    await expect.poll(() => got.length, { timeout: 15_000 }).toBe(MESSAGES)
    expect(got).toEqual(inOrder)
  })

  test('does not keep its own publish from being answered', async ({ expect }) => {
    await using subscriber = new Client({
      url: broker.urls.mqtt,
      reconnect: false,
      backlog: { maxMessages: 10 },
    })
    await subscriber.connect()
    let forwarded = 0
    await subscriber.subscribe('forward', { qos: 1 }, async (message) => {
      await subscriber.publish('forwarded', message.payload, { qos: 1 })
      forwarded++
    })
    await publishAll('forward', 1)
    await expect.poll(() => forwarded, { timeout: 15_000 }).toBe(MESSAGES)
  })
})

test('a paused client gets nothing and loses nothing, at each QoS', async () => {
  await using subscriber = new Client({ url: broker.urls.mqtt, protocolVersion: 5, reconnect: false })
  await subscriber.connect()
  const got: Record<QoS, number[]> = { 0: [], 1: [], 2: [] }
  for (const qos of [0, 1, 2] as const) {
    await subscriber.subscribe(`paused/${qos}`, { qos }, (message) => {
      got[qos].push(Number(message.text().slice(0, 6)))
    })
  }
  subscriber.pause()
  expect(subscriber.info.paused).toBe(true)
  for (const qos of [0, 1, 2] as const) await publishAll(`paused/${qos}`, qos)
  expect(got).toEqual({ 0: [], 1: [], 2: [] })
  subscriber.resume()
  await expect.poll(() => got[0].length + got[1].length + got[2].length, { timeout: 15_000 }).toBe(3 * MESSAGES)
  expect(got).toEqual({ 0: inOrder, 1: inOrder, 2: inOrder })
})
