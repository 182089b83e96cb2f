import { describe, expect, test } from 'vitest'
import {
  type ClientOptions,
  ConnectError,
  CoreClient,
  keepSession,
  MqttError,
  type SessionStore,
} from '../../src/index.js'
import { MemoryStore } from '../support/memory-store.js'
import { settled, VirtualHost } from '../support/virtual-host.js'
import { codeOf, failure, noUnhandledRejections, publish, reconnected, record, state, VERSIONS } from './bench.js'
import { idle, kept, wire } from './store-bench.js'

noUnhandledRejections()

describe('written ahead of the wire', () => {
  for (const protocolVersion of VERSIONS) {
    test(`PUBLISH and PUBREL leave when what they follow from is written (${protocolVersion})`, async () => {
      const { client, peer, store } = await kept({ protocolVersion })
      store.holding = true
      const published = client.publish('t', 'a', { qos: 2 })
      await settled()
      expect([...(store.underway?.keys() ?? [])]).toEqual(['m1'])
      expect(await wire(peer)).toEqual([])
      store.release()
      await settled()
      expect([...(store.underway?.keys() ?? [])]).toEqual(['p1'])
      expect(await wire(peer)).toEqual([])
      store.release()
      expect(await wire(peer)).toEqual(['publish 1 a'])
      peer.send({ type: 'pubrec', packetId: 1 })
      expect(await wire(peer)).toEqual([])
      store.release()
      expect(await wire(peer)).toEqual(['pubrel 1'])
      peer.send({ type: 'pubcomp', packetId: 1 })
      await published
      await settled()
      expect(store.underway?.get('m1')).toBeUndefined()
      store.resume()
      await client.stop()
      expect(store.keys).toEqual([])
      expect(store.breaches).toEqual([])
    })

    test(`PUBREC and PUBCOMP leave when what they follow from is written (${protocolVersion})`, async () => {
      const { client, peer, store } = await kept({ protocolVersion })
      client.on('message', () => {})
      store.holding = true
      peer.send(publish('t', 'x', 2, 7))
      expect(await wire(peer)).toEqual([])
      expect([...(store.underway?.keys() ?? [])]).toEqual(['r7'])
      store.release()
      expect(await wire(peer)).toEqual(['pubrec 7'])
      peer.send({ type: 'pubrel', packetId: 7 })
      expect(await wire(peer)).toEqual([])
      expect(store.records.has('r7')).toBe(true)
      store.release()
      expect(await wire(peer)).toEqual(['pubcomp 7'])
      expect(store.keys).toEqual([])
      await client.stop()
      expect(store.breaches).toEqual([])
    })
  }

  test('what needs no writing keeps its place behind what waits for it, and else does not wait [MQTT-4.6.0-2 of 3.1.1]', async () => {
    const { client, peer, store } = await kept()
    client.on('message', () => {})
    store.holding = true
    peer.send(publish('t', '1', 1, 1), publish('t', '2', 2, 2), publish('t', '3', 1, 3))
    await settled()
    peer.send(publish('t', '4', 1, 4))
    const atOnce = client.publish('t', 'zero')
    expect(await wire(peer)).toEqual([])
    store.release()
    expect(await wire(peer)).toEqual(['puback 1', 'pubrec 2', 'puback 3', 'puback 4', 'publish - zero'])
    await atOnce
    expect(store.writing).toBe(false)
    peer.send(publish('t', '5', 1, 5))
    expect(await wire(peer)).toEqual(['puback 5'])
    store.resume()
    await client.stop()
  })

  test('what changes while a write is under way waits for the next one, and what came before does not wait for that', async () => {
    const { client, peer, store } = await kept()
    client.on('message', () => {})
    store.holding = true
    peer.send(publish('t', '1', 2, 1))
    await settled()
    peer.send(publish('t', '2', 1, 2), publish('t', '3', 2, 3))
    await settled()
    peer.send(publish('t', '4', 1, 4))
    await settled()
    store.release()
    expect(await wire(peer)).toEqual(['pubrec 1'])
    expect([...(store.underway?.keys() ?? [])]).toEqual(['r3'])
    store.release()
    expect(await wire(peer)).toEqual(['puback 2', 'pubrec 3', 'puback 4'])
    store.resume()
    await client.stop()
  })

  test('a burst is one write, and one more for the exchanges', async () => {
    const { client, peer, store } = await kept()
    const before = store.writes
    const all = Array.from({ length: 1_000 }, (_, n) => client.publish('t', `${n}`, { qos: 1 }))
    expect(await wire(peer)).toEqual(all.map((_, n) => `publish ${n + 1} ${n}`))
    expect(store.writes - before).toBe(2)
    peer.send(...all.map((_, n) => ({ type: 'puback' as const, packetId: n + 1 })))
    await Promise.all(all)
    await settled()
    expect(store.writes - before).toBe(3)
    await client.stop()
    expect(store.keys.filter((key) => key.startsWith('m'))).toEqual([])
  })

  test('the next connection begins when what the last one brought is written', async () => {
    const { client, host, peer, store } = await kept({ protocolVersion: 5 })
    client.on('message', () => {})
    store.holding = true
    peer.send(publish('t', '1', 2, 1))
    await settled()
    peer.drop()
    await host.advance(host.nextTimer)
    const second = await host.peer(1)
    expect(await wire(second)).toEqual([])
    store.resume()
    expect(await wire(second)).toEqual(['connect'])
    second.send({ type: 'connack', sessionPresent: true })
    second.send(publish('t', '1', 2, 1, { dup: true }))
    expect(await wire(second)).toEqual(['pubrec 1'])
    await client.stop()
  })
})

describe('accepted', () => {
  test('what is published before connect, and while the store opens, is written once it is open, behind what it held', async () => {
    const before = await kept({ cleanStart: false })
    before.peer.drop()
    const older = before.client.publish('t', 'older', { qos: 1 }).catch(codeOf)
    await settled()
    const { client, host, store } = idle({}, before.store.snapshot())
    await before.client.stop()
    expect(await older).toBe('CLOSED')
    const early = client.publish('t', 'early', { qos: 1, until: 'accepted' })
    expect(await state(early)).toBe('pending')
    store.holding = true
    const connecting = client.connect()
    const opening = client.publish('t', 'opening', { qos: 2, until: 'accepted' })
    const zero = client.publish('t', 'zero')
    expect(await state(opening)).toBe('pending')
    store.release()
    const accepted = [await early, await opening]
    expect(accepted).toEqual([1, 2].map(() => ({ packetId: undefined, reasonCode: 0, properties: {} })))
    const peer = await host.peer(0)
    store.resume()
    await peer.accept({ sessionPresent: true })
    await connecting
    expect(await wire(peer)).toEqual(['publish 1 older', 'publish 2 early', 'publish 3 opening', 'publish - zero'])
    await zero
    await client.stop()
    expect(store.breaches).toEqual([])
  })

  for (const when of ['online', 'offline'] as const) {
    test(`until: 'accepted' resolves when the message is written, and not before (${when})`, async () => {
      const { client, peer, store } = await kept()
      if (when === 'offline') peer.drop()
      await settled()
      store.holding = true
      for (const qos of [1, 2] as const) {
        const accepted = client.publish('t', 'x', { qos, until: 'accepted' })
        expect(await state(accepted)).toBe('pending')
        store.release()
        expect(await state(accepted)).toMatchObject({ value: { reasonCode: 0 } })
        store.resume()
        await settled()
        store.holding = true
      }
      store.resume()
      await client.stop()
      expect(store.keys.filter((key) => key.startsWith('m'))).toEqual(['m1', 'm2'])
    })
  }

  test("until: 'accepted' resolves at once at QoS 0, and without a store", async () => {
    const { client, store } = await kept()
    store.holding = true
    const waits = client.publish('t', 'x', { qos: 1, until: 'accepted' })
    expect(await state(client.publish('t', 'x', { until: 'accepted' }))).toMatchObject({ value: {} })
    expect(await state(waits)).toBe('pending')
    store.resume()
    await client.stop()
    const memory = new CoreClient({}, new VirtualHost())
    for (const qos of [0, 1, 2] as const) {
      expect(await state(memory.publish('t', 'x', { qos, until: 'accepted' }))).toMatchObject({ value: {} })
    }
    await memory.stop()
  })

  for (const type of ['puback', 'pubrec'] as const) {
    test(`the event discard tells of a message that the server refuses later, by ${type}, and the store forgets it`, async () => {
      const { client, peer, store } = await kept({ protocolVersion: 5 })
      const discarded: unknown[] = []
      client.on('discard', ({ packet, reason }) => discarded.push([packet.topic, reason]))
      await client.publish('t', 'x', { qos: type === 'puback' ? 1 : 2, until: 'accepted' })
      await settled()
      peer.send({ type, packetId: 1, reasonCode: 0x97 })
      await settled()
      expect(discarded).toEqual([['t', 'refused']])
      expect(client.metrics().messagesDiscarded).toBe(1)
      expect(store.keys).toEqual([])
      await client.stop()
    })
  }

  test('what CONNACK says that the server does not take is discarded, in the next process, too', async () => {
    const { client, host, store } = idle({ protocolVersion: 5 })
    const connecting = client.connect()
    await client.publish('t', 'x', { qos: 2, until: 'accepted' })
    const next = store.snapshot()
    const discarded: string[] = []
    client.on('discard', ({ reason }) => discarded.push(reason))
    await (await host.peer(0)).accept({ properties: { maximumQos: 1 } })
    await connecting
    await settled()
    expect(discarded).toEqual(['refused'])
    await client.stop()
    const later = idle({ protocolVersion: 5 }, next)
    later.client.on('discard', ({ reason }) => discarded.push(reason))
    const again = later.client.connect()
    await (await later.host.peer(0)).accept({ properties: { maximumQos: 1 } })
    await again
    await later.client.stop()
    expect(discarded).toEqual(['refused', 'refused'])
    expect(next.keys).toEqual([])
  })

  test('one whose signal aborts before it was sent is removed again', async () => {
    const { client, peer, store } = await kept()
    peer.drop()
    await settled()
    const abort = new AbortController()
    const published = failure(client.publish('t', 'x', { qos: 1, signal: abort.signal }))
    await settled()
    expect(store.keys).toEqual(['m1'])
    abort.abort(new Error('changed my mind'))
    await published
    await client.stop()
    expect(store.keys).toEqual([])
  })
})

describe('a write that fails', () => {
  test('rejects the messages in it, and no others; the connection lives, and the other exchanges go on', async () => {
    const { client, peer, store } = await kept({ protocolVersion: 5 })
    const events = record(client)
    const older = client.publish('t', 'older', { qos: 2 })
    await settled()
    expect(await wire(peer)).toEqual(['publish 1 older'])
    store.failures = 1
    const refused = [client.publish('t', 'a', { qos: 1 }), client.publish('t', 'b', { qos: 2, until: 'accepted' })].map(
      (each) => failure(each),
    )
    for (const error of await Promise.all(refused)) {
      expect(error).toMatchObject({
        name: 'MqttError',
        code: 'STORE_FAILED',
        phase: 'store',
        client: 'c',
        retryable: true,
      })
      expect(error.cause).toBe(store.failure)
    }
    const later = client.publish('t', 'later', { qos: 1 })
    await settled()
    expect(await wire(peer)).toEqual(['publish 2 later'])
    peer.send({ type: 'pubrec', packetId: 1 }, { type: 'puback', packetId: 2 })
    expect(await wire(peer)).toEqual(['pubrel 1'])
    peer.send({ type: 'pubcomp', packetId: 1 })
    await Promise.all([older, later])
    expect(client.status).toBe('connected')
    expect(events).toEqual([])
    await client.stop()
    expect(store.breaches).toEqual([])
  })

  test('is told by error, once until a write succeeds, where nobody else is told', async () => {
    const { client, peer, store } = await kept()
    const events = record(client)
    client.on('message', () => {})
    store.failures = 3
    expect(codeOf(await failure(client.publish('t', 'x', { qos: 1 })))).toBe('STORE_FAILED')
    expect(events).toEqual([])
    peer.send(publish('t', '1', 2, 1))
    expect(await wire(peer)).toEqual(['pubrec 1'])
    peer.send(publish('t', '2', 2, 2))
    expect(await wire(peer)).toEqual(['pubrec 2'])
    expect(events).toEqual(['message 1', 'error STORE_FAILED', 'message 2'])
    peer.send(publish('t', '3', 2, 3))
    expect(await wire(peer)).toEqual(['pubrec 3'])
    store.failures = 1
    peer.send(publish('t', '4', 2, 4))
    expect(await wire(peer)).toEqual(['pubrec 4'])
    expect(events.slice(3)).toEqual(['message 3', 'message 4', 'error STORE_FAILED'])
    await client.stop()
  })

  test('is made up for by the next: a restart finds the state as it is', async () => {
    const { client, peer, store } = await kept({ protocolVersion: 5 })
    client.on('message', () => {})
    const first = client.publish('t', 'first', { qos: 2 }).catch(codeOf)
    await settled()
    store.failures = 2
    peer.send(publish('t', 'x', 2, 9), { type: 'pubrec', packetId: 1 })
    expect(await wire(peer)).toEqual(['publish 1 first', 'pubrel 1', 'pubrec 9'])
    await failure(client.publish('t', 'refused', { qos: 1 }))
    expect(store.keys).toEqual(['m1', 'p1'])
    await client.publish('t', 'second', { qos: 1, until: 'accepted' })
    await settled()
    const next = await kept({ protocolVersion: 5 }, { sessionPresent: true }, store.snapshot())
    expect(await wire(next.peer)).toEqual(['pubrel 1', 'publish 2 dup second'])
    const messages: string[] = []
    next.client.on('message', (message) => messages.push(message.text()))
    next.peer.send(publish('t', 'x', 2, 9, { dup: true }))
    expect(await wire(next.peer)).toEqual(['pubrec 9'])
    expect(messages).toEqual([])
    await next.client.stop()
    await client.stop()
    expect(await first).toBe('CLOSED')
  })

  test('holds PUBCOMP back until the store has forgotten what came, and is made again by itself', async () => {
    const { client, host, peer, store } = await kept({ protocolVersion: 5, keepAlive: 0 })
    client.on('message', () => {})
    peer.send(publish('t', 'x', 2, 9))
    expect(await wire(peer)).toEqual(['pubrec 9'])
    store.failures = 2
    peer.send({ type: 'pubrel', packetId: 9 }, { type: 'pubrel', packetId: 9 })
    expect(await wire(peer)).toEqual([])
    await client.publish('t', 'goes on', { qos: 0 })
    expect(await wire(peer)).toEqual(['publish - goes on'])
    await host.advance(4_999)
    expect(store.keys).toEqual(['r9'])
    await host.advance(1)
    expect(await wire(peer), 'the second failure').toEqual([])
    await host.advance(5_000)
    expect(store.keys).toEqual([])
    expect(await wire(peer)).toEqual(['pubcomp 9', 'pubcomp 9'])
    await client.stop()
    expect(host.pendingTimers).toBe(0)
  })

  test('keeps no timer when the client ends before it is made again', async () => {
    const { client, host, peer, store } = await kept({ protocolVersion: 5, keepAlive: 0 })
    client.on('message', () => {})
    store.failures = 1
    peer.send(publish('t', 'x', 2, 9))
    expect(await wire(peer)).toEqual(['pubrec 9'])
    await client.stop()
    expect(host.pendingTimers).toBe(0)
    expect(store.keys).toEqual(['r9'])
  })

  test('and did come through all the same leaves nothing of what it rejected', async () => {
    const { client, peer, store } = await kept()
    store.failures = 1
    store.writesFailures = true
    await failure(client.publish('t', 'x', { qos: 1 }))
    expect(store.keys).toEqual(['m1'])
    expect(await wire(peer)).toEqual([])
    await client.disconnect()
    expect(store.keys).toEqual([])
    await client.stop()
  })

  test('may throw at once, or fail with an error of ours, which is passed on', async () => {
    const { client, store } = await kept()
    store.failures = 2
    store.throwsAtOnce = true
    expect(codeOf(await failure(client.publish('t', 'x', { qos: 1 })))).toBe('STORE_FAILED')
    store.failure = new MqttError('the disk is full', { code: 'STORE_FULL', phase: 'store' })
    expect(await failure(client.publish('t', 'x', { qos: 1 }))).toBe(store.failure)
    await client.stop()
  })

  test('finds the client ready for what a listener of error and discard does', async () => {
    const { client, peer, store } = await kept()
    client.on('message', () => {})
    const again: Promise<unknown>[] = []
    client.once('error', () => again.push(client.publish('t', 'from error', { qos: 1, until: 'accepted' })))
    store.failures = 1
    peer.send(publish('t', '1', 2, 1))
    await settled()
    await Promise.all(again)
    expect(again).toHaveLength(1)
    expect(await wire(peer)).toEqual(['pubrec 1', 'publish 1 from error'])
    await client.stop()
  })

  test('a listener of discard may publish', async () => {
    const { client, peer, store } = await kept({ outbox: { maxMessages: 1, whenFull: 'drop-oldest' } })
    peer.drop()
    const again: Promise<unknown>[] = []
    client.once('discard', () => again.push(client.publish('t', 'c', { qos: 1, until: 'accepted' })))
    const outcomes = ['a', 'b'].map((payload) =>
      client.publish('t', payload, { qos: 1, until: 'accepted' }).catch(codeOf),
    )
    expect(await Promise.all(outcomes)).toEqual(['OUTBOX_FULL', 'OUTBOX_FULL'])
    await Promise.all(again)
    expect(store.keys).toEqual(['m3'])
    await client.stop()
  })
})

describe('a store that cannot be opened', () => {
  const owner = (value: unknown) => [['owner', new TextEncoder().encode(JSON.stringify(value))]] as const

  const STORES: Record<string, [() => MemoryStore, code: string, says: RegExp]> = {
    rejects: [
      () => Object.assign(new MemoryStore(), { opens: () => Promise.reject(new Error('EACCES')) }),
      'STORE_FAILED',
      /^store: .*cause$/,
    ],
    throws: [
      () =>
        Object.assign(new MemoryStore(), {
          opens: () => {
            throw new Error('EACCES')
          },
        }),
      'STORE_FAILED',
      /^store: .*cause$/,
    ],
    'is locked': [
      () =>
        Object.assign(new MemoryStore(), {
          opens: () => Promise.reject(new MqttError('taken', { code: 'STORE_LOCKED', phase: 'store' })),
        }),
      'STORE_LOCKED',
      /^taken$/,
    ],
    'is of another client': [
      () => new MemoryStore(owner({ clientId: 'other', servers: ['mqtt://virtual:1883'] })),
      'STORE_OF_ANOTHER',
      /clientId "c".*"other"/,
    ],
    'is of another server': [
      () => new MemoryStore(owner({ clientId: 'c', servers: ['mqtt://elsewhere:1883'] })),
      'STORE_OF_ANOTHER',
      /mqtt:\/\/virtual:1883.*mqtt:\/\/elsewhere:1883/,
    ],
    'is of another program': [
      () => new MemoryStore([['owner', new Uint8Array([1, 2, 3])]]),
      'STORE_DAMAGED',
      /whose session/,
    ],
    'cannot be read to its end': [
      () => {
        const store = new MemoryStore()
        // biome-ignore lint/correctness/useYield: it fails before
        const entries = (function* (): Generator<[string, Uint8Array]> {
          throw new Error('EIO')
        })()
        const open = store.open.bind(store)
        store.opens = () => {
          store.opens = undefined
          store.opened--
          return open().then(() => ({ entries }))
        }
        return store
      },
      'STORE_FAILED',
      /^store: .*cause$/,
    ],
    'cannot be written to': [
      () => Object.assign(new MemoryStore(), { failures: 1 }),
      'STORE_FAILED',
      /^store: .*cause$/,
    ],
  }

  for (const [name, [make, code, says]] of Object.entries(STORES)) {
    test(`because it ${name}, ends connect and all that waits, and leaves nothing; a later connect works`, async () => {
      const store = make()
      const { client, host } = idle({}, store)
      const events = record(client)
      const waits = [
        client.publish('t', '1', { qos: 1 }),
        client.publish('t', '0'),
        client.publish('t', '2', { qos: 2, until: 'accepted' }),
      ].map((each) => failure(each))
      const error = await failure(client.connect())
      expect(error).toMatchObject({ code, phase: 'store', client: 'c', message: expect.stringMatching(says) })
      for (const each of await Promise.all(waits)) expect(each).toBe(error)
      expect(events).toEqual([`close ${code}`])
      expect(client.status).toBe('closed')
      expect(host.pendingTimers).toBe(0)
      expect(host.watchers).toBe(0)
      expect(host.peers).toEqual([])
      await settled()
      expect(store.closed).toBe(store.opened - (store.opens ? store.opened : 0))
      expect(store.breaches).toEqual([])
      store.opens = undefined
      store.records.delete('owner')
      const connecting = client.connect()
      const peer = await host.peer(0)
      await peer.accept()
      await connecting
      // The messages stay in the session, as they do without a store.
      expect(await wire(peer)).toEqual(['publish 1 1', 'publish 2 2'])
      await client.stop()
      expect(store.breaches).toEqual([])
    })
  }

  test('but one that tells of damage goes on with what can be read, and says so', async () => {
    const before = await kept()
    const lost = [1, 2].map((n) => before.client.publish('t', `${n}`, { qos: 1 }).catch(codeOf))
    await settled()
    const store = before.store.snapshot()
    store.damage = 'the last 7 bytes are torn'
    store.records.set('m1', new Uint8Array(9))
    const host = new VirtualHost()
    const client = new CoreClient({ clientId: 'c', store }, host)
    const errors: Error[] = []
    client.on('error', (error) => errors.push(error))
    const connecting = client.connect()
    const peer = await host.peer(0)
    await peer.accept({ sessionPresent: true })
    await connecting
    expect(await wire(peer)).toEqual(['publish 2 dup 2'])
    expect(errors).toMatchObject([
      { code: 'STORE_DAMAGED', phase: 'store', message: 'store: the last 7 bytes are torn' },
      { code: 'STORE_DAMAGED', message: 'store: 1 of its records cannot be read and are dropped' },
    ])
    await client.stop()
    await before.client.stop()
    await Promise.all(lost)
  })

  test('and one that tells of damage that lost nothing is told by a code of its own', async () => {
    const store = new MemoryStore()
    Object.assign(store, { damage: 'the last 7 bytes were being written', lossless: true })
    const { client, host } = idle({}, store)
    const errors: Error[] = []
    client.on('error', (error) => errors.push(error))
    const connecting = client.connect()
    await (await host.peer(0)).accept()
    await connecting
    expect(errors).toMatchObject([{ code: 'STORE_RECOVERED', message: 'store: the last 7 bytes were being written' }])
    await client.stop()
  })

  test('after the client was disconnected is nothing to tell: connect says that it is closed', async () => {
    const { client, host, store } = idle()
    const events = record(client)
    let fail: (error: Error) => void = () => {}
    store.opens = () => new Promise((_, reject) => (fail = reject))
    const connecting = failure(client.connect())
    await settled()
    const ended = client.disconnect()
    await settled()
    fail(new Error('EIO'))
    await ended
    expect(codeOf(await connecting)).toBe('CLOSED')
    expect(events).toEqual(['close'])
    expect(host.pendingTimers).toBe(0)
  })

  test('a server among several is enough, and is remembered with those of now', async () => {
    const store = new MemoryStore()
    for (const servers of [['mqtt://a', 'mqtt://b'], ['mqtt://b', 'mqtt://c'], ['mqtt://c:1883']]) {
      const { client } = await kept({ servers }, {}, store)
      await client.stop()
    }
    expect(codeOf(await failure(idle({ servers: ['mqtt://a'] }, store).client.connect()))).toBe('STORE_OF_ANOTHER')
    expect(store.opened).toBe(4)
    expect(store.closed).toBe(4)
  })

  test('passwords are not written', async () => {
    const { client, store } = await kept({ url: 'mqtt://me:secret@virtual', username: 'me', password: 'secret' })
    await client.stop()
    for (const value of store.records.values()) expect(new TextDecoder().decode(value)).not.toContain('secret')
  })
})

describe('an end while the store opens', () => {
  const ENDS: Record<string, (client: CoreClient, abort: AbortController) => Promise<unknown>> = {
    'disconnect()': (client) => client.disconnect(),
    'stop()': (client) => client.stop(),
    'a signal of connect': async (client, abort) => {
      abort.abort(new Error('enough'))
      await client.disconnect()
    },
  }

  for (const [name, end] of Object.entries(ENDS)) {
    test(`by ${name} settles all, closes the store, and keeps what was published`, async () => {
      const { client, host, store } = idle()
      const abort = new AbortController()
      const events = record(client)
      store.holding = true
      const connecting = failure(client.connect({ signal: abort.signal }))
      const published = failure(client.publish('t', 'x', { qos: 1 }))
      await settled()
      const ended = end(client, abort)
      await settled()
      store.resume()
      await ended
      expect(codeOf(await connecting)).toMatch(/CLOSED|enough/)
      expect(codeOf(await published)).toMatch(/CLOSED|enough/)
      expect(events).toEqual(['close'])
      expect([store.opened, store.closed]).toEqual([1, 1])
      expect(store.breaches).toEqual([])
      expect(host.peers).toEqual([])
      expect(host.pendingTimers).toBe(0)
      expect(store.keys).toEqual(['m1'])
      await client.stop()
    })
  }

  test('by the signal of the client', async () => {
    const store = new MemoryStore()
    const abort = new AbortController()
    const client = new CoreClient({ clientId: 'c', store, signal: abort.signal }, new VirtualHost())
    const connecting = failure(client.connect())
    abort.abort(new Error('enough'))
    expect((await connecting).message).toBe('enough')
    await settled()
    expect([store.opened, store.closed]).toEqual([1, 1])
    await client.stop()
  })
})

describe('a store that never answers', () => {
  test('does not keep who connects: it has connectTimeout to open', async () => {
    const { client, host, store } = idle({ connectTimeout: 3_000 })
    let answer = (): void => {}
    store.opens = () =>
      new Promise((resolve) => {
        answer = () => resolve({ entries: [] })
      })
    const connecting = failure(client.connect())
    const published = failure(client.publish('t', 'x', { qos: 1 }))
    await host.advance(2_999)
    expect(await state(connecting)).toBe('pending')
    await host.advance(1)
    expect(await connecting).toMatchObject({ code: 'STORE_TIMEOUT', phase: 'store', retryable: true })
    expect((await connecting).message).toContain('within 3000 ms (connectTimeout)')
    expect(codeOf(await published)).toBe('STORE_TIMEOUT')
    answer()
    await client.stop()
    expect(store.closed).toBe(1)
    expect(host.pendingTimers).toBe(0)
  })

  test('and then fails, when the client has ended, is told of, and keeps nothing alive', async () => {
    const { client, host, peer, store } = await kept()
    const events = record(client)
    client.on('message', () => {})
    store.holding = true
    peer.send(publish('t', '1', 2, 1))
    await settled()
    const ended = client.disconnect()
    await host.advance(20_000)
    await ended
    events.splice(0)
    store.release(new Error('EIO'))
    await settled()
    expect(events).toEqual(['error STORE_FAILED'])
    expect(host.pendingTimers).toBe(0)
    store.resume()
    await client.stop()
    expect(store.keys, 'what could not be written goes with the closing').toEqual(['r1'])
    expect(store.breaches).toEqual([])
  })

  test('does not keep a server that broke the protocol from hearing so', async () => {
    const { client, peer, store } = await kept({ protocolVersion: 5 })
    client.on('message', () => {})
    store.holding = true
    peer.send(publish('t', '1', 2, 1))
    expect(await wire(peer)).toEqual([])
    peer.sendBytes(new Uint8Array([0, 0]))
    expect(store.writing).toBe(true)
    expect(peer.take()).toMatchObject([{ type: 'disconnect', reasonCode: 0x81 }])
    expect(peer.ended).toBe('closed')
    store.resume()
    await client.stop()
    expect(store.breaches).toEqual([])
  })

  test('does not keep who disconnects', async () => {
    const { client, host, peer, store } = await kept()
    const errors = record(client)
    store.holding = true
    const published = failure(client.publish('t', 'x', { qos: 1 }))
    await settled()
    const ended = client.disconnect()
    expect(codeOf(await published)).toBe('CLOSED')
    await host.advance(20_000)
    await ended
    expect(await wire(peer)).toEqual([])
    expect(errors.join()).toContain('STORE_TIMEOUT')
    expect(host.pendingTimers).toBe(0)
    store.resume()
    await client.stop()
    expect(store.closed).toBe(1)
  })
})

describe('the end', () => {
  test('waits for the write under way, sends DISCONNECT behind what it lets go, and closes the store once', async () => {
    const { client, host, peer, store } = await kept({ protocolVersion: 5 })
    client.on('message', () => {})
    const events = record(client)
    store.holding = true
    peer.send(publish('t', '1', 2, 1))
    const published = failure(client.publish('t', 'x', { qos: 1 }))
    await settled()
    const ended = client.disconnect()
    const second = client.disconnect()
    expect(await wire(peer)).toEqual([])
    expect(store.closed).toBe(0)
    store.resume()
    await Promise.all([ended, second])
    expect(await wire(peer)).toEqual(['pubrec 1', 'disconnect'])
    expect(codeOf(await published)).toBe('CLOSED')
    expect(store.closed).toBe(1)
    expect(store.keys).toEqual(['m1', 'r1'])
    expect(host.pendingTimers).toBe(0)
    expect(events).toEqual(['message 1', 'disconnect', 'close'])
    expect(store.breaches).toEqual([])
  })

  test('in the turn of a publish writes it, once, though the host comes to it later', async () => {
    class LateHost extends VirtualHost {
      override defer(callback: () => void): void {
        setImmediate(callback)
      }
    }
    const { client, store } = await kept({}, {}, new MemoryStore(), new LateHost())
    const { writes } = store
    const published = failure(client.publish('t', 'x', { qos: 1 }))
    await client.disconnect()
    await settled()
    expect(codeOf(await published)).toBe('CLOSED')
    expect(store.keys).toEqual(['m1'])
    expect(store.writes - writes).toBe(1)
    expect(store.breaches).toEqual([])
  })

  test('of an await using block closes the store', async () => {
    const store = new MemoryStore()
    {
      await using client = (await kept({}, {}, store)).client
      await client.publish('t', 'x', { qos: 1, until: 'accepted' })
    }
    expect(store.closed).toBe(1)
    expect(store.keys).toEqual(['m1', 'p1'])
  })

  test('with drain waits for what the store held, too, and leaves it empty', async () => {
    const before = await kept()
    const published = before.client.publish('t', 'x', { qos: 1 }).catch(codeOf)
    await settled()
    const { client, peer, store } = await kept({}, { sessionPresent: true }, before.store.snapshot())
    const ended = client.disconnect({ drain: true })
    expect(await wire(peer)).toEqual(['publish 1 dup x'])
    expect(await state(ended)).toBe('pending')
    peer.send({ type: 'puback', packetId: 1 })
    await ended
    expect(await wire(peer)).toEqual(['disconnect'])
    expect(store.keys).toEqual([])
    await before.client.stop()
    await published
  })

  test('with drain while the store opens waits for what it holds', async () => {
    const before = await kept()
    const published = before.client.publish('t', 'x', { qos: 1 }).catch(codeOf)
    await settled()
    const { client, host, store } = idle({}, before.store.snapshot())
    const connecting = client.connect()
    const ended = client.disconnect({ drain: true })
    const peer = await host.peer(0)
    await peer.accept({ sessionPresent: true })
    await connecting
    expect(await wire(peer)).toEqual(['publish 1 dup x'])
    peer.send({ type: 'puback', packetId: 1 })
    await ended
    expect(store.keys).toEqual([])
    await before.client.stop()
    await published
  })

  test('by giving up closes the store, and leaves no timer, also where messages that may expire wait for their write', async () => {
    const { client, host, peer, store } = await kept({
      protocolVersion: 5,
      reconnect: false,
      outbox: { maxAge: 60_000 },
    })
    const events = record(client)
    store.holding = true
    const published = failure(client.publish('t', 'x', { qos: 1, properties: { messageExpiryInterval: 3_600 } }))
    await settled()
    peer.drop()
    await settled()
    expect(store.closed).toBe(0)
    store.resume()
    await settled()
    expect((await published).message).toBe('connection reset')
    expect(client.status).toBe('closed')
    expect(store.closed).toBe(1)
    expect(host.pendingTimers).toBe(0)
    expect(store.keys).toEqual(['m1'])
    expect(events.at(-1)).toBe('close connection reset')
    await client.disconnect()
    expect(store.closed).toBe(1)
    await client.stop()
  })

  test('by giving up may be followed by connect at once: what is published then is not lost', async () => {
    const { client, host, peer, store } = await kept({ reconnect: false })
    store.holding = true
    const first = failure(client.publish('t', 'first', { qos: 1 }))
    await settled()
    let published: Promise<unknown>[] = []
    let connecting: Promise<unknown> | undefined
    client.once('close', () => {
      connecting = client.connect()
      published = [client.publish('t', 'next', { qos: 1 }), client.publish('t', 'zero')]
    })
    peer.drop()
    await settled()
    await first
    store.resume()
    const second = await host.peer(1)
    await second.accept({ sessionPresent: true })
    await connecting
    expect(await wire(second)).toEqual(['publish 1 first', 'publish 2 next', 'publish - zero'])
    second.send({ type: 'puback', packetId: 1 }, { type: 'puback', packetId: 2 })
    await Promise.all(published)
    expect([store.opened, store.closed]).toEqual([2, 1])
    await client.stop()
    expect(store.breaches).toEqual([])
    expect(store.keys).toEqual([])
  })

  test('may be followed by connect: the store is opened anew, and what it holds goes on', async () => {
    const { client, host, peer, store } = await kept({ protocolVersion: 5 })
    client.on('message', () => {})
    const closed = [1, 2].map((n) => client.publish('t', `${n}`, { qos: 2 }).catch(codeOf))
    expect(await wire(peer)).toEqual(['publish 1 1', 'publish 2 2'])
    peer.send({ type: 'pubrec', packetId: 2 }, publish('t', 'x', 2, 9))
    await settled()
    await client.disconnect()
    expect(await Promise.all(closed)).toEqual(['CLOSED', 'CLOSED'])
    expect(client.info).toMatchObject({ queued: 0, inflight: 0 })
    const connecting = client.connect()
    const second = await host.peer(1)
    await second.accept({ sessionPresent: true })
    await connecting
    expect(await wire(second)).toEqual(['pubrel 2', 'publish 1 dup 1'])
    second.send(publish('t', 'x', 2, 9, { dup: true }))
    expect(await wire(second)).toEqual(['pubrec 9'])
    expect([store.opened, store.closed]).toEqual([2, 1])
    await client.stop()
    expect(store.breaches).toEqual([])
  })

  test('tells by error that the last write, or the closing, failed, and ends all the same', async () => {
    for (const throwsAtOnce of [false, true]) {
      const { client, peer, store } = await kept()
      const events = record(client)
      client.on('message', () => {})
      Object.assign(store, { failures: 9, throwsAtOnce, closeFailure: new Error('EIO') })
      peer.send(publish('t', '1', 2, 1))
      await client.disconnect()
      expect(events.filter((event) => event.startsWith('error')).length).toBeGreaterThan(1)
      expect(events.at(-1)).toBe('close')
      expect(client.status).toBe('closed')
      await client.stop()
    }
  })
})

describe('cleanStart', () => {
  test('is false with a store, unless it is set; true drops what the store holds', async () => {
    const before = await kept()
    expect(before.connect.cleanStart).toBe(false)
    before.client.on('message', () => {})
    const published = before.client.publish('t', 'x', { qos: 1 }).catch(codeOf)
    before.peer.send(publish('t', 'y', 2, 9))
    await settled()
    expect(before.store.keys).toEqual(['m1', 'p1', 'r9'])
    const { client, host, store } = idle({ cleanStart: true }, before.store.snapshot())
    const early = client.publish('t', 'early', { qos: 1, until: 'accepted' })
    const connecting = client.connect()
    const peer = await host.peer(0)
    expect((await peer.accept()).cleanStart).toBe(true)
    await connecting
    await early
    expect(await wire(peer)).toEqual(['publish 1 early'])
    peer.send({ type: 'puback', packetId: 1 })
    await client.stop()
    expect(store.keys).toEqual([])
    await before.client.stop()
    await published
  })
})

describe('the option', () => {
  const make = (options: ClientOptions) => () => new CoreClient(options, new VirtualHost())

  test('needs a clientId, so that the next process is the same client', () => {
    for (const protocolVersion of VERSIONS) {
      const store = new MemoryStore()
      expect(make({ store, protocolVersion })).toThrow(
        new RangeError('clientId: expected one, as there is a store, got undefined'),
      )
      expect(make({ store, protocolVersion, clientId: '' })).toThrow(RangeError)
    }
  })

  test('takes nothing that is no store, and says what is missing', () => {
    const plain: SessionStore = {
      open: async () => ({ entries: [] }),
      write: async () => {},
      close: async () => {},
    }
    for (const wrong of [null, true, 'file', plain])
      expect(make({ clientId: 'c', store: wrong as SessionStore })).toThrow(
        /^store: expected that of emqtt\/store\/file or emqtt\/store\/indexeddb, or keepSession\(\) of emqtt\/store, got /,
      )
    for (const wrong of [null, true, 'file'])
      expect(() => keepSession(wrong as unknown as SessionStore)).toThrow(/^store: expected an object/)
    for (const name of ['open', 'write', 'close'] as const)
      expect(() => keepSession({ ...plain, [name]: 1 as never })).toThrow(
        new TypeError(`store.${name}: expected a function, got 1`),
      )
    expect(keepSession(plain)).toBe(plain)
    expect(make({ clientId: 'c', store: plain })).not.toThrow()
  })

  test('publish.until is one of two', async () => {
    const { client } = await kept()
    const until = 'stored' as 'accepted'
    expect((await failure(client.publish('t', 'x', { until }))).message).toBe(
      'publish.until: expected one of delivered, accepted, got "stored"',
    )
    await client.stop()
  })
})

test('a connection that cannot be made leaves the store open for the next attempt, and closed at the end', async () => {
  const { client, host, store } = idle({ reconnect: { retryFirst: true } })
  host.network = new ConnectError('no', { code: 'ECONNREFUSED', phase: 'tcp', retryable: true })
  const connecting = client.connect()
  await client.publish('t', 'x', { qos: 1, until: 'accepted' })
  await settled()
  expect([store.opened, store.closed, ...store.keys]).toEqual([1, 0, 'm1'])
  host.network = 'up'
  const { peer } = await reconnected(host)
  await connecting
  expect(await wire(peer)).toEqual(['publish 1 x'])
  await client.stop()
  expect([store.opened, store.closed]).toEqual([1, 1])
  expect(host.pendingTimers).toBe(0)
})
