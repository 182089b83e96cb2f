/** What a client makes of sleep, of a network that goes and comes, and of a page that was held up. */

import { describe, expect, test } from 'vitest'
import { type ClientOptions, ConnectError, CoreClient } from '../../src/index.js'
import { settled, VirtualHost } from '../support/virtual-host.js'
import { connected, failure, noUnhandledRejections, reconnected, record } from './bench.js'

noUnhandledRejections()

const refused = new ConnectError('no', { code: 'ECONNREFUSED', phase: 'tcp', retryable: true })

/** A client that has lost its connection and waits for its third attempt, 2 s from now. */
async function waiting(options: ClientOptions = {}) {
  const all = await connected(options)
  const { client, host, peer } = all
  const events = record(client)
  host.network = refused
  peer.drop()
  while (host.attempts.length < 3) await host.advance(host.nextTimer)
  return { ...all, events, seen: () => events.splice(0) }
}

describe('while connected', () => {
  test('a change sends one PINGREQ at once, however many events tell of it', async () => {
    const { client, host, peer } = await connected()
    for (let event = 0; event < 5; event++) host.tell(true)
    await host.advance(0)
    expect(peer.take()).toEqual([{ type: 'pingreq' }])
    peer.send({ type: 'pingresp' })
    await host.advance(10_000)
    expect(client.status).toBe('connected')
    host.tell(true)
    await host.advance(0)
    expect(peer.take(), 'the next change').toEqual([{ type: 'pingreq' }])
    await client.stop()
  })

  test('a server that is silent for 5 s then is left, and the next attempt follows at once, even late in a back-off', async () => {
    const { client, host, peer } = await connected()
    peer.drop()
    const { peer: second } = await reconnected(host)
    const events = record(client)
    host.tell(true)
    await host.advance(4_999)
    expect(client.status).toBe('connected')
    await host.advance(1)
    expect(second.ended).toBe('destroyed')
    expect(events).toEqual(['disconnect KEEP_ALIVE_TIMEOUT retry 0', 'reconnecting 1 0'])
    await host.advance(0)
    expect(host.attempts).toHaveLength(3)
    await client.stop()
  })

  test('any byte within 5 s keeps the connection', async () => {
    const { client, host, peer } = await connected()
    host.tell(true)
    await host.advance(4_999)
    peer.sendBytes(Uint8Array.of(0xd0))
    await host.advance(20_000)
    expect(client.status).toBe('connected')
    await client.stop()
  })

  test.each([
    ['keepAlive is 0', { keepAlive: 0 }, 5_000],
    ['half of keepAlive is less', { keepAlive: 4 }, 2_000],
    ['ackTimeout is less', { ackTimeout: 1_000 }, 1_000],
  ])('where %s, too, the server has its time, and no more', async (_, options, ms) => {
    const { client, host } = await connected(options)
    host.tell(true)
    await host.advance(ms - 1)
    expect(client.status).toBe('connected')
    await host.advance(1)
    expect(client.status).toBe('reconnecting')
    await client.stop()
  })

  test('a paused client sends no PINGREQ, unless forcePing', async () => {
    for (const forcePing of [false, true]) {
      const { client, host, peer } = await connected({ forcePing })
      client.pause()
      host.tell(true)
      await host.advance(0)
      expect(peer.take()).toHaveLength(forcePing ? 1 : 0)
      await client.stop()
    }
  })

  test('while what was written before has not left, a late answer proves nothing, and nothing is asked', async () => {
    const { client, host, peer } = await connected()
    peer.congested = true
    await client.publish('large', 'x')
    await host.advance(0)
    peer.take()
    host.tell(true)
    await host.advance(5_000)
    expect(client.status).toBe('connected')
    expect(peer.take()).toEqual([])
    await client.stop()
  })

  test('offline alone ends no connection: it may outlive a short gap', async () => {
    const { client, host, peer } = await connected()
    host.tell(false)
    await host.advance(5_000)
    expect(client.status).toBe('connected')
    expect(peer.take()).toEqual([])
    await client.stop()
  })

  test('with reconnect: false a server that does not answer is the end, and nothing is tried', async () => {
    const { client, host } = await connected({ reconnect: false })
    const events = record(client)
    host.tell(true)
    await host.advance(60_000)
    expect(events).toEqual(['disconnect KEEP_ALIVE_TIMEOUT', 'close KEEP_ALIVE_TIMEOUT'])
    expect([host.attempts.length, host.watchers, host.pendingTimers]).toEqual([1, 0, 0])
  })

  test('much later the back-off has its jitter again: clients that lose one server do not come back together', async () => {
    const { client, host, peer } = await connected()
    host.tell(true)
    peer.send({ type: 'pingresp' })
    await host.advance(10_000)
    const events = record(client)
    peer.drop()
    expect(events[1]).toMatch(/^reconnecting 1 50\d/)
    await client.stop()
  })
})

describe('a timer that comes much too late', () => {
  test('is a machine that slept: a PINGREQ whose answer may be there unread does not end the connection yet', async () => {
    const { client, host, peer } = await connected({ keepAlive: 60 })
    await host.advance(60_000)
    expect(peer.take()).toEqual([{ type: 'pingreq' }])
    host.sleep(3_600_000)
    await host.advance(0)
    expect(client.status).toBe('connected')
    expect(peer.take()).toEqual([{ type: 'pingreq' }])
    peer.send({ type: 'pingresp' }, { type: 'pingresp' })
    await host.advance(5_000)
    expect(client.status).toBe('connected')
    await client.stop()
  })

  test('ends a silent connection the second time, however late it comes', async () => {
    const { client, host } = await connected({ keepAlive: 60 })
    await host.advance(60_000)
    for (const status of ['connected', 'reconnecting']) {
      host.sleep(60_000)
      await host.advance(0)
      expect(client.status).toBe(status)
    }
    await client.stop()
  })

  test('sends PINGREQ each minute where timers run once a minute, within the patience of a server', async () => {
    const { client, host, peer } = await connected({ keepAlive: 60 })
    for (let minute = 0; minute < 10; minute++) {
      host.sleep(60_000)
      await host.advance(0)
      expect(peer.take().map(({ type }) => type)).toContain('pingreq')
      peer.send({ type: 'pingresp' })
    }
    expect(client.status).toBe('connected')
    await client.stop()
  })
})

describe('while it waits to connect again', () => {
  test('a change has it try at once, with the back-off anew, once however many events tell of it', async () => {
    const { client, host, seen } = await waiting()
    expect(seen().at(-1)).toMatch(/^reconnecting 3 /)
    for (let event = 0; event < 5; event++) host.tell(true)
    expect(seen()).toEqual(['reconnecting 1 0'])
    await host.advance(0)
    expect(host.attempts).toHaveLength(4)
    // It failed within moments of the change, and the network may have needed them.
    expect(seen()[0]).toMatch(/^reconnecting 2 /)
    await client.stop()
  })

  test('offline puts the attempt off until online', async () => {
    const { client, host, seen } = await waiting()
    seen()
    host.tell(false)
    host.tell(false)
    expect(seen()).toEqual(['reconnecting 3 30000'])
    await host.advance(29_000)
    expect(host.attempts).toHaveLength(3)
    host.network = 'up'
    host.tell(true)
    const { connect } = await reconnected(host)
    expect(connect.type).toBe('connect')
    expect(seen()).toEqual(['reconnecting 1 0', 'connect false'])
    await client.stop()
  })

  test('a host that is wrong about offline keeps nobody away: each maxDelay there is an attempt', async () => {
    const { client, host } = await waiting({ reconnect: { maxDelay: 20_000 } })
    host.tell(false)
    await host.advance(19_999)
    expect(host.attempts).toHaveLength(3)
    await host.advance(1)
    expect(host.attempts).toHaveLength(4)
    host.network = 'up'
    await reconnected(host)
    expect(client.status).toBe('connected')
    await client.stop()
  })

  test('a connection that is lost while offline is not tried before maxDelay', async () => {
    const { client, host, peer } = await connected()
    const events = record(client)
    host.tell(false)
    peer.drop()
    expect(events).toEqual(['disconnect connection reset retry 30000', 'reconnecting 1 30000'])
    await client.stop()
  })

  test('maxAttempts counts attempts in a row, also while offline, and anew after a change', async () => {
    const { client, host, seen } = await waiting({ reconnect: { maxAttempts: 3 } })
    seen()
    host.tell(false)
    await host.advance(0)
    expect(client.status).toBe('reconnecting')
    host.tell(true)
    await host.advance(60_000)
    expect(seen().map((event) => event.replace(/ [\d.]+$/, ''))).toEqual([
      'reconnecting 3',
      'reconnecting 1',
      'reconnecting 2',
      'reconnecting 3',
      'close ECONNREFUSED',
    ])
    expect(host.attempts).toHaveLength(6)
  })

  test('a policy is asked again: false gives up, a delay is kept while offline and left out after a change', async () => {
    const asked: number[] = []
    let answer: number | false = 7_000
    const policy = (attempt: number): number | false => {
      asked.push(attempt)
      return answer
    }
    const { client, host, peer } = await connected({ reconnect: policy })
    const events = record(client)
    host.network = refused
    peer.drop()
    host.tell(false)
    host.tell(true)
    expect(asked).toEqual([1, 1, 1])
    expect(events.slice(1)).toEqual(['reconnecting 1 7000', 'reconnecting 1 7000', 'reconnecting 1 0'])
    await host.advance(0)
    answer = false
    host.tell(true)
    expect(events.at(-1)).toBe('close ECONNREFUSED')
    expect([client.status, host.watchers, host.pendingTimers]).toEqual(['closed', 0, 0])
  })

  test('a first connection that is tried again (retryFirst) heeds the host, too, also one that is offline from the start', async () => {
    const host = new VirtualHost()
    host.offline = true
    host.network = refused
    const client = new CoreClient({ reconnect: { retryFirst: true } }, host)
    const events = record(client)
    const connecting = client.connect()
    await settled()
    expect(events).toEqual(['reconnecting 1 30000'])
    host.network = 'up'
    host.tell(true)
    await reconnected(host)
    await connecting
    expect(host.attempts).toHaveLength(2)
    await client.stop()
  })
})

describe('during an attempt', () => {
  async function attempting(options: ClientOptions = {}) {
    const all = await connected(options)
    const { host, peer, client } = all
    host.network = 'hangs'
    peer.drop()
    await host.advance(host.nextTimer)
    expect(host.attempts).toHaveLength(2)
    return { ...all, events: record(client) }
  }

  test('a change begins it anew when it hangs for more than 10 s, and leaves a fresh one alone', async () => {
    const { client, host, events } = await attempting()
    await host.advance(10_000)
    host.tell(true)
    await host.advance(0)
    expect(host.attempts).toHaveLength(2)
    await host.advance(1)
    host.network = 'up'
    host.tell(true)
    host.tell(true)
    await reconnected(host)
    expect(events).toEqual([expect.stringMatching(/^reconnecting 1 50\d/), 'connect false'])
    expect(host.attempts).toHaveLength(3)
    await client.stop()
  })

  test('one that fails after a change is followed by another with the back-off anew, unless the network is gone', async () => {
    const { client, host, events } = await attempting({ connectTimeout: 12_000 })
    await host.advance(9_000)
    host.tell(true)
    await host.advance(3_000)
    expect(events.splice(0)).toEqual([expect.stringMatching(/^reconnecting 1 50\d/)])
    await host.advance(9_000)
    host.tell(false)
    await host.advance(5_000)
    expect(events).toEqual(['reconnecting 2 30000'])
    await client.stop()
  })

  test('the first connect() is not begun anew: its own connectTimeout rules', async () => {
    const host = new VirtualHost()
    host.network = 'hangs'
    const client = new CoreClient({}, host)
    const failing = failure(client.connect())
    await host.advance(59_000)
    host.tell(true)
    await host.advance(1_000)
    expect(await failing).toMatchObject({ code: 'ETIMEDOUT' })
    expect(host.attempts).toHaveLength(1)
  })

  test('an authenticator at work, who may have to ask somebody, is not interrupted', async () => {
    const properties = { authenticationMethod: 'TEST' }
    const enhancedAuth = { method: 'TEST', start: () => undefined, next: () => new Promise<Uint8Array>(() => {}) }
    const { client, host, peer } = await connected({ protocolVersion: 5, enhancedAuth }, { properties })
    peer.drop()
    const next = host.peer(1)
    await host.advance(host.nextTimer)
    const second = await next
    await second.next('connect')
    second.send({ type: 'auth', reasonCode: 0x18, properties })
    await host.advance(20_000)
    host.tell(true)
    await host.advance(1_000)
    expect(host.attempts).toHaveLength(2)
    await client.stop()
  })

  test('credentials that are awaited are not asked for a second time', async () => {
    const host = new VirtualHost()
    let asked = 0
    const password = () => (++asked === 2 ? new Promise<string>(() => {}) : 'secret')
    const { client, peer } = await connected({ username: 'ada', password }, {}, host)
    peer.drop()
    await host.advance(host.nextTimer)
    await host.advance(20_000)
    host.tell(true)
    await host.advance(0)
    expect(asked).toBe(2)
    await client.stop()
  })
})

describe('the host is listened to', () => {
  test('anew by each connect(): that it was offline once is forgotten', async () => {
    const { client, host } = await connected({ reconnect: { retryFirst: true } })
    host.tell(false)
    await client.disconnect()
    host.network = refused
    const events = record(client)
    const connecting = failure(client.connect())
    await settled()
    expect(events).toEqual([expect.stringMatching(/^reconnecting 1 50\d/)])
    await client.stop()
    await connecting
  })

  test('from connect to disconnect, and by each client for itself', async () => {
    const host = new VirtualHost()
    const idle = new CoreClient({}, host)
    expect(host.watchers).toBe(0)
    const one = await connected({}, {}, host)
    const two = await connected({}, {}, host)
    expect(host.watchers).toBe(2)
    await one.client.disconnect()
    expect(host.watchers).toBe(1)
    host.tell(true)
    await host.advance(0)
    expect(two.peer.take()).toEqual([{ type: 'pingreq' }])
    await connectAgain(one.client, host)
    expect(host.watchers).toBe(2)
    for (const client of [idle, one.client, two.client]) await client.stop()
    expect([host.watchers, host.pendingTimers]).toEqual([0, 0])
  })

  test('no more after a first connection that failed, nor after disconnect while waiting', async () => {
    const host = new VirtualHost()
    host.network = refused
    await failure(new CoreClient({}, host).connect())
    expect([host.watchers, host.pendingTimers]).toEqual([0, 0])
    const { client, host: other } = await waiting()
    await client.disconnect()
    expect([other.watchers, other.pendingTimers]).toEqual([0, 0])
    other.network = 'hangs'
    const connecting = failure(client.connect())
    other.tell(true)
    await other.advance(1_000)
    expect(other.attempts, 'what was planned before is forgotten').toHaveLength(4)
    await client.stop()
    await connecting
  })
})

async function connectAgain(client: CoreClient, host: VirtualHost): Promise<void> {
  const connecting = client.connect()
  const peer = await host.peer(host.peers.length)
  await peer.accept()
  await connecting
}
