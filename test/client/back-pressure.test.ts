import { describe, expect, test } from 'vitest'
import type { PacketInput } from '../../src/codec/index.js'
import { type ClientOptions, CoreClient, type Message, type QoS } from '../../src/index.js'
import { settled, VirtualHost } from '../support/virtual-host.js'
import {
  type Connected,
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

/** A handler that returns when it is told to. */
class Worker {
  readonly began: string[] = []
  readonly #waiting: (() => void)[] = []
  /** Most calls that were pending at once. */
  most = 0

  readonly handler = (message: Message): Promise<void> => {
    this.began.push(message.text())
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      this.most = Math.max(this.most, this.#waiting.length)
    })
  }

  /** Lets the first calls return. */
  async finish(count = 1): Promise<void> {
    for (const resolve of this.#waiting.splice(0, count)) resolve()
    await settled()
  }
}

async function working(options: ClientOptions, qos: QoS = 2) {
  const bench = await connected(options)
  const events = record(bench.client)
  const worker = new Worker()
  const subscription = await granted(bench, bench.client.subscribe('t', { qos }, worker.handler))
  return { ...bench, events, worker, subscription }
}

const drops = (events: string[]): string[] =>
  events.filter((event) => event.startsWith('drop')).map((event) => event.slice(5))
const names = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, at) => `${from + at}`)

/** Messages 1 to `count`, in one chunk. */
function flood({ peer }: Connected, count: number, qos: QoS, from = 1, topic = 't'): void {
  peer.send(
    ...names(from, from + count - 1).map((name) => publish(topic, name, qos, qos > 0 ? Number(name) : undefined)),
  )
}

describe('a handler', () => {
  test('has at most maxMessages calls pending, in order', async () => {
    const bench = await working({ backlog: { maxMessages: 3 } }, 1)
    flood(bench, 3, 1)
    flood(bench, 3, 1, 4)
    const { worker } = bench
    expect(worker.began).toEqual(['1', '2', '3'])
    await worker.finish()
    expect(worker.began).toEqual(['1', '2', '3', '4'])
    await worker.finish(3)
    expect(worker.began).toEqual(names(1, 6))
    await worker.finish(3)
    expect(worker.most).toBe(3)
  })

  test('that does not return a promise is never behind', async () => {
    const bench = await connected({ backlog: { maxMessages: 1 } })
    const got: string[] = []
    await granted(
      bench,
      bench.client.subscribe('t', (message) => void got.push(message.text())),
    )
    flood(bench, 50, 0)
    expect(got).toEqual(names(1, 50))
    expect(bench.peer.reading).toEqual([])
  })

  test('that fails makes room like one that returns', async () => {
    const bench = await connected({ backlog: { maxMessages: 1 } })
    const events = record(bench.client)
    await granted(
      bench,
      bench.client.subscribe('t', { qos: 1 }, () => Promise.reject(new Error('boom'))),
    )
    flood(bench, 6, 1)
    await bench.host.advance(0)
    expect(events.filter((event) => event === 'error boom')).toHaveLength(6)
    expect(bench.peer.take()).toHaveLength(6)
    expect(bench.peer.paused).toBe(false)
  })
})

describe('at QoS 0 past maxMessages', () => {
  test('drop-oldest drops those that have waited longest', async () => {
    const bench = await working({ backlog: { maxMessages: 2 } }, 0)
    const { worker, events, client, subscription } = bench
    flood(bench, 6, 0)
    expect(worker.began).toEqual(['1', '2'])
    expect(drops(events)).toEqual(['3', '4'])
    expect(subscription.dropped).toBe(2)
    expect(client.metrics().messagesDropped).toBe(2)
    await worker.finish(2)
    await worker.finish(2)
    expect(worker.began).toEqual(['1', '2', '5', '6'])
    expect(bench.peer.reading, 'the network is read on').toEqual([])
    flood(bench, 2, 0, 7)
    expect(subscription.dropped).toBe(2)
  })

  test('what is dropped gives back its room', async () => {
    const bench = await working({ backlog: { maxMessages: 1, maxBytes: 4_000 } }, 0)
    for (const name of names(1, 40)) bench.peer.send(publish('t', name))
    expect(drops(bench.events)).toEqual(names(2, 39))
    await bench.worker.finish()
    await bench.worker.finish()
    expect(bench.worker.began).toEqual(['1', '40'])
    expect(bench.subscription.dropped).toBe(38)
  })

  test('drop-newest drops those that come', async () => {
    const bench = await working({ backlog: { maxMessages: 2, overflow: 'drop-newest' } }, 0)
    const { worker, events, client, subscription } = bench
    flood(bench, 6, 0)
    expect(drops(events)).toEqual(['5', '6'])
    expect(subscription.dropped).toBe(2)
    expect(client.metrics().messagesDropped).toBe(2)
    await worker.finish(2)
    await worker.finish(2)
    expect(worker.began).toEqual(['1', '2', '3', '4'])
    await worker.finish(2)
    flood(bench, 4, 0, 7)
    expect(drops(events), 'there is room again').toEqual(['5', '6'])
  })

  test('wait drops nothing: the network is not read', async () => {
    const bench = await working({ backlog: { maxMessages: 4, overflow: 'wait' } }, 0)
    const { worker, events, peer, subscription } = bench
    flood(bench, 4, 0)
    expect(peer.reading).toEqual([])
    flood(bench, 1, 0, 5)
    expect(peer.reading).toEqual(['pause'])
    flood(bench, 5, 0, 6)
    await worker.finish(2)
    expect(peer.reading, 'until half is done').toEqual(['pause'])
    await worker.finish(1)
    expect(peer.reading[1]).toBe('resume')
    for (let at = 0; at < 10; at++) await worker.finish(4)
    expect(worker.began).toEqual(names(1, 10))
    expect(drops(events)).toEqual([])
    expect(subscription.dropped).toBe(0)
    expect(peer.paused).toBe(false)
  })

  test('wait drops nothing of one chunk, however many it holds', async () => {
    const bench = await working({ backlog: { maxMessages: 2, overflow: 'wait' } }, 0)
    flood(bench, 50, 0)
    expect(drops(bench.events)).toEqual([])
    for (let at = 0; at < 25; at++) await bench.worker.finish(2)
    expect(bench.worker.began).toEqual(names(1, 50))
  })

  test('messages of QoS 1 are not dropped to make room for QoS 0', async () => {
    for (const overflow of ['drop-oldest', 'drop-newest'] as const) {
      const bench = await working({ backlog: { maxMessages: 1, overflow } }, 1)
      bench.peer.send(publish('t', 'busy'), publish('t', 'kept', 1, 1), publish('t', 'a'), publish('t', 'b'))
      expect(drops(bench.events)).toEqual([overflow === 'drop-oldest' ? 'a' : 'b'])
      for (let at = 0; at < 3; at++) await bench.worker.finish()
      expect(bench.worker.began).toEqual(['busy', 'kept', overflow === 'drop-oldest' ? 'b' : 'a'])
    }
  })

  test('each subscription counts its own', async () => {
    const bench = await working({ backlog: { maxMessages: 1 } }, 0)
    const got: string[] = []
    const fast = await granted(
      bench,
      bench.client.subscribe('+', (message) => void got.push(message.text())),
    )
    flood(bench, 4, 0)
    expect(got).toEqual(names(1, 4))
    expect([bench.subscription.dropped, fast.dropped]).toEqual([2, 0])
  })

  test('bytes have a bound of their own', async () => {
    const bench = await connected({ backlog: { maxBytes: 5_000 } })
    const events = record(bench.client)
    const worker = new Worker()
    await granted(bench, bench.client.subscribe('t', worker.handler))
    for (const name of names(1, 5)) bench.peer.send(publish('t', name.padEnd(1_500, '.')))
    expect(worker.began).toHaveLength(2)
    expect(drops(events)).toHaveLength(3)
    expect(bench.client.metrics().messagesDropped).toBe(3)
    await worker.finish(2)
    bench.peer.send(publish('t', 'room'))
    expect(worker.began.at(-1)).toBe('room')
    expect(bench.peer.reading).toEqual([])
  })
})

for (const version of VERSIONS) {
  for (const qos of [1, 2] as const) {
    test(`at QoS ${qos} in ${version} acks stop, past maxMessages the network is not read, from half on it is again`, async () => {
      const properties = { receiveMaximum: 100 }
      const bench = await working(
        { protocolVersion: version, backlog: { maxMessages: 4 }, ...(version === 5 && { properties }) },
        qos,
      )
      const { worker, peer, host } = bench
      flood(bench, 4, qos)
      expect(peer.reading).toEqual([])
      flood(bench, 1, qos, 5)
      expect(peer.reading).toEqual(['pause'])
      await host.advance(0)
      expect(peer.take()).toEqual([])
      flood(bench, 1, qos, 6)
      expect(peer.unread).toBe(1)
      await worker.finish(2)
      expect(peer.reading).toEqual(['pause'])
      await worker.finish(1)
      expect(peer.reading).toEqual(['pause', 'resume'])
      for (let at = 0; at < 6; at++) await worker.finish()
      expect(worker.began).toEqual(names(1, 6))
      await host.advance(0)
      expect(peer.take().map((packet) => (packet as { packetId: number }).packetId)).toEqual([1, 2, 3, 4, 5, 6])
      expect(peer.paused).toBe(false)
    })
  }
}

test('bytes of QoS 1 pause the network, too', async () => {
  const bench = await working({ backlog: { maxBytes: 5_000 } }, 1)
  bench.peer.send(publish('t', '.'.repeat(1_500), 1, 1))
  expect(bench.peer.reading).toEqual([])
  bench.peer.send(publish('t', '.'.repeat(1_500), 1, 2))
  expect(bench.peer.reading).toEqual(['pause'])
  await bench.worker.finish()
  expect(bench.peer.reading, 'one of 2 524 bytes is more than half').toEqual(['pause'])
  await bench.worker.finish()
  expect(bench.peer.reading).toEqual(['pause', 'resume'])
})

describe('an answer that somebody waits for is read behind what there is no room for', () => {
  /** Each call, and the packet that answers it. */
  const CALLS: Record<string, (bench: Connected) => Promise<{ answer: PacketInput; call: Promise<unknown> }>> = {
    'publish at QoS 1': async ({ client, peer }) => {
      const call = client.publish('o', 'x', { qos: 1 })
      const { packetId } = await peer.next('publish')
      return { answer: { type: 'puback', packetId: packetId as number }, call }
    },
    'publish at QoS 2': async ({ client, peer, host }) => {
      const call = client.publish('o', 'x', { qos: 2 })
      const packetId = (await peer.next('publish')).packetId as number
      peer.send({ type: 'pubrec', packetId })
      await host.advance(0)
      await peer.next('pubrel')
      return { answer: { type: 'pubcomp', packetId }, call }
    },
    subscribe: async ({ client, peer }) => {
      const call = client.subscribe('other', () => {})
      const { packetId } = await peer.next('subscribe')
      return { answer: { type: 'suback', packetId, reasonCodes: [0] }, call }
    },
    unsubscribe: async ({ client, peer }) => {
      const call = client.unsubscribe('other')
      const { packetId } = await peer.next('unsubscribe')
      return { answer: { type: 'unsuback', packetId, reasonCodes: [0] }, call }
    },
    ping: async ({ client, peer }) => {
      const call = client.ping()
      await peer.next('pingreq')
      return { answer: { type: 'pingresp' }, call }
    },
    reauthenticate: async ({ client, peer }) => {
      const call = client.reauthenticate()
      await peer.next('auth')
      return { answer: { type: 'auth', reasonCode: 0, properties: { authenticationMethod: 'M' } }, call }
    },
  }

  test.each(Object.entries(CALLS))('%s', async (_, ask) => {
    const enhancedAuth = { method: 'M', start: () => undefined, next: () => undefined }
    const properties = { receiveMaximum: 100 }
    const bench = await connected(
      { protocolVersion: 5, enhancedAuth, backlog: { maxMessages: 2 }, properties },
      { properties: { authenticationMethod: 'M' } },
    )
    const worker = new Worker()
    await granted(bench, bench.client.subscribe('t', { qos: 1 }, worker.handler))
    flood(bench, 3, 1)
    expect(bench.peer.paused).toBe(true)
    const { answer, call } = await ask(bench)
    await bench.host.advance(0)
    expect(bench.peer.paused).toBe(false)
    flood(bench, 2, 1, 4)
    expect(bench.peer.paused).toBe(false)
    bench.peer.send(answer)
    await call
    await bench.host.advance(0)
    expect(bench.peer.paused, 'and then no more').toBe(true)
    await worker.finish(4)
    await worker.finish(4)
    expect(bench.peer.paused).toBe(false)
  })

  test('handlers that publish and wait for it do not lock up', async () => {
    const bench = await connected({ backlog: { maxMessages: 1 } })
    const { client, peer, host } = bench
    let done = 0
    const handler = async (message: Message): Promise<void> => {
      await client.publish('o', message.text(), { qos: 1 })
      done++
    }
    await granted(bench, client.subscribe('t', { qos: 1 }, handler))
    flood(bench, 10, 1)
    for (let at = 0; at < 12; at++) {
      await host.advance(0)
      for (const packet of peer.take())
        if (packet.type === 'publish') peer.send({ type: 'puback', packetId: packet.packetId as number })
    }
    expect(done).toBe(10)
    expect(peer.paused).toBe(false)
    expect(peer.unread).toBe(0)
  })

  test('but not for a call that nobody waits for any more', async () => {
    const bench = await working({ backlog: { maxMessages: 2 }, ackTimeout: 1_000, keepAlive: 0 }, 1)
    flood(bench, 3, 1)
    const call = failure(bench.client.subscribe('lost', () => {}))
    expect(bench.peer.paused).toBe(false)
    await bench.host.advance(1_000)
    expect(await call).toMatchObject({ code: 'ETIMEDOUT' })
    expect(bench.peer.paused).toBe(true)
  })
})

describe('while the network is not read', () => {
  async function full(options: ClientOptions = {}) {
    const bench = await working({ backlog: { maxMessages: 2 }, keepAlive: 10, ...options }, 1)
    flood(bench, 3, 1)
    expect(bench.peer.paused).toBe(true)
    return bench
  }

  test('PINGREQ keeps the server informed, and its silence is not its death', async () => {
    const { host, peer, client, worker, events } = await full()
    await host.advance(60_000)
    const pings = peer.take().filter(({ type }) => type === 'pingreq').length
    expect(pings).toBeGreaterThanOrEqual(5)
    expect(pings).toBeLessThanOrEqual(7)
    expect(client.status).toBe('connected')
    await worker.finish(3)
    expect(peer.paused).toBe(false)
    await host.advance(4_999)
    expect(client.status, 'time to answer').toBe('connected')
    await host.advance(1)
    expect(events.some((event) => event.startsWith('disconnect KEEP_ALIVE_TIMEOUT'))).toBe(true)
  })

  test('a server that answers once it is read again lives', async () => {
    const { host, peer, client, worker } = await full()
    await host.advance(30_000)
    peer.send({ type: 'pingresp' })
    await worker.finish(3)
    await host.advance(4_999)
    expect(client.status).toBe('connected')
    await host.advance(5_001)
    expect(peer.take().at(-1)?.type).toBe('pingreq')
    await host.advance(5_000)
    expect(client.status).toBe('reconnecting')
  })

  test('a new connection is not read, either, and not taken for dead, with enhanced authentication, too', async () => {
    for (const enhancedAuth of [undefined, { method: 'M', start: () => undefined, next: () => undefined }]) {
      const properties = { authenticationMethod: enhancedAuth?.method }
      const host = new VirtualHost()
      const bench = await connected(
        {
          protocolVersion: 5,
          keepAlive: 10,
          backlog: { maxMessages: 2 },
          properties: { receiveMaximum: 9 },
          enhancedAuth,
        } as ClientOptions,
        { properties },
        host,
      )
      const worker = new Worker()
      await granted(bench, bench.client.subscribe('t', { qos: 1 }, worker.handler))
      flood(bench, 3, 1)
      bench.peer.drop()
      const next = await reconnected(host, { sessionPresent: true, properties })
      expect(next.peer.paused).toBe(true)
      await host.advance(40_000)
      expect(bench.client.status).toBe('connected')
      expect(host.peers).toHaveLength(2)
      await worker.finish(3)
      expect(next.peer.paused).toBe(false)
      await bench.client.stop()
      expect(host.pendingTimers).toBe(0)
    }
  })

  test('a connection that is read again, because handlers were done meanwhile, is one whose death is noticed', async () => {
    const { host, peer, client, worker } = await full()
    peer.drop()
    await worker.finish(3)
    const next = await reconnected(host)
    expect(next.peer.reading).toEqual([])
    // The delay of the attempt was a fraction of a millisecond more.
    await host.advance(15_001)
    expect(client.status).toBe('reconnecting')
    await client.stop()
  })

  test('what was read before it stopped is still taken', async () => {
    const { peer, worker } = await full()
    peer.arrive(Uint8Array.of(0x32, 6, 0, 1, 0x74, 0, 4, 0x34))
    await worker.finish(3)
    await worker.finish(3)
    expect(worker.began).toEqual(['1', '2', '3', '4'])
  })

  test('disconnect() ends it like any other', async () => {
    const { client, host, peer } = await full()
    await client.disconnect()
    expect(peer.ended).toBe('closed')
    expect(host.pendingTimers).toBe(0)
  })
})

describe('who counts', () => {
  test('an iteration: a message is done when the next is asked for', async () => {
    const bench = await connected({ backlog: { maxMessages: 2 } })
    const subscription = await granted(bench, bench.client.subscribe('t', { qos: 1 }))
    flood(bench, 3, 1)
    expect(bench.peer.paused).toBe(true)
    await subscription.next()
    await settled()
    expect(bench.peer.paused, 'it has the first').toBe(true)
    await subscription.next()
    await subscription.next()
    await settled()
    expect(bench.peer.paused).toBe(false)
    expect(bench.peer.take().map(({ type }) => type)).toEqual(['puback', 'puback'])
  })

  test('an iteration at QoS 0 drops its oldest', async () => {
    const bench = await connected({ backlog: { maxMessages: 2 } })
    const events = record(bench.client)
    const subscription = await granted(bench, bench.client.subscribe('t'))
    bench.client.on('message', () => {})
    void subscription.next()
    flood(bench, 5, 0)
    expect(drops(events)).toEqual(['2', '3'])
    expect(subscription.dropped).toBe(2)
    expect((await subscription.next()).value?.text()).toBe('4')
  })

  test('an iteration that ends gives back what it holds', async () => {
    const bench = await connected({ backlog: { maxMessages: 2 } })
    const subscription = await granted(bench, bench.client.subscribe('t', { qos: 1 }))
    flood(bench, 3, 1)
    expect(bench.peer.paused).toBe(true)
    void subscription.return()
    await settled()
    expect(bench.peer.paused).toBe(false)
  })

  test('listeners of `message`', async () => {
    const bench = await connected({ backlog: { maxMessages: 2 } })
    const worker = new Worker()
    bench.client.on('message', worker.handler)
    flood(bench, 3, 1)
    expect(worker.began, 'all are called').toHaveLength(3)
    expect(bench.peer.paused).toBe(true)
    await worker.finish(2)
    expect(bench.peer.paused).toBe(false)
  })

  test('a handler that acknowledged early, until it has returned', async () => {
    const bench = await connected({ backlog: { maxMessages: 2 }, autoAck: false })
    const worker = new Worker()
    await granted(
      bench,
      bench.client.subscribe('t', { qos: 1 }, (message) => {
        message.ack()
        return worker.handler(message)
      }),
    )
    flood(bench, 3, 1)
    await bench.host.advance(0)
    expect(bench.peer.take().length).toBeGreaterThan(0)
    expect(bench.peer.paused).toBe(true)
    await worker.finish(2)
    expect(bench.peer.paused).toBe(false)
  })

  test('nobody: a message without a handler is done at once', async () => {
    const bench = await connected({ backlog: { maxMessages: 1 } })
    flood(bench, 5, 1)
    await bench.host.advance(0)
    expect(bench.peer.paused).toBe(false)
    expect(bench.peer.take()).toHaveLength(5)
  })
})

describe('the option backlog', () => {
  test("says nothing to the server: Receive Maximum is the application's to give", async () => {
    const { connect } = await connected({ protocolVersion: 5, backlog: { maxMessages: 7 } })
    expect(connect.properties.receiveMaximum).toBeUndefined()
  })

  test('is refused when it is out of range', () => {
    const make = (backlog: unknown) => () => new CoreClient({ backlog } as ClientOptions, new VirtualHost())
    for (const [backlog, message] of [
      [1, 'backlog: expected an object, got 1'],
      [null, 'backlog: expected an object, got null'],
      [{ maxMessages: 0 }, 'backlog.maxMessages'],
      [{ maxMessages: 65_536 }, 'backlog.maxMessages'],
      [{ maxMessages: 1.5 }, 'backlog.maxMessages'],
      [{ maxBytes: 0 }, 'backlog.maxBytes'],
      [{ maxBytes: '1' }, 'backlog.maxBytes'],
      [{ overflow: 'drop' }, 'backlog.overflow: expected one of drop-oldest, drop-newest, wait, got "drop"'],
    ] as const)
      expect(make(backlog)).toThrow(message)
    make({ maxMessages: 65_535, maxBytes: 1, overflow: 'wait' })()
    make({})()
  })
})

test('a promise stays pending only while its handler does', async () => {
  const bench = await working({ backlog: { maxMessages: 1 } }, 1)
  flood(bench, 2, 1)
  const stopping = bench.client.stop()
  await bench.host.advance(0)
  expect(await state(stopping)).toMatchObject({ value: undefined })
  await bench.worker.finish(2)
  expect(bench.host.pendingTimers).toBe(0)
})
