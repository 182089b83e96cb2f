import { expect, test } from 'vitest'
import { isMqttError } from '../../src/errors.js'
import { Bench, hex } from './bench.js'

/** The reason code of what `act` throws. */
function refusal(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    if (isMqttError(error) && error.name === 'RefusedError' && error.phase === 'session') {
      expect(error.retryable).toBe(false)
      return hex(error.reasonCode as number)
    }
    throw error
  }
  return 'none'
}

const MESSAGES = [
  ['above the Maximum QoS', '0x9b', { maximumQos: 1 }, 2, {}, '[MQTT-3.2.2-11]'],
  ['above a Maximum QoS of 0', '0x9b', { maximumQos: 0 }, 1, {}, '[MQTT-3.2.2-11]'],
  ['with RETAIN where none is kept', '0x9a', { retainAvailable: false }, 1, { retain: true }, '[MQTT-3.2.2-14]'],
  ['above the Maximum Packet Size', '0x95', { maximumPacketSize: 15 }, 1, {}, '[MQTT-3.2.2-15]'],
] as const

for (const [what, code, properties, qos, more, clause] of MESSAGES) {
  test(`a message ${what} is refused with ${code} ${clause}`, () => {
    const bench = new Bench().connect({ properties })
    expect(refusal(() => bench.publish(qos, 'payload', more))).toBe(code)
    expect(bench.wire()).toEqual([])
    expect(bench.session.queued + bench.session.inflight).toBe(0)
  })

  test(`a message ${what} that was queued while offline is refused with ${code}, and what follows it is sent ${clause}`, () => {
    const bench = new Bench()
    bench.publish(qos, 'payload', more)
    bench.publish(0, 'x')
    bench.connect({ properties })
    expect(bench.wire()).toEqual(['publish - x'])
    expect(bench.news()).toEqual([`rejected payload ${code}`, 'sent x'])
  })

  test(`a message ${what} that was in flight at a reconnect is refused with ${code} ${clause}`, () => {
    const bench = new Bench().connect()
    bench.publish(qos, 'payload', more)
    bench.sent()
    bench.cut().resume({ properties })
    expect(bench.wire()).toEqual([])
    expect(bench.news()).toEqual([`rejected payload ${code}`])
    expect(bench.session.inflight).toBe(0)
  })
}

test('what is within the limits is sent: the sizes are exact [MQTT-3.2.2-15]', () => {
  // Fixed header 2, topic 2 + 5, id 2, properties 1, payload 3.
  const bench = new Bench().connect({ properties: { maximumPacketSize: 15, maximumQos: 1, retainAvailable: true } })
  expect(bench.publish(1, 'abc', { retain: true })).toBe(true)
  expect(refusal(() => bench.publish(1, 'abcd'))).toBe('0x95')
})

const FILTERS = [
  ['with a wildcard', '0xa2', 'a/+', {}, { wildcardSubscriptionAvailable: false }],
  ['with a multi-level wildcard', '0xa2', '#', {}, { wildcardSubscriptionAvailable: false }],
  ['that is shared', '0x9e', '$share/g/a', {}, { sharedSubscriptionAvailable: false }],
  ['with an identifier', '0xa1', 'a', { subscriptionIdentifier: 1 }, { subscriptionIdentifierAvailable: false }],
  ['above the Maximum Packet Size', '0x95', 'a'.repeat(99), {}, { maximumPacketSize: 100 }],
] as const

for (const [what, code, filter, properties, limits] of FILTERS) {
  test(`a subscription ${what} is refused with ${code} where the server said that it takes none (§3.2.2.3)`, () => {
    const bench = new Bench().connect({ properties: limits })
    bench.subscribe(filter, 'tag', properties)
    expect(bench.news()).toEqual([`rejected tag ${code}`])
    expect(bench.wire()).toEqual([])
  })

  test(`a subscription ${what} that waited for the connection is refused with ${code}, too`, () => {
    const bench = new Bench()
    bench.subscribe(filter, 'tag', properties)
    bench.connect({ properties: limits })
    expect(bench.news()).toEqual([`rejected tag ${code}`])
    expect(bench.wire()).toEqual([])
  })
}

test('an UNSUBSCRIBE above the Maximum Packet Size is refused with 0x95 [MQTT-3.2.2-15]', () => {
  const bench = new Bench().connect({ properties: { maximumPacketSize: 100 } })
  bench.unsubscribe('a'.repeat(99), 'tag')
  expect(bench.news()).toEqual(['rejected tag 0x95'])
})

test('without a word in CONNACK all is allowed (§3.2.2.3)', () => {
  const bench = new Bench().connect()
  bench.publish(2, 'a', { retain: true })
  bench.subscribe('$share/g/+/#', 'tag', { subscriptionIdentifier: 1 })
  expect(bench.wire()).toEqual(['publish 1 a', 'subscribe 2 $share/g/+/#'])
})

test('limits belong to one connection: the next one states its own', () => {
  const bench = new Bench().connect({ properties: { maximumQos: 0, receiveMaximum: 1 } })
  expect(bench.session.window).toBe(1)
  bench.cut().connect()
  expect(bench.publish(2, 'a')).toBe(true)
  expect(bench.publish(2, 'b')).toBe(true)
})

test('the window is the smaller of maxInflight and Receive Maximum [MQTT-4.9.0-1]', () => {
  expect(new Bench(5, { maxInflight: 5 }).connect({ properties: { receiveMaximum: 3 } }).session.window).toBe(3)
  expect(new Bench(5, { maxInflight: 2 }).connect({ properties: { receiveMaximum: 3 } }).session.window).toBe(2)
  expect(new Bench(4, { maxInflight: 2 }).connect().session.window).toBe(2)
})

test('an acknowledgement whose properties make it too large leaves without them [MQTT-3.4.2-2] [MQTT-3.4.2-3] [MQTT-3.5.2-2] [MQTT-3.5.2-3]', () => {
  const bench = new Bench().connect({ properties: { maximumPacketSize: 30 } })
  bench.deliver(1, 1, 'a').deliver(2, 2, 'b').deliver(1, 3, 'c')
  const [one, two, three] = bench.deliveries()
  bench.settle(one, 0x87, { reasonString: 'x'.repeat(30) })
  bench.settle(two, 0x87, { userProperties: [['x'.repeat(30), '']] })
  bench.settle(three, 0x87, { reasonString: 'short' })
  expect(bench.sent()).toEqual([
    { type: 'puback', packetId: 1, reasonCode: 0x87, properties: {} },
    { type: 'pubrec', packetId: 2, reasonCode: 0x87, properties: {} },
    { type: 'puback', packetId: 3, reasonCode: 0x87, properties: { reasonString: 'short' } },
  ])
})

test('a DISCONNECT whose properties make it too large leaves without them [MQTT-3.14.2-3] [MQTT-3.14.2-4]', () => {
  const bench = new Bench().connect({ properties: { maximumPacketSize: 30 } })
  bench.session.disconnect(4, { reasonString: 'x'.repeat(30) })
  expect(bench.sent()).toEqual([{ type: 'disconnect', reasonCode: 4, properties: {} }])
})

test('a subscription that asks for none of what the server does not take is sent', () => {
  const none = {
    subscriptionIdentifierAvailable: false,
    sharedSubscriptionAvailable: false,
    wildcardSubscriptionAvailable: false,
  }
  const bench = new Bench().connect({ properties: none })
  bench.subscribe('a/b')
  bench.subscribe('a$share/b')
  expect(bench.wire()).toEqual(['subscribe 1 a/b', 'subscribe 2 a$share/b'])
})

test('an acknowledgement and a DISCONNECT keep their properties up to the last byte that the server takes [MQTT-3.4.2-2] [MQTT-3.14.2-3]', () => {
  // 2 + 2 + 1 + 1 + 3 bytes and the string; a DISCONNECT has no id.
  for (const [maximumPacketSize, kept] of [
    [19, true],
    [18, false],
  ] as const) {
    const bench = new Bench().connect({ properties: { maximumPacketSize } }).deliver(1, 1, 'a')
    bench.settle(bench.deliveries()[0], 0x87, { reasonString: 'x'.repeat(10) })
    bench.session.disconnect(4, { reasonString: 'x'.repeat(12) })
    expect(bench.sent().map((packet) => 'properties' in packet && 'reasonString' in packet.properties)).toEqual([
      kept,
      kept,
    ])
  }
})
