import { describe, expect, test } from 'vitest'
import type { PacketInput } from '../../src/codec/index.js'
import { MqttError } from '../../src/errors.js'
import type { SessionEvent } from '../../src/session/events.js'
import type { Exchange } from '../../src/session/records.js'
import { Bench, packetOf } from './bench.js'

const METHOD = 'M'
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** AUTH of the server. */
function auth(reasonCode: number, data?: string, authenticationMethod: string | undefined = METHOD): PacketInput {
  const properties = { authenticationMethod, authenticationData: data === undefined ? undefined : bytes(data) }
  return { type: 'auth', reasonCode, properties }
}

function connack(more: object = {}, data?: string): PacketInput {
  const authenticationData = data === undefined ? undefined : bytes(data)
  return { type: 'connack', properties: { authenticationMethod: METHOD, authenticationData, ...more } }
}

/** CONNECT with the method was sent. */
function opened(settings: ConstructorParameters<typeof Bench>[1] = {}): Bench {
  const bench = new Bench(5, settings).open({ cleanStart: false, properties: { authenticationMethod: METHOD } })
  bench.sent()
  return bench
}

/** The exchange of the only step that waits. */
function step(bench: Bench): Exchange {
  const steps = bench.events().filter((event) => event.type === 'challenge' || event.type === 'verify')
  expect(steps).toHaveLength(1)
  return (steps[0] as Extract<SessionEvent, { type: 'challenge' | 'verify' }>).exchange
}

function verified(bench: Bench): void {
  bench.session.verified(step(bench), bench.now)
}

/** A re-authentication that the application begins with `data`. */
function reauthenticate(bench: Bench, tag: string, data?: string): void {
  expect(bench.session.reauthenticate(tag, bench.now)).toBe(true)
  const event = bench.events().find(({ type }) => type === 'challenge')
  expect(event).toMatchObject({ anew: true, data: undefined })
  bench.session.authenticate(
    (event as { exchange: Exchange }).exchange,
    data === undefined ? undefined : bytes(data),
    bench.now,
  )
}

/** A connection whose server has proved itself. */
function authenticated(more: object = {}, settings: ConstructorParameters<typeof Bench>[1] = {}): Bench {
  const bench = opened(settings)
  bench.receive(connack(more))
  verified(bench)
  expect(bench.news()).toEqual(['connected'])
  return bench
}

const failure = (retryable = false): MqttError =>
  new MqttError('no', { code: 'WRONG_PROOF', phase: 'authentication', retryable })

describe('to connect', () => {
  test('each challenge is answered with AUTH 0x18 of the same method [MQTT-4.12.0-5]', () => {
    const bench = opened()
    for (const round of ['1', '2', '3']) {
      bench.receive(auth(0x18, round))
      const [event] = bench.events()
      expect(event).toMatchObject({ type: 'challenge', data: bytes(round), anew: false })
      expect(bench.wire(), 'nothing before the application has answered').toEqual([])
      bench.session.authenticate((event as { exchange: Exchange }).exchange, bytes(`answer ${round}`), bench.now)
      expect(bench.wire()).toEqual([`auth 0x18 M answer ${round}`])
    }
    bench.receive(connack({}, 'proof'))
    expect(bench.session.verifying).toBe(true)
    expect(bench.session.connected).toBe(false)
    const [event] = bench.events()
    expect(event).toMatchObject({ type: 'verify', data: bytes('proof') })
    bench.session.verified((event as { exchange: Exchange }).exchange, bench.now)
    expect(bench.session.verifying).toBe(false)
    expect(bench.session.connected).toBe(true)
    expect(bench.news()).toEqual(['connected'])
  })

  test('what AUTH brings is for the authenticator alone: the packet has it no more', () => {
    const bench = opened()
    const packet = packetOf<'auth'>(auth(0x18, 'secret') as Extract<PacketInput, { type: 'auth' }>, 5)
    bench.session.receive(packet, bench.now)
    expect(bench.events()).toMatchObject([{ type: 'challenge', data: bytes('secret') }])
    expect(packet.properties).toEqual({ authenticationMethod: METHOD })
  })

  test('a server may accept at once', () => {
    const bench = opened().receive(connack())
    expect(bench.news()).toEqual(['verify'])
  })

  test('a challenge without data is one, and so is an answer without', () => {
    const bench = opened().receive(auth(0x18))
    bench.session.authenticate(step(bench), undefined, 0)
    expect(bench.wire()).toEqual(['auth 0x18 M'])
  })

  test('what comes behind CONNACK is taken in when the server has proved itself, in order', () => {
    const bench = opened({ autoAck: true })
    bench.session.publish(
      {
        type: 'publish',
        topic: 't',
        qos: 1,
        retain: false,
        dup: false,
        packetId: undefined,
        properties: {},
        payload: bytes('out'),
      },
      'out',
      0,
    )
    bench.receive(connack())
    bench
      .deliver(0, undefined, 'a')
      .deliver(1, 5, 'b')
      .receive({ type: 'pubrel', packetId: 9 })
      .deliver(0, undefined, 'c')
    const exchange = step(bench)
    expect(bench.wire()).toEqual([])
    bench.session.verified(exchange, bench.now)
    const events = bench.events()
    expect(events.map(({ type }) => type)).toEqual(['connected', 'message', 'message', 'message'])
    expect(
      events.flatMap((event) => (event.type === 'message' ? new TextDecoder().decode(event.packet.payload) : [])),
    ).toEqual(['a', 'b', 'c'])
    expect(bench.wire()).toEqual(['publish 1 out', 'pubcomp 9 0x92'])
  })

  test('an ack behind CONNACK is of what was sent before: it meets a session that goes on', () => {
    const bench = opened()
    bench.receive(connack())
    verified(bench)
    bench.publish(2, 'm')
    bench.receive({ type: 'pubrec', packetId: 1 })
    bench.news()
    bench.sent()
    bench.cut().open({ cleanStart: false, properties: { authenticationMethod: METHOD } })
    bench.receive({ ...connack(), sessionPresent: true } as PacketInput, { type: 'pubcomp', packetId: 1 })
    verified(bench)
    expect(bench.news()).toEqual(['connected', 'acknowledged m'])
    expect(bench.wire()).toEqual(['connect', 'pubrel 1'])
  })

  test('DISCONNECT behind CONNACK ends the connection once the server has proved itself', () => {
    const bench = opened().receive(connack(), { type: 'disconnect', reasonCode: 0x8b })
    bench.deliver(0, undefined, 'late')
    verified(bench)
    expect(bench.news()).toEqual(['connected', 'disconnected'])
    expect(bench.session.connected).toBe(false)
  })

  test('nothing of the connection before is taken in on the next one', () => {
    const bench = opened().receive(connack()).deliver(0, undefined, 'old')
    bench.cut().open({ cleanStart: false, properties: { authenticationMethod: METHOD } })
    expect(bench.session.verifying).toBe(false)
    bench.receive(connack())
    const steps = bench.events()
    bench.session.verified((steps[0] as { exchange: Exchange }).exchange, 0)
    expect(bench.session.connected, 'that of the connection before').toBe(false)
    bench.session.verified((steps[1] as { exchange: Exchange }).exchange, 0)
    expect(bench.news()).toEqual(['connected'])
  })

  test('what the application could not go on with ends the connection', () => {
    for (const packet of [auth(0x18, 'x'), connack()]) {
      const bench = opened().receive(packet)
      const exchange = step(bench)
      const error = failure()
      bench.session.refuse(exchange, error)
      expect(bench.wire()).toEqual(['disconnect 0x80'])
      expect(bench.events()).toEqual([{ type: 'failed', error }])
      expect(bench.session.connected).toBe(false)
      expect(bench.session.verifying).toBe(false)
      bench.session.refuse(exchange, error)
      bench.session.authenticate(exchange, bytes('late'), 0)
      bench.session.verified(exchange, 0)
      expect(bench.news()).toEqual([])
      expect(bench.wire()).toEqual([])
    }
  })

  test('a refusal of CONNACK is told as one', () => {
    expect(opened().receive({ type: 'connack', reasonCode: 0x87 }).news()).toEqual(['refused'])
  })
})

/** What a server must not do, and what it is told then. */
const WRONG: Record<string, { method?: string; packets: PacketInput[]; code: string }> = {
  'a CONNACK without the method [MQTT-4.12.0-5]': { packets: [{ type: 'connack' }], code: '0x82' },
  'a CONNACK with another method [MQTT-4.12.0-5]': {
    packets: [connack({ authenticationMethod: 'N' })],
    code: '0x82',
  },
  'a CONNACK with a method that nobody asked for [MQTT-4.12.0-6]': { method: '', packets: [connack()], code: '0x82' },
  'an AUTH with another method [MQTT-4.12.0-5]': { packets: [auth(0x18, 'x', 'N')], code: '0x82' },
  'an AUTH that nobody asked for [MQTT-4.12.0-6]': { method: '', packets: [auth(0x18, 'x')], code: '0x82' },
  'AUTH success before CONNACK [MQTT-4.12.0-2]': { packets: [auth(0)], code: '0x82' },
  'AUTH 0x19 before CONNACK': { packets: [auth(0x19)], code: '0x82' },
  'a second challenge before our answer': { packets: [auth(0x18, '1'), auth(0x18, '2')], code: '0x82' },
  'CONNACK before our answer': { packets: [auth(0x18, '1'), connack()], code: '0x82' },
  'any other packet before CONNACK': { packets: [{ type: 'pingresp' }], code: '0x82' },
}

test.each(Object.entries(WRONG))('the server errs with %s', (_, { method = METHOD, packets, code }) => {
  const properties = method === '' ? {} : { authenticationMethod: method }
  const bench = new Bench(5).open({ properties })
  bench.sent()
  bench.receive(...packets)
  expect(bench.news().at(-1)).toBe(`failed ${code}`)
  expect(bench.wire()).toEqual([`disconnect ${code}`])
  expect(bench.session.connected).toBe(false)
})

describe('to authenticate again', () => {
  test('AUTH 0x19 has the method and the data, and success may leave the method out [MQTT-4.12.1-1]', () => {
    const bench = authenticated()
    reauthenticate(bench, 'again', 'first')
    expect(bench.wire()).toEqual(['auth 0x19 M first'])
    expect(bench.session.awaits).toBe(true)
    bench.receive({ type: 'auth', reasonCode: 0 })
    const [event] = bench.events()
    expect(event).toMatchObject({ type: 'verify', data: undefined })
    bench.session.verified((event as { exchange: Exchange }).exchange, 0)
    expect(bench.news()).toEqual(['authenticated again'])
    expect(bench.session.awaits).toBe(false)
    expect(bench.session.connected).toBe(true)
  })

  test('with challenges, while messages go on', () => {
    const bench = authenticated()
    reauthenticate(bench, 'again')
    expect(bench.wire()).toEqual(['auth 0x19 M'])
    bench.receive(auth(0x18, 'c')).deliver(0, undefined, 'between')
    bench.publish(0, 'out')
    const [challenge, message] = bench.events()
    expect(message).toMatchObject({ type: 'message' })
    expect(bench.wire()).toEqual(['publish - out'])
    bench.session.authenticate((challenge as { exchange: Exchange }).exchange, bytes('r'), 0)
    expect(bench.wire()).toEqual(['auth 0x18 M r'])
    bench.receive(auth(0, 'proof'))
    verified(bench)
    expect(bench.news()).toEqual(['authenticated again'])
  })

  test('a second one while one runs is refused, and harms the first as little as one without a method', () => {
    const bench = authenticated()
    reauthenticate(bench, 'first')
    expect(bench.session.reauthenticate('second', 0)).toBe(false)
    expect(bench.news()).toEqual(['rejected second NOT_NOW'])
    expect(bench.wire()).toEqual(['auth 0x19 M'])
    bench.receive(auth(0))
    verified(bench)
    expect(bench.news()).toEqual(['authenticated first'])

    const plain = new Bench(5).connect()
    expect(plain.session.reauthenticate('none', 0)).toBe(false)
    expect(plain.news()).toEqual(['rejected none NOT_NOW'])
    expect(plain.wire()).toEqual([])
  })

  test('without a connection it is rejected', () => {
    const bench = opened()
    bench.session.reauthenticate('early', 0)
    bench.cut().session.reauthenticate('late', 0)
    expect(bench.news()).toEqual(['rejected early CONNECTION_LOST', 'rejected late CONNECTION_LOST'])
  })

  test('the loss of the connection ends it', () => {
    const bench = authenticated()
    reauthenticate(bench, 'again')
    bench.receive(auth(0x18, 'c'))
    const exchange = step(bench)
    bench.cut()
    expect(bench.news()).toEqual(['rejected again CONNECTION_LOST'])
    bench.sent()
    bench.session.authenticate(exchange, bytes('late'), 0)
    expect(bench.wire()).toEqual([])
  })

  test('an answer to an exchange of the connection before is dropped', () => {
    const bench = authenticated()
    reauthenticate(bench, 'again')
    bench.receive(auth(0x18, 'c'))
    const stale = step(bench)
    bench.cut().open({ cleanStart: false, properties: { authenticationMethod: METHOD } })
    bench.sent()
    bench.news()
    bench.session.authenticate(stale, bytes('late'), 0)
    bench.session.verified(stale, 0)
    bench.session.refuse(stale, failure())
    expect(bench.wire()).toEqual([])
    expect(bench.news()).toEqual([])
    bench.receive(connack())
    verified(bench)
    expect(bench.news()).toEqual(['connected'])
  })

  test('one that takes longer than ackTimeout ends the connection [MQTT-4.12.1-2]', () => {
    const bench = authenticated({}, { ackTimeout: 1_000 })
    expect(bench.session.deadline).toBe(Number.POSITIVE_INFINITY)
    reauthenticate(bench.tick(500), 'again')
    expect(bench.session.deadline).toBe(1_500)
    bench.tick(500).receive(auth(0x18, 'c'))
    expect(bench.news(), 'a round does not prolong it').toEqual(['challenge c'])
    expect(bench.tick(499).news()).toEqual([])
    expect(bench.tick(1).news()).toEqual(['rejected again ETIMEDOUT', 'failed ETIMEDOUT'])
    expect(bench.session.connected).toBe(false)
    expect(bench.session.deadline).toBe(Number.POSITIVE_INFINITY)
  })

  test('once it is over, its time is nobody’s', () => {
    const bench = authenticated({}, { ackTimeout: 1_000 })
    reauthenticate(bench, 'again')
    bench.receive(auth(0))
    verified(bench)
    expect(bench.session.deadline).toBe(Number.POSITIVE_INFINITY)
    expect(bench.tick(5_000).news()).toEqual(['authenticated again'])
  })

  test('what the application could not go on with rejects it, and ends the connection [MQTT-4.12.1-2]', () => {
    const bench = authenticated()
    reauthenticate(bench, 'again')
    bench.receive(auth(0, 'forged'))
    bench.session.refuse(step(bench), failure())
    expect(bench.news()).toEqual(['rejected again WRONG_PROOF', 'failed WRONG_PROOF'])
    expect(bench.session.connected).toBe(false)
  })

  test('success is told once: a second one, and one that nobody asked for, are errors of the server', () => {
    const bench = authenticated()
    reauthenticate(bench, 'again')
    bench.receive(auth(0), auth(0))
    expect(bench.news()).toEqual(['verify', 'failed 0x82', 'rejected again 0x82'])
    expect(authenticated().receive(auth(0)).news()).toEqual(['failed 0x82'])
  })

  test('success before our answer to a challenge is an error of the server', () => {
    const bench = authenticated()
    reauthenticate(bench, 'again')
    bench.receive(auth(0x18, 'c'), auth(0))
    expect(bench.news()).toContain('failed 0x82')
  })

  test('a challenge that nobody asked for is an error of the server', () => {
    expect(authenticated().receive(auth(0x18, 'c')).news()).toEqual(['failed 0x82'])
  })

  test('AUTH above the Maximum Packet Size of the server is not sent [MQTT-3.2.2-15]', () => {
    const bench = authenticated({ maximumPacketSize: 40 })
    bench.session.reauthenticate('again', 0)
    const first = step(bench)
    expect(() => bench.session.authenticate(first, new Uint8Array(60), 0)).toThrow(
      'auth: expected at most 40 bytes, got 71; the server: Packet too large',
    )
    expect(bench.wire()).toEqual([])
    bench.session.authenticate(first, bytes('x'), 0)
    expect(bench.wire()).toEqual(['auth 0x19 M x'])
    bench.receive(auth(0x18))
    const exchange = step(bench)
    expect(() => bench.session.authenticate(exchange, new Uint8Array(60), 0)).toThrow('at most 40 bytes')
    expect(bench.wire()).toEqual([])
  })
})

describe('a re-authentication that the server has not heard of', () => {
  test('fails alone: the authentication in force stays', () => {
    const bench = authenticated({}, { ackTimeout: 1_000 })
    bench.session.reauthenticate('first', 0)
    bench.session.refuse(step(bench), failure())
    expect(bench.news()).toEqual(['rejected first WRONG_PROOF'])
    expect(bench.session.deadline).toBe(Number.POSITIVE_INFINITY)
    bench.session.reauthenticate('second', 0)
    const slow = step(bench)
    expect(bench.tick(1_000).news()).toEqual(['rejected second ETIMEDOUT'])
    bench.session.authenticate(slow, bytes('late'), bench.now)
    expect(bench.wire()).toEqual([])
    expect(bench.session.connected).toBe(true)
    reauthenticate(bench, 'third')
    expect(bench.wire()).toEqual(['auth 0x19 M'])
  })

  test('becomes the answer where the server asks for one meanwhile', () => {
    const bench = authenticated()
    bench.session.reauthenticate('again', 0)
    const exchange = step(bench)
    bench.receive(auth(0x19))
    expect(bench.news()).toEqual([])
    bench.session.authenticate(exchange, bytes('x'), 0)
    expect(bench.wire()).toEqual(['auth 0x18 M x'])
    bench.receive(auth(0))
    verified(bench)
    expect(bench.news()).toEqual(['authenticated again'])
  })
})

describe('a server that asks to authenticate again (AUTH 0x19)', () => {
  test('is answered as we would begin', () => {
    const bench = authenticated().receive(auth(0x19, 'now'))
    const [event] = bench.events()
    expect(event).toMatchObject({ type: 'challenge', data: bytes('now'), anew: true })
    bench.session.authenticate((event as { exchange: Exchange }).exchange, bytes('fresh'), 0)
    expect(bench.wire()).toEqual(['auth 0x18 M fresh'])
    bench.receive(auth(0))
    verified(bench)
    expect(bench.news(), 'nobody waits for it').toEqual([])
    expect(bench.session.connected).toBe(true)
    expect(bench.session.awaits).toBe(false)
  })

  test('has to keep the method, and one to be asked about [MQTT-4.12.0-6]', () => {
    expect(
      authenticated()
        .receive(auth(0x19, 'x', 'N'))
        .news(),
    ).toEqual(['failed 0x82'])
    const plain = new Bench(5).connect()
    expect(plain.receive(auth(0x19)).news()).toEqual(['failed 0x82'])
  })

  test('must not do so while one runs', () => {
    const bench = authenticated()
    reauthenticate(bench, 'again')
    bench.receive(auth(0x19))
    expect(bench.news()).toContain('failed 0x82')
  })

  test('and does not go on ends the connection after ackTimeout', () => {
    const bench = authenticated({}, { ackTimeout: 1_000 }).receive(auth(0x19))
    bench.session.authenticate(step(bench), undefined, 0)
    expect(bench.tick(1_000).news()).toEqual(['failed ETIMEDOUT'])
  })
})

describe('a re-authentication that the server refuses', () => {
  test('by a second CONNACK, as mosquitto 2.0 does, is rejected with its reason, and ends the connection', () => {
    const bench = authenticated()
    reauthenticate(bench, 'again')
    bench.sent()
    bench.receive({ type: 'connack', reasonCode: 0x87, properties: { reasonString: 'who are you' } })
    const message = 'the server refused the re-authentication: Not authorized: who are you'
    const error = { name: 'RefusedError', code: 'NOT_AUTHORIZED', reasonCode: 0x87, retryable: false, message }
    expect(bench.events()).toMatchObject([
      { type: 'failed', error },
      { type: 'rejected', tag: 'again', error },
    ])
    expect(bench.wire(), 'it broke no rule that it could be told of').toEqual([])
    expect(bench.session.connected).toBe(false)
  })

  test('by a second CONNACK is refused from 0x80 on', () => {
    const bench = authenticated()
    reauthenticate(bench, 'again')
    bench.receive({ type: 'connack', reasonCode: 0x80 })
    expect(bench.events()).toMatchObject([
      { type: 'failed', error: { name: 'RefusedError', reasonCode: 0x80 } },
      { type: 'rejected', tag: 'again' },
    ])
  })

  test('by DISCONNECT is rejected with its reason [MQTT-4.12.1-2]', () => {
    const bench = authenticated()
    reauthenticate(bench, 'again')
    bench.sent()
    bench.receive({ type: 'disconnect', reasonCode: 0x87, properties: { reasonString: 'who are you' } })
    const message = 'the server disconnected: Not authorized: who are you'
    expect(bench.events()).toMatchObject([
      { type: 'rejected', tag: 'again', error: { name: 'RefusedError', reasonCode: 0x87, message } },
      { type: 'disconnected' },
    ])
    expect(bench.wire()).toEqual([])
  })

  test('a second CONNACK that accepts is an error of the server also while one runs, and one that refuses is while none does', () => {
    const bench = authenticated()
    reauthenticate(bench, 'again')
    bench.receive(connack())
    expect(bench.news()).toEqual(['failed 0x82', 'rejected again 0x82'])
    expect(authenticated().receive({ type: 'connack', reasonCode: 0x87 }).news()).toEqual(['failed 0x82'])
  })
})

describe('a server that is not asked yet, or asked by another method', () => {
  test.each([
    ['success of another method [MQTT-4.12.0-5]', auth(0, 'x', 'N')],
    ['a challenge of another method [MQTT-4.12.0-5]', auth(0x18, 'x', 'N')],
  ])('must not answer a re-authentication with %s', (_, packet) => {
    const bench = authenticated()
    reauthenticate(bench, 'again')
    bench.sent()
    bench.receive(packet)
    expect(bench.news()).toEqual(['failed 0x82', 'rejected again 0x82'])
    expect(bench.wire()).toEqual(['disconnect 0x82'])
  })

  test.each([
    ['success', auth(0)],
    ['a challenge', auth(0x18)],
  ])('must not send %s before our AUTH 0x19', (_, packet) => {
    const bench = authenticated()
    bench.session.reauthenticate('again', 0)
    bench.receive(packet)
    expect(bench.news()).toEqual(['challenge  anew', 'failed 0x82', 'rejected again 0x82'])
  })
})

test('AUTH of a connection without a method is an error of the server, whatever it says [MQTT-4.12.0-6]', () => {
  for (const reasonCode of [0, 0x18, 0x19]) {
    expect(new Bench(5).connect().receive(auth(reasonCode)).news(), `${reasonCode}`).toEqual(['failed 0x82'])
    expect(new Bench(5).open().receive(auth(reasonCode)).news(), `${reasonCode}`).toEqual(['failed 0x82'])
  }
  expect(new Bench(5).connect().receive({ type: 'auth', reasonCode: 0 }).news()).toEqual(['failed 0x82'])
})
