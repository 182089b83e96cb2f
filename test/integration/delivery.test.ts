/** Messages through real brokers: every transport, version and QoS, and through a broker that goes away. */

import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  Client,
  type ClientOptions,
  connect,
  type Message,
  type ProtocolVersion,
  type QoS,
} from '../../platform/node/index.js'
import { type EmbeddedBroker, startEmbeddedBroker } from '../support/embedded-broker.js'
import { type Mosquitto, startMosquitto } from '../support/mosquitto.js'

const VERSIONS: readonly ProtocolVersion[] = [3, 4, 5]
const LEVELS: readonly QoS[] = [0, 1, 2]
/** Messages of each QoS that are published while the broker stops. */
const COUNT = 400

/** The first `count` messages of `subscribe`'s handler, as it gets them. */
function collect(count: number): { handler: (message: Message) => void; messages: Promise<Message[]> } {
  const got: Message[] = []
  let done: (messages: Message[]) => void
  const messages = new Promise<Message[]>((resolve) => {
    done = resolve
  })
  const handler = (message: Message): void => {
    got.push(message)
    if (got.length === count) done(got)
  }
  return { handler, messages }
}

async function roundTrip(url: string, options: ClientOptions): Promise<void> {
  await using client = await connect(url, { reconnect: false, ...options })
  for (const qos of LEVELS) {
    const topic = `round/trip/${options.protocolVersion}/${qos}`
    const { handler, messages } = collect(3)
    const { reasonCodes } = await client.subscribe(topic, { qos }, handler)
    expect(reasonCodes).toEqual([qos])
    const results = await Promise.all(['one', 'zwei ✓', ''].map((payload) => client.publish(topic, payload, { qos })))
    for (const { packetId, reasonCode } of results) {
      expect(reasonCode).toBe(0)
      expect(packetId).toEqual(qos === 0 ? undefined : expect.any(Number))
    }
    const got = await messages
    expect(got.map((message) => message.text())).toEqual(['one', 'zwei ✓', ''])
    expect(got.map((message) => message.qos)).toEqual([qos, qos, qos])
    await client.unsubscribe(topic)
  }
}

describe('through mosquitto', () => {
  let broker: Mosquitto
  beforeAll(async () => {
    broker = await startMosquitto()
  })
  afterAll(() => broker[Symbol.asyncDispose]())

  for (const scheme of ['mqtt', 'mqtts', 'ws', 'wss'] as const) {
    for (const protocolVersion of VERSIONS) {
      test(`a message goes out and comes back at QoS 0, 1 and 2 over ${scheme} in version ${protocolVersion}`, async () => {
        const tls = scheme === 'mqtts' || scheme === 'wss' ? { tls: { ca: broker.ca } } : {}
        await roundTrip(broker.urls[scheme], { protocolVersion, ...tls })
      })
    }
  }

  test('a retained message that comes before SUBACK reaches the iterator', async () => {
    await using client = await connect(broker.urls.mqtt, { protocolVersion: 5 })
    await client.publish('kept', 'yes', { qos: 1, retain: true, properties: { contentType: 'text/plain' } })
    const kept = await client.subscribe('kept', { qos: 1 })
    for await (const message of kept) {
      expect(message.text()).toBe('yes')
      expect(message.retain).toBe(true)
      expect(message.properties.contentType).toBe('text/plain')
      break
    }
    expect(client.subscriptions.size).toBe(0)
    await client.publish('kept', '', { retain: true })
  })

  test('the will is published when the client vanishes, and not when it disconnects', async () => {
    await using watcher = await connect(broker.urls.mqtt, { protocolVersion: 5 })
    const { handler, messages } = collect(1)
    await watcher.subscribe('will/#', { qos: 1 }, handler)
    const polite = await connect(broker.urls.mqtt, { will: { topic: 'will/polite', payload: 'no' } })
    await polite.disconnect()
    const leaving = await connect(broker.urls.mqtt, {
      protocolVersion: 5,
      will: { topic: 'will/left', payload: 'bye', qos: 1 },
    })
    // 0x04: disconnect with the will.
    await leaving.disconnect({ reasonCode: 4 })
    expect((await messages).map((message) => `${message.topic} ${message.text()}`)).toEqual(['will/left bye'])
  })

  test('the server assigns a client id in 5.0, and one is generated in 3.1.1', async () => {
    await using assigned = await connect(broker.urls.mqtt, { protocolVersion: 5 })
    expect(assigned.clientId).not.toBe('')
    await using generated = await connect(broker.urls.mqtt)
    expect(generated.clientId).toMatch(/^emqtt-[0-9a-f]{16}$/)
  })

  test('1 MiB arrives as it was sent', async () => {
    await using client = await connect(broker.urls.mqtts, { protocolVersion: 5, tls: { ca: broker.ca } })
    const { handler, messages } = collect(1)
    await client.subscribe('large', { qos: 2 }, handler)
    const payload = Uint8Array.from({ length: 1_048_576 }, (_, index) => (index * 31) & 0xff)
    await client.publish('large', payload, { qos: 2 })
    expect(Buffer.compare((await messages)[0]?.payload as Uint8Array, payload)).toBe(0)
  })
})

describe('through a mosquitto that holds 20 messages at once, as it does unless told otherwise', () => {
  for (const protocolVersion of VERSIONS) {
    test(`500 messages of QoS 1 and 500 of QoS 2, published at once, all arrive in version ${protocolVersion}`, async () => {
      await using broker = await startMosquitto({ config: ['max_inflight_messages 20', 'max_queued_messages 2000'] })
      await using client = await connect(broker.urls.mqtt, { protocolVersion, reconnect: false })
      const { handler, messages } = collect(1000)
      await client.subscribe('many/+', { qos: 2 }, handler)
      await Promise.all(
        Array.from({ length: 1000 }, (_, n) => {
          const qos = n % 2 === 0 ? 1 : 2
          return client.publish(`many/${qos}`, String(n), { qos })
        }),
      )
      const got = (await messages).map((message) => Number(message.text()))
      expect(got.filter((n) => n % 2 === 0)).toEqual(Array.from({ length: 500 }, (_, n) => 2 * n))
      expect(got.filter((n) => n % 2 === 1)).toEqual(Array.from({ length: 500 }, (_, n) => 2 * n + 1))
    })
  }
})

describe('through the embedded broker', () => {
  let broker: EmbeddedBroker
  beforeAll(async () => {
    broker = await startEmbeddedBroker()
  })
  afterAll(() => broker[Symbol.asyncDispose]())

  for (const scheme of ['mqtt', 'ws'] as const) {
    for (const protocolVersion of VERSIONS) {
      test(`a message goes out and comes back at QoS 0, 1 and 2 over ${scheme} in version ${protocolVersion}`, async () => {
        await roundTrip(broker.urls[scheme], { protocolVersion })
      })
    }
  }
})

describe('through a mosquitto that stops for two seconds', () => {
  for (const protocolVersion of [4, 5] as const) {
    test(`everything arrives, QoS 2 once, in order, in version ${protocolVersion}`, { timeout: 60_000 }, async () => {
      await using broker = await startMosquitto({ persistence: true })
      const options: ClientOptions = {
        protocolVersion,
        cleanStart: false,
        reconnect: { minDelay: 50, maxDelay: 200 },
      }
      const seen: Record<1 | 2, number[]> = { 1: [], 2: [] }
      let done = (): void => {}
      const complete = new Promise<void>((resolve) => {
        done = resolve
      })
      // The broker keeps the reader's messages until the end: mosquitto 2.0.11, stopped in the midst of an exchange,
      // forgets that it has sent PUBREL and sends the PUBLISH again [MQTT-4.3.3-6]. No reader could tell it from a new one.
      await using reader = new Client({ ...options, url: broker.urls.mqtt, clientId: `reader-${protocolVersion}` })
      await reader.connect()
      await reader.subscribe('stop/+', { qos: 2 }, (message) => {
        seen[message.topic === 'stop/1' ? 1 : 2].push(Number(message.text()))
        if (new Set(seen[1]).size === COUNT && seen[2].length >= COUNT) done()
      })
      await reader.disconnect()

      await using writer = new Client({ ...options, url: broker.urls.mqtt, clientId: `writer-${protocolVersion}` })
      let reconnects = -1
      writer.on('connect', () => reconnects++)
      await writer.connect()
      const published: Promise<unknown>[] = []
      let outage: Promise<void> | undefined
      for (let n = 0; n < COUNT; n++) {
        for (const qos of [1, 2] as const) published.push(writer.publish(`stop/${qos}`, String(n), { qos }))
        // A few at a time, so that the stop falls into the midst of many exchanges.
        if (n % 10 === 0) await sleep(5)
        if (n === COUNT / 4)
          outage = broker
            .stop()
            .then(() => sleep(2_000))
            .then(() => broker.start())
      }
      await outage
      await Promise.all(published)
      expect((await reader.connect()).sessionPresent).toBe(true)
      await complete
      expect(reconnects).toBeGreaterThan(0)
      expect(seen[2]).toEqual(Array.from({ length: COUNT }, (_, n) => n))
      // QoS 1 may come twice, and then in the order of sending again; without the doubles the order holds.
      expect([...new Set(seen[1])]).toEqual(Array.from({ length: COUNT }, (_, n) => n))
    })
  }
})
