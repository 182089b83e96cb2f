import { describe, expect, test } from 'vitest'
import { type ClientOptions, ConnectError, CoreClient, type Redirect } from '../../src/index.js'
import type { ScriptedPeer } from '../support/scripted-peer.js'
import { VirtualHost } from '../support/virtual-host.js'
import { failure, noUnhandledRejections, record } from './bench.js'

noUnhandledRejections()

const FOR_NOW = 0x9c
const FOR_GOOD = 0x9d

function clientOf(options: ClientOptions = {}) {
  const host = new VirtualHost()
  // A delay that no test mistakes for the one of a reference that is followed.
  const reconnect = { minDelay: 2_000, maxDelay: 2_000 }
  const client = new CoreClient({ protocolVersion: 5, url: 'mqtt://a:1', reconnect, ...options }, host)
  return { client, host, events: record(client) }
}

const taken = new WeakMap<VirtualHost, number>()

/** The first connection that no test has taken yet. */
function nextPeer(host: VirtualHost): Promise<ScriptedPeer> {
  const at = taken.get(host) ?? 0
  taken.set(host, at + 1)
  return host.peer(at)
}

/** Takes the next CONNECT and refers it. */
async function refer(host: VirtualHost, serverReference: string, reasonCode = FOR_NOW): Promise<ScriptedPeer> {
  const peer = await nextPeer(host)
  await peer.next('connect')
  peer.send({ type: 'connack', reasonCode, properties: { serverReference } })
  return peer
}

async function accept(host: VirtualHost) {
  const peer = await nextPeer(host)
  const connect = await peer.accept()
  await host.advance(0)
  return { peer, connect }
}

/** A client that was referred in CONNACK, and the labels of the attempts. */
async function referred(serverReference: string, options: ClientOptions = {}, reasonCode = FOR_NOW) {
  const bench = clientOf(options)
  const connecting = bench.client.connect()
  connecting.catch(() => {})
  await refer(bench.host, serverReference, reasonCode)
  await bench.host.advance(0)
  return { ...bench, connecting }
}

function disconnect(peer: ScriptedPeer, serverReference: string, reasonCode = FOR_NOW): void {
  peer.send({ type: 'disconnect', reasonCode, properties: { serverReference } })
}

async function connectedTo(options: ClientOptions = {}) {
  const bench = clientOf(options)
  const connecting = bench.client.connect()
  const { peer } = await accept(bench.host)
  await connecting
  return { ...bench, peer }
}

describe('a reference of CONNACK (§4.11)', () => {
  test.each([FOR_NOW, FOR_GOOD])('0x%s is followed within the same connect', async (reasonCode) => {
    const { client, host, events, connecting } = await referred('b:2', {}, reasonCode)
    await (host.peers[1] as ScriptedPeer).accept()
    await connecting
    expect(host.attempts).toEqual(['mqtt://a:1', 'mqtt://b:2'])
    expect(client.info.server).toBe('mqtt://b:2')
    expect(events).toEqual([
      `redirect 1 ${reasonCode === FOR_NOW ? 'for now' : 'for good'} followed mqtt://b:2`,
      'connect false',
    ])
  })

  test('also without reconnecting', async () => {
    const { host, connecting } = await referred('b:2', { reconnect: false })
    await (host.peers[1] as ScriptedPeer).accept()
    await connecting
  })

  test.each([
    ['b', ['mqtt://b:1883']],
    ['b:2', ['mqtt://b:2']],
    ['  b:2   c ', ['mqtt://b:2', 'mqtt://c:1883']],
    ['[::1]:5 [fe80::2]', ['mqtt://[::1]:5', 'mqtt://[fe80::2]:1883']],
    ['mqtt://b:7', ['mqtt://b:7']],
    ['10.0.0.1:9', ['mqtt://10.0.0.1:9']],
  ])('%j is read as servers, each tried in order', async (serverReference, servers) => {
    const { host, events, connecting } = await referred(serverReference)
    for (const [at] of servers.entries()) {
      const peer = host.peers[1 + at] as ScriptedPeer
      await peer.next('connect')
      peer.drop()
      await host.advance(0)
    }
    expect(host.attempts).toEqual(['mqtt://a:1', ...servers])
    expect(events[0]).toBe(`redirect 1 for now followed ${servers.join(' ')}`)
    expect(await failure(connecting)).toBeInstanceOf(ConnectError)
  })

  test.each(['b:99999', 'b:2/path', ':', 'nonsense://b', ' '])(
    '%j cannot be read and is told, not followed',
    async (reference) => {
      const { client, host, events, connecting } = await referred(reference)
      expect(events[0]).toBe('redirect 1 for now not followed ')
      expect(await failure(connecting)).toMatchObject({ reasonCode: FOR_NOW, code: 'USE_ANOTHER_SERVER' })
      expect(host.attempts).toEqual(['mqtt://a:1'])
      expect(client.status).toBe('closed')
    },
  )

  test('one that is no UTF-8 text is not there: without a reference nothing is told', async () => {
    const bench = clientOf()
    const connecting = bench.client.connect()
    const peer = await bench.host.peer(0)
    await peer.next('connect')
    peer.send({ type: 'connack', reasonCode: FOR_NOW })
    await failure(connecting)
    expect(bench.events).toEqual(['close USE_ANOTHER_SERVER'])
  })

  test('under another Reason Code is not one', async () => {
    const { events, connecting } = await referred('b:2', {}, 0x88)
    await failure(connecting)
    expect(events).toEqual(['close SERVER_UNAVAILABLE'])
  })

  test('to another scheme is not followed, unless a policy says so', async () => {
    const plain = await referred('mqtt://b:2', { url: 'mqtts://a:1' })
    await failure(plain.connecting)
    expect(plain.events[0]).toBe('redirect 1 for now not followed mqtt://b:2')
    const mixed = await referred('b:2 ws://c:3/mqtt')
    await failure(mixed.connecting)
    expect(mixed.events[0]).toMatch('not followed mqtt://b:2 ws://c:3/mqtt')
    const asked = await referred('ws://b:2/x', { followServerReference: () => true })
    await (asked.host.peers[1] as ScriptedPeer).accept()
    await asked.connecting
    expect(asked.host.attempts[1]).toBe('ws://b:2/x')
  })

  test('keeps the scheme and the path of the server that gave it', async () => {
    const { host } = await referred('b:2', { url: 'ws://a:1/deep/path' })
    expect(host.attempts).toEqual(['ws://a:1/deep/path', 'ws://b:2/deep/path'])
    const secure = await referred('b', { url: 'mqtts://a:1' })
    expect(secure.host.attempts[1]).toBe('mqtts://b:8883')
  })

  test('carries the options and the credentials along, of the URL, too', async () => {
    for (const options of [{ url: 'mqtt://ann:secret@a:1' }, { username: 'ann', password: 'secret' }]) {
      const { host } = await referred('b:2', { ...options, clientId: 'me', keepAlive: 7 })
      const connect = await (host.peers[1] as ScriptedPeer).next('connect')
      expect(connect).toMatchObject({ clientId: 'me', keepAlive: 7, username: 'ann' })
      expect(new TextDecoder().decode(connect.password)).toBe('secret')
    }
    const own = await referred('mqtt://bob:other@b:2', { url: 'mqtt://ann:secret@a:1' })
    const connect = await (own.host.peers[1] as ScriptedPeer).next('connect')
    expect(connect.username).toBe('bob')
    expect(own.events.join()).not.toMatch(/other|secret/)
  })
})

describe('followServerReference', () => {
  test('false tells and does not follow', async () => {
    const { host, events, connecting } = await referred('b:2', { followServerReference: false })
    await failure(connecting)
    expect(host.attempts).toEqual(['mqtt://a:1'])
    expect(events[0]).toBe('redirect 1 for now not followed mqtt://b:2')
  })

  test('as a function is asked with all that is known, and only true is yes', async () => {
    const asked: Redirect[] = []
    for (const answer of [true, false, 1, undefined]) {
      const { host } = await referred('b:2 c:3', {
        followServerReference: (redirect) => {
          asked.push(redirect)
          return answer as boolean
        },
      })
      expect(host.attempts.length).toBe(answer === true ? 2 : 1)
    }
    expect(asked[0]).toEqual({
      serverReference: 'b:2 c:3',
      servers: ['mqtt://b:2', 'mqtt://c:3'],
      permanent: false,
      hops: 1,
    })
  })

  test('as a function that throws is a no, and an `error`', async () => {
    const { host, events, connecting } = await referred('b:2', {
      followServerReference: () => {
        throw new Error('boom')
      },
    })
    await failure(connecting)
    expect(host.attempts).toEqual(['mqtt://a:1'])
    expect(events.slice(0, 2)).toEqual(['error boom', 'redirect 1 for now not followed mqtt://b:2'])
  })

  test('is not asked about what cannot be read', async () => {
    const { connecting } = await referred('b:0', {
      followServerReference: () => {
        throw new Error('asked')
      },
    })
    await failure(connecting)
  })

  test('is refused when it is neither', () => {
    expect(() => clientOf({ followServerReference: 'yes' as unknown as boolean })).toThrow('followServerReference')
  })
})

describe('hops', () => {
  test('of servers that name each other end after three; then the back-off rules, and they are counted anew', async () => {
    const { client, host, events } = clientOf({ reconnect: { retryFirst: true, minDelay: 1_000 } })
    client.connect().catch(() => {})
    for (const round of [1, 2, 3]) {
      for (const server of ['b:2', 'a:1', 'b:2', 'a:1']) await refer(host, server)
      await host.advance(0)
      expect(host.attempts, 'no attempt without a delay').toHaveLength(round * 4)
      expect(events.splice(0)).toEqual([
        'redirect 1 for now followed mqtt://b:2',
        'redirect 2 for now followed mqtt://a:1',
        'redirect 3 for now followed mqtt://b:2',
        'redirect 4 for now not followed mqtt://a:1',
        expect.stringMatching(new RegExp(`^reconnecting ${round} `)),
      ])
      if (round < 3) {
        await host.advance(host.nextTimer)
      }
    }
    await client.stop()
  })

  test('end after twenty even for a function that says yes to all', async () => {
    const { client, host } = clientOf({ followServerReference: () => true, reconnect: false })
    const connecting = failure(client.connect())
    for (let hop = 0; hop <= 20; hop++) await refer(host, hop % 2 ? 'a:1' : 'b:2')
    expect(await connecting).toMatchObject({ reasonCode: FOR_NOW })
    expect(host.attempts).toHaveLength(21)
    expect(client.status).toBe('closed')
  })

  test('are not used up by a server that is down for long', async () => {
    const { client, host } = clientOf({ reconnect: { retryFirst: true } })
    const connecting = client.connect()
    for (let attempt = 0; attempt < 5; attempt++) {
      await refer(host, 'b:2')
      const back = await nextPeer(host)
      await back.next('connect')
      back.drop()
      await host.advance(0)
      await host.advance(host.nextTimer)
    }
    await refer(host, 'b:2')
    await accept(host)
    await connecting
    expect(client.info.server).toBe('mqtt://b:2')
  })

  test('by DISCONNECT are counted, too, while the connections are short', async () => {
    const { host, events, peer } = await connectedTo()
    let at = peer
    for (const server of ['b:2', 'a:1', 'b:2']) {
      disconnect(at, server)
      await host.advance(0)
      at = host.peers.at(-1) as ScriptedPeer
      await at.accept()
      await host.advance(0)
    }
    disconnect(at, 'a:1')
    await host.advance(1)
    expect(host.attempts).toHaveLength(4)
    expect(events.slice(-3)).toEqual([
      'redirect 4 for now not followed mqtt://a:1',
      expect.stringMatching(/^disconnect USE_ANOTHER_SERVER 156 retry \d{3,}/),
      expect.stringMatching(/^reconnecting 4 \d{3,}/),
    ])
  })

  test('that were used up by short connections begin anew with the reference of a stable one', async () => {
    const { host, events, peer } = await connectedTo()
    let at = peer
    for (const server of ['b:2', 'c:3', 'd:4', 'e:5']) {
      if (server === 'e:5') await host.advance(5_000)
      disconnect(at, server)
      await host.advance(0)
      at = host.peers.at(-1) as ScriptedPeer
      await at.accept()
      await host.advance(0)
    }
    expect(events.filter((event) => event.startsWith('redirect')).at(-1)).toBe('redirect 1 for now followed mqtt://e:5')
  })

  test('begin anew after a stable connection: a server may move its clients for ever', async () => {
    const { host, events, peer } = await connectedTo()
    let at = peer
    for (let move = 1; move <= 6; move++) {
      await host.advance(5_000)
      disconnect(at, `b:${move}`)
      await host.advance(0)
      at = host.peers.at(-1) as ScriptedPeer
      expect(host.attempts.at(-1)).toBe(`mqtt://b:${move}`)
      await at.accept()
      await host.advance(0)
    }
    expect(events.filter((event) => event.startsWith('redirect'))).toEqual(
      [1, 2, 3, 4, 5, 6].map((move) => `redirect 1 for now followed mqtt://b:${move}`),
    )
  })
})

describe('a reference of DISCONNECT', () => {
  test('is followed at once, also 0x9D, after which nobody would try again', async () => {
    for (const reasonCode of [FOR_NOW, FOR_GOOD]) {
      const { client, host, events, peer } = await connectedTo()
      disconnect(peer, 'b:2', reasonCode)
      await host.advance(0)
      await (host.peers[1] as ScriptedPeer).accept()
      await host.advance(0)
      expect(client.info.server).toBe('mqtt://b:2')
      expect(events.slice(1)).toEqual([
        `redirect 1 ${reasonCode === FOR_NOW ? 'for now' : 'for good'} followed mqtt://b:2`,
        `disconnect ${reasonCode === FOR_NOW ? 'USE_ANOTHER_SERVER' : 'SERVER_MOVED'} ${reasonCode} retry 0`,
        'reconnecting 1 0',
        'connect false',
      ])
    }
  })

  test('is not followed against `reconnect`: false, or a policy that says no', async () => {
    for (const reconnect of [false, () => false as const]) {
      const { client, host, events, peer } = await connectedTo({ reconnect })
      disconnect(peer, 'b:2')
      await host.advance(60_000)
      expect(host.attempts).toEqual(['mqtt://a:1'])
      expect(client.status).toBe('closed')
      expect(events.at(-1)).toBe('close USE_ANOTHER_SERVER')
    }
  })

  test('0x9D that is not followed ends the client, which says where the server is', async () => {
    const { client, host, peer, events } = await connectedTo({ followServerReference: false })
    disconnect(peer, 'b:2', FOR_GOOD)
    await host.advance(60_000)
    expect(client.status).toBe('closed')
    expect(events.at(-1)).toBe('close SERVER_MOVED')
  })

  test('for now does not outlive the next loss; for good does', async () => {
    for (const [reasonCode, label] of [
      [FOR_NOW, 'mqtt://a:1'],
      [FOR_GOOD, 'mqtt://b:2'],
    ] as const) {
      const { host, peer } = await connectedTo()
      disconnect(peer, 'b:2', reasonCode)
      await host.advance(0)
      await (host.peers[1] as ScriptedPeer).accept()
      await host.advance(0)
      ;(host.peers[1] as ScriptedPeer).drop()
      await host.advance(2_000)
      expect(host.attempts).toEqual(['mqtt://a:1', 'mqtt://b:2', label])
    }
  })

  test('for good takes the place of the one server that gave it', async () => {
    const { host, client } = clientOf({ url: undefined, servers: ['mqtt://a:1', 'mqtt://z:9'] })
    const connecting = client.connect()
    const first = await host.peer(0)
    await first.next('connect')
    first.send({ type: 'connack', reasonCode: FOR_GOOD, properties: { serverReference: 'b:2 c:3' } })
    await host.advance(0)
    const second = host.peers[1] as ScriptedPeer
    await second.accept()
    await connecting
    host.network = new ConnectError('down', { code: 'ECONNREFUSED', phase: 'tcp', retryable: true })
    second.drop()
    await host.advance(host.nextTimer)
    expect(host.attempts.slice(2)).toEqual(['mqtt://b:2', 'mqtt://c:3', 'mqtt://z:9'])
    await client.stop()
  })

  test('for now goes back to the usual servers when none that it names answers', async () => {
    const { host, peer, client } = await connectedTo()
    disconnect(peer, 'b:2 c:3')
    host.network = new ConnectError('down', { code: 'ECONNREFUSED', phase: 'tcp', retryable: true })
    await host.advance(0)
    expect(host.attempts.slice(1)).toEqual(['mqtt://b:2', 'mqtt://c:3', 'mqtt://a:1'])
    await client.stop()
    expect(host.pendingTimers).toBe(0)
  })

  test('in 3.1.1 there is none: DISCONNECT of a server is an error there', async () => {
    const { peer, host, events } = await connectedTo({ protocolVersion: 4 })
    peer.sendBytes(Uint8Array.of(0xe0, 0))
    await host.advance(0)
    expect(events.some((event) => event.startsWith('redirect'))).toBe(false)
  })
})
