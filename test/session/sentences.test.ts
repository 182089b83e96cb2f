/** What an application reads when something went wrong: what came, what was expected, and what to do. */

import { describe, expect, test } from 'vitest'
import type { PacketInput } from '../../src/codec/index.js'
import type { MqttError } from '../../src/errors.js'
import { Bench } from './bench.js'

/** The error of the only `failed`. */
function failure(bench: Bench): MqttError {
  const errors = bench.events().flatMap((event) => (event.type === 'failed' ? [event.error] : []))
  expect(errors).toHaveLength(1)
  return errors[0] as MqttError
}

interface Case {
  /** What was before. */
  bench?: () => Bench
  packets: PacketInput[]
  sentence: string
}

const publish = (more: Partial<Extract<PacketInput, { type: 'publish' }>>): PacketInput => ({
  type: 'publish',
  topic: 't',
  payload: new Uint8Array(1),
  ...more,
})

const asking = (): Bench => {
  const bench = new Bench().connect()
  bench.subscribe('a')
  bench.unsubscribe('a', 'u')
  bench.publish(2, 'm')
  return bench
}

const unsent = (): Bench => {
  const bench = new Bench().connect()
  bench.publish(1, 'a')
  bench.publish(1, 'b')
  return bench.cut().resume({ properties: { receiveMaximum: 1 } })
}

const CASES: Record<string, Case> = {
  'another packet before CONNACK': {
    bench: () => new Bench().open(),
    packets: [{ type: 'pingresp' }],
    sentence: 'packet: expected connack, got pingresp',
  },
  'a Reason String that CONNECT wants none of': {
    bench: () => new Bench().connect({}, { properties: { requestProblemInformation: false } }),
    packets: [{ type: 'pubrel', packetId: 1, properties: { reasonString: 'so' } }],
    sentence: 'pubrel.properties: expected no problem information (our CONNECT), got some',
  },
  'Session Present after a clean start': {
    bench: () => new Bench().open({ cleanStart: true }),
    packets: [{ type: 'connack', sessionPresent: true }],
    sentence: 'connack.sessionPresent: expected 0 after Clean Start, got 1',
  },
  'a second CONNACK': {
    packets: [{ type: 'connack' }],
    sentence: 'packet: expected none but the first, got connack',
  },
  'a packet of a client': {
    packets: [{ type: 'pingreq' }],
    sentence: 'packet: expected a packet that a server may send now, got pingreq',
  },
  'PUBACK for nothing': {
    packets: [{ type: 'puback', packetId: 5 }],
    sentence: 'puback.packetId: expected that of a message, got 5',
  },
  'PUBACK for a message of QoS 2': {
    bench: asking,
    packets: [{ type: 'puback', packetId: 3 }],
    sentence: 'puback.packetId: expected pubrec for 3, got puback',
  },
  'PUBACK for a message that was not sent on this connection': {
    bench: unsent,
    packets: [{ type: 'puback', packetId: 2 }],
    sentence: 'puback.packetId: expected no answer for 2, got puback',
  },
  'SUBACK for an UNSUBSCRIBE': {
    bench: asking,
    packets: [{ type: 'suback', packetId: 2, reasonCodes: [0] }],
    sentence: 'suback.packetId: expected that of subscribe, got 2',
  },
  'UNSUBACK for nothing': {
    bench: asking,
    packets: [{ type: 'unsuback', packetId: 9, reasonCodes: [0] }],
    sentence: 'unsuback.packetId: expected that of unsubscribe, got 9',
  },
  'SUBACK with a Reason Code too many': {
    bench: asking,
    packets: [{ type: 'suback', packetId: 1, reasonCodes: [0, 0] }],
    sentence: 'suback.reasonCodes: expected 1, got 2',
  },
  'PUBREL before PUBREC': {
    packets: [publish({ qos: 2, packetId: 7 }), { type: 'pubrel', packetId: 7 }],
    sentence: 'pubrel.packetId: expected none before our PUBREC, got 7',
  },
  'more than our Receive Maximum': {
    bench: () => new Bench().connect({}, { properties: { receiveMaximum: 1 } }),
    packets: [publish({ qos: 1, packetId: 1 }), publish({ qos: 1, packetId: 2 })],
    sentence: 'publish: expected at most 1 unacknowledged (our CONNECT), got another',
  },
  'an alias above our maximum': {
    bench: () => new Bench().connect({}, { properties: { topicAliasMaximum: 3 } }),
    packets: [publish({ properties: { topicAlias: 4 } })],
    sentence: 'publish.topicAlias: expected at most 3 (our CONNECT), got 4',
  },
  'an alias without a topic': {
    bench: () => new Bench().connect({}, { properties: { topicAliasMaximum: 3 } }),
    packets: [publish({ topic: '', properties: { topicAlias: 2 } })],
    sentence: 'publish.topicAlias: expected one with a topic, got 2',
  },
  'an AUTH of another method': {
    bench: () => new Bench().open({ properties: { authenticationMethod: 'M' } }),
    packets: [{ type: 'auth', reasonCode: 0x18, properties: { authenticationMethod: 'N' } }],
    sentence: 'auth.properties.authenticationMethod: expected "M", got "N"',
  },
  'an AUTH that nobody asked for': {
    packets: [{ type: 'auth', reasonCode: 0x18, properties: { authenticationMethod: 'N' } }],
    sentence: 'auth.properties.authenticationMethod: expected none, got "N"',
  },
  'a CONNACK without the method': {
    bench: () => new Bench().open({ properties: { authenticationMethod: 'M' } }),
    packets: [{ type: 'connack' }],
    sentence: 'connack.properties.authenticationMethod: expected "M", got undefined',
  },
  'a CONNACK before our answer': {
    bench: () => new Bench().open({ properties: { authenticationMethod: 'M' } }),
    packets: [
      { type: 'auth', reasonCode: 0x18, properties: { authenticationMethod: 'M' } },
      { type: 'connack', properties: { authenticationMethod: 'M' } },
    ],
    sentence: 'connack: expected none before our AUTH, got one',
  },
  'an AUTH before CONNACK that says it is done': {
    bench: () => new Bench().open({ properties: { authenticationMethod: 'M' } }),
    packets: [{ type: 'auth', reasonCode: 0, properties: { authenticationMethod: 'M' } }],
    sentence: 'auth.reasonCode: expected none now, got 0',
  },
}

describe('a server that breaks the protocol', () => {
  test.each(Object.entries(CASES))('is said to have sent %s', (_, { bench, packets, sentence }) => {
    const session = (bench?.() ?? new Bench().connect()).receive(...packets)
    expect(failure(session)).toMatchObject({ name: 'ProtocolError', message: sentence, retryable: true })
  })
})

describe('a server that is silent', () => {
  test('to PINGREQ may be one whose network is down', () => {
    const bench = new Bench().connect({}, { keepAlive: 10 })
    expect(failure(bench.tick(10_000).tick(5_000))).toMatchObject({
      code: 'KEEP_ALIVE_TIMEOUT',
      phase: 'session',
      retryable: true,
      message: 'the server did not answer a PINGREQ in time; the network may be down',
    })
  })

  test('to a message of 5.0 is said to be so, and since when', () => {
    const bench = new Bench(5, { retryInterval: 1_000 }).connect()
    bench.publish(1, 'a')
    expect(failure(bench.tick(1_000))).toMatchObject({
      code: 'RETRY_TIMEOUT',
      phase: 'session',
      retryable: true,
      message: 'the server left a message unacknowledged for 1000 ms',
    })
  })
})

describe('who waits for the server', () => {
  const rejections = (bench: Bench): MqttError[] =>
    bench.events().flatMap((event) => (event.type === 'rejected' ? [event.error] : []))

  test('hears that the connection ended before the answer came, and that it may try again', () => {
    const bench = new Bench(5, { retryCalls: false }).connect()
    bench.subscribe('a')
    const message = 'the connection ended before the answer came'
    expect(rejections(bench.cut())).toMatchObject([
      { name: 'ConnectionLostError', code: 'CONNECTION_LOST', retryable: true, message },
    ])
  })

  test('hears that no answer came within ackTimeout, and to raise it', () => {
    const bench = new Bench(5, { ackTimeout: 1_000 }).connect()
    bench.subscribe('a')
    const message = 'no SUBACK came within 1000 ms (ackTimeout); try again, or raise ackTimeout'
    expect(rejections(bench.tick(1_000))).toMatchObject([{ name: 'AckTimeoutError', code: 'ETIMEDOUT', message }])
  })

  test('for a re-authentication hears the same of AUTH', () => {
    const method = { authenticationMethod: 'M' }
    const bench = new Bench(5, { ackTimeout: 1_000 }).open({ properties: method })
    bench.receive({ type: 'connack', properties: method })
    const [verify] = bench.events()
    if (verify?.type !== 'verify') throw new Error('expected to verify')
    bench.session.verified(verify.exchange, 0)
    bench.session.reauthenticate('again', 0)
    const message = 'no AUTH came within 1000 ms (ackTimeout); try again, or raise ackTimeout'
    expect(rejections(bench.tick(1_000))).toMatchObject([{ name: 'AckTimeoutError', message }])
    bench.session.reauthenticate('first', bench.now)
    bench.session.reauthenticate('second', bench.now)
    const running = 'reauthenticate: expected no other to be under way'
    expect(rejections(bench)).toMatchObject([{ code: 'NOT_NOW', retryable: true, message: running }])
    const plain = new Bench().connect()
    plain.session.reauthenticate('none', 0)
    expect(rejections(plain)).toMatchObject([{ code: 'NOT_NOW', message: 'reauthenticate: expected enhancedAuth' }])
  })

  test('hears which limit of the server a call is above', () => {
    const bench = new Bench().connect({
      properties: {
        subscriptionIdentifierAvailable: false,
        sharedSubscriptionAvailable: false,
        wildcardSubscriptionAvailable: false,
        maximumPacketSize: 30,
      },
    })
    bench.subscribe('a', 'id', { subscriptionIdentifier: 7 })
    bench.subscribe('$share/g/a')
    bench.subscribe('a/+')
    bench.subscribe('a'.repeat(30))
    bench.unsubscribe('a'.repeat(30))
    expect(rejections(bench).map(({ message }) => message)).toEqual([
      'subscribe.properties.subscriptionIdentifier: expected none, got 7; the server: Subscription Identifiers not supported',
      'subscribe.filter: expected no shared one, got "$share/g/a"; the server: Shared Subscriptions not supported',
      'subscribe.filter: expected no + and #, got "a/+"; the server: Wildcard Subscriptions not supported',
      'subscribe: expected at most 30 bytes, got 38; the server: Packet too large',
      'unsubscribe: expected at most 30 bytes, got 37; the server: Packet too large',
    ])
  })

  test('hears by which word the server refused a message, with its Reason String', () => {
    const bench = new Bench().connect()
    bench.publish(1, 'a')
    bench.publish(1, 'b')
    bench.receive(
      { type: 'puback', packetId: 1, reasonCode: 0x87 },
      { type: 'puback', packetId: 2, reasonCode: 0x97, properties: { reasonString: 'later' } },
    )
    expect(rejections(bench).map(({ message }) => message)).toEqual([
      'the server refused the message for "topic": Not authorized',
      'the server refused the message for "topic": Quota exceeded: later',
    ])
  })

  test('hears why a message was given up, and what to do', () => {
    const settings = { maxBytes: Number.POSITIVE_INFINITY, offlineQos0: 'drop', whenFull: 'reject' } as const
    const bench = new Bench(5, { outbox: { ...settings, maxMessages: 1, maxAge: 1_000 } })
    bench.publish(0, 'offline')
    bench.publish(1, 'late')
    bench.publish(1, 'full')
    bench.tick(1_000)
    const given = 'the message was not sent:'
    expect(rejections(bench).map(({ message }) => message)).toEqual([
      `${given} there is no connection; wait for one, or set outbox.offlineQos0 to 'queue'`,
      `${given} the outbox is full; wait for what is in it, or raise its limits`,
      `${given} it waited longer than its messageExpiryInterval or outbox.maxAge; raise them if it still counts`,
    ])
  })
})

test('who publishes hears which limit of the server the message is above, or which property is not theirs to set', () => {
  const bench = new Bench().connect({ properties: { maximumQos: 1, retainAvailable: false, maximumPacketSize: 30 } })
  const said = (act: () => unknown): string => {
    try {
      act()
    } catch (error) {
      return (error as Error).message
    }
    return 'nothing'
  }
  expect([
    said(() => bench.publish(2, 'm')),
    said(() => bench.publish(1, 'm', { retain: true })),
    said(() => bench.publish(0, 'm'.repeat(30))),
    said(() => bench.publish(0, 'm', { properties: { topicAlias: 3 } })),
    said(() => bench.publish(0, 'm', { properties: { subscriptionIdentifiers: [3] } })),
    said(() => bench.publish(0, 'm')),
  ]).toEqual([
    'publish.qos: expected at most 1, got 2; the server: QoS not supported',
    'publish.retain: expected false, got true; the server: Retain not supported',
    'publish: expected at most 30 bytes, got 40; the server: Packet too large',
    'publish.properties.topicAlias: expected none: the client gives it, got 3',
    'publish.properties.subscriptionIdentifiers: expected none, got an array of 1',
    'nothing',
  ])
})
