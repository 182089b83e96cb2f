/** MQTT 5.0, §3.3: PUBLISH. */

import { describe, expect, test } from 'vitest'
import { encodePacket, type Packet, type PacketInput } from '../../../src/codec/index.js'
import { connected, publish } from '../../client/bench.js'
import { hex, refusal, str, wrap } from '../../codec/support/wire.js'
import { Bench } from '../../session/bench.js'

type Publish = Omit<Extract<PacketInput, { type: 'publish' }>, 'type'>

const encoded = (packet: Publish): string => hex(encodePacket({ type: 'publish', ...packet }, 5))

describe('DUP', () => {
  test('5.0: is 1 when a PUBLISH is sent again [MQTT-3.3.1-1]', () => {
    const bench = new Bench(5).connect()
    bench.publish(1, 'a')
    bench.publish(2, 'b')
    bench.sent()
    bench.cut().resume()
    expect(bench.sent()).toMatchObject([{ dup: true }, { dup: true }])
    expect(encoded({ topic: 'a', qos: 1, packetId: 1, dup: true }).slice(0, 2)).toBe('3a')
  })

  test('5.0: is 0 at QoS 0 [MQTT-3.3.1-2]', () => {
    expect(encoded({ topic: 'a' }).slice(0, 2)).toBe('30')
    expect(() => encoded({ topic: 'a', dup: true })).toThrow(/^publish\.dup: expected/)
    expect(refusal('38', 5).reasonCode, 'of a server').toBe(0x81)
  })

  test('5.0: says of what is sent whether it is sent again, and nothing of what was received [MQTT-3.3.1-3]', async () => {
    const { client, peer, host } = await connected({ protocolVersion: 5 })
    client.on('message', (message) => {
      // All that came goes on, DUP with it if that were possible.
      client.publish('out', message.payload, { ...message, properties: {} } as object).catch(() => {})
    })
    peer.send(publish('in', 'relayed', 1, 9, { dup: true }))
    await host.advance(0)
    expect(peer.take().find(({ type }) => type === 'publish')).toMatchObject({ topic: 'out', qos: 1, dup: false })
    await client.disconnect()
  })
})

test('5.0: no PUBLISH has both bits of QoS set, sent or taken [MQTT-3.3.1-4]', () => {
  for (const qos of [0, 1, 2] as const) {
    const first = Number.parseInt(encoded({ topic: 'a', qos, ...(qos > 0 && { packetId: 1 }) }).slice(0, 2), 16)
    expect((first >> 1) & 3).toBe(qos)
  }
  expect(() => encoded({ topic: 'a', qos: 3 as never, packetId: 1 })).toThrow(/^publish\.qos: expected/)
  for (const first of ['36', '37', '3e', '3f']) expect(refusal(first, 5).reasonCode).toBe(0x81)
})

test('5.0: the Topic Name is the first field, a UTF-8 string [MQTT-3.3.2-1]', () => {
  expect(encoded({ topic: 'ä/b', qos: 1, packetId: 0x1234 })).toBe('3209' + '0004c3a42f62' + '1234' + '00')
  for (const topic of ['a\0', '\ud800']) expect(() => encoded({ topic })).toThrow(/^publish\.topic: expected text/)
})

test('5.0: a Topic Name has no wildcards, sent or taken [MQTT-3.3.2-2]', () => {
  for (const topic of ['+', '#', 'a/+/b', 'a/#', 'a+']) {
    expect(() => encoded({ topic }), topic).toThrow(/^publish\.topic: expected a Topic Name/)
    expect(refusal(wrap('30', `${str(topic)} 00`), 5).reasonCode, topic).toBe(0x90)
  }
})

describe('Topic Aliases', () => {
  /** Alias and topic of what was sent. */
  const sent = (bench: Bench): unknown[] =>
    bench.sent().map((packet) => packet.type === 'publish' && [packet.properties.topicAlias, packet.topic])
  const deliver = (bench: Bench, topic: string, topicAlias: number): string[] => {
    bench.receive({ type: 'publish', topic, properties: { topicAlias } })
    return bench
      .events()
      .map((event) => (event.type === 'message' ? event.packet.topic : event.type === 'failed' ? 'failed' : ''))
  }

  test('5.0: are sent up to the maximum of CONNACK and no further [MQTT-3.2.2-17] [MQTT-3.3.2-9]', () => {
    const bench = new Bench(5).connect({ properties: { topicAliasMaximum: 2 } })
    for (const topic of ['long/a', 'long/b', 'long/c', 'long/a', 'long/c']) bench.publish(0, '', { topic })
    expect(sent(bench)).toEqual([
      [1, 'long/a'],
      [2, 'long/b'],
      [undefined, 'long/c'],
      [1, ''],
      [undefined, 'long/c'],
    ])
  })

  test('5.0: are not sent where CONNACK has no maximum, or 0 [MQTT-3.2.2-18]', () => {
    for (const properties of [{}, { topicAliasMaximum: 0 }]) {
      const bench = new Bench(5).connect({ properties })
      for (let count = 0; count < 2; count++) bench.publish(0, '', { topic: 'long/a' })
      expect(sent(bench)).toEqual([
        [undefined, 'long/a'],
        [undefined, 'long/a'],
      ])
    }
  })

  test('5.0: end with the network connection, in both directions [MQTT-3.3.2-7]', () => {
    const bench = new Bench(5)
    const ours = { properties: { topicAliasMaximum: 5 } }
    bench.connect(ours, ours)
    bench.publish(0, '', { topic: 'long/a' })
    expect(deliver(bench, 'in/a', 1)).toEqual(['in/a'])
    bench.sent()
    bench.cut().resume(ours, ours)
    bench.publish(0, '', { topic: 'long/a' })
    expect(sent(bench)).toEqual([[1, 'long/a']])
    bench.events()
    expect(deliver(bench, '', 1), 'what it stood for is forgotten').toEqual(['failed'])
  })

  test('5.0: are never 0, sent or taken [MQTT-3.3.2-8]', () => {
    expect(() => encoded({ topic: 'a', properties: { topicAlias: 0 } })).toThrow(/topicAlias: expected/)
    expect(refusal(wrap('30', '0001 61 03 23 0000'), 5).reasonCode).toBe(0x94)
    const bench = new Bench(5).connect({ properties: { topicAliasMaximum: 9 } })
    for (let count = 0; count < 9; count++) bench.publish(0, '', { topic: `long/${count}` })
    expect(sent(bench).map((pair) => (pair as [number])[0])).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  test('5.0: are taken from 1 up to the maximum that CONNECT said [MQTT-3.3.2-10]', () => {
    const bench = new Bench(5).connect({}, { properties: { topicAliasMaximum: 20 } })
    bench.events()
    for (let alias = 1; alias <= 20; alias++) expect(deliver(bench, `in/${alias}`, alias)).toEqual([`in/${alias}`])
    for (let alias = 1; alias <= 20; alias++) expect(deliver(bench, '', alias)).toEqual([`in/${alias}`])
  })
})

test('5.0: the Response Topic is a UTF-8 string [MQTT-3.3.2-13]', () => {
  expect(encoded({ topic: 'a', properties: { responseTopic: 'ä' } })).toContain('080002c3a4')
  for (const responseTopic of ['a\0', '\ud800']) {
    expect(() => encoded({ topic: 'a', properties: { responseTopic } })).toThrow(/responseTopic: expected text/)
  }
  expect(refusal(wrap('30', '0001 61 04 08 0001 ff'), 5).reasonCode).toBe(0x81)
})

test('5.0: the Response Topic has no wildcards, sent or taken [MQTT-3.3.2-14]', () => {
  for (const responseTopic of ['+', '#', 'a/#', 'a/+']) {
    expect(() => encoded({ topic: 'a', properties: { responseTopic } })).toThrow(/responseTopic: expected a Topic Name/)
    const list = `08 ${str(responseTopic)}`
    expect(refusal(wrap('30', `0001 61 0${3 + responseTopic.length} ${list}`), 5).reasonCode).toBe(0x82)
  }
})

test('5.0: the Content Type is a UTF-8 string [MQTT-3.3.2-19]', () => {
  expect(encoded({ topic: 'a', properties: { contentType: 'ä' } })).toContain('030002c3a4')
  for (const contentType of ['a\0', '\ud800']) {
    expect(() => encoded({ topic: 'a', properties: { contentType } })).toThrow(/contentType: expected text/)
  }
  expect(refusal(wrap('30', '0001 61 04 03 0001 ff'), 5).reasonCode).toBe(0x81)
})

test('5.0: a message is answered as its QoS says: not, with PUBACK, with PUBREC [MQTT-3.3.4-1]', () => {
  const bench = new Bench(5).connect()
  bench.deliver(0, undefined, 'a').deliver(1, 5, 'b').deliver(2, 6, 'c')
  for (const delivery of bench.deliveries()) bench.settle(delivery)
  expect(bench.wire()).toEqual(['puback 5', 'pubrec 6'])
})

test('5.0: no PUBLISH of a client has a Subscription Identifier [MQTT-3.3.4-6]', async () => {
  const { client, peer, host } = await connected({ protocolVersion: 5 })
  const properties = { subscriptionIdentifiers: [1] } as object
  for (const qos of [0, 1, 2] as const) await expect(client.publish('t', '', { qos, properties })).rejects.toThrow()
  await host.advance(0)
  expect(peer.take()).toEqual([])
  await client.disconnect()
})

/** Sends messages of QoS 1 and 2 to a server with this Receive Maximum; the most that were unanswered at once. */
function mostAtOnce(receiveMaximum: number): number {
  const bench = new Bench(5).connect({ properties: { receiveMaximum } })
  for (let count = 0; count < 20; count++) bench.publish(count % 2 ? 1 : 2, `${count}`)
  const open: Packet[] = []
  let most = 0
  for (;;) {
    open.push(...bench.sent().filter(({ type }) => type === 'publish'))
    most = Math.max(most, open.length)
    const packet = open.shift()
    if (packet?.type !== 'publish') return most
    const packetId = packet.packetId as number
    if (packet.qos === 1) bench.receive({ type: 'puback', packetId })
    else bench.receive({ type: 'pubrec', packetId }, { type: 'pubcomp', packetId })
  }
}

test('5.0: no more messages of QoS 1 and 2 are unanswered than the Receive Maximum of CONNACK [MQTT-3.3.4-7]', () => {
  for (const receiveMaximum of [1, 2, 7]) expect(mostAtOnce(receiveMaximum)).toBe(receiveMaximum)
})

test('5.0: an exhausted Receive Maximum holds back no packet but PUBLISH of QoS 1 and 2 [MQTT-3.3.4-8]', () => {
  const bench = new Bench(5).connect({ properties: { receiveMaximum: 1 } })
  bench.deliver(1, 8, 'in').deliver(2, 9, 'in')
  bench.publish(2, 'a')
  bench.publish(1, 'waits')
  expect(bench.wire()).toEqual(['publish 1 a'])
  for (const delivery of bench.deliveries()) bench.settle(delivery)
  bench.receive({ type: 'pubrel', packetId: 9 })
  bench.subscribe('f')
  bench.unsubscribe('f', 'u')
  bench.session.ping('ping', bench.now)
  bench.receive({ type: 'pubrec', packetId: 1 })
  bench.session.disconnect(0, {})
  expect(bench.wire()).toEqual([
    'puback 8',
    'pubrec 9',
    'pubcomp 9',
    'subscribe 2 f',
    'unsubscribe 3 f',
    'pingreq',
    'pubrel 1',
    'disconnect 0x00',
  ])
})
