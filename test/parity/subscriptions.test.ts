/** Subscribing in all forms, and what each subscription option does, over real connections. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Client, type ClientOptions, connect, type Message } from '../../platform/node/index.js'
import { type Mosquitto, startMosquitto } from '../support/mosquitto.js'
import { meet, startPeer } from './peer.js'

let broker: Mosquitto
beforeAll(async () => {
  broker = await startMosquitto()
})
afterAll(() => broker[Symbol.asyncDispose]())

const join = (options: ClientOptions = {}): Promise<Client> =>
  connect(broker.urls.mqtt, { protocolVersion: 5, reconnect: false, ...options })

const USER: [string, string][] = [['why', 'because']]

describe('subscribe', () => {
  test('takes a filter, with a handler, with options, with both, and with properties', async () => {
    await using client = await join()
    const got: string[] = []
    const handler = (message: Message): unknown => got.push(`${message.topic} ${message.qos}`)
    expect((await client.subscribe('a', handler)).reasonCodes).toEqual([0])
    expect((await client.subscribe('b', { qos: 1 }, handler)).reasonCodes).toEqual([1])
    const properties = { subscriptionIdentifier: 5, userProperties: USER }
    const c = await client.subscribe('c', { qos: 2, properties })
    expect(c.reasonCodes).toEqual([2])
    for (const topic of ['a', 'b', 'c']) await client.publish(topic, '', { qos: 2 })
    const { value } = await c.next()
    expect(value).toMatchObject({ topic: 'c', qos: 2, properties: { subscriptionIdentifiers: [5] } })
    expect(got).toEqual(['a 0', 'b 1'])
  })

  test('takes several filters, each with options of its own, and answers with a reason code for each', async () => {
    await using peer = await startPeer()
    const { client, server } = await meet(peer, { protocolVersion: 5 })
    await using _ = client
    const own = { filter: 'b', qos: 2, noLocal: true, retainAsPublished: true, retainHandling: 2 } as const
    const subscribed = client.subscribe(['a', own], { qos: 1 })
    const { packetId, subscriptions } = await server.next('subscribe')
    expect(subscriptions).toEqual([
      { filter: 'a', qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 },
      own,
    ])
    const properties = { reasonString: 'one of two', userProperties: USER }
    server.send({ type: 'suback', packetId, reasonCodes: [1, 0x87], properties })
    const subscription = await subscribed
    expect(subscription.reasonCodes).toEqual([1, 0x87])
    expect(subscription.properties).toEqual(properties)
    expect([...client.subscriptions.keys()]).toEqual(['a'])
  })

  test('rejects when the server refuses the only filter', async () => {
    await using peer = await startPeer()
    const { client, server } = await meet(peer, { protocolVersion: 5 })
    await using _ = client
    const refused = client.subscribe('secret')
    server.send({ type: 'suback', packetId: (await server.next('subscribe')).packetId, reasonCodes: [0x87] })
    await expect(refused).rejects.toMatchObject({ name: 'RefusedError', reasonCode: 0x87 })
  })

  test('asks for QoS 0, all retained messages, and our own, unless told otherwise', async () => {
    await using peer = await startPeer()
    const { client, server } = await meet(peer, { protocolVersion: 5 })
    await using _ = client
    const subscribed = client.subscribe('f')
    const { packetId, subscriptions } = await server.next('subscribe')
    expect(subscriptions).toEqual([
      { filter: 'f', qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 },
    ])
    server.send({ type: 'suback', packetId, reasonCodes: [0] })
    await subscribed
  })

  test('stops waiting when its signal aborts', async () => {
    await using peer = await startPeer()
    const { client, server } = await meet(peer)
    await using _ = client
    const controller = new AbortController()
    const subscribed = client.subscribe('f', { signal: controller.signal })
    await server.next('subscribe')
    controller.abort(new Error('enough'))
    await expect(subscribed).rejects.toThrow('enough')
  })

  test('to a shared subscription takes turns', async () => {
    await using one = await join()
    await using two = await join()
    const got = { one: 0, two: 0 }
    let complete = (): void => {}
    const all = new Promise<void>((resolve) => {
      complete = resolve
    })
    const count = (): void => {
      if (got.one + got.two === 10) complete()
    }
    await one.subscribe('$share/group/turns', { qos: 1 }, () => {
      got.one++
      count()
    })
    await two.subscribe('$share/group/turns', { qos: 1 }, () => {
      got.two++
      count()
    })
    for (let n = 0; n < 10; n++) await one.publish('turns', '', { qos: 1 })
    await all
    expect(got.one).toBeGreaterThan(0)
    expect(got.two).toBeGreaterThan(0)
  })
})

test('a message that is sent again says so, and bears its Packet Identifier', async () => {
  await using peer = await startPeer()
  const { client, server } = await meet(peer)
  await using _ = client
  const heard = new Promise<Message>((resolve) => client.once('message', resolve))
  server.send({ type: 'publish', topic: 't', payload: new Uint8Array(), qos: 1, dup: true, packetId: 77 })
  expect(await heard).toMatchObject({ dup: true, packetId: 77 })
  expect(await server.next('puback')).toMatchObject({ packetId: 77 })
})

describe('a subscription', () => {
  test('is an async iterable, and leaving the loop ends it', async () => {
    await using client = await join()
    const messages = await client.subscribe('loop', { qos: 1 })
    for (let n = 0; n < 3; n++) await client.publish('loop', String(n), { qos: 1 })
    const got: string[] = []
    const unsubscribed = new Promise((resolve) => {
      client.on('packetreceive', ({ type }) => type === 'unsuback' && resolve(undefined))
    })
    for await (const message of messages) {
      got.push(message.text())
      if (got.length === 3) break
    }
    expect(got).toEqual(['0', '1', '2'])
    await unsubscribed
    expect(client.subscriptions.size).toBe(0)
  })

  test.each(['unsubscribe()', 'await using'])('ends by %s, and its handler hears no more', async (how) => {
    await using client = await join()
    let heard = 0
    const subscription = await client.subscribe('over', { qos: 1 }, () => heard++)
    expect(subscription.filters).toEqual(['over'])
    await client.publish('over', '', { qos: 1 })
    // What comes right behind CONNACK is handed out a turn later, which may be after PUBACK.
    await expect.poll(() => heard).toBe(1)
    if (how === 'await using') {
      await using _ = subscription
    } else await subscription.unsubscribe()
    expect((await client.publish('over', '', { qos: 1 })).reasonCode).toBe(0x10)
    expect(heard).toBe(1)
    expect(subscription.dropped).toBe(0)
  })
})

describe('unsubscribe', () => {
  test('takes one filter or several, with properties, and answers with reason codes', async () => {
    await using client = await join()
    await client.subscribe(['a', 'b'], { qos: 1 })
    expect((await client.unsubscribe('a')).reasonCodes).toEqual([0])
    const { reasonCodes } = await client.unsubscribe(['b', 'never'], { properties: { userProperties: USER } })
    // 0x11: there was no such subscription.
    expect(reasonCodes).toEqual([0, 0x11])
    expect(client.subscriptions.size).toBe(0)
  })

  test('sends its properties, and gives those of the answer', async () => {
    await using peer = await startPeer()
    const { client, server } = await meet(peer, { protocolVersion: 5 })
    await using _ = client
    const answered = client.unsubscribe(['a', 'b'], { properties: { userProperties: USER } })
    const packet = await server.next('unsubscribe')
    expect(packet).toMatchObject({ filters: ['a', 'b'], properties: { userProperties: USER } })
    const properties = { reasonString: 'fine' }
    server.send({ type: 'unsuback', packetId: packet.packetId, reasonCodes: [0, 0x11], properties })
    expect(await answered).toEqual({ reasonCodes: [0, 0x11], properties })
  })
})

test('subscriptions is a map of the filters in force with the options that were granted', async () => {
  await using client = await join()
  await client.subscribe({ filter: 'a', qos: 2, noLocal: true, retainAsPublished: true, retainHandling: 1 })
  await client.subscribe('b', { properties: { subscriptionIdentifier: 4 } })
  expect(Object.fromEntries(client.subscriptions)).toEqual({
    a: { filter: 'a', qos: 2, noLocal: true, retainAsPublished: true, retainHandling: 1, properties: {} },
    b: {
      filter: 'b',
      qos: 0,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0,
      properties: { subscriptionIdentifier: 4 },
    },
  })
})
