import { expect, test } from 'vitest'
import type { PublishInput } from '../../src/codec/packets/publish.js'
import { Bench } from './bench.js'

/** Topic and alias of each PUBLISH that was sent. */
function sentTopics(bench: Bench): [string, number | undefined][] {
  return bench
    .sent()
    .flatMap((packet) => (packet.type === 'publish' ? [[packet.topic, packet.properties.topicAlias]] : []))
}

function publish(topic: string, topicAlias: number | undefined): PublishInput {
  return {
    type: 'publish',
    topic,
    payload: new Uint8Array(1),
    properties: topicAlias === undefined ? {} : { topicAlias },
  }
}

function topicsOf(bench: Bench): string[] {
  return bench.events().flatMap((event) => (event.type === 'message' ? [event.packet.topic] : []))
}

const LIMIT = { properties: { topicAliasMaximum: 2 } }

test('a topic gets an alias the first time, and only the alias goes out after that (§3.3.2.3.4)', () => {
  const bench = new Bench().connect(LIMIT)
  for (const topic of ['first', 'second', 'first', 'second']) bench.publish(0, 'm', { topic })
  expect(sentTopics(bench)).toEqual([
    ['first', 1],
    ['second', 2],
    ['', 1],
    ['', 2],
  ])
})

test('no alias is above the server’s Topic Alias Maximum [MQTT-3.2.2-17] [MQTT-3.3.2-9]', () => {
  const bench = new Bench().connect(LIMIT)
  for (const topic of ['first', 'second', 'third', 'third', 'first']) bench.publish(0, 'm', { topic })
  expect(sentTopics(bench).slice(2)).toEqual([
    ['third', undefined],
    ['third', undefined],
    ['', 1],
  ])
})

test('without a Topic Alias Maximum no alias is sent [MQTT-3.2.2-18]', () => {
  for (const properties of [{}, { topicAliasMaximum: 0 }]) {
    const bench = new Bench().connect({ properties })
    bench.publish(0, 'm', { topic: 'topic' })
    bench.publish(0, 'm', { topic: 'topic' })
    expect(sentTopics(bench)).toEqual([
      ['topic', undefined],
      ['topic', undefined],
    ])
  }
})

test('aliases are forgotten with the connection, and what is sent again has its topic [MQTT-3.3.2-7]', () => {
  const bench = new Bench().connect(LIMIT)
  bench.publish(1, 'a', { topic: 'first' })
  bench.publish(1, 'b', { topic: 'first' })
  expect(sentTopics(bench)).toEqual([
    ['first', 1],
    ['', 1],
  ])
  bench.cut().resume({ properties: {} })
  expect(sentTopics(bench)).toEqual([
    ['first', undefined],
    ['first', undefined],
  ])
  bench.cut().resume(LIMIT)
  const topics = sentTopics(bench)
  expect(topics.every(([topic]) => topic === 'first')).toBe(true)
  bench.publish(0, 'c', { topic: 'other' })
  expect(sentTopics(bench)).toEqual([['other', 1]])
})

test('the properties of a message go along with its alias', () => {
  const bench = new Bench().connect(LIMIT)
  const properties = { contentType: 'text/plain' }
  bench.publish(0, 'a', { topic: 'first', properties })
  bench.publish(0, 'b', { topic: 'first', properties })
  expect(bench.sent()).toMatchObject([
    { properties: { contentType: 'text/plain' } },
    { topic: '', properties: { contentType: 'text/plain' } },
  ])
  expect(properties, 'the caller’s object is not written to').toEqual({ contentType: 'text/plain' })
})

test('an alias that would make the packet too large is not given [MQTT-3.2.2-15]', () => {
  // 2 + 2 + 5 + 1 + 5 bytes: an alias would cost three more.
  const bench = new Bench().connect({ properties: { topicAliasMaximum: 2, maximumPacketSize: 16 } })
  bench.publish(0, '12345')
  expect(sentTopics(bench)).toEqual([['topic', undefined]])
})

test('every alias up to our maximum is taken, and stands for the topic that came last with it [MQTT-3.3.2-10]', () => {
  const bench = new Bench().connect({}, LIMIT)
  bench.receive(publish('a', 1), publish('b', 2), publish('', 1), publish('', 2), publish('c', 1), publish('', 1))
  expect(topicsOf(bench)).toEqual(['a', 'b', 'a', 'b', 'c', 'c'])
})

test('an alias above our maximum is refused with 0x94 (§3.3.2.3.4)', () => {
  for (const [connect, alias] of [
    [LIMIT, 3],
    [{}, 1],
  ] as const) {
    const bench = new Bench().connect({}, connect).receive(publish('a', alias))
    expect(bench.news()).toEqual(['failed 0x94'])
    expect(bench.wire()).toEqual(['disconnect 0x94'])
  }
})

test('an alias that was given no topic is a Protocol Error, 0x82 (§3.3.4)', () => {
  const bench = new Bench().connect({}, LIMIT).receive(publish('a', 1), publish('', 2))
  expect(bench.news()).toEqual(['message \0', 'failed 0x82'])
})

test('the server’s aliases are forgotten with the connection [MQTT-3.3.2-7]', () => {
  const bench = new Bench().connect({}, LIMIT).receive(publish('a', 1))
  bench.cut().resume({}, LIMIT).receive(publish('', 1))
  expect(bench.news().at(-1)).toBe('failed 0x82')
})

test('a message that came with an alias shows its topic and not the alias: its properties may be published again', () => {
  const bench = new Bench().connect({}, LIMIT)
  for (const topic of ['topic', '']) {
    const properties = { topicAlias: 1, contentType: 'text/plain' }
    bench.receive({ type: 'publish', topic, payload: new Uint8Array(1), properties })
  }
  const packets = bench.events().flatMap((event) => (event.type === 'message' ? [event.packet] : []))
  expect(packets.map(({ topic, properties }) => [topic, properties])).toEqual(
    Array(2).fill(['topic', { contentType: 'text/plain' }]),
  )
  for (const { properties } of packets) expect(bench.publish(0, 'again', { properties })).toBe(true)
})

test('a topic gets an alias where it saves bytes: from four on', () => {
  const bench = new Bench().connect(LIMIT)
  for (const topic of ['abc', 'abcd', 'abc', 'abcd']) bench.publish(0, 'm', { topic })
  expect(sentTopics(bench)).toEqual([
    ['abc', undefined],
    ['abcd', 1],
    ['abc', undefined],
    ['', 1],
  ])
})

test('an alias is given up to the last byte that the server takes [MQTT-3.2.2-15]', () => {
  // 15 bytes, and at most five for the alias.
  for (const [maximumPacketSize, alias] of [
    [19, undefined],
    [20, 1],
  ] as const) {
    const bench = new Bench().connect({ properties: { topicAliasMaximum: 2, maximumPacketSize } })
    bench.publish(0, '12345')
    expect(sentTopics(bench)).toEqual([['topic', alias]])
  }
})
