/**
 * What an application expects of a broker, each with what it takes to see it. A broker that lacks one makes it fail, with an
 * error that says how: `kinds.ts` says which, and docs/brokers.md is made of it.
 */

import { expect } from 'vitest'
import type { Client, MqttError, ProtocolVersion, QoS } from '../../platform/node/index.js'
import type { Scheme } from './broker.js'
import { type Guest, Inbox, soon } from './guest.js'

export interface Behaviour {
  readonly title: string
  /** What it goes over, where that is what it is about; a broker that does not listen there is not asked. */
  readonly scheme?: Scheme
  /** Versions that can have it; all, unless said. */
  readonly versions?: readonly ProtocolVersion[]
  show(guest: Guest): Promise<void>
}

const LEVELS: readonly QoS[] = [0, 1, 2]
const SINCE_311: readonly ProtocolVersion[] = [4, 5]
const ONLY_5: readonly ProtocolVersion[] = [5]
/** Messages of a burst: more than the 20 that some brokers hand out at once, fewer than what any queues. */
const BURST = 90

/** Subscribes; fails when the server does not grant what was asked. */
async function subscribe(client: Client, filter: string, inbox: Inbox, options: { qos?: QoS } & object = {}) {
  const { qos = 2 } = options
  const { reasonCodes } = await client.subscribe(filter, { qos, ...options }, inbox.handler)
  expect(reasonCodes, 'granted').toEqual([qos])
}

/** Nothing that was published before is on its way any more: a message of one's own has come round. */
async function settle(guest: Guest, client: Client): Promise<void> {
  const inbox = new Inbox()
  const topic = `${guest.topic}-settled`
  await client.subscribe(topic, { qos: 1 }, inbox.handler)
  await client.publish(topic, 'settled', { qos: 1 })
  await inbox.first()
}

async function roundTrip(guest: Guest, client: Client, qos: QoS): Promise<void> {
  const inbox = new Inbox()
  await subscribe(client, guest.topic, inbox, { qos })
  for (const payload of ['one', 'zwei ✓', '']) await client.publish(guest.topic, payload, { qos })
  expect(await inbox.texts(3)).toEqual(['one', 'zwei ✓', ''])
  expect(
    inbox.messages.map((message) => message.qos),
    'QoS of what came',
  ).toEqual([qos, qos, qos])
}

const overTransports: readonly Behaviour[] = (
  [
    ['mqtt', 'TCP'],
    ['mqtts', 'TLS'],
    ['ws', 'WebSocket'],
    ['wss', 'WebSocket over TLS'],
  ] as const
).flatMap(([scheme, name]) =>
  LEVELS.map((qos) => ({
    title: `QoS ${qos} over ${name}`,
    scheme,
    show: async (guest: Guest) => roundTrip(guest, await guest.connect({ url: guest.url(scheme) }), qos),
  })),
)

/** A session with what came meanwhile. */
async function keptSession(guest: Guest, qos: QoS): Promise<void> {
  const clientId = `kept${qos}v${guest.version}${guest.topic.slice(-8)}`
  const inbox = new Inbox()
  const options = { clientId, cleanStart: false }
  const reader = await guest.connect(options)
  await subscribe(reader, guest.topic, inbox, { qos })
  await reader.disconnect()
  const writer = await guest.connect()
  for (const payload of ['a', 'b', 'c']) await writer.publish(guest.topic, payload, { qos })
  const { sessionPresent } = await reader.connect()
  if (guest.version !== 3) expect(sessionPresent, 'sessionPresent').toBe(true)
  expect(await inbox.texts(3)).toEqual(['a', 'b', 'c'])
}

/** All messages of a writer whose connection is cut again and again; QoS 2 none twice. */
async function throughCuts(guest: Guest, qos: 1 | 2): Promise<void> {
  const inbox = new Inbox()
  const reader = await guest.connect()
  await subscribe(reader, guest.topic, inbox, { qos })
  const relay = await guest.relay()
  const writer = guest.client({
    url: relay.url,
    clientId: `cut${qos}v${guest.version}${guest.topic.slice(-8)}`,
    cleanStart: false,
    reconnect: { minDelay: 1, maxDelay: 20 },
  })
  await writer.connect()
  const sent = Array.from({ length: BURST }, (_, n) => `${n}`)
  const published: Promise<unknown>[] = []
  for (const payload of sent) {
    const publishing = writer.publish(guest.topic, payload, { qos })
    published.push(publishing)
    // Every tenth is on its way, no more than that is known, when the connection ends.
    if (published.length % 10 === 0) {
      const again = new Promise((resolve) => writer.once('connect', resolve))
      relay.cut()
      await again
    }
  }
  await soon(Promise.all(published), 'the last acknowledgement')
  const got = await inbox.texts(sent.length)
  await settle(guest, reader)
  expect([...new Set(got)].sort(), 'messages').toEqual([...sent].sort())
  if (qos === 2) expect(inbox.messages.length, 'messages with doubles').toBe(sent.length)
}

async function refusal(promise: Promise<unknown>): Promise<MqttError> {
  return promise.then(
    () => {
      throw new Error('it was not refused')
    },
    (error) => error,
  )
}

export const BEHAVIOURS: readonly Behaviour[] = [
  ...overTransports,
  ...LEVELS.map((qos) => ({
    title: `A burst of QoS ${qos} arrives whole and in order`,
    async show(guest: Guest) {
      const client = await guest.connect()
      const inbox = new Inbox()
      await client.subscribe(guest.topic, { qos }, inbox.handler)
      const sent = Array.from({ length: BURST }, (_, n) => `${n}`)
      await Promise.all(sent.map((payload) => client.publish(guest.topic, payload, { qos })))
      expect(await inbox.texts(BURST), 'messages').toEqual(sent)
    },
  })),
  {
    title: 'A payload of 1 MiB',
    async show(guest) {
      const client = await guest.connect()
      const inbox = new Inbox()
      await client.subscribe(guest.topic, { qos: 1 }, inbox.handler)
      const payload = Uint8Array.from({ length: 1_048_576 }, (_, index) => (index * 31) & 0xff)
      await client.publish(guest.topic, payload, { qos: 1 })
      const message = await inbox.first()
      expect(Buffer.compare(message.payload, payload), 'payload').toBe(0)
    },
  },
  ...(
    [
      ['letters of every script', 'температура/温度/🌡'],
      ['blanks', 'a place/ '],
      ['dots and dollars', 'v1.2/$price'],
      ['empty levels', '/a//b/'],
    ] as const
  ).map(([what, tail]) => ({
    title: `A topic with ${what}`,
    async show(guest: Guest) {
      const client = await guest.connect()
      const inbox = new Inbox()
      await client.subscribe(`${guest.topic}/#`, { qos: 1 }, inbox.handler)
      await client.publish(`${guest.topic}/${tail}`, 'x', { qos: 1 })
      expect((await inbox.first()).topic, 'topic').toBe(`${guest.topic}/${tail}`)
    },
  })),
  {
    title: 'The wildcards + and #',
    async show(guest) {
      const client = await guest.connect()
      const [plus, hash] = [new Inbox(), new Inbox()]
      await client.subscribe(`${guest.topic}/+/end`, { qos: 1 }, plus.handler)
      await client.subscribe(`${guest.topic}/deep/#`, { qos: 1 }, hash.handler)
      for (const topic of ['a/end', 'a/b/end', 'deep', 'deep/a/b']) {
        await client.publish(`${guest.topic}/${topic}`, topic, { qos: 1 })
      }
      await settle(guest, client)
      expect(await plus.texts(1), '+').toEqual(['a/end'])
      expect(await hash.texts(2), '#').toEqual(['deep', 'deep/a/b'])
    },
  },
  {
    title: 'After UNSUBSCRIBE nothing comes any more',
    async show(guest) {
      const client = await guest.connect()
      const inbox = new Inbox()
      await client.subscribe(guest.topic, { qos: 1 }, inbox.handler)
      await client.publish(guest.topic, 'before', { qos: 1 })
      await inbox.first()
      await client.unsubscribe(guest.topic)
      const all = new Inbox()
      client.on('message', all.handler)
      await client.publish(guest.topic, 'after', { qos: 1 })
      await settle(guest, client)
      expect(
        all.messages.map((message) => message.text()),
        'after UNSUBSCRIBE',
      ).toEqual(['settled'])
    },
  },
  {
    title: 'A retained message comes to a new subscriber, until an empty one removes it',
    async show(guest) {
      const client = await guest.connect()
      await client.publish(guest.topic, 'kept', { qos: 1, retain: true })
      const first = new Inbox()
      await client.subscribe(guest.topic, { qos: 1 }, first.handler)
      const message = await first.first()
      expect([message.text(), message.retain], 'retained').toEqual(['kept', true])
      await client.unsubscribe(guest.topic)
      await client.publish(guest.topic, '', { qos: 1, retain: true })
      const second = new Inbox()
      await client.subscribe(guest.topic, { qos: 1 }, second.handler)
      await settle(guest, client)
      expect(second.messages.length, 'retained messages after the removal').toBe(0)
    },
  },
  {
    title: 'The will comes when a client vanishes, and not when it disconnects',
    async show(guest) {
      const inbox = new Inbox()
      const watcher = await guest.connect()
      await watcher.subscribe(`${guest.topic}/+`, { qos: 1 }, inbox.handler)
      const will = (topic: string) => ({ topic: `${guest.topic}/${topic}`, payload: topic, qos: 1 }) as const
      const polite = await guest.connect({ will: will('polite') })
      await polite.disconnect()
      const relay = await guest.relay()
      await guest.connect({ url: relay.url, will: will('left') })
      relay.cut()
      await inbox.texts(1)
      await settle(guest, watcher)
      expect(
        inbox.messages.map((message) => message.text()),
        'wills',
      ).toEqual(['left'])
    },
  },
  ...LEVELS.slice(1).map((qos) => ({
    title: `A kept session has what came meanwhile, QoS ${qos}`,
    show: (guest: Guest) => keptSession(guest, qos),
  })),
  ...([1, 2] as const).map((qos) => ({
    title: `Nothing is lost${qos === 2 ? ' or doubled' : ''} when the connection of the writer is cut again and again, QoS ${qos}`,
    show: (guest: Guest) => throughCuts(guest, qos),
  })),
  {
    title: 'A second client with the same Client Identifier ends the first',
    async show(guest) {
      const clientId = `twin-v${guest.version}-${guest.topic.slice(-8)}`
      const first = await guest.connect({ clientId })
      const closed = new Promise((resolve) => first.once('close', resolve))
      await guest.connect({ clientId })
      await soon(closed, 'the end of the first')
    },
  },
  {
    title: 'It says 0x8E to the first of them',
    versions: ONLY_5,
    async show(guest) {
      const clientId = `told-v${guest.version}-${guest.topic.slice(-8)}`
      const first = await guest.connect({ clientId })
      const ended = new Promise<number | undefined>((resolve) =>
        first.once('disconnect', ({ reasonCode }) => resolve(reasonCode)),
      )
      await guest.connect({ clientId })
      expect(await soon(ended, 'the end of the first'), 'reason code').toBe(0x8e)
    },
  },
  {
    title: 'A Client Identifier is assigned to a client without one',
    versions: ONLY_5,
    async show(guest) {
      const client = await guest.connect({ clientId: '' })
      expect(client.clientId, 'Assigned Client Identifier').not.toBe('')
    },
  },
  {
    title: 'A Client Identifier of 200 characters, not all of them letters and digits',
    async show(guest) {
      const client = await guest.connect({ clientId: `long id/${guest.topic.slice(-8)}/`.padEnd(200, 'é') })
      await settle(guest, client)
    },
  },
  {
    title: 'Many filters in one SUBSCRIBE, each with its own answer',
    async show(guest) {
      const client = await guest.connect()
      const inbox = new Inbox()
      const filters = Array.from({ length: 50 }, (_, n) => `${guest.topic}/${n}`)
      const { reasonCodes } = await client.subscribe(filters, { qos: 1 }, inbox.handler)
      expect(reasonCodes, 'granted').toEqual(filters.map(() => 1))
      await client.publish(filters[49] as string, 'last', { qos: 1 })
      expect(await inbox.texts(1)).toEqual(['last'])
    },
  },
  {
    title: 'PINGREQ is answered',
    async show(guest) {
      const client = await guest.connect()
      expect(await client.ping()).toBeGreaterThanOrEqual(0)
    },
  },
  {
    title: 'Shared subscriptions: each message goes to one of the group',
    versions: SINCE_311,
    async show(guest) {
      const [one, two] = [new Inbox(), new Inbox()]
      const filter = `$share/group/${guest.topic}`
      const [first, second] = [await guest.connect(), await guest.connect()]
      await first.subscribe(filter, { qos: 1 }, one.handler)
      await second.subscribe(filter, { qos: 1 }, two.handler)
      const writer = await guest.connect()
      for (let n = 0; n < 20; n++) await writer.publish(guest.topic, `${n}`, { qos: 1 })
      await settle(guest, first)
      await settle(guest, second)
      const got = [...one.messages, ...two.messages].map((message) => Number(message.text()))
      expect(
        got.sort((a, b) => a - b),
        'messages of the group',
      ).toEqual(Array.from({ length: 20 }, (_, n) => n))
      expect(Math.min(one.messages.length, two.messages.length), 'messages of the idler').toBeGreaterThan(0)
    },
  },
  {
    title: 'No Local: a client does not get what it published itself',
    versions: ONLY_5,
    async show(guest) {
      const client = await guest.connect()
      const inbox = new Inbox()
      await client.subscribe(guest.topic, { qos: 1, noLocal: true }, inbox.handler)
      await client.publish(guest.topic, 'own', { qos: 1 })
      await settle(guest, client)
      expect(inbox.messages.length, 'own messages').toBe(0)
    },
  },
  {
    title: 'Retain As Published keeps the flag',
    versions: ONLY_5,
    async show(guest) {
      const client = await guest.connect()
      const inbox = new Inbox()
      await client.subscribe(guest.topic, { qos: 1, retainAsPublished: true }, inbox.handler)
      await client.publish(guest.topic, 'x', { qos: 1, retain: true })
      expect((await inbox.first()).retain, 'retain').toBe(true)
    },
  },
  ...([1, 2] as const).map((retainHandling) => ({
    title: `Retain Handling ${retainHandling}: ${retainHandling === 1 ? 'a subscription that is there gets no retained message again' : 'no retained message'}`,
    versions: ONLY_5,
    async show(guest: Guest) {
      const client = await guest.connect()
      await client.publish(guest.topic, 'kept', { qos: 1, retain: true })
      const all = new Inbox()
      client.on('message', all.handler)
      const options = { qos: 1, retainHandling } as const
      await client.subscribe(guest.topic, options, () => {})
      await client.subscribe(guest.topic, options, () => {})
      await settle(guest, client)
      const got = all.messages.filter(({ topic }) => topic === guest.topic).length
      expect(got, 'retained messages').toBe(retainHandling === 1 ? 1 : 0)
    },
  })),
  {
    title: 'Subscription Identifiers come with the messages',
    versions: ONLY_5,
    async show(guest) {
      const client = await guest.connect()
      const inbox = new Inbox()
      await client.subscribe(guest.topic, { qos: 1, properties: { subscriptionIdentifier: 77 } }, inbox.handler)
      await client.publish(guest.topic, 'x', { qos: 1 })
      expect((await inbox.first()).properties.subscriptionIdentifiers, 'identifiers').toEqual([77])
    },
  },
  {
    title: 'User Properties, Content Type, Response Topic and Correlation Data arrive as they were sent',
    versions: ONLY_5,
    async show(guest) {
      const client = await guest.connect()
      const inbox = new Inbox()
      const properties = {
        payloadFormatIndicator: 1,
        contentType: 'text/plain',
        responseTopic: `${guest.topic}/answer`,
        correlationData: Uint8Array.of(0, 255, 7),
        userProperties: [
          ['b', '1'],
          ['a', '2'],
          ['b', '3'],
        ],
      } as const
      await client.subscribe(guest.topic, { qos: 1 }, inbox.handler)
      await client.publish(guest.topic, 'x', {
        qos: 1,
        properties: { ...properties, userProperties: properties.userProperties.map(([k, v]) => [k, v]) },
      })
      const got = (await inbox.first()).properties
      expect({ ...got, correlationData: [...(got.correlationData ?? [])] }, 'properties').toEqual({
        ...properties,
        correlationData: [0, 255, 7],
      })
    },
  },
  {
    title: 'Message Expiry Interval: what waited too long does not come, and the rest says what is left',
    versions: ONLY_5,
    async show(guest) {
      const clientId = `late-${guest.topic.slice(-8)}`
      const inbox = new Inbox()
      const reader = await guest.connect({ clientId, cleanStart: false })
      await subscribe(reader, guest.topic, inbox, { qos: 1 })
      await reader.disconnect()
      const writer = await guest.connect()
      await writer.publish(guest.topic, 'short', { qos: 1, properties: { messageExpiryInterval: 1 } })
      await writer.publish(guest.topic, 'long', { qos: 1, properties: { messageExpiryInterval: 100 } })
      await new Promise((resolve) => setTimeout(resolve, 2_100))
      await reader.connect()
      await inbox.texts(1)
      await settle(guest, reader)
      expect(
        inbox.messages.map((message) => message.text()),
        'after 2 s',
      ).toEqual(['long'])
      expect(inbox.messages[0]?.properties.messageExpiryInterval, 'what is left').toBeLessThan(100)
    },
  },
  {
    title: 'Will Delay Interval: a client that is back in time has no will published',
    versions: ONLY_5,
    async show(guest) {
      const inbox = new Inbox()
      const watcher = await guest.connect()
      await watcher.subscribe(guest.topic, { qos: 1 }, inbox.handler)
      const relay = await guest.relay()
      const client = guest.client({
        url: relay.url,
        clientId: `back-${guest.topic.slice(-8)}`,
        cleanStart: false,
        reconnect: { minDelay: 1, maxDelay: 20 },
        will: { topic: guest.topic, payload: 'will', qos: 1, properties: { willDelayInterval: 1 } },
      })
      await client.connect()
      const again = new Promise((resolve) => client.once('connect', resolve))
      relay.cut()
      await soon(again, 'the second connection')
      await new Promise((resolve) => setTimeout(resolve, 1_500))
      await settle(guest, watcher)
      expect(inbox.messages.length, 'wills').toBe(0)
    },
  },
  {
    title: 'Topic aliases are taken from a client',
    versions: ONLY_5,
    async show(guest) {
      const client = guest.client()
      const { properties } = await client.connect()
      expect(properties.topicAliasMaximum ?? 0, 'Topic Alias Maximum').toBeGreaterThan(0)
      const inbox = new Inbox()
      await client.subscribe(guest.topic, { qos: 1 }, inbox.handler)
      const topics: string[] = []
      client.on('packetsend', (packet) => {
        if (packet.type === 'publish') topics.push(packet.topic)
      })
      await client.publish(guest.topic, 'first', { qos: 1 })
      await client.publish(guest.topic, 'second', { qos: 1 })
      expect(topics, 'topics sent').toEqual([guest.topic, ''])
      await inbox.texts(2)
      expect(
        inbox.messages.map((message) => `${message.topic === guest.topic} ${message.text()}`),
        'by alias',
      ).toEqual(['true first', 'true second'])
    },
  },
  {
    title: 'The Receive Maximum of a client is kept',
    versions: ONLY_5,
    async show(guest) {
      const inbox = new Inbox()
      const client = await guest.connect({ autoAck: false, properties: { receiveMaximum: 3 } })
      await client.subscribe(guest.topic, { qos: 1 }, inbox.handler)
      const writer = await guest.connect()
      for (let n = 0; n < 8; n++) await writer.publish(guest.topic, `${n}`, { qos: 1 })
      for (let at = 0; at < 8; at++) {
        await inbox.texts(at + 1)
        // Rejects when the broker went beyond it, because the client has left it then.
        await client.ping()
        inbox.messages[at]?.ack()
      }
    },
  },
  {
    title: 'The Maximum Packet Size of a client is kept',
    versions: ONLY_5,
    async show(guest) {
      const inbox = new Inbox()
      const client = await guest.connect({ properties: { maximumPacketSize: 1_000 } })
      await client.subscribe(guest.topic, { qos: 1 }, inbox.handler)
      const writer = await guest.connect()
      await writer.publish(guest.topic, 'x'.repeat(1_000), { qos: 1 })
      await writer.publish(guest.topic, 'small', { qos: 1 })
      await client.ping()
      await inbox.texts(1)
      expect(
        inbox.messages.map((message) => message.text()),
        'messages',
      ).toEqual(['small'])
    },
  },
  {
    title: 'Session Expiry Interval: a session is gone after it',
    versions: ONLY_5,
    async show(guest) {
      const options = { clientId: `gone-${guest.topic.slice(-8)}`, cleanStart: false }
      const client = guest.client({ ...options, properties: { sessionExpiryInterval: 1 } })
      await client.connect()
      await client.subscribe(guest.topic, { qos: 1 }, () => {})
      await client.disconnect()
      expect((await client.connect()).sessionPresent, 'at once').toBe(true)
      await client.disconnect()
      await new Promise((resolve) => setTimeout(resolve, 2_500))
      expect((await client.connect()).sessionPresent, 'after 2.5 s').toBe(false)
    },
  },
  {
    title: 'A publish that nobody gets is answered with 0x10',
    versions: ONLY_5,
    async show(guest) {
      const client = await guest.connect()
      expect((await client.publish(guest.topic, 'x', { qos: 1 })).reasonCode, 'reason code').toBe(0x10)
    },
  },
  {
    title: 'UNSUBSCRIBE of what was not subscribed is answered with 0x11',
    versions: ONLY_5,
    async show(guest) {
      const client = await guest.connect()
      expect((await client.unsubscribe(guest.topic)).reasonCodes, 'reason codes').toEqual([0x11])
    },
  },
  {
    title: 'An authentication method that it does not know is refused with 0x8C',
    versions: ONLY_5,
    async show(guest) {
      const enhancedAuth = { method: 'UNHEARD-OF', start: () => undefined, next: () => undefined }
      const error = await refusal(guest.connect({ enhancedAuth }))
      expect(error.reasonCode, error.message).toBe(0x8c)
    },
  },
]
