import { describe, expect, test } from 'vitest'
import { type ClientOptions, CoreClient, type Message } from '../../src/index.js'
import { short } from '../session/bench.js'
import { settled, VirtualHost } from '../support/virtual-host.js'
import { connected, granted, noUnhandledRejections, publish, reconnected, record, VERSIONS } from './bench.js'

noUnhandledRejections()

async function subscribed(options: ClientOptions = {}) {
  const bench = await connected(options)
  const got: string[] = []
  const handler = (message: Message): void => void got.push(message.text())
  const subscription = await granted(bench, bench.client.subscribe('t', { qos: 2 }, handler))
  const wire = async (): Promise<string[]> => {
    await bench.host.advance(0)
    return bench.peer.take().map(short)
  }
  return { ...bench, got, subscription, wire }
}

/** One message of each QoS. */
const THREE = [publish('t', '0'), publish('t', '1', 1, 1), publish('t', '2', 2, 2)]

for (const protocolVersion of VERSIONS) {
  test(`in ${protocolVersion} nothing is delivered and nothing acknowledged until resume, then all in order`, async () => {
    const { client, peer, got, wire } = await subscribed({ protocolVersion })
    expect(client.info.paused).toBe(false)
    client.pause()
    expect(client.info.paused).toBe(true)
    peer.send(...THREE)
    peer.send(publish('t', '3'))
    expect(await wire()).toEqual([])
    expect(got).toEqual([])
    client.resume()
    expect(client.info.paused).toBe(false)
    expect(got).toEqual(['0', '1', '2', '3'])
    expect(await wire()).toEqual(['puback 1', 'pubrec 2'])
    peer.send(publish('t', '4'))
    expect(got.at(-1)).toBe('4')
  })
}

test('what comes is not dropped: past backlog the network is not read, by QoS 0, too', async () => {
  const { client, peer, got, host } = await subscribed({ backlog: { maxMessages: 4 } })
  const events = record(client)
  client.pause()
  peer.send(...Array.from({ length: 40 }, (_, at) => publish('t', `${at}`)))
  expect(peer.paused).toBe(true)
  peer.send(publish('t', '40'))
  client.resume()
  await host.advance(0)
  expect(got).toEqual(Array.from({ length: 41 }, (_, at) => `${at}`))
  expect(peer.reading).toEqual(['pause', 'resume'])
  expect(events.filter((event) => event.startsWith('drop'))).toEqual([])
})

test('where the network cannot wait, memory is bounded all the same: QoS 0 is dropped past twice maxBytes', async () => {
  const { client, peer, got } = await subscribed({ backlog: { maxBytes: 2_000 } })
  const events = record(client)
  client.pause()
  const publishing = client.publish('o', 'x', { qos: 1 })
  const { packetId } = await peer.next('publish')
  for (let at = 0; at < 5; at++) peer.send(publish('t', `${at}`.padEnd(500, '.')))
  expect(events.map((event) => event.slice(0, 6))).toEqual(['drop 3', 'drop 4'])
  expect(client.metrics().messagesDropped).toBe(2)
  peer.send(publish('t', 'kept', 1, 9), { type: 'puback', packetId: packetId as number })
  await publishing
  client.resume()
  expect(got.map((text) => text.slice(0, 4))).toEqual(['0...', '1...', '2...', 'kept'])
})

test('what waits for a handler that is busy is not delivered, either, and comes first on resume', async () => {
  for (const unsubscribed of [false, true]) {
    const bench = await connected({ backlog: { maxMessages: 1 }, cleanStart: false })
    const { client, peer, host } = bench
    const got: string[] = []
    const waiting: (() => void)[] = []
    await granted(
      bench,
      client.subscribe('t', { qos: 1 }, (message) => {
        got.push(message.text())
        return new Promise<void>((resolve) => waiting.push(resolve))
      }),
    )
    peer.send(publish('t', 'a', 1, 1), publish('t', 'b', 1, 2))
    client.pause()
    peer.arrive(Uint8Array.of(0x32, 6, 0, 1, 0x74, 0, 3, 0x63))
    waiting.shift()?.()
    await host.advance(10)
    expect(got).toEqual(['a'])
    if (unsubscribed) {
      const leaving = client.unsubscribe('t')
      await host.advance(0)
      const { packetId } = peer.take().at(-1) as { packetId: number }
      peer.arrive(Uint8Array.of(0xb0, 2, packetId >> 8, packetId & 0xff))
      await leaving
    }
    client.resume()
    for (let at = 0; at < 3; at++) {
      waiting.shift()?.()
      await settled()
    }
    expect(got, 'what came when it was still subscribed').toEqual(unsubscribed ? ['a', 'b'] : ['a', 'b', 'c'])
    await host.advance(0)
    expect(
      peer
        .take()
        .map(short)
        .slice(unsubscribed ? 0 : 1),
    ).toEqual(['puback 2', 'puback 3'])
  }
})

test('publishing and subscribing go on', async () => {
  const { client, peer, wire } = await subscribed()
  client.pause()
  const publishing = client.publish('o', 'x', { qos: 1 })
  expect(await wire()).toEqual(['publish 2 x'])
  peer.send({ type: 'puback', packetId: 2 })
  await publishing
})

describe('pause in a handler', () => {
  test('stops the hand-out behind it', async () => {
    const bench = await connected()
    const { client, peer } = bench
    const got: string[] = []
    await granted(
      bench,
      client.subscribe('t', (message) => {
        got.push(message.text())
        client.pause()
      }),
    )
    peer.send(publish('t', 'a'), publish('t', 'b'))
    peer.send(publish('t', 'c'))
    expect(got).toEqual(['a'])
    for (const expected of [
      ['a', 'b'],
      ['a', 'b', 'c'],
      ['a', 'b', 'c'],
    ]) {
      client.resume()
      expect(got).toEqual(expected)
    }
  })

  test('and resume in it keep the order for all who hear the message', async () => {
    const bench = await connected()
    const { client, peer } = bench
    const got: string[] = []
    const first = (message: Message): void => {
      got.push(`first ${message.text()}`)
      client.pause()
      client.resume()
    }
    await granted(bench, client.subscribe('t', first))
    await granted(
      bench,
      client.subscribe('t', (message) => void got.push(`second ${message.text()}`)),
    )
    client.pause()
    peer.send(publish('t', 'a'), publish('t', 'b'))
    client.resume()
    expect(got).toEqual(['first a', 'second a', 'first b', 'second b'])
  })

  test('of one message at a time keeps the order of those that waited for the handler', async () => {
    const bench = await connected({ backlog: { maxMessages: 1 } })
    const { client, peer } = bench
    const got: string[] = []
    const waiting: (() => void)[] = []
    await granted(
      bench,
      client.subscribe('t', { qos: 1 }, (message) => {
        got.push(message.text())
        if (message.text() === 'b') client.resume()
        return new Promise<void>((resolve) => waiting.push(resolve))
      }),
    )
    peer.send(publish('t', 'a', 1, 1), publish('t', 'b', 1, 2), publish('t', 'c', 1, 3))
    client.pause()
    peer.arrive(Uint8Array.of(0x32, 6, 0, 1, 0x74, 0, 4, 0x64))
    for (let at = 0; at < 4; at++) {
      waiting.shift()?.()
      await settled()
    }
    client.resume()
    for (let at = 0; at < 4; at++) {
      waiting.shift()?.()
      await settled()
    }
    expect(got).toEqual(['a', 'b', 'c', 'd'])
  })
})

test('before and right behind the first CONNACK', async () => {
  const host = new VirtualHost()
  const client = new CoreClient({ cleanStart: false }, host)
  const events = record(client)
  client.pause()
  const connecting = client.connect()
  const peer = await host.peer(0)
  await peer.next('connect')
  peer.send({ type: 'connack', sessionPresent: true }, publish('t', 'a', 1, 1))
  await connecting
  await host.advance(60_000)
  expect(events).toEqual(['connect true'])
  expect(peer.take()).toEqual([])
  peer.send(publish('t', 'b'))
  client.resume()
  expect(events.slice(1)).toEqual(['message a', 'message b'])
  await host.advance(0)
  expect(peer.take().map(short)).toEqual(['puback 1'])

  const second = new VirtualHost()
  const other = new CoreClient({}, second)
  const heard = record(other)
  const opening = other.connect()
  const server = await second.peer(0)
  await server.next('connect')
  server.send({ type: 'connack' }, publish('t', 'a'))
  await opening
  other.pause()
  await second.advance(10)
  expect(heard).toEqual(['connect false'])
  other.resume()
  expect(heard[1]).toBe('message a')
})

test('through a reconnect: QoS 2 once, QoS 1 at least once, acks of the new connection only', async () => {
  const { client, peer, host, got } = await subscribed({ cleanStart: false })
  client.pause()
  peer.send(...THREE)
  peer.drop()
  const next = await reconnected(host, { sessionPresent: true })
  next.peer.send(publish('t', '1', 1, 1, { dup: true }), publish('t', '2', 2, 2, { dup: true }), publish('t', '3'))
  await host.advance(100)
  expect(got).toEqual([])
  expect(next.peer.take()).toEqual([])
  client.resume()
  expect(got).toEqual(['0', '1', '2', '1', '3'])
  await host.advance(0)
  expect(next.peer.take().map(short)).toEqual(['puback 1', 'pubrec 2'])
  next.peer.send({ type: 'pubrel', packetId: 2 })
  await host.advance(0)
  expect(next.peer.take().map(short)).toEqual(['pubcomp 2'])
})

describe('PINGREQ', () => {
  test('is not sent while the client is paused, whoever the server, and is once it is resumed', async () => {
    const { client, peer, host } = await subscribed({ keepAlive: 10 })
    client.pause()
    await host.advance(60_000)
    expect(peer.take()).toEqual([])
    expect(client.status).toBe('connected')
    client.resume()
    await host.advance(0)
    expect(peer.take().map(({ type }) => type)).toEqual(['pingreq'])
    await host.advance(5_000)
    expect(client.status).toBe('reconnecting')
  })

  test('is sent with forcePing, and its silence counts', async () => {
    const { client, peer, host } = await subscribed({ keepAlive: 10, forcePing: true })
    client.pause()
    await host.advance(10_000)
    expect(peer.take().map(({ type }) => type)).toEqual(['pingreq'])
    await host.advance(5_000)
    expect(client.status).toBe('reconnecting')
  })

  test('is sent on demand', async () => {
    const { client, peer } = await subscribed({ keepAlive: 10 })
    client.pause()
    const ping = client.ping()
    await peer.next('pingreq')
    peer.send({ type: 'pingresp' })
    await ping
  })

  test('that was sent before has to be answered', async () => {
    const { client, host } = await subscribed({ keepAlive: 10 })
    await host.advance(10_000)
    client.pause()
    await host.advance(5_000)
    expect(client.status).toBe('reconnecting')
  })

  test('is not sent on the next connection, either', async () => {
    const { client, peer, host } = await subscribed({ keepAlive: 10 })
    client.pause()
    peer.drop()
    const next = await reconnected(host)
    next.peer.take()
    await host.advance(29_000)
    expect(next.peer.take().filter(({ type }) => type === 'pingreq')).toEqual([])
    expect(client.info.paused).toBe(true)
  })
})

test('stop() while paused settles all and leaves no timer', async () => {
  const { client, peer, host, got } = await subscribed({ backlog: { maxMessages: 1 } })
  client.pause()
  peer.send(...THREE)
  await client.stop()
  expect(host.pendingTimers).toBe(0)
  expect(peer.ended).toBe('closed')
  client.resume()
  await host.advance(0)
  expect(got).toEqual([])
})

test('what is held outlives disconnect() and a later connect()', async () => {
  const { client, peer, host, got } = await subscribed()
  client.pause()
  peer.send(publish('t', 'held'))
  await client.disconnect()
  const connecting = client.connect()
  await (await host.peer(1)).accept()
  await connecting
  await host.advance(1)
  expect(got).toEqual([])
  client.resume()
  expect(got).toEqual(['held'])
})

test('a handler that unsubscribed meanwhile gets nothing, and what was held for it is acknowledged', async () => {
  const { client, peer, got, subscription, wire } = await subscribed()
  client.pause()
  peer.send(...THREE)
  const leaving = subscription.unsubscribe()
  const { packetId } = await peer.next('unsubscribe')
  peer.send({ type: 'unsuback', packetId })
  await leaving
  client.resume()
  expect(got).toEqual([])
  expect(await wire()).toEqual(['puback 1', 'pubrec 2'])
})

test('twice is once', async () => {
  const { client, peer, got } = await subscribed()
  client.pause()
  client.pause()
  peer.send(publish('t', 'a'))
  client.resume()
  client.resume()
  expect(got).toEqual(['a'])
})
