import { describe, expect, test } from 'vitest'
import { type ClientOptions, ConnectError, CoreClient } from '../../src/index.js'
import { settled, VirtualHost } from '../support/virtual-host.js'
import {
  codeOf,
  connected,
  countedSignal,
  failure,
  granted,
  noUnhandledRejections,
  publish,
  record,
  state,
  VERSIONS,
} from './bench.js'

noUnhandledRejections()

const down = (): ConnectError => new ConnectError('no', { code: 'ECONNREFUSED', phase: 'tcp', retryable: true })

interface Situation {
  client: CoreClient
  host: VirtualHost
  /** Everything that waits. */
  waiting: Promise<unknown>[]
}

/** All that can wait, started; whoever looks later finds out how it ended. */
function everything(client: CoreClient): Promise<unknown>[] {
  const calls: Promise<unknown>[] = [
    client.publish('t', 'x', { qos: 1 }),
    client.publish('t', 'x', { qos: 2 }),
    client.subscribe('a', () => {}),
    client.subscribe('b'),
    client.unsubscribe('c'),
  ]
  for (const call of calls) call.catch(() => {})
  return calls
}

/** Each state that a client can be in, with all that can wait. */
const STATES: Record<string, (options: ClientOptions) => Promise<Situation>> = {
  idle: async (options) => {
    const host = new VirtualHost()
    const client = new CoreClient(options, host)
    return { client, host, waiting: [...everything(client), client.publish('t', '0')] }
  },
  'connecting: credentials': async (options) => {
    const host = new VirtualHost()
    const client = new CoreClient({ username: 'u', password: () => new Promise<string>(() => {}), ...options }, host)
    const connecting = client.connect()
    await settled()
    return { client, host, waiting: [connecting, ...everything(client), client.publish('t', '0')] }
  },
  'connecting: network': async (options) => {
    const host = new VirtualHost()
    host.network = 'hangs'
    const client = new CoreClient(options, host)
    const connecting = client.connect()
    await settled()
    return { client, host, waiting: [connecting, ...everything(client), client.publish('t', '0')] }
  },
  'connecting: CONNACK': async (options) => {
    const host = new VirtualHost()
    const client = new CoreClient(options, host)
    const connecting = client.connect()
    await (await host.peer()).next('connect')
    return { client, host, waiting: [connecting, ...everything(client), client.publish('t', '0')] }
  },
  'waiting for the first retry': async (options) => {
    const host = new VirtualHost()
    host.network = down()
    const client = new CoreClient({ reconnect: { retryFirst: true }, ...options }, host)
    const connecting = client.connect()
    await settled()
    return { client, host, waiting: [connecting, ...everything(client), client.publish('t', '0')] }
  },
  'waiting to reconnect': async (options) => {
    const { client, host, peer } = await connected(options)
    const waiting = everything(client)
    await settled()
    peer.drop()
    await settled()
    return { client, host, waiting: [...waiting, ...everything(client), client.connect(), client.publish('t', '0')] }
  },
  'reconnecting: CONNACK': async (options) => {
    const { client, host, peer } = await connected(options)
    const waiting = everything(client)
    await settled()
    peer.drop()
    const next = host.peer(host.peers.length)
    await host.advance(host.nextTimer)
    await (await next).next('connect')
    return { client, host, waiting: [...waiting, ...everything(client), client.connect()] }
  },
  connected: async (options) => {
    const { client, host } = await connected(options)
    const waiting = [...everything(client), client.ping()]
    await settled()
    return { client, host, waiting }
  },
  'connected and congested': async (options) => {
    const { client, host, peer } = await connected(options)
    peer.congested = true
    const waiting = [...everything(client), client.ping()]
    await settled()
    waiting.push(client.publish('t', '0'))
    return { client, host, waiting }
  },
  'in the turn of the call': async (options) => {
    const { client, host } = await connected(options)
    return { client, host, waiting: [...everything(client), client.ping()] }
  },
}

async function expectNothingLeft({ client, host }: Situation, status: string): Promise<void> {
  expect(client.status).toBe(status)
  expect(host.pendingTimers).toBe(0)
  for (const peer of host.peers) expect(peer.ended).toBeDefined()
  const peers = host.peers.length
  await host.advance(1e7)
  expect(host.peers).toHaveLength(peers)
}

for (const [name, situation] of Object.entries(STATES)) {
  for (const protocolVersion of VERSIONS) {
    test(`disconnect() when ${name} settles all and leaves nothing (${protocolVersion})`, async () => {
      const now = await situation({ protocolVersion, clientId: 'c' })
      const outcomes = Promise.all(now.waiting.map((promise) => failure(promise).catch((resolved: Error) => resolved)))
      const events = record(now.client)
      await now.client.disconnect()
      for (const error of await outcomes) expect(codeOf(error)).toMatch(/^(CLOSED|CONNECTION_LOST)$/)
      expect(events.at(-1)).toBe('close')
      expect(events.filter((event) => event.startsWith('error'))).toEqual([])
      await expectNothingLeft(now, 'closed')
    })
  }

  test(`stop() when ${name} settles all, leaves nothing, and is for good`, async () => {
    const now = await situation({})
    const outcomes = Promise.all(now.waiting.map((promise) => failure(promise)))
    let closed = 0
    now.client.on('close', () => closed++)
    await now.client.stop()
    expect(await outcomes).toHaveLength(now.waiting.length)
    expect(closed).toBe(1)
    await expectNothingLeft(now, 'stopped')
    expect(codeOf(await failure(now.client.connect()))).toBe('CLOSED')
    expect(codeOf(await failure(now.client.publish('t', '')))).toBe('CLOSED')
    await now.client.stop()
    await now.client.disconnect()
  })

  for (const retryCalls of [true, false]) {
    test(`the client’s signal when ${name} ends all with its reason, and the client for good (retryCalls ${retryCalls})`, async () => {
      const controller = new AbortController()
      const now = await situation({ signal: controller.signal, retryCalls })
      // What a lost connection has ended already is not the signal's.
      const already = await Promise.all(now.waiting.map((promise) => state(promise)))
      const left = now.waiting.filter((_, index) => already[index] === 'pending')
      expect(left.length).toBeGreaterThan(1)
      const reason = new Error('enough')
      const outcomes = Promise.all(left.map((promise) => failure(promise)))
      controller.abort(reason)
      const errors = await outcomes
      expect(errors.filter((error) => error !== reason && codeOf(error) !== 'CONNECTION_LOST')).toEqual([])
      // The bytes of a QoS 0 message that the network did not take are lost with the connection.
      expect(errors.filter((error) => error !== reason).length).toBeLessThanOrEqual(
        name === 'connected and congested' ? 1 : 0,
      )
      await settled()
      await expectNothingLeft(now, 'closed')
      expect(await failure(now.client.connect())).toBe(reason)
      expect(await failure(now.client.publish('t', ''))).toBe(reason)
      expect(await failure(now.client.subscribe('t'))).toBe(reason)
      expect(now.host.pendingTimers).toBe(0)
    })
  }
}

describe('disconnect()', () => {
  test('5.0 and 3.1.1: sends DISCONNECT behind all that was written, closes, and tells it [MQTT-3.14.4-1] [MQTT-3.14.4-2]', async () => {
    for (const protocolVersion of VERSIONS) {
      const { client, peer } = await connected({ protocolVersion })
      const events = record(client)
      const publishing = client.publish('t', 'last')
      await client.disconnect()
      expect(await publishing).toMatchObject({ packetId: undefined })
      expect(peer.take().map(({ type }) => type)).toEqual(['publish', 'disconnect'])
      expect(peer.ended).toBe('closed')
      expect(events).toEqual(['disconnect', 'close'])
    }
  })

  test('waits for the end of the network connection, and a second one with it', async () => {
    const { client, peer } = await connected()
    peer.lingers = true
    const first = client.disconnect()
    expect(client.status).toBe('closing')
    const second = client.disconnect()
    const stopping = client.stop()
    expect(await state(Promise.race([first, second, stopping]))).toBe('pending')
    expect(codeOf(await failure(client.connect()))).toBe('CLOSED')
    peer.finish()
    await Promise.all([first, second, stopping])
    expect(client.status).toBe('stopped')
    expect(peer.take().map(({ type }) => type)).toEqual(['disconnect'])
  })

  test('carries Reason Code and properties of 5.0', async () => {
    const { client, peer } = await connected({ protocolVersion: 5, cleanStart: false })
    await client.disconnect({ reasonCode: 4, properties: { sessionExpiryInterval: 9, reasonString: 'bye' } })
    expect(await peer.next('disconnect')).toMatchObject({
      reasonCode: 4,
      properties: { sessionExpiryInterval: 9, reasonString: 'bye' },
    })
  })

  test('with properties does no harm in 3.1.1, which has none', async () => {
    const { client, peer, host } = await connected()
    await client.disconnect({ properties: { reasonString: 'bye' } })
    expect(await peer.next('disconnect')).toMatchObject({ properties: {} })
    expect(client.status).toBe('closed')
    expect(host.pendingTimers).toBe(0)
  })

  test('refuses what DISCONNECT cannot say, and stays connected', async () => {
    const { client } = await connected({ protocolVersion: 5 })
    expect((await failure(client.disconnect({ reasonCode: 0x01 }))).message).toMatch(/reasonCode/)
    // §3.14.2.2.2: 0 in CONNECT cannot become more.
    expect((await failure(client.disconnect({ properties: { sessionExpiryInterval: 5 } }))).message).toMatch(
      /sessionExpiryInterval/,
    )
    expect(client.status).toBe('connected')
    await client.disconnect({ properties: { sessionExpiryInterval: 0 } })
  })

  test('in a `connect` listener ends it in order: DISCONNECT reaches the server', async () => {
    const host = new VirtualHost()
    const client = new CoreClient({}, host)
    client.on('connect', () => void client.disconnect())
    const connecting = client.connect()
    const peer = await host.peer()
    await peer.accept()
    await Promise.allSettled([connecting])
    await settled()
    expect(peer.take().map(({ type }) => type)).toEqual(['disconnect'])
    expect(peer.ended).toBe('closed')
    expect(client.status).toBe('closed')
    expect(host.pendingTimers).toBe(0)
  })

  test('in a handler lets the acks of the chunk out before it', async () => {
    const bench = await connected()
    await granted(
      bench,
      bench.client.subscribe('#', { qos: 1 }, () => void bench.client.disconnect()),
    )
    bench.peer.send(publish('t', 'a', 1, 1))
    await bench.host.advance(0)
    expect(bench.client.status).toBe('closed')
    expect(bench.peer.take().at(-1)?.type).toBe('disconnect')
    expect(bench.host.pendingTimers).toBe(0)
  })

  test('in a `disconnect` or `reconnecting` listener ends the reconnecting', async () => {
    for (const name of ['disconnect', 'reconnecting'] as const) {
      const { client, peer, host } = await connected()
      client.on(name, () => void client.disconnect())
      peer.drop()
      await settled()
      expect(client.status).toBe('closed')
      expect(host.pendingTimers).toBe(0)
    }
  })

  test('keeps accepted messages of QoS 1 and 2 for the next connect(), unless that is a clean start', async () => {
    for (const cleanStart of [false, true]) {
      const { client, peer, host } = await connected({ protocolVersion: 5, clientId: 'c', cleanStart })
      const publishing = client.publish('t', 'kept', { qos: 1 })
      await peer.next('publish')
      const caught = failure(publishing)
      await client.disconnect()
      expect(codeOf(await caught)).toBe('CLOSED')
      const connecting = client.connect()
      const next = await host.peer(1)
      await next.accept({ sessionPresent: !cleanStart })
      await connecting
      await settled()
      expect(next.take().map(({ type }) => type)).toEqual(cleanStart ? [] : ['publish'])
      await client.disconnect()
    }
  })

  test('by `await using` stops the client', async () => {
    const { client } = await connected()
    await client[Symbol.asyncDispose]()
    expect(client.status).toBe('stopped')
  })

  test('while a connection that was refused still closes waits for that, too', async () => {
    const host = new VirtualHost()
    const client = new CoreClient({ protocolVersion: 5, servers: ['mqtt://one:1', 'mqtt://two:2'] }, host)
    const connecting = client.connect()
    const one = await host.peer(0)
    one.lingers = true
    await one.accept({ reasonCode: 0x89 })
    await (await host.peer(1)).accept()
    await connecting
    const disconnecting = client.disconnect()
    expect(await state(disconnecting)).toBe('pending')
    one.finish()
    await disconnecting
  })
})

describe('a signal', () => {
  const CALLS: [string, (client: CoreClient, signal: AbortSignal) => Promise<unknown>][] = [
    ['publish at QoS 1', (client, signal) => client.publish('t', 'x', { qos: 1, signal })],
    ['publish at QoS 2', (client, signal) => client.publish('t', 'x', { qos: 2, signal })],
    ['subscribe', (client, signal) => client.subscribe('t', { signal })],
    ['unsubscribe', (client, signal) => client.unsubscribe('t', { signal })],
  ]
  for (const [name, call] of CALLS) {
    test(`that has aborted before keeps ${name} from being sent`, async () => {
      const { client, peer } = await connected()
      expect(await failure(call(client, AbortSignal.abort('never')))).toBe('never')
      await settled()
      expect(peer.take()).toEqual([])
      expect(client.info).toMatchObject({ queued: 0, inflight: 0 })
      await client.disconnect()
    })

    test(`that aborts while ${name} waits for a connection ends it unsent`, async () => {
      const controller = new AbortController()
      const host = new VirtualHost()
      const client = new CoreClient({}, host)
      const calling = call(client, controller.signal)
      controller.abort('enough')
      expect(await failure(calling)).toBe('enough')
      const connecting = client.connect()
      const peer = await host.peer()
      await peer.accept()
      await connecting
      await host.advance(0)
      expect(peer.take()).toEqual([])
      await client.disconnect()
    })

    test(`that aborts while ${name} waits for its answer ends the waiting, and the answer confuses nobody`, async () => {
      const controller = new AbortController()
      const { client, peer } = await connected({ protocolVersion: 5 })
      const calling = call(client, controller.signal)
      await settled()
      const [packet] = peer.take() as { type: string; packetId: number }[]
      controller.abort('enough')
      expect(await failure(calling)).toBe('enough')
      const packetId = packet?.packetId as number
      if (packet?.type === 'subscribe') peer.send({ type: 'suback', packetId, reasonCodes: [0] })
      else if (packet?.type === 'unsubscribe') peer.send({ type: 'unsuback', packetId, reasonCodes: [0] })
      else if (name.endsWith('2')) peer.send({ type: 'pubrec', packetId }, { type: 'pubcomp', packetId })
      else peer.send({ type: 'puback', packetId })
      await settled()
      expect(client.status).toBe('connected')
      expect(client.info.inflight).toBe(0)
      await client.disconnect()
    })
  }

  test('that aborts while a message of QoS 0 waits for a connection keeps it from being sent', async () => {
    const controller = new AbortController()
    const host = new VirtualHost()
    const client = new CoreClient({}, host)
    const publishing = client.publish('t', 'x', { signal: controller.signal })
    controller.abort('enough')
    expect(await failure(publishing)).toBe('enough')
    expect(client.info.queued).toBe(0)
    expect(await failure(client.publish('t', 'x', { signal: controller.signal }))).toBe('enough')
  })

  test('that aborts while a message of QoS 0 waits for the network ends the waiting', async () => {
    const controller = new AbortController()
    const { client, peer } = await connected()
    peer.congested = true
    void client.publish('t', 'a')
    await settled()
    const publishing = client.publish('t', 'b', { signal: controller.signal })
    controller.abort('enough')
    expect(await failure(publishing)).toBe('enough')
    await client.disconnect()
  })

  test('ends a ping', async () => {
    const controller = new AbortController()
    const { client, peer } = await connected()
    const pinging = client.ping({ signal: controller.signal })
    await peer.next('pingreq')
    controller.abort('enough')
    expect(await failure(pinging)).toBe('enough')
    expect(await failure(client.ping({ signal: controller.signal }))).toBe('enough')
    expect(peer.take()).toEqual([])
    // The answer to the first is not taken for that of the next.
    const next = client.ping()
    peer.send({ type: 'pingresp' })
    expect(await state(next)).toBe('pending')
    peer.send({ type: 'pingresp' })
    expect(await next).toBe(0)
    await client.disconnect()
  })

  test('of connect() ends the connecting in each phase', async () => {
    for (const [network, password] of [
      ['hangs', 'x'],
      ['up', 'x'],
      ['up', () => new Promise<string>(() => {})],
      [down(), 'x'],
    ] as const) {
      const host = new VirtualHost()
      host.network = network
      const client = new CoreClient({ username: 'u', password, reconnect: { retryFirst: true } }, host)
      const controller = new AbortController()
      const connecting = client.connect({ signal: controller.signal })
      await settled()
      controller.abort('enough')
      expect(await failure(connecting)).toBe('enough')
      await settled()
      expect(client.status).toBe('closed')
      expect(host.pendingTimers).toBe(0)
      for (const peer of host.peers) expect(peer.ended).toBeDefined()
    }
  })

  test('of connect() that has aborted before keeps the client from connecting', async () => {
    const host = new VirtualHost()
    const client = new CoreClient({}, host)
    expect(await failure(client.connect({ signal: AbortSignal.abort('never') }))).toBe('never')
    await settled()
    expect(host.attempts).toEqual([])
    expect(host.pendingTimers).toBe(0)
  })

  test('of connect() has no effect once connected', async () => {
    const host = new VirtualHost()
    const client = new CoreClient({}, host)
    const controller = new AbortController()
    const connecting = client.connect({ signal: controller.signal })
    await (await host.peer()).accept()
    await connecting
    controller.abort()
    await settled()
    expect(client.status).toBe('connected')
    await client.disconnect()
  })

  test('of connect() has no effect from the event `connect` on: the call is answered with the connection', async () => {
    const host = new VirtualHost()
    const client = new CoreClient({}, host)
    const controller = new AbortController()
    client.on('connect', () => controller.abort('late'))
    const connecting = client.connect({ signal: controller.signal })
    await (await host.peer()).accept()
    expect(await connecting).toMatchObject({ reasonCode: 0 })
    expect(controller.signal.aborted).toBe(true)
    expect(client.status).toBe('connected')
    await client.disconnect()
  })

  test('of a connect() that failed does not end the next one, which a `close` listener began', async () => {
    const host = new VirtualHost()
    host.network = new ConnectError('down', { code: 'ECONNREFUSED', phase: 'tcp' })
    const client = new CoreClient({}, host)
    const controller = new AbortController()
    let next: Promise<unknown> | undefined
    client.once('close', () => {
      host.network = 'up'
      next = client.connect()
      controller.abort('too late')
    })
    const first = failure(client.connect({ signal: controller.signal }))
    await (await host.peer()).accept()
    expect(await first).toMatchObject({ code: 'ECONNREFUSED' })
    expect(await next).toMatchObject({ reasonCode: 0 })
    await client.disconnect()
  })

  test('of the client that has aborted before lets nothing begin', async () => {
    const host = new VirtualHost()
    const client = new CoreClient({ signal: AbortSignal.abort('never') }, host)
    const calls = [
      () => client.connect(),
      () => client.connect(),
      () => client.publish('t', '', { qos: 1 }),
      () => client.subscribe('t'),
      () => client.unsubscribe('t'),
    ]
    for (const call of calls) expect(await failure(call())).toBe('never')
    await client.disconnect()
    await client.stop()
    expect(host.attempts).toEqual([])
    expect(host.pendingTimers).toBe(0)
  })

  test('of the client says DISCONNECT to the server', async () => {
    const controller = new AbortController()
    const { client, peer } = await connected({ signal: controller.signal })
    const events = record(client)
    controller.abort()
    await settled()
    expect(await peer.next('disconnect')).toBeDefined()
    expect(events).toEqual(['disconnect', 'close'])
  })

  test('of the client is let go by stop()', async () => {
    const { signal, listening } = countedSignal()
    const { client } = await connected({ signal })
    await client.stop()
    expect(listening()).toBe(0)
  })
})

test('a Server Reference is refused before anything ends: only a server sends it (§3.14.2.2.5)', async () => {
  const { client, peer } = await connected({ protocolVersion: 5 })
  const properties = { serverReference: 'elsewhere' } as object
  const error = await failure(client.disconnect({ properties }))
  expect(error).toBeInstanceOf(RangeError)
  expect(error.message).toMatch(/^disconnect\.properties\.serverReference: expected none.*"elsewhere"/)
  expect(client.status).toBe('connected')
  expect(peer.take()).toEqual([])
  await client.disconnect()
})
