import { describe, expect, test } from 'vitest'
import { mayRetry, nextDelay, RECONNECT } from '../../src/client/reconnect.js'
import { type ClientOptions, ConnectError, CoreClient, isMqttError } from '../../src/index.js'
import { settled, VirtualHost } from '../support/virtual-host.js'
import { codeOf, connected, failure, noUnhandledRejections, reconnected, record, state, VERSIONS } from './bench.js'

noUnhandledRejections()

const lost = new Error('connection reset')
const half = (): number => 0.5
const down = (code = 'ECONNREFUSED', retryable = true): ConnectError =>
  new ConnectError('no', { code, phase: 'tcp', retryable })

describe('the delay', () => {
  test('is random below a cap that doubles from 1 s to 30 s', () => {
    const caps = [1, 2, 3, 4, 5, 6, 7, 1_000].map((attempt) => nextDelay(RECONNECT, attempt, lost, () => 1))
    expect(caps).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000])
    expect(
      nextDelay(RECONNECT, 3, lost, () => 0),
      'full jitter',
    ).toBe(0)
    expect(nextDelay(RECONNECT, 3, lost, half)).toBe(2_000)
  })

  test('goes by minDelay and maxDelay', () => {
    const caps = [1, 2, 3, 4].map((attempt) =>
      nextDelay({ ...RECONNECT, minDelay: 10, maxDelay: 50 }, attempt, lost, () => 1),
    )
    expect(caps).toEqual([10, 20, 40, 50])
  })

  test('ends after maxAttempts and at an error that is not retryable', () => {
    expect(nextDelay({ ...RECONNECT, maxAttempts: 2 }, 2, lost, half)).not.toBe(false)
    expect(nextDelay({ ...RECONNECT, maxAttempts: 2 }, 3, lost, half)).toBe(false)
    expect(nextDelay({ ...RECONNECT, maxAttempts: 0 }, 1, lost, half)).toBe(false)
    expect(nextDelay(RECONNECT, 1, down('BANNED', false), half)).toBe(false)
  })

  test('is what a policy says, also for an error that is not retryable', () => {
    const asked: unknown[] = []
    const policy = (attempt: number, error: Error): number | false => {
      asked.push([attempt, error])
      return attempt < 3 ? attempt * 7 : false
    }
    const error = down('BANNED', false)
    expect([1, 2, 3].map((attempt) => nextDelay(policy, attempt, error, half))).toEqual([7, 14, false])
    expect(asked).toHaveLength(3)
  })
})

test('Reason Codes are classified: again, with fresh credentials, never', () => {
  const all = Array.from({ length: 0x23 }, (_, index) => 0x80 + index)
  const again = all.filter((code) => mayRetry(code, false))
  expect(again).toEqual([0x80, 0x88, 0x89, 0x8b, 0x8d, 0x93, 0x96, 0x97, 0x98, 0x9c, 0x9f, 0xa0])
  expect(all.filter((code) => mayRetry(code, true) && !again.includes(code))).toEqual([0x86, 0x87])
})

describe('after a lost connection', () => {
  test('the client connects again, tells each step in order, and starts the back-off anew after a stable connection', async () => {
    const { client, host, peer } = await connected({ protocolVersion: 5 })
    const events = record(client)
    peer.drop()
    expect(client.status).toBe('reconnecting')
    await reconnected(host)
    expect(events.splice(0)).toEqual([
      `disconnect connection reset retry ${cap(1_000)}`,
      `reconnecting 1 ${cap(1_000)}`,
      'connect false',
    ])
    // Lost again at once: the cap doubles.
    host.peers.at(-1)?.drop()
    await reconnected(host)
    expect(events.splice(0)[1]).toBe(`reconnecting 2 ${cap(2_000)}`)
    // After five seconds the connection counts as stable.
    await host.advance(5_000)
    host.peers.at(-1)?.drop()
    expect(events.splice(0)[1]).toBe(`reconnecting 1 ${cap(1_000)}`)
    await client.disconnect()
    expect(host.pendingTimers).toBe(0)
  })

  test('attempts that fail are repeated, each with its reason, until maxAttempts', async () => {
    const { client, host, peer } = await connected({ reconnect: { maxAttempts: 3, minDelay: 100, maxDelay: 100 } })
    const events = record(client)
    host.network = down()
    peer.drop()
    await host.advance(1_000)
    expect(events).toEqual([
      `disconnect connection reset retry ${cap(100)}`,
      `reconnecting 1 ${cap(100)}`,
      `reconnecting 2 ${cap(100)}`,
      `reconnecting 3 ${cap(100)}`,
      'close ECONNREFUSED',
    ])
    expect(client.status).toBe('closed')
    expect(host.pendingTimers).toBe(0)
    expect(host.attempts).toHaveLength(4)
  })

  test('with reconnect false the client closes, and what waits is rejected with the reason', async () => {
    const { client, peer, host } = await connected({ reconnect: false })
    const events = record(client)
    const publishing = client.publish('t', 'x', { qos: 1 })
    const subscribing = client.subscribe('t')
    const pinging = client.ping()
    await settled()
    peer.drop(new Error('pulled'))
    for (const promise of [publishing, subscribing]) expect((await failure(promise)).message).toBe('pulled')
    expect(codeOf(await failure(pinging))).toBe('CONNECTION_LOST')
    expect(events).toEqual(['disconnect pulled', 'close pulled'])
    expect(host.pendingTimers).toBe(0)
  })

  test('a policy that throws is told as an error, and the client gives up', async () => {
    const { client, peer, host } = await connected({
      reconnect: () => {
        throw new Error('bad policy')
      },
    })
    const events = record(client)
    peer.drop()
    await settled()
    expect(events).toEqual(['error bad policy', 'disconnect connection reset', 'close connection reset'])
    expect(host.pendingTimers).toBe(0)
  })

  test('a policy may say to connect at once', async () => {
    const { client, peer, host } = await connected({ reconnect: () => 0 })
    const events = record(client)
    peer.drop()
    await reconnected(host)
    expect(events).toEqual(['disconnect connection reset retry 0', 'reconnecting 1 0', 'connect false'])
    await client.disconnect()
  })

  test('a policy is asked with the number of the attempt and the error', async () => {
    const asked: string[] = []
    const { client, peer, host } = await connected({
      reconnect: (attempt, error) => {
        asked.push(`${attempt} ${codeOf(error)}`)
        return attempt < 3 && 10
      },
    })
    host.network = down()
    peer.drop()
    await host.advance(100)
    expect(asked).toEqual(['1 connection reset', '2 ECONNREFUSED', '3 ECONNREFUSED'])
    expect(client.status).toBe('closed')
  })

  test('an orderly end by the server, too, is followed by another connection', async () => {
    const { client, peer, host } = await connected()
    const events = record(client)
    peer.end()
    expect(events[0]).toBe(`disconnect CONNECTION_CLOSED retry ${cap(1_000)}`)
    await reconnected(host)
    expect(client.status).toBe('connected')
    await client.disconnect()
  })

  test('connect() while reconnecting waits for the next connection; a connected client answers at once', async () => {
    const { client, peer, host } = await connected()
    peer.drop()
    const connecting = client.connect()
    expect(await state(connecting)).toBe('pending')
    await reconnected(host)
    expect(await connecting).toEqual(await client.connect())
    await client.disconnect()
  })
})

/** The delay below `ms` that the virtual host's randomness gives. */
function cap(ms: number): number {
  return (0x808080 / 0x1000000) * ms
}

describe('the first connection', () => {
  test('rejects with why and how far it came, and is not tried again', async () => {
    const host = new VirtualHost()
    host.network = down()
    const client = new CoreClient({}, host)
    const events = record(client)
    expect(await failure(client.connect())).toMatchObject({
      name: 'ConnectError',
      code: 'ECONNREFUSED',
      phase: 'tcp',
      client: client.name,
    })
    expect(events).toEqual(['close ECONNREFUSED'])
    expect(host.pendingTimers).toBe(0)
    expect(client.status).toBe('closed')
  })

  test('is tried again with retryFirst', async () => {
    const host = new VirtualHost()
    host.network = down()
    const client = new CoreClient({ reconnect: { retryFirst: true } }, host)
    const connecting = client.connect()
    await host.advance(60_000)
    expect(await state(connecting)).toBe('pending')
    host.network = 'up'
    await reconnected(host)
    expect((await connecting).reasonCode).toBe(0)
    await client.disconnect()
  })

  test('is not tried again with retryFirst where that cannot help', async () => {
    const host = new VirtualHost()
    const client = new CoreClient({ protocolVersion: 5, reconnect: { retryFirst: true } }, host)
    const connecting = client.connect()
    await (await host.peer()).accept({ reasonCode: 0x8a })
    expect(await failure(connecting)).toMatchObject({ code: 'BANNED', retryable: false })
    expect(host.pendingTimers).toBe(0)
  })

  test('may be made by a later connect()', async () => {
    const host = new VirtualHost()
    host.network = down()
    const client = new CoreClient({}, host)
    await failure(client.connect())
    host.network = 'up'
    const connecting = client.connect()
    await (await host.peer(0)).accept()
    await connecting
    expect(client.status).toBe('connected')
    await client.disconnect()
  })
})

describe('a refused CONNACK', () => {
  const REFUSALS: [3 | 4 | 5, number, string, boolean][] = [
    [5, 0x84, 'UNSUPPORTED_PROTOCOL_VERSION', false],
    [5, 0x85, 'CLIENT_IDENTIFIER_NOT_VALID', false],
    [5, 0x86, 'BAD_USER_NAME_OR_PASSWORD', false],
    [5, 0x88, 'SERVER_UNAVAILABLE', true],
    [5, 0x89, 'SERVER_BUSY', true],
    [5, 0x8a, 'BANNED', false],
    [5, 0x97, 'QUOTA_EXCEEDED', true],
    [5, 0x9c, 'USE_ANOTHER_SERVER', true],
    [5, 0x9d, 'SERVER_MOVED', false],
    [5, 0x9f, 'CONNECTION_RATE_EXCEEDED', true],
  ]
  for (const version of [3, 4] as const) {
    REFUSALS.push(
      [version, 1, 'UNSUPPORTED_PROTOCOL_VERSION', false],
      [version, 2, 'CLIENT_IDENTIFIER_NOT_VALID', false],
      [version, 3, 'SERVER_UNAVAILABLE', true],
      [version, 4, 'BAD_USER_NAME_OR_PASSWORD', false],
      [version, 5, 'NOT_AUTHORIZED', false],
    )
  }
  for (const [protocolVersion, reasonCode, code, retryable] of REFUSALS) {
    const clause = protocolVersion === 5 ? ' [MQTT-4.13.2-1]' : ''
    test(`of version ${protocolVersion} with ${reasonCode} is ${code}, ${retryable ? '' : 'not '}to be tried again${clause}`, async () => {
      const host = new VirtualHost()
      const client = new CoreClient({ protocolVersion }, host)
      const connecting = client.connect()
      const peer = await host.peer()
      await peer.accept({ reasonCode })
      const error = await failure(connecting)
      expect(error).toMatchObject({ name: 'ConnectError', phase: 'connack', code, reasonCode, retryable })
      expect(error.message).toMatch(/^mqtt:\/\/virtual:1883 refused the connection: /)
      await settled()
      expect(peer.ended).toBe('closed')
      expect(peer.take()).toEqual([])
      expect(host.pendingTimers).toBe(0)
    })
  }

  test('carries the server’s words', async () => {
    const host = new VirtualHost()
    const connecting = new CoreClient({ protocolVersion: 5 }, host).connect()
    await (await host.peer()).accept({ reasonCode: 0x88, properties: { reasonString: 'down for lunch' } })
    expect((await failure(connecting)).message).toContain('down for lunch')
  })

  test('for its credentials is tried again where a function gives fresh ones', async () => {
    const host = new VirtualHost()
    let asked = 0
    const { client, peer } = await connected(
      { protocolVersion: 5, username: 'u', password: async () => `token ${++asked}` },
      {},
      host,
    )
    peer.drop()
    const next = host.peer(1)
    await host.advance(host.nextTimer)
    expect(new TextDecoder().decode((await (await next).accept({ reasonCode: 0x87 })).password)).toBe('token 2')
    await host.advance(0)
    const { connect } = await reconnected(host)
    expect(new TextDecoder().decode(connect.password)).toBe('token 3')
    expect(client.status).toBe('connected')
    await client.disconnect()
  })

  test('for its credentials ends it where they are always the same', async () => {
    const { client, peer, host } = await connected({ protocolVersion: 5, username: 'u', password: 'fixed' })
    const events = record(client)
    peer.drop()
    const next = host.peer(1)
    await host.advance(host.nextTimer)
    await (await next).accept({ reasonCode: 0x86 })
    await settled()
    expect(events.at(-1)).toBe('close BAD_USER_NAME_OR_PASSWORD')
    expect(host.pendingTimers).toBe(0)
  })
})

describe('a DISCONNECT of the server', () => {
  for (const [reasonCode, code, retry] of [
    [0x00, 'NORMAL_DISCONNECTION', true],
    [0x8b, 'SERVER_SHUTTING_DOWN', true],
    [0x8d, 'KEEP_ALIVE_TIMEOUT', true],
    [0x97, 'QUOTA_EXCEEDED', true],
    [0x98, 'ADMINISTRATIVE_ACTION', true],
    [0x87, 'NOT_AUTHORIZED', false],
    [0x8e, 'SESSION_TAKEN_OVER', false],
    [0x9d, 'SERVER_MOVED', false],
  ] as const) {
    const clause = reasonCode < 0x80 ? '' : ' [MQTT-4.13.2-1]'
    test(`with ${code} is ${retry ? 'followed by another connection' : 'the end'}${clause}`, async () => {
      const { client, peer, host } = await connected({ protocolVersion: 5, followServerReference: false })
      let told: unknown
      client.on('disconnect', (event) => {
        told = event
      })
      const properties = { serverReference: 'elsewhere', reasonString: 'because' }
      peer.send({ type: 'disconnect', reasonCode, properties })
      await settled()
      expect(told).toMatchObject({
        reasonCode,
        properties,
        retry,
        error: { code, reasonCode, message: expect.stringContaining('because') },
      })
      expect(peer.ended).toBe('closed')
      expect(peer.take(), 'nothing is answered').toEqual([])
      expect(client.status).toBe(retry ? 'reconnecting' : 'closed')
      await client.disconnect()
      expect(host.pendingTimers).toBe(0)
    })
  }

  test('for its credentials is followed by fresh ones where a function gives them', async () => {
    const { client, peer, host } = await connected({ protocolVersion: 5, username: 'u', password: () => 'fresh' })
    peer.send({ type: 'disconnect', reasonCode: 0x87 })
    await reconnected(host)
    expect(client.status).toBe('connected')
    await client.disconnect()
  })

  test('that comes with CONNACK in one chunk is not missed', async () => {
    const host = new VirtualHost()
    const client = new CoreClient({ protocolVersion: 5 }, host)
    const events = record(client)
    const connecting = client.connect()
    const peer = await host.peer()
    await peer.next('connect')
    peer.send({ type: 'connack' }, { type: 'disconnect', reasonCode: 0x8b })
    await connecting
    expect(client.status).toBe('reconnecting')
    await reconnected(host)
    expect(events).toEqual([
      'connect false',
      `disconnect SERVER_SHUTTING_DOWN 139 retry ${cap(1_000)}`,
      `reconnecting 1 ${cap(1_000)}`,
      'connect false',
    ])
    await client.disconnect()
    expect(host.pendingTimers).toBe(0)
  })

  test('or any end in the turn of CONNACK is not missed', async () => {
    for (const protocolVersion of VERSIONS) {
      const host = new VirtualHost()
      const client = new CoreClient({ protocolVersion }, host)
      const connecting = client.connect()
      const peer = await host.peer()
      await peer.next('connect')
      peer.send({ type: 'connack' })
      peer.drop()
      await connecting
      await reconnected(host)
      expect(client.status).toBe('connected')
      await client.disconnect()
      expect(host.pendingTimers).toBe(0)
    }
  })
})

describe('servers', () => {
  const servers = ['mqtt://one:1', 'mqtt://two:2', 'mqtt://three:3']

  test('are tried in order, and from the first again', async () => {
    const host = new VirtualHost()
    host.network = down()
    const client = new CoreClient({ servers, reconnect: { retryFirst: true, minDelay: 10, maxDelay: 10 } }, host)
    const connecting = client.connect()
    await host.advance(6)
    expect(host.attempts).toEqual([...servers, ...servers])
    host.network = 'up'
    const next = host.peer(0)
    await host.advance(6)
    await (await next).accept()
    await connecting
    expect(client.info.server).toBe('mqtt://one:1')
    await client.disconnect()
  })

  test('a second one is connected to where the first refuses', async () => {
    const host = new VirtualHost()
    const client = new CoreClient({ servers, protocolVersion: 5 }, host)
    const connecting = client.connect()
    await (await host.peer(0)).accept({ reasonCode: 0x89 })
    await (await host.peer(1)).accept()
    await connecting
    expect(client.info.server).toBe('mqtt://two:2')
    expect(host.peers[0]?.ended).toBe('closed')
    await client.disconnect()
  })

  test('while one of them may be back later, the client does not give up for what another says', async () => {
    const { client, host, peer } = await connected({ servers: servers.slice(0, 2), protocolVersion: 5 })
    peer.drop()
    host.network = down()
    await host.advance(host.nextTimer)
    host.network = 'up'
    const first = host.peer(1)
    await host.advance(host.nextTimer)
    ;(await first).drop()
    await (await host.peer(2)).accept({ reasonCode: 0x8a })
    await settled()
    expect(client.status).toBe('reconnecting')
    await client.disconnect()
    expect(host.pendingTimers).toBe(0)
  })
})

describe('connectTimeout', () => {
  test('covers a password that never comes', async () => {
    const host = new VirtualHost()
    const client = new CoreClient(
      { username: 'u', password: () => new Promise<string>(() => {}), connectTimeout: 500 },
      host,
    )
    const connecting = client.connect()
    await host.advance(499)
    expect(await state(connecting)).toBe('pending')
    await host.advance(1)
    expect(await failure(connecting)).toMatchObject({ code: 'ETIMEDOUT', phase: 'credentials', retryable: true })
    expect(host.pendingTimers).toBe(0)
    expect(host.attempts).toEqual([])
  })

  test('covers a network connection that hangs', async () => {
    const host = new VirtualHost()
    host.network = 'hangs'
    const connecting = new CoreClient({ connectTimeout: 500 }, host).connect()
    await host.advance(500)
    expect(await failure(connecting)).toMatchObject({ code: 'ETIMEDOUT', phase: 'tcp' })
    expect(host.pendingTimers).toBe(0)
  })

  test('covers one over WebSocket, and says so', async () => {
    const host = new VirtualHost()
    host.network = 'hangs'
    const connecting = new CoreClient({ url: 'ws://virtual/mqtt', connectTimeout: 500 }, host).connect()
    await host.advance(500)
    expect(await failure(connecting)).toMatchObject({ code: 'ETIMEDOUT', phase: 'websocket' })
  })

  test('covers a CONNACK that does not come, and frees the connection', async () => {
    const host = new VirtualHost()
    const connecting = new CoreClient({ connectTimeout: 500 }, host).connect()
    const peer = await host.peer()
    await peer.next('connect')
    await host.advance(500)
    expect(await failure(connecting)).toMatchObject({ code: 'ETIMEDOUT', phase: 'connack' })
    expect(peer.ended).toBe('destroyed')
    expect(host.pendingTimers).toBe(0)
  })

  test('covers all phases together', async () => {
    const host = new VirtualHost()
    let give: (password: string) => void = () => {}
    const client = new CoreClient(
      {
        username: 'u',
        password: () =>
          new Promise<string>((resolve) => {
            give = resolve
          }),
        connectTimeout: 500,
      },
      host,
    )
    const connecting = client.connect()
    await host.advance(400)
    give('x')
    await (await host.peer(0)).next('connect')
    await host.advance(100)
    expect(await failure(connecting)).toMatchObject({ code: 'ETIMEDOUT', phase: 'connack' })
  })

  test('is over with the connection', async () => {
    const { client, host } = await connected({ connectTimeout: 500, keepAlive: 0 })
    expect(host.pendingTimers).toBe(0)
    await host.advance(1_000)
    expect(client.status).toBe('connected')
    await client.disconnect()
  })
})

describe('credentials', () => {
  test('are asked for at each attempt', async () => {
    let count = 0
    const options: ClientOptions = {
      username: async () => `user ${++count}`,
      password: async () => new Uint8Array([count]),
    }
    const { client, peer, host, connect } = await connected(options)
    expect(connect).toMatchObject({ username: 'user 1', password: new Uint8Array([1]) })
    peer.drop()
    expect((await reconnected(host)).connect).toMatchObject({ username: 'user 2', password: new Uint8Array([2]) })
    await client.disconnect()
  })

  test('of the URL are used where no option says otherwise', async () => {
    const { client, connect } = await connected({ url: 'mqtt://ann:secret@virtual:1' })
    expect(connect.username).toBe('ann')
    expect(new TextDecoder().decode(connect.password)).toBe('secret')
    expect(client.info.server).toBe('mqtt://virtual:1')
    await client.disconnect()
    const other = await connected({ url: 'mqtt://ann:secret@virtual:1', username: 'bob', password: 'other' })
    expect(other.connect.username).toBe('bob')
    expect(new TextDecoder().decode(other.connect.password)).toBe('other')
    await other.client.disconnect()
  })

  test('that cannot be had are an error that says so, with the cause, and are tried again', async () => {
    const cause = new Error('vault is sealed')
    const host = new VirtualHost()
    const client = new CoreClient({ username: 'u', password: () => Promise.reject(cause) }, host)
    expect(await failure(client.connect())).toMatchObject({
      code: 'CREDENTIALS_FAILED',
      phase: 'credentials',
      retryable: true,
      cause,
    })
    expect(host.pendingTimers).toBe(0)
  })

  test('of the wrong type are refused without being shown', async () => {
    const host = new VirtualHost()
    for (const secret of [987_654, { secret: 'hunter2' }]) {
      const error = await failure(new CoreClient({ username: 'u', password: (() => secret) as never }, host).connect())
      expect(error).toBeInstanceOf(TypeError)
      expect(error.message).toMatch(/^password: /)
      expect(error.message).not.toMatch(/987|hunter2/)
    }
  })

  test('never appear in an error', async () => {
    const host = new VirtualHost()
    const client = new CoreClient({ url: 'mqtt://ann:hunter2@virtual:1', protocolVersion: 5 }, host)
    const connecting = client.connect()
    await (await host.peer()).accept({ reasonCode: 0x86 })
    const error = await failure(connecting)
    expect(`${error.stack} ${JSON.stringify(error)}`).not.toContain('hunter2')
  })
})

describe('cleanStart', () => {
  test('is about the first connection in 5.0: reconnects ask for the session back', async () => {
    const { client, peer, host, connect } = await connected({ protocolVersion: 5 })
    expect(connect.cleanStart).toBe(true)
    peer.drop()
    expect((await reconnected(host, { sessionPresent: true })).connect.cleanStart).toBe(false)
    await client.disconnect()
    const connecting = client.connect()
    expect((await (await host.peer()).accept()).cleanStart, 'a new connect() starts anew').toBe(true)
    await connecting
    await client.disconnect()
  })

  for (const protocolVersion of [3, 4] as const) {
    test(`stays as it is in version ${protocolVersion}, where it says what the server keeps`, async () => {
      for (const cleanStart of [true, false]) {
        const { client, peer, host, connect } = await connected({ protocolVersion, cleanStart, clientId: 'c' })
        expect(connect.cleanStart).toBe(cleanStart)
        peer.drop()
        expect((await reconnected(host)).connect.cleanStart).toBe(cleanStart)
        await client.disconnect()
      }
    })
  }

  test('true, and Session Present in CONNACK, is refused with 0x82 [MQTT-3.2.2-4 of 5.0]', async () => {
    const host = new VirtualHost()
    const connecting = new CoreClient({ protocolVersion: 5 }, host).connect()
    const peer = await host.peer()
    await peer.accept({ sessionPresent: true })
    expect(await failure(connecting)).toMatchObject({ name: 'ConnectError', code: 'PROTOCOL_ERROR' })
    expect(await peer.next('disconnect')).toMatchObject({ reasonCode: 0x82 })
    expect(peer.ended).toBe('closed')
  })
})

test('an assigned client id is the one in force, also at the next connections (§3.2.2.3.7)', async () => {
  const { client, peer, host, connect } = await connected(
    { protocolVersion: 5 },
    { properties: { assignedClientIdentifier: 'given' } },
  )
  expect(connect.clientId).toBe('')
  expect(client.clientId).toBe('given')
  expect(client.name).toBe('given')
  peer.drop()
  expect((await reconnected(host)).connect.clientId).toBe('given')
  await client.disconnect()
})

test('every error of a client bears its name', async () => {
  const { client, peer } = await connected({ protocolVersion: 5, name: 'pump 7', reconnect: false })
  const errors: unknown[] = []
  client.on('disconnect', ({ error }) => errors.push(error))
  const publishing = client.publish('t', '', { qos: 1 })
  const pinging = client.ping()
  await settled()
  peer.send({ type: 'disconnect', reasonCode: 0x8e })
  errors.push(
    await failure(publishing),
    await failure(pinging),
    await failure(client.publish('t', '')),
    await failure(client.subscribe('t')),
  )
  expect(errors.map((error) => isMqttError(error) && error.client)).toEqual(Array(5).fill('pump 7'))
})
