/** What properties do: the limits that a server states and that we state, Topic Aliases, and what a broker passes on. */

import { describe, expect, test } from 'vitest'
import { type Client, type ConnectResult, connect, type Message } from '../../platform/node/index.js'
import { startMosquitto } from '../support/mosquitto.js'
import { expectSilence, meet, startPeer } from './peer.js'

describe('what the server says in CONNACK', () => {
  test.each([
    ['maximumQos', { maximumQos: 1 }, (client: Client) => client.publish('t', '', { qos: 2 }), 0x9b],
    [
      'retainAvailable',
      { retainAvailable: false },
      (client: Client) => client.publish('t', '', { retain: true }),
      0x9a,
    ],
    ['maximumPacketSize', { maximumPacketSize: 50 }, (client: Client) => client.publish('t', 'x'.repeat(60)), 0x95],
    [
      'wildcardSubscriptionAvailable',
      { wildcardSubscriptionAvailable: false },
      (client: Client) => client.subscribe('a/#'),
      0xa2,
    ],
    [
      'sharedSubscriptionAvailable',
      { sharedSubscriptionAvailable: false },
      (client: Client) => client.subscribe('$share/g/a'),
      0x9e,
    ],
    [
      'subscriptionIdentifierAvailable',
      { subscriptionIdentifierAvailable: false },
      (client: Client) => client.subscribe('a', { properties: { subscriptionIdentifier: 1 } }),
      0xa1,
    ],
  ] satisfies [string, ConnectResult['properties'], (client: Client) => Promise<unknown>, number][])(
    '%s is kept to: what is above it is refused before it is sent',
    async (_, properties, call, reasonCode) => {
      await using peer = await startPeer()
      const { client, server } = await meet(peer, { protocolVersion: 5 }, { properties })
      await using _client = client
      await expect(call(client)).rejects.toMatchObject({ name: 'RefusedError', reasonCode })
      await expectSilence(client, server)
    },
  )

  test('is what mosquitto says, too', async () => {
    const config = ['retain_available false', 'max_packet_size 100', 'max_keepalive 10']
    await using broker = await startMosquitto({ config })
    await using client = await connect(broker.urls.mqtt, { protocolVersion: 5 })
    const { properties } = client.info.connack as NonNullable<typeof client.info.connack>
    expect(properties).toMatchObject({ maximumPacketSize: 100, serverKeepAlive: 10, retainAvailable: false })
    expect(properties.assignedClientIdentifier).toBe(client.clientId)
    await expect(client.publish('t', 'x'.repeat(100))).rejects.toMatchObject({ reasonCode: 0x95 })
  })
})

describe('what we say in CONNECT', () => {
  test('receiveMaximum is kept to by mosquitto, and a server that exceeds it is left with 0x93', async () => {
    await using broker = await startMosquitto()
    const properties = { receiveMaximum: 2 }
    await using reader = await connect(broker.urls.mqtt, { protocolVersion: 5, autoAck: false, properties })
    await using writer = await connect(broker.urls.mqtt, { protocolVersion: 5 })
    const got: Message[] = []
    await reader.subscribe('t', { qos: 1 }, (message) => got.push(message))
    for (let n = 0; n < 4; n++) await writer.publish('t', String(n), { qos: 1 })
    await reader.ping()
    expect(got).toHaveLength(2)

    await using peer = await startPeer()
    const { server } = await meet(peer, { protocolVersion: 5, autoAck: false, properties })
    for (const packetId of [1, 2, 3]) {
      server.send({ type: 'publish', topic: 't', payload: new Uint8Array(), qos: 1, packetId })
    }
    expect(await server.next('disconnect')).toMatchObject({ reasonCode: 0x93 })
  })

  test('maximumPacketSize is kept to by mosquitto, and a server that exceeds it is left with 0x95', async () => {
    await using broker = await startMosquitto()
    const properties = { maximumPacketSize: 100 }
    await using reader = await connect(broker.urls.mqtt, { protocolVersion: 5, properties })
    await using writer = await connect(broker.urls.mqtt, { protocolVersion: 5 })
    const messages = await reader.subscribe('t')
    await writer.publish('t', 'x'.repeat(200))
    await writer.publish('t', 'short')
    expect((await messages.next()).value?.text()).toBe('short')

    await using peer = await startPeer()
    const { server } = await meet(peer, { protocolVersion: 5, properties })
    server.send({ type: 'publish', topic: 't', payload: new Uint8Array(200) })
    expect(await server.next('disconnect')).toMatchObject({ reasonCode: 0x95 })
  })

  test('sessionExpiryInterval makes mosquitto keep the session that long, and a DISCONNECT may change it', async () => {
    await using broker = await startMosquitto()
    const options = { protocolVersion: 5, clientId: 'kept', cleanStart: false } as const
    const sessionPresent = async (sessionExpiryInterval: number, atTheEnd?: number): Promise<boolean> => {
      const client = await connect(broker.urls.mqtt, { ...options, properties: { sessionExpiryInterval } })
      const present = client.info.connack?.sessionPresent ?? false
      await client.disconnect({ properties: { sessionExpiryInterval: atTheEnd } })
      return present
    }
    expect(await sessionPresent(60)).toBe(false)
    expect(await sessionPresent(60)).toBe(true)
    expect(await sessionPresent(60, 0)).toBe(true)
    expect(await sessionPresent(0)).toBe(false)
  })
})

describe('topicAlias', () => {
  test('stands for a topic that was sent before, as far as the Topic Alias Maximum of the server goes', async () => {
    await using peer = await startPeer()
    const { client, server } = await meet(peer, { protocolVersion: 5 }, { properties: { topicAliasMaximum: 1 } })
    await using _ = client
    for (const topic of ['first/topic', 'first/topic', 'second/topic']) await client.publish(topic, '')
    expect(await server.next('publish')).toMatchObject({ topic: 'first/topic', properties: { topicAlias: 1 } })
    expect(await server.next('publish')).toMatchObject({ topic: '', properties: { topicAlias: 1 } })
    const { topic, properties } = await server.next('publish')
    expect([topic, properties]).toEqual(['second/topic', {}])
  })

  test('saves mosquitto the topic, and the message arrives with it', async () => {
    await using broker = await startMosquitto()
    await using client = await connect(broker.urls.mqtt, { protocolVersion: 5 })
    const messages = await client.subscribe('first/topic')
    for (const text of ['1', '2']) await client.publish('first/topic', text)
    for (const text of ['1', '2']) {
      const { value } = await messages.next()
      expect([value?.topic, value?.text()]).toEqual(['first/topic', text])
    }
  })

  test('of the server is read, as far as our topicAliasMaximum goes, and beyond it the server is left with 0x94', async () => {
    await using peer = await startPeer()
    const { client, server } = await meet(peer, { protocolVersion: 5, properties: { topicAliasMaximum: 3 } })
    const got: string[] = []
    client.on('message', ({ topic }) => got.push(topic))
    const message = { type: 'publish', payload: new Uint8Array() } as const
    server.send({ ...message, topic: 'a/b', properties: { topicAlias: 3 } })
    server.send({ ...message, topic: '', properties: { topicAlias: 3 } })
    server.send({ ...message, topic: 'c', properties: { topicAlias: 4 } })
    expect(await server.next('disconnect')).toMatchObject({ reasonCode: 0x94 })
    expect(got).toEqual(['a/b', 'a/b'])
  })
})

describe('through mosquitto', () => {
  const sent = {
    payloadFormatIndicator: 1 as const,
    contentType: 'text/plain',
    responseTopic: 'answers/1',
    correlationData: Uint8Array.of(1, 2, 0),
    userProperties: [
      ['a', '1'],
      ['a', '2'],
    ] as [string, string][],
  }

  test('the properties of a message reach its reader', async () => {
    await using broker = await startMosquitto()
    await using client = await connect(broker.urls.mqtt, { protocolVersion: 5 })
    const messages = await client.subscribe(['t', '+'], { properties: { subscriptionIdentifier: 7 } })
    await client.publish('t', 'p', { properties: { ...sent, messageExpiryInterval: 100 } })
    const { value } = await messages.next()
    const { correlationData, ...rest } = value?.properties ?? {}
    expect(Buffer.from(correlationData ?? [])).toEqual(Buffer.from(sent.correlationData))
    const { correlationData: _, ...expected } = sent
    expect(rest).toMatchObject({ ...expected, subscriptionIdentifiers: [7] })
    expect(rest.messageExpiryInterval).toBeLessThanOrEqual(100)
  })

  test('the properties of a will do, and willDelayInterval holds it back', async () => {
    await using broker = await startMosquitto()
    await using watcher = await connect(broker.urls.mqtt, { protocolVersion: 5 })
    const wills = await watcher.subscribe('gone')
    const client = await connect(broker.urls.mqtt, {
      protocolVersion: 5,
      properties: { sessionExpiryInterval: 60 },
      will: { topic: 'gone', properties: { ...sent, willDelayInterval: 1, messageExpiryInterval: 100 } },
    })
    const left = performance.now()
    await client.disconnect({ reasonCode: 4 })
    const { value } = await wills.next()
    // mosquitto looks at its delayed wills once a second.
    expect(performance.now() - left).toBeGreaterThan(500)
    const { correlationData, ...expected } = sent
    expect(value?.properties).toMatchObject(expected)
    expect(Buffer.from(value?.properties.correlationData ?? [])).toEqual(Buffer.from(correlationData))
  })

  test('requestProblemInformation and requestResponseInformation are taken by it', async () => {
    await using broker = await startMosquitto()
    const properties = { requestProblemInformation: false, requestResponseInformation: true }
    await using client = await connect(broker.urls.mqtt, { protocolVersion: 5, properties })
    expect(await client.ping()).toBeGreaterThan(0)
  })
})
