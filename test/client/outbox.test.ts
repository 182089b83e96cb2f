import { describe, expect, test } from 'vitest'
import { measurePublish } from '../../src/codec/packet.js'
import { type ClientOptions, CoreClient, type OutboxOptions, type Packet } from '../../src/index.js'
import type { ScriptedPeer } from '../support/scripted-peer.js'
import { settled, VirtualHost } from '../support/virtual-host.js'
import { codeOf, connected, countedSignal, failure, noUnhandledRejections, reconnected, state } from './bench.js'

noUnhandledRejections()

const text = new TextDecoder()

/** A client that was not connected yet, and what it tells of what it gives up. */
function idle(outbox: OutboxOptions, more: ClientOptions = {}) {
  const host = new VirtualHost()
  const client = new CoreClient({ protocolVersion: 5, outbox, ...more }, host)
  return { host, client, told: listen(client) }
}

function listen(client: CoreClient): string[] {
  const told: string[] = []
  client.on('discard', ({ packet, reason }) => told.push(`${reason} ${text.decode(packet.payload)}`))
  return told
}

/** Payloads of what was published to it, each acknowledged. */
async function answered(peer: ScriptedPeer): Promise<string[]> {
  const got: string[] = []
  for (let packets = peer.take(); packets.length > 0; packets = peer.take()) {
    for (const packet of packets) got.push(...answer(peer, packet))
    await settled()
  }
  return got
}

function answer(peer: ScriptedPeer, packet: Packet): string[] {
  if (packet.type === 'pubrel') peer.send({ type: 'pubcomp', packetId: packet.packetId })
  if (packet.type !== 'publish') return []
  if (packet.qos > 0) peer.send({ type: packet.qos === 1 ? 'puback' : 'pubrec', packetId: packet.packetId as number })
  return [text.decode(packet.payload)]
}

async function join(client: CoreClient, host: VirtualHost): Promise<ScriptedPeer> {
  const connecting = client.connect()
  const peer = await host.peer(0)
  await peer.accept()
  await connecting
  await host.advance(0)
  return peer
}

describe('the option outbox', () => {
  test('has defaults that drop nothing: 128 MiB, and reject', async () => {
    const { client } = idle({})
    const payload = new Uint8Array(2 ** 20)
    const publishing: Promise<unknown>[] = []
    for (let at = 0; at < 127; at++) publishing.push(client.publish('t', payload, { qos: 1 }))
    const packet = {
      type: 'publish',
      dup: false,
      qos: 1,
      retain: false,
      topic: 't',
      packetId: 1,
      properties: {},
    } as const
    const left = 2 ** 27 - 127 * measurePublish({ ...packet, payload }, 5)
    const rest = new Uint8Array(
      left - (measurePublish({ ...packet, payload: payload.subarray(0, left - 100) }, 5) - (left - 100)),
    )
    expect(client.info.queued).toBe(127)
    expect(await failure(client.publish('t', new Uint8Array(rest.length + 1), { qos: 1 }))).toMatchObject({
      code: 'OUTBOX_FULL',
    })
    publishing.push(client.publish('t', rest, { qos: 1 }))
    expect(client.info.queued, 'to the last byte').toBe(128)
    expect(await failure(client.publish('t', '', { qos: 0 }))).toMatchObject({ code: 'OUTBOX_FULL' })
    expect(client.metrics().messagesDiscarded, 'what was never taken is not dropped').toBe(0)
    await client.stop()
    expect((await Promise.allSettled(publishing)).map(({ status }) => status)).toEqual(Array(128).fill('rejected'))
  })

  test('takes what is there, and undefined for what is not', () => {
    const { POSITIVE_INFINITY } = Number
    for (const outbox of [
      {},
      { maxMessages: undefined, maxBytes: undefined, maxAge: undefined, whenFull: undefined, offlineQos0: undefined },
      { maxMessages: 1, maxBytes: 1, maxAge: 1, whenFull: 'latest-per-topic', offlineQos0: 'drop' },
      { maxMessages: POSITIVE_INFINITY, maxBytes: POSITIVE_INFINITY, maxAge: POSITIVE_INFINITY },
      { maxMessages: Number.MAX_SAFE_INTEGER, maxBytes: Number.MAX_SAFE_INTEGER, maxAge: Number.MAX_SAFE_INTEGER },
    ])
      idle(outbox as OutboxOptions)
  })

  test.each([
    [null, 'outbox: expected an object, got null'],
    [5, 'outbox: expected an object, got 5'],
    [{ maxMessages: 0 }, 'outbox.maxMessages: expected an integer from 1 to 9007199254740991, got 0'],
    [{ maxMessages: 1.5 }, 'outbox.maxMessages: expected an integer'],
    [{ maxMessages: '5' }, 'outbox.maxMessages: expected an integer from 1 to 9007199254740991, got "5"'],
    [{ maxMessages: null }, 'outbox.maxMessages: expected an integer'],
    [{ maxBytes: -1 }, 'outbox.maxBytes: expected an integer'],
    [{ maxAge: 0 }, 'outbox.maxAge: expected an integer'],
    [{ maxAge: Number.NaN }, 'outbox.maxAge: expected an integer'],
    [
      { whenFull: 'drop' },
      'outbox.whenFull: expected one of reject, drop-oldest, drop-newest, latest-per-topic, got "drop"',
    ],
    [{ whenFull: true }, 'outbox.whenFull: expected one of'],
    [{ offlineQos0: 'reject' }, 'outbox.offlineQos0: expected one of queue, drop, got "reject"'],
    [{ maxMessage: 5 }, 'outbox.maxMessage: there is no such option'],
    [{ offlineQoS0: undefined }, 'outbox.offlineQoS0: there is no such option'],
    [{ toString: 5 }, 'outbox.toString: there is no such option'],
  ])('refuses %j', (outbox, message) => {
    expect(() => idle(outbox as OutboxOptions)).toThrow(message)
  })

  test('like it, backlog refuses what is misspelt', () => {
    const backlog = { maxMessage: 5 } as object
    expect(() => new CoreClient({ backlog }, new VirtualHost())).toThrow('backlog.maxMessage: there is no such option')
    new CoreClient({ backlog: { maxMessages: undefined } as object }, new VirtualHost())
  })
})

describe('what is given up', () => {
  test.each([
    ['reject', [], ['1', '2']],
    ['drop-newest', ['full 3', 'full 4'], ['1', '2']],
    ['drop-oldest', ['full 1', 'full 2'], ['3', '4']],
    ['latest-per-topic', ['full 1', 'full 3'], ['2', '4']],
  ] as const)('by %s rejects, raises discard, and is counted', async (whenFull, events, sent) => {
    const { client, host, told } = idle({ maxMessages: 2, whenFull })
    const publishing = [1, 2, 3, 4].map((at) => client.publish(at === 2 ? 'b' : 'a', `${at}`, { qos: 1 }))
    const results = publishing.map((promise) => promise.then(() => 'delivered', codeOf))
    const peer = await join(client, host)
    expect(await answered(peer)).toEqual(sent)
    expect(told).toEqual(events)
    expect(client.metrics().messagesDiscarded).toBe(events.length)
    expect(await Promise.all(results)).toEqual(
      [1, 2, 3, 4].map((at) => (sent.some((name) => name === `${at}`) ? 'delivered' : 'OUTBOX_FULL')),
    )
    await client.stop()
    expect(host.pendingTimers).toBe(0)
  })

  test('names the client, and says what to do', async () => {
    const { client, host } = idle({ maxMessages: 1, maxAge: 50, offlineQos0: 'drop' }, { name: 'meter' })
    const over = failure(client.publish('t', '1', { qos: 1 }))
    const full = await failure(client.publish('t', '2', { qos: 1 }))
    const offline = await failure(client.publish('t', '3'))
    await host.advance(50)
    expect(full).toMatchObject({ code: 'OUTBOX_FULL', client: 'meter', retryable: true, phase: 'session' })
    expect(full.message).toContain('wait for what is in it, or raise its limits')
    expect(offline).toMatchObject({ code: 'OFFLINE', client: 'meter', retryable: true, phase: 'session' })
    expect(offline.message).toContain("wait for one, or set outbox.offlineQos0 to 'queue'")
    expect(await over).toMatchObject({ code: 'MESSAGE_EXPIRED', client: 'meter', retryable: true, phase: 'session' })
    expect((await over).message).toContain('raise them if it still counts')
  })

  test('punishes nobody who does not wait for it', async () => {
    const { client, host, told } = idle({ maxMessages: 1, maxAge: 50, whenFull: 'drop-newest', offlineQos0: 'drop' })
    void client.publish('t', '1', { qos: 1 })
    void client.publish('t', '2', { qos: 2 })
    void client.publish('t', '3')
    await host.advance(50)
    expect(told).toEqual(['full 2', 'offline 3', 'expired 1'])
    // `noUnhandledRejections` looks after the test.
    expect(client.metrics().messagesDiscarded).toBe(3)
  })

  test('is told before what is published after it settles, and in order', async () => {
    const { client, told } = idle({ maxMessages: 2, whenFull: 'drop-oldest' })
    const order: string[] = []
    for (const name of ['1', '2', '3', '4'])
      client.publish('t', name, { qos: 1 }).catch(() => {
        order.push(`${name} after ${told.length}`)
      })
    expect(told, 'within the call').toEqual(['full 1', 'full 2'])
    await settled()
    expect(order).toEqual(['1 after 2', '2 after 2'])
  })

  test('by its time needs no connection, and goes at the ms', async () => {
    const { client, host, told } = idle({ maxAge: 5_000 })
    const short = { qos: 1, properties: { messageExpiryInterval: 2 } } as const
    const [own, age] = [client.publish('t', 'own', short), client.publish('t', 'age', { qos: 2 })]
    const ends = [failure(own), failure(age)]
    await host.advance(1_999)
    expect(told).toEqual([])
    await host.advance(1)
    expect(told).toEqual(['expired own'])
    await host.advance(3_000)
    expect(told).toEqual(['expired own', 'expired age'])
    expect(await Promise.all(ends)).toMatchObject([{ code: 'MESSAGE_EXPIRED' }, { code: 'MESSAGE_EXPIRED' }])
    expect(host.pendingTimers).toBe(0)
    expect(client.info.queued).toBe(0)
  })

  test('by its time behind a full window leaves what is in flight alone', async () => {
    const { client, host, peer } = await connected({ protocolVersion: 5, maxInflight: 1, outbox: { maxAge: 1_000 } })
    const told = listen(client)
    const first = client.publish('t', 'first', { qos: 1 })
    const second = failure(client.publish('t', 'second', { qos: 1 }))
    await host.advance(10_000)
    expect(told).toEqual(['expired second'])
    expect(await second).toMatchObject({ code: 'MESSAGE_EXPIRED' })
    expect(await answered(peer)).toEqual(['first'])
    expect((await first).reasonCode).toBe(0)
  })

  test('may be followed by another message that a listener publishes', async () => {
    const { client, host, told } = idle({ maxMessages: 2, maxAge: 1_000 })
    client.once('discard', () => {
      void client.publish('log', 'one was late', { qos: 1 })
    })
    const ends = ['1', '2'].map((name) => failure(client.publish('t', name, { qos: 1 })))
    await host.advance(1_000)
    expect(told).toEqual(['expired 1', 'expired 2'])
    await Promise.all(ends)
    const peer = await join(client, host)
    expect(await answered(peer)).toEqual(['one was late'])
    expect(client.metrics().messagesDiscarded).toBe(2)
  })

  test('is told though a listener throws', async () => {
    const { client, told } = idle({ maxMessages: 1, whenFull: 'drop-oldest' })
    const errors: string[] = []
    client.on('error', (error) => errors.push(error.message))
    client.on('discard', () => {
      throw new Error('no')
    })
    const end = failure(client.publish('t', '1', { qos: 1 }))
    void client.publish('t', '2', { qos: 1 })
    expect(await end).toMatchObject({ code: 'OUTBOX_FULL' })
    expect(told).toEqual(['full 1'])
    expect(errors).toEqual(['no'])
  })
})

describe('messages of QoS 0 without a connection', () => {
  test('wait and go in order with the others', async () => {
    const { client, host } = idle({})
    const published = ([0, 1, 0, 2, 0] as const).map((qos, at) => client.publish('t', `${at}`, { qos }))
    const peer = await join(client, host)
    expect(await answered(peer)).toEqual(['0', '1', '2', '3', '4'])
    expect((await Promise.all(published)).map(({ packetId }) => packetId)).toEqual([
      undefined,
      1,
      undefined,
      2,
      undefined,
    ])
  })

  test('are dropped by choice, before the first connection, between two, and after none', async () => {
    const { client, host, told } = idle({ offlineQos0: 'drop' })
    expect(codeOf(await failure(client.publish('t', 'before')))).toBe('OFFLINE')
    const peer = await join(client, host)
    await client.publish('t', 'online')
    peer.drop()
    await settled()
    expect(codeOf(await failure(client.publish('t', 'between')))).toBe('OFFLINE')
    const later = client.publish('t', 'kept', { qos: 1 })
    const { peer: next } = await reconnected(host)
    await client.publish('t', 'again')
    expect(await answered(next)).toEqual(['kept', 'again'])
    await later
    expect(told).toEqual(['offline before', 'offline between'])
    await client.disconnect()
    expect(codeOf(await failure(client.publish('t', 'after'))), 'a client that is closed takes nothing').toBe('CLOSED')
    expect(client.metrics().messagesDiscarded).toBe(2)
  })
})

describe('the end', () => {
  test('drain waits for what is left, and not for what was dropped', async () => {
    const outbox = { maxMessages: 1, whenFull: 'drop-oldest' } as const
    const { client, peer, host } = await connected({ protocolVersion: 5, maxInflight: 1, outbox })
    const told = listen(client)
    const ends = ['1', '2', '3'].map((name) => client.publish('t', name, { qos: 1 }).then(() => name, codeOf))
    const gone = client.disconnect({ drain: true })
    expect(await state(gone)).toBe('pending')
    expect(await answered(peer)).toEqual(['1', '3'])
    await gone
    expect(await Promise.all(ends)).toEqual(['1', 'OUTBOX_FULL', '3'])
    expect(told).toEqual(['full 2'])
    expect(host.pendingTimers).toBe(0)
  })

  test('drain is done once the last message that waits has expired', async () => {
    const { client, peer, host } = await connected({ protocolVersion: 5, outbox: { maxAge: 100 } })
    host.network = new Error('no network')
    peer.drop()
    await settled()
    const late = failure(client.publish('t', 'late', { qos: 1 }))
    const gone = client.disconnect({ drain: true })
    await host.advance(99)
    expect(await state(gone)).toBe('pending')
    await host.advance(1)
    await gone
    expect(await late).toMatchObject({ code: 'MESSAGE_EXPIRED' })
    expect(host.pendingTimers).toBe(0)
  })

  test('disconnect rejects what waits; that is no discard, and its times keep nothing alive', async () => {
    const { client, host, peer } = await connected({ protocolVersion: 5, outbox: { maxAge: 60_000 } })
    const told = listen(client)
    peer.drop()
    await settled()
    const ends = ([0, 1, 2] as const).map((qos) => failure(client.publish('t', 'x', { qos })))
    await client.disconnect()
    expect((await Promise.all(ends)).map(codeOf)).toEqual(['CLOSED', 'CLOSED', 'CLOSED'])
    expect(told).toEqual([])
    expect(client.metrics().messagesDiscarded).toBe(0)
    expect(host.pendingTimers).toBe(0)
    client.pause()
    client.resume()
    expect(host.pendingTimers).toBe(0)
  })

  test('a signal takes a message back while it waits, and with it its room and its time', async () => {
    const { client, host, told } = idle({ maxMessages: 1, maxAge: 1_000 })
    const abort = new AbortController()
    const end = failure(client.publish('t', 'taken back', { qos: 1, signal: abort.signal }))
    const zero = new AbortController()
    abort.abort(new Error('enough'))
    expect((await end).message).toBe('enough')
    const other = failure(client.publish('t', 'taken back, too', { signal: zero.signal }))
    zero.abort(new Error('enough of it'))
    expect((await other).message).toBe('enough of it')
    const published = client.publish('t', 'stays', { qos: 1 })
    const peer = await join(client, host)
    expect(await answered(peer)).toEqual(['stays'])
    await published
    await host.advance(2_000)
    expect(told).toEqual([])
  })

  test('a signal does not stop what was sent, though the server forgot it', async () => {
    const { client, host, peer } = await connected({ protocolVersion: 5 })
    const abort = new AbortController()
    const ends = ['1', '2'].map((name) => failure(client.publish('t', name, { qos: 1, signal: abort.signal })))
    peer.drop()
    const { peer: next } = await reconnected(host, { properties: { receiveMaximum: 1 } })
    abort.abort(new Error('enough'))
    expect((await Promise.all(ends)).map(({ message }) => message)).toEqual(['enough', 'enough'])
    expect(await answered(next)).toEqual(['1', '2'])
  })
})

test('one line before, during and after an outage, at mixed QoS, with a window that fits', async () => {
  const { client, host, peer } = await connected({ protocolVersion: 5 })
  const published: Promise<unknown>[] = []
  const names: string[] = []
  const publish = (...levels: (0 | 1 | 2)[]): void => {
    for (const qos of levels) {
      names.push(`${names.length}`)
      published.push(client.publish('t', `${names.length - 1}`, { qos }))
    }
  }
  publish(1, 2, 1)
  await settled()
  expect(peer.take()).toHaveLength(3)
  peer.drop()
  publish(2, 0, 1)
  await settled()
  publish(0, 1)
  const { peer: next } = await reconnected(host, { sessionPresent: true })
  publish(1, 0, 2)
  await settled()
  expect(await answered(next)).toEqual(names)
  await Promise.all(published)
})

test.each([0, 1] as const)('a refused publish listens to its signal no more, at QoS %i', async (qos) => {
  const { client } = await connected({ protocolVersion: 5 }, { properties: { maximumPacketSize: 20 } })
  const { signal, listening } = countedSignal()
  expect((await failure(client.publish('t', 'x'.repeat(50), { qos, signal: signal as never }))).name).toBe(
    'RefusedError',
  )
  expect(listening()).toBe(0)
})
