import { describe, expect, test } from 'vitest'
import type { Message, Subscription } from '../../src/index.js'
import { settled } from '../support/virtual-host.js'
import {
  codeOf,
  connected,
  failure,
  granted,
  noUnhandledRejections,
  publish,
  reconnected,
  record,
  state,
  VERSIONS,
} from './bench.js'

noUnhandledRejections()

/** A promise that the test settles. */
function deferred(): { promise: Promise<void>; resolve: () => void; reject: (error: unknown) => void } {
  let resolve: () => void = () => {}
  let reject: (error: unknown) => void = () => {}
  const promise = new Promise<void>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

async function textOf(next: Promise<IteratorResult<Message, undefined>>): Promise<string> {
  const { done, value } = await next
  return done ? 'done' : (value as Message).text()
}

describe('subscribing', () => {
  for (const protocolVersion of VERSIONS) {
    test(`resolves with what version ${protocolVersion} granted, and the map shows it`, async () => {
      const bench = await connected({ protocolVersion })
      const subscribing = bench.client.subscribe(['a', { filter: 'b/+', qos: 1 }], { qos: 2 })
      const packet = await bench.peer.next('subscribe')
      expect(packet.subscriptions.map(({ filter, qos }) => [filter, qos])).toEqual([
        ['a', 2],
        ['b/+', 1],
      ])
      bench.peer.send({ type: 'suback', packetId: packet.packetId, reasonCodes: [1, 0] })
      const subscription = await subscribing
      expect(subscription.reasonCodes).toEqual([1, 0])
      expect(subscription.filters).toEqual(['a', 'b/+'])
      expect([...bench.client.subscriptions].map(([filter, { qos }]) => [filter, qos])).toEqual([
        ['a', 1],
        ['b/+', 0],
      ])
      await bench.client.disconnect()
    })
  }

  test('sends the options of 5.0, and refuses them in 3.1.1', async () => {
    const { client, peer } = await connected({ protocolVersion: 5 })
    const options = {
      qos: 1,
      noLocal: true,
      retainAsPublished: true,
      retainHandling: 2,
      properties: { subscriptionIdentifier: 7 },
    } as const
    void client.subscribe('a', options).catch(() => {})
    expect(await peer.next('subscribe')).toMatchObject({
      properties: { subscriptionIdentifier: 7 },
      subscriptions: [{ qos: 1, noLocal: true, retainAsPublished: true, retainHandling: 2 }],
    })
    await client.disconnect()
    const old = await connected()
    expect((await failure(old.client.subscribe('a', options))).message).toMatch(/noLocal|propert/)
    await old.client.disconnect()
  })

  test('rejects when the server refuses the filter, with its code, and leaves no handler', async () => {
    const { client, peer, host } = await connected({ protocolVersion: 5 })
    const got: string[] = []
    const subscribing = client.subscribe('a', (message) => got.push(message.text()))
    const { packetId } = await peer.next('subscribe')
    peer.send({ type: 'suback', packetId, reasonCodes: [0x87], properties: { reasonString: 'not yours' } })
    expect(await failure(subscribing)).toMatchObject({
      name: 'RefusedError',
      code: 'NOT_AUTHORIZED',
      reasonCode: 0x87,
      message: expect.stringContaining('not yours'),
    })
    peer.send(publish('a', 'x'))
    await host.advance(0)
    expect(got).toEqual([])
    expect(client.subscriptions.size).toBe(0)
    await client.disconnect()
  })

  test('of several filters resolves with the result of each, and hears those that were granted', async () => {
    const { client, peer, host } = await connected()
    const got: string[] = []
    const subscribing = client.subscribe(['a', 'b'], (message) => got.push(message.text()))
    const { packetId } = await peer.next('subscribe')
    peer.send({ type: 'suback', packetId, reasonCodes: [0x80, 0] })
    expect((await subscribing).reasonCodes).toEqual([0x80, 0])
    peer.send(publish('a', 'from a'), publish('b', 'from b'))
    await host.advance(0)
    expect(got).toEqual(['from b'])
    expect([...client.subscriptions.keys()]).toEqual(['b'])
    await client.disconnect()
  })

  test('refuses a malformed filter, no filter, and a handler that is none, before anything is sent', async () => {
    const { client, peer } = await connected()
    for (const filter of ['', 'a/#/b', 'a+', '$share/g', '$share//a', 'a\0']) {
      expect(await failure(client.subscribe(filter))).toSatisfy(
        (error) => error instanceof RangeError || error instanceof TypeError,
      )
    }
    await failure(client.subscribe([]))
    await failure(client.subscribe('a', {}, 'handler' as never))
    await failure(client.subscribe(5 as never))
    expect(peer.take()).toEqual([])
    await client.disconnect()
  })

  test('ends with ackTimeout, and a SUBACK that comes late is answered with UNSUBSCRIBE', async () => {
    const { client, peer, host } = await connected({ ackTimeout: 500 })
    const subscribing = client.subscribe('a', () => {})
    const caught = failure(subscribing)
    const { packetId } = await peer.next('subscribe')
    await host.advance(500)
    expect(await caught).toMatchObject({ name: 'AckTimeoutError', code: 'ETIMEDOUT' })
    const again = client.subscribe('b', () => {})
    const second = await peer.next('subscribe')
    peer.send({ type: 'suback', packetId, reasonCodes: [0] })
    expect(await state(again)).toBe('pending')
    peer.send({ type: 'suback', packetId: second.packetId, reasonCodes: [0] })
    await again
    expect([...client.subscriptions.keys()]).toEqual(['b'])
    expect(await peer.next('unsubscribe')).toMatchObject({ filters: ['a'] })
    await client.disconnect()
  })

  test('a SUBACK that comes late leaves a filter alone that somebody holds meanwhile', async () => {
    const { client, peer, host } = await connected({ ackTimeout: 500 })
    const caught = failure(client.subscribe(['a', 'b'], () => {}))
    const { packetId } = await peer.next('subscribe')
    await host.advance(500)
    await caught
    const again = client.subscribe('a', () => {})
    await peer.next('subscribe')
    peer.send({ type: 'suback', packetId, reasonCodes: [0, 0] })
    expect(await peer.next('unsubscribe')).toMatchObject({ filters: ['b'] })
    expect(await state(again)).toBe('pending')
    await client.disconnect()
    await failure(again)
  })

  test('misses no message that comes before SUBACK', async () => {
    const bench = await connected()
    const got: string[] = []
    const first = bench.client.subscribe('a/#', (message) => got.push(message.text()))
    bench.peer.send(publish('a/b', 'retained', 0, undefined, { retain: true }))
    await granted(bench, first)
    expect(got).toEqual(['retained'])
    const second = bench.client.subscribe('b/#')
    bench.peer.send(publish('b/b', 'retained, too', 0, undefined, { retain: true }))
    expect(await textOf((await granted(bench, second)).next())).toBe('retained, too')
    await bench.client.disconnect()
  })
})

describe('messages', () => {
  test('behind CONNACK are handed out a turn later, in order, so that handlers can be attached after await', async () => {
    const host = (await import('../support/virtual-host.js')).VirtualHost
    const { CoreClient } = await import('../../src/index.js')
    const virtual = new host()
    const client = new CoreClient({ cleanStart: false, clientId: 'c' }, virtual)
    const connecting = client.connect()
    const peer = await virtual.peer()
    await peer.next('connect')
    peer.send({ type: 'connack', sessionPresent: true }, publish('t', 'one', 1, 1), publish('t', 'two', 2, 2))
    await connecting
    const got: string[] = []
    client.on('message', (message) => got.push(message.text()))
    peer.send(publish('t', 'three'))
    await virtual.advance(0)
    peer.send(publish('t', 'four'))
    await settled()
    expect(got).toEqual(['one', 'two', 'three', 'four'])
    expect(peer.take().map(({ type }) => type)).toEqual(['puback', 'pubrec'])
    await client.disconnect()
  })

  test('reach every handler, iterator and listener whose filter matches, each once', async () => {
    const bench = await connected()
    const got: string[] = []
    await granted(
      bench,
      bench.client.subscribe('a/b', () => got.push('exact')),
    )
    await granted(
      bench,
      bench.client.subscribe(['a/+', 'a/#'], () => got.push('overlapping')),
    )
    await granted(
      bench,
      bench.client.subscribe('$share/g/a/+', () => got.push('shared')),
    )
    await granted(
      bench,
      bench.client.subscribe('x/#', () => got.push('other')),
    )
    const iterated = await granted(bench, bench.client.subscribe('#'))
    const next = iterated.next()
    bench.client.on('message', () => got.push('listener'))
    bench.client.on('message', () => got.push('second listener'))
    bench.peer.send(publish('a/b', 'x'))
    await bench.host.advance(0)
    expect(got.sort()).toEqual(['exact', 'listener', 'overlapping', 'second listener', 'shared'])
    expect(await textOf(next)).toBe('x')
    await bench.client.disconnect()
  })

  test('do not reach a subscription that a handler of the same message has ended', async () => {
    const bench = await connected()
    const got: string[] = []
    let left: Promise<unknown> | undefined
    const all = await granted(
      bench,
      bench.client.subscribe('a/#', { qos: 1 }, (message) => got.push(`all ${message.text()}`)),
    )
    await granted(
      bench,
      bench.client.subscribe('a/b', { qos: 1 }, (message) => {
        got.push(message.text())
        left = all.unsubscribe()
      }),
    )
    bench.peer.send(publish('a/b', 'x', 1, 7))
    await settled()
    expect(got).toEqual(['x'])
    const { packetId } = await bench.peer.next('unsubscribe')
    expect(await bench.peer.next('puback')).toMatchObject({ packetId: 7 })
    bench.peer.send({ type: 'unsuback', packetId, reasonCodes: [] })
    await left
    await bench.client.disconnect()
  })

  test('3.1.1: that nobody subscribed to reach the event and are acknowledged [MQTT-4.5.0-2]', async () => {
    const { client, peer, host } = await connected()
    peer.send(publish('t', 'unheard', 1, 1))
    await host.advance(0)
    expect(await peer.next('puback')).toMatchObject({ packetId: 1 })
    const events = record(client)
    peer.send(publish('t', 'heard', 1, 2))
    await host.advance(0)
    expect(events).toEqual(['message heard'])
    await client.disconnect()
  })

  test('come with their properties and flags', async () => {
    const { client, peer, host } = await connected({ protocolVersion: 5 })
    let got: Message | undefined
    client.on('message', (message) => {
      got = message
    })
    const properties = {
      subscriptionIdentifiers: [3, 4],
      contentType: 'x',
      userProperties: [
        ['b', '1'],
        ['a', '2'],
      ] as [string, string][],
    }
    peer.send(publish('t', 'x', 2, 9, { retain: true, dup: true, properties }))
    await host.advance(0)
    expect(got).toMatchObject({ topic: 't', qos: 2, packetId: 9, retain: true, dup: true, properties })
    await client.disconnect()
  })
})

describe('acknowledging', () => {
  test('waits for an async handler, and keeps the order of arrival although handlers finish out of order [MQTT-4.6.0-2 of 3.1.1] [MQTT-4.6.0-3 of 3.1.1]', async () => {
    const bench = await connected()
    const work = new Map<string, ReturnType<typeof deferred>>()
    await granted(
      bench,
      bench.client.subscribe('#', { qos: 2 }, (message) => {
        const item = deferred()
        work.set(message.text(), item)
        return item.promise
      }),
    )
    bench.peer.send(publish('t', 'a', 1, 1), publish('t', 'b', 2, 2), publish('t', 'c', 1, 3))
    await bench.host.advance(0)
    work.get('c')?.resolve()
    work.get('b')?.resolve()
    await bench.host.advance(0)
    expect(bench.peer.take()).toEqual([])
    work.get('a')?.resolve()
    await bench.host.advance(0)
    expect(bench.peer.take().map((packet) => `${packet.type} ${(packet as { packetId: number }).packetId}`)).toEqual([
      'puback 1',
      'pubrec 2',
      'puback 3',
    ])
    await bench.client.disconnect()
  })

  for (const [how, handler] of [
    [
      'throws',
      () => {
        throw new Error('bad handler')
      },
    ],
    ['rejects', () => Promise.reject(new Error('bad handler'))],
  ] as const) {
    for (const protocolVersion of VERSIONS) {
      test(`a handler that ${how} raises error, and refuses the message with 0x80 where the version can (${protocolVersion})`, async () => {
        const bench = await connected({ protocolVersion })
        const events = record(bench.client)
        await granted(bench, bench.client.subscribe('h', handler))
        bench.client.on('message', handler)
        bench.peer.send(publish('h', 'x', 1, 1), publish('l', 'y', 2, 2))
        await bench.host.advance(0)
        const reasonCode = protocolVersion === 5 ? 0x80 : 0
        expect(bench.peer.take()).toMatchObject([
          { type: 'puback', reasonCode },
          { type: 'pubrec', reasonCode },
        ])
        expect(events.filter((event) => event === 'error bad handler')).toHaveLength(3)
        await bench.client.disconnect()
      })
    }
  }

  test('is the application’s with autoAck false: nothing goes out by itself, and ack() goes with its Reason Code', async () => {
    const { client, peer, host } = await connected({ protocolVersion: 5, autoAck: false })
    const messages: Message[] = []
    client.on('message', (message) => void messages.push(message))
    peer.send(publish('t', 'a', 1, 1), publish('t', 'b', 2, 2), publish('t', 'c'))
    await host.advance(0)
    expect(peer.take()).toEqual([])
    messages[2]?.ack()
    messages[1]?.ack(0x97, { reasonString: 'full' })
    await host.advance(0)
    expect(peer.take(), 'in order of arrival').toEqual([])
    messages[0]?.ack()
    messages[0]?.ack(0x80)
    await host.advance(0)
    expect(peer.take()).toMatchObject([
      { type: 'puback', packetId: 1, reasonCode: 0 },
      { type: 'pubrec', packetId: 2, reasonCode: 0x97, properties: { reasonString: 'full' } },
    ])
    await client.disconnect()
  })

  test('may be done before the handler is, and a Reason Code that does not exist is refused [MQTT-3.4.2-1]', async () => {
    const { client, peer, host } = await connected({ protocolVersion: 5 })
    client.on('message', (message) => {
      expect(() => message.ack(0x05)).toThrow(/reasonCode/)
      message.ack(0x10)
      return new Promise(() => {})
    })
    peer.send(publish('t', 'a', 1, 1))
    await host.advance(0)
    expect(await peer.next('puback')).toMatchObject({ reasonCode: 0x10 })
    await client.disconnect()
  })

  test('of an iterated message happens when the iteration comes back for the next', async () => {
    const bench = await connected()
    const readings = await granted(bench, bench.client.subscribe('#', { qos: 1 }))
    bench.peer.send(publish('t', 'a', 1, 1), publish('t', 'b', 1, 2))
    await bench.host.advance(0)
    expect(await textOf(readings.next())).toBe('a')
    await bench.host.advance(0)
    expect(bench.peer.take()).toEqual([])
    expect(await textOf(readings.next())).toBe('b')
    await bench.host.advance(0)
    expect(await bench.peer.next('puback')).toMatchObject({ packetId: 1 })
    void readings.next()
    await bench.host.advance(0)
    expect(await bench.peer.next('puback')).toMatchObject({ packetId: 2 })
    await bench.client.disconnect()
  })

  test('of messages that were asked for at once is not lost', async () => {
    const bench = await connected()
    const readings = await granted(bench, bench.client.subscribe('#', { qos: 1 }))
    const both = [readings.next(), readings.next()]
    bench.peer.send(publish('t', 'a', 1, 1), publish('t', 'b', 1, 2))
    expect(await Promise.all(both.map(textOf))).toEqual(['a', 'b'])
    void readings.next()
    await bench.host.advance(0)
    expect(bench.peer.take()).toMatchObject([{ packetId: 1 }, { packetId: 2 }])
    await bench.client.disconnect()
  })

  test('waits for all who work on the message', async () => {
    const bench = await connected()
    const work = deferred()
    const readings = await granted(bench, bench.client.subscribe('#', { qos: 1 }))
    const first = readings.next()
    await granted(
      bench,
      bench.client.subscribe('t', { qos: 1 }, () => work.promise),
    )
    bench.peer.send(publish('t', 'a', 1, 1))
    await first
    void readings.next()
    await bench.host.advance(0)
    expect(bench.peer.take()).toEqual([])
    work.resolve()
    await bench.host.advance(0)
    expect(bench.peer.take()).toHaveLength(1)
    await bench.client.disconnect()
  })
})

describe('iterating', () => {
  test('buffers what comes before the first next(), QoS 1 and 2 unacknowledged', async () => {
    const bench = await connected()
    const readings = await granted(bench, bench.client.subscribe('#', { qos: 1 }))
    bench.peer.send(publish('t', 'a'), publish('t', 'b', 1, 1))
    await bench.host.advance(0)
    expect(bench.peer.take()).toEqual([])
    expect(await textOf(readings.next())).toBe('a')
    expect(await textOf(readings.next())).toBe('b')
    await bench.client.disconnect()
  })

  test('until it begins, messages that others take are not kept here, too', async () => {
    const bench = await connected()
    const got: string[] = []
    const quiet = await granted(bench, bench.client.subscribe('#', { qos: 1 }))
    const dispose = bench.client.on('message', (message) => got.push(message.text()))
    bench.peer.send(publish('t', 'taken', 1, 1))
    await bench.host.advance(0)
    expect(await bench.peer.next('puback')).toMatchObject({ packetId: 1 })
    dispose()
    await granted(
      bench,
      bench.client.subscribe('h', (message) => got.push(message.text())),
    )
    bench.peer.send(publish('h', 'handled', 1, 2), publish('t', 'kept', 1, 3))
    await bench.host.advance(0)
    expect(got).toEqual(['taken', 'handled'])
    expect(await textOf(quiet.next())).toBe('kept')
    // From here on it gets all.
    bench.peer.send(publish('h', 'both', 1, 4))
    expect(await textOf(quiet.next())).toBe('both')
    expect(got.at(-1)).toBe('both')
    await bench.client.disconnect()
  })

  test('too slowly drops the oldest of QoS 0 beyond the bound, says which, and drops no other', async () => {
    const bench = await connected()
    const readings = await granted(bench, bench.client.subscribe('#', { qos: 1 }))
    const dropped: string[] = []
    bench.client.on('drop', (message) => dropped.push(message.text()))
    bench.peer.send(publish('t', 'precious', 1, 1))
    for (let index = 0; index < 1_003; index++) bench.peer.send(publish('t', `${index}`))
    await bench.host.advance(0)
    expect(dropped).toEqual(['0', '1', '2'])
    expect(readings.dropped).toBe(3)
    expect(await textOf(readings.next())).toBe('precious')
    expect(await textOf(readings.next())).toBe('3')
    bench.peer.send(publish('t', 'more'))
    await bench.host.advance(0)
    expect(dropped, 'reading made room').toHaveLength(3)
    await bench.client.disconnect()
  })

  for (const how of ['break', 'throw'] as const) {
    test(`ends the subscription when the loop is left by ${how}`, async () => {
      const bench = await connected()
      const readings = await granted(bench, bench.client.subscribe('a/#', { qos: 1 }))
      bench.peer.send(publish('a/b', 'x', 1, 1), publish('a/b', 'unread', 1, 2))
      const loop = (async () => {
        for await (const message of readings) {
          expect(message.text()).toBe('x')
          if (how === 'throw') throw new Error('left')
          break
        }
      })()
      const acks = [await bench.peer.next('puback'), await bench.peer.next('puback')]
      expect(acks).toHaveLength(2)
      const { packetId, filters } = await bench.peer.next('unsubscribe')
      expect(filters).toEqual(['a/#'])
      bench.peer.send({ type: 'unsuback', packetId })
      if (how === 'throw') expect((await failure(loop)).message).toBe('left')
      else await loop
      expect(bench.client.subscriptions.size).toBe(0)
      expect(await textOf(readings.next())).toBe('done')
      await bench.client.disconnect()
    })
  }

  test('that is left by break does not wait for UNSUBACK, nor throw where there is none', async () => {
    for (const outcome of ['timeout', 'disconnect', 'stop'] as const) {
      const bench = await connected({ ackTimeout: 500, keepAlive: 0 })
      const readings = await granted(bench, bench.client.subscribe('a'))
      bench.peer.send(publish('a', 'x'))
      for await (const message of readings) {
        expect(message.text()).toBe('x')
        break
      }
      expect(bench.client.subscriptions.size).toBe(0)
      await bench.peer.next('unsubscribe')
      const events = record(bench.client)
      if (outcome === 'timeout') await bench.host.advance(500)
      else await bench.client[outcome]()
      expect(events.filter((event) => event.startsWith('error'))).toEqual([])
      await bench.client.stop()
    }
  })

  test('that is left while the connection is lost is not made again', async () => {
    const bench = await connected({ protocolVersion: 5 })
    const readings = await granted(bench, bench.client.subscribe('a'))
    bench.peer.drop()
    await readings.return()
    const next = await reconnected(bench.host)
    expect(next.peer.take().map(({ type }) => type)).toEqual(['unsubscribe'])
    await bench.client.disconnect()
  })

  test('ends with disconnect(), after what is buffered was read', async () => {
    const bench = await connected()
    const readings = await granted(bench, bench.client.subscribe('#', { qos: 1 }))
    const other = await granted(bench, bench.client.subscribe('x', { qos: 1 }))
    const waiting = other.next()
    bench.peer.send(publish('t', 'a'))
    await bench.host.advance(0)
    await bench.client.disconnect()
    expect(await textOf(waiting)).toBe('done')
    expect(await textOf(readings.next())).toBe('a')
    expect(await textOf(readings.next())).toBe('done')
  })

  test('throws once when the client gave up, and ends then', async () => {
    const bench = await connected({ reconnect: false })
    const readings = await granted(bench, bench.client.subscribe('#'))
    const late = await granted(bench, bench.client.subscribe('x'))
    const waiting = readings.next()
    bench.peer.drop(new Error('pulled'))
    expect((await failure(waiting)).message).toBe('pulled')
    expect(await textOf(readings.next())).toBe('done')
    expect((await failure(late.next())).message).toBe('pulled')
    expect(await textOf(late.next())).toBe('done')
  })

  test('goes on over a reconnect', async () => {
    const bench = await connected({ protocolVersion: 5 })
    const readings = await granted(bench, bench.client.subscribe('#'))
    const waiting = readings.next()
    bench.peer.drop()
    const next = await reconnected(bench.host, { sessionPresent: true })
    next.peer.send(publish('t', 'after'))
    expect(await textOf(waiting)).toBe('after')
    await bench.client.disconnect()
  })

  test('a subscription with a handler is refused', async () => {
    const bench = await connected()
    const handled = await granted(
      bench,
      bench.client.subscribe('#', () => {}),
    )
    expect(await failure(handled.next())).toBeInstanceOf(TypeError)
    expect(handled.dropped).toBe(0)
    await bench.client.disconnect()
  })
})

describe('unsubscribing', () => {
  async function answerUnsubscribe(
    bench: Awaited<ReturnType<typeof connected>>,
    reasonCodes?: number[],
  ): Promise<string[]> {
    const { packetId, filters } = await bench.peer.next('unsubscribe')
    bench.peer.send({ type: 'unsuback', packetId, ...(reasonCodes && { reasonCodes }) })
    await settled()
    return filters
  }

  test('from one of two subscriptions of the same filter keeps the other, and the server hears nothing', async () => {
    const bench = await connected()
    const got: string[] = []
    const one = await granted(
      bench,
      bench.client.subscribe('a', () => got.push('one')),
    )
    const two = await granted(
      bench,
      bench.client.subscribe('a', () => got.push('two')),
    )
    await one.unsubscribe()
    bench.peer.send(publish('a', 'x'))
    await bench.host.advance(0)
    expect(got).toEqual(['two'])
    expect(bench.peer.take()).toEqual([])
    const leaving = two.unsubscribe()
    expect(await answerUnsubscribe(bench)).toEqual(['a'])
    await leaving
    await two.unsubscribe()
    expect(bench.peer.take(), 'a second time does nothing').toEqual([])
    await bench.client.disconnect()
  })

  test('by filter ends every subscription of it, and answers with what the server said', async () => {
    const bench = await connected({ protocolVersion: 5 })
    const one = await granted(bench, bench.client.subscribe('a'))
    const handled: string[] = []
    await granted(
      bench,
      bench.client.subscribe(['a', 'b'], (message) => handled.push(message.topic)),
    )
    const waiting = one.next()
    const leaving = bench.client.unsubscribe(['a', 'c'])
    expect(await answerUnsubscribe(bench, [0, 0x11])).toEqual(['a', 'c'])
    expect(await leaving).toMatchObject({ reasonCodes: [0, 0x11] })
    expect(await textOf(waiting)).toBe('done')
    bench.peer.send(publish('a', ''), publish('b', ''))
    await bench.host.advance(0)
    expect(handled).toEqual(['b'])
    expect([...bench.client.subscriptions.keys()]).toEqual(['b'])
    await bench.client.disconnect()
  })

  test('that the server refuses changes nothing', async () => {
    const bench = await connected({ protocolVersion: 5 })
    const got: string[] = []
    await granted(
      bench,
      bench.client.subscribe('a', () => got.push('a')),
    )
    const leaving = bench.client.unsubscribe('a')
    await answerUnsubscribe(bench, [0x87])
    expect(await leaving).toMatchObject({ reasonCodes: [0x87] })
    bench.peer.send(publish('a', ''))
    await bench.host.advance(0)
    expect(got).toEqual(['a'])
    expect(bench.client.subscriptions.has('a')).toBe(true)
    await bench.client.disconnect()
  })

  test('does not end a subscription that was asked for after it', async () => {
    const bench = await connected()
    const got: string[] = []
    await granted(
      bench,
      bench.client.subscribe('a', () => got.push('old')),
    )
    const leaving = bench.client.unsubscribe('a')
    const subscribing = bench.client.subscribe('a', () => got.push('new'))
    await answerUnsubscribe(bench)
    await leaving
    await granted(bench, subscribing)
    bench.peer.send(publish('a', ''))
    await bench.host.advance(0)
    expect(got).toEqual(['new'])
    expect(bench.client.subscriptions.has('a')).toBe(true)
    await bench.client.disconnect()
  })

  test('3.x answers with 0 for each filter', async () => {
    const bench = await connected()
    const leaving = bench.client.unsubscribe(['a', 'b'])
    await answerUnsubscribe(bench)
    expect(await leaving).toEqual({ reasonCodes: [0, 0], properties: {} })
    await bench.client.disconnect()
  })

  test('ends with ackTimeout', async () => {
    const { client, host } = await connected({ ackTimeout: 500 })
    const leaving = client.unsubscribe('a')
    const caught = failure(leaving)
    await host.advance(500)
    expect(await caught).toMatchObject({ name: 'AckTimeoutError' })
    await client.disconnect()
  })

  test('happens at the end of an `await using` block', async () => {
    const bench = await connected()
    const subscription: Subscription = await granted(
      bench,
      bench.client.subscribe('a', () => {}),
    )
    const disposing = subscription[Symbol.asyncDispose]()
    expect(await answerUnsubscribe(bench)).toEqual(['a'])
    await disposing
    await bench.client.disconnect()
  })
})

describe('where the server lost the session', () => {
  test('subscriptions are made again, before queued messages, as they were asked for, and the application hears of it', async () => {
    const bench = await connected({ protocolVersion: 5 })
    const { client, peer, host } = bench
    const events = record(client)
    const subscribing = client.subscribe('a', { qos: 2, noLocal: true })
    const { packetId } = await peer.next('subscribe')
    peer.send({ type: 'suback', packetId, reasonCodes: [1] })
    await subscribing
    await granted(
      bench,
      client.subscribe('b', { qos: 1, properties: { subscriptionIdentifier: 3 } }, () => {}),
    )
    peer.drop()
    const publishing = client.publish('queued', 'x', { qos: 1 })
    const next = await reconnected(host)
    const packets = next.peer.take()
    expect(packets.map(({ type }) => type)).toEqual(['subscribe', 'subscribe', 'publish'])
    expect(packets).toMatchObject([
      { subscriptions: [{ filter: 'a', qos: 2, noLocal: true }], properties: {} },
      { subscriptions: [{ filter: 'b', qos: 1 }], properties: { subscriptionIdentifier: 3 } },
      {},
    ])
    next.peer.send({ type: 'suback', packetId: (packets[0] as { packetId: number }).packetId, reasonCodes: [2] })
    next.peer.send({ type: 'suback', packetId: (packets[1] as { packetId: number }).packetId, reasonCodes: [0] })
    await settled()
    expect(events.slice(-3)).toEqual(['connect false', 'resubscribe a 2', 'resubscribe b 0'])
    expect(client.subscriptions.get('a')?.qos, 'the map shows what is granted now').toBe(2)
    expect(client.subscriptions.get('b')?.qos).toBe(0)
    next.peer.send({ type: 'puback', packetId: (packets[2] as { packetId: number }).packetId })
    await publishing
    await client.disconnect()
  })

  test('one that is refused now raises error and is forgotten', async () => {
    const bench = await connected({ protocolVersion: 5 })
    await granted(
      bench,
      bench.client.subscribe(['a', 'b'], () => {}),
    )
    const events = record(bench.client)
    bench.peer.drop()
    const next = await reconnected(bench.host)
    const { packetId } = await next.peer.next('subscribe')
    next.peer.send({ type: 'suback', packetId, reasonCodes: [0, 0x87] })
    await settled()
    expect(events.slice(-2)).toEqual(['error NOT_AUTHORIZED', 'resubscribe a 0,b 135'])
    expect([...bench.client.subscriptions.keys()]).toEqual(['a'])
    await bench.client.disconnect()
  })

  test('one that is refused now ends its iteration with the error, and keeps the others', async () => {
    const bench = await connected({ protocolVersion: 5 })
    const refused = await granted(bench, bench.client.subscribe('a'))
    const kept = await granted(bench, bench.client.subscribe('b'))
    const both = await granted(bench, bench.client.subscribe(['a', 'c']))
    const waiting = refused.next()
    bench.peer.drop()
    const next = await reconnected(bench.host)
    for (const packet of next.peer.take()) {
      if (packet.type !== 'subscribe') continue
      const reasonCodes = packet.subscriptions.map(({ filter }) => (filter === 'a' ? 0x87 : 0))
      next.peer.send({ type: 'suback', packetId: packet.packetId, reasonCodes })
    }
    expect(await failure(waiting)).toMatchObject({ name: 'RefusedError', code: 'NOT_AUTHORIZED' })
    expect(await textOf(refused.next())).toBe('done')
    next.peer.send(publish('b', 'b'), publish('c', 'c'))
    expect(await textOf(kept.next())).toBe('b')
    expect(await textOf(both.next())).toBe('c')
    await refused.unsubscribe()
    await settled()
    expect(next.peer.take()).toEqual([])
    await bench.client.disconnect()
  })

  test('one that CONNACK forbids now raises error and is forgotten, and the others are made again', async () => {
    const bench = await connected({ protocolVersion: 5 })
    await granted(
      bench,
      bench.client.subscribe(['a', '$share/g/b', 'c'], () => {}),
    )
    const events = record(bench.client)
    bench.peer.drop()
    const next = await reconnected(bench.host, { properties: { sharedSubscriptionAvailable: false } })
    const asked = next.peer.take().flatMap((packet) => (packet.type === 'subscribe' ? packet.subscriptions : []))
    expect(asked.map(({ filter }) => filter)).toEqual(['a', 'c'])
    await settled()
    expect(events.at(-1)).toBe('error SHARED_SUBSCRIPTIONS_NOT_SUPPORTED')
    expect([...bench.client.subscriptions.keys()]).toEqual(['a', 'c'])
    await bench.client.disconnect()
  })

  test('an unsubscribe that waited for the connection wins', async () => {
    const bench = await connected({ protocolVersion: 5 })
    await granted(
      bench,
      bench.client.subscribe('a', () => {}),
    )
    bench.peer.drop()
    const leaving = bench.client.unsubscribe('a')
    const next = await reconnected(bench.host)
    const [subscribe, unsubscribe] = next.peer.take() as { type: string; packetId: number }[]
    expect([subscribe?.type, unsubscribe?.type]).toEqual(['subscribe', 'unsubscribe'])
    next.peer.send(
      { type: 'suback', packetId: subscribe?.packetId as number, reasonCodes: [0] },
      { type: 'unsuback', packetId: unsubscribe?.packetId as number, reasonCodes: [0] },
    )
    await leaving
    expect(bench.client.subscriptions.size).toBe(0)
    await bench.client.disconnect()
  })

  test('a server that does not answer is told of by error, and the subscription stays', async () => {
    const bench = await connected({ ackTimeout: 5_000, keepAlive: 0, reconnect: () => 100 })
    const got: string[] = []
    await granted(
      bench,
      bench.client.subscribe('a', (message) => got.push(message.text())),
    )
    bench.peer.drop()
    const { peer } = await reconnected(bench.host)
    const { packetId } = await peer.next('subscribe')
    const events = record(bench.client)
    await bench.host.advance(5_000)
    expect(events).toEqual(['error ETIMEDOUT'])
    peer.send({ type: 'suback', packetId, reasonCodes: [0] }, publish('a', 'x'))
    await settled()
    expect(peer.take(), 'the answer came late, and is welcome').toEqual([])
    expect(got).toEqual(['x'])
    expect([...bench.client.subscriptions.keys()]).toEqual(['a'])
    await bench.client.disconnect()
  })

  test('disconnecting before SUBACK is no error', async () => {
    const bench = await connected({ protocolVersion: 5 })
    await granted(
      bench,
      bench.client.subscribe('a', () => {}),
    )
    bench.peer.drop()
    await reconnected(bench.host)
    const events = record(bench.client)
    await bench.client.disconnect()
    expect(events).toEqual(['disconnect', 'close'])
  })

  test('handlers and subscriptions stay for a later connect()', async () => {
    const bench = await connected()
    const got: string[] = []
    await granted(
      bench,
      bench.client.subscribe('a', (message) => got.push(message.text())),
    )
    await bench.client.disconnect()
    const connecting = bench.client.connect()
    const peer = await bench.host.peer(1)
    await peer.accept()
    await connecting
    const { packetId, subscriptions } = await peer.next('subscribe')
    expect(subscriptions.map(({ filter }) => filter)).toEqual(['a'])
    peer.send({ type: 'suback', packetId, reasonCodes: [0] }, publish('a', 'again'))
    await bench.host.advance(0)
    expect(got).toEqual(['again'])
    await bench.client.disconnect()
  })

  test('one that only an iteration wanted ends with the client, and is not made again by a later connect()', async () => {
    for (const heard of [false, true]) {
      const bench = await connected()
      await granted(bench, bench.client.subscribe('iterated'))
      await granted(bench, bench.client.subscribe('both'))
      await granted(
        bench,
        bench.client.subscribe('both', () => {}),
      )
      // Its messages have a listener still.
      if (heard) bench.client.on('message', () => {})
      await bench.client.disconnect()
      const filters = heard ? ['iterated', 'both'] : ['both']
      expect([...bench.client.subscriptions.keys()]).toEqual(filters)
      const connecting = bench.client.connect()
      const peer = await bench.host.peer(1)
      await peer.accept()
      await connecting
      expect((await peer.next('subscribe')).subscriptions.map(({ filter }) => filter)).toEqual(filters)
      await bench.client.disconnect()
    }
  })
})

test('where the server has the session nothing is made again', async () => {
  const bench = await connected({ protocolVersion: 5 })
  await granted(
    bench,
    bench.client.subscribe('a', () => {}),
  )
  const events = record(bench.client)
  bench.peer.drop()
  const next = await reconnected(bench.host, { sessionPresent: true })
  expect(next.peer.take()).toEqual([])
  expect(events.at(-1)).toBe('connect true')
  expect(codeOf(new Error(bench.client.status))).toBe('connected')
  await bench.client.disconnect()
})
