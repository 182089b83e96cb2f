/** MQTT 5.0, §4.7 and §4.8: Topic Names and Topic Filters. A client sends both, and takes Topic Names. */

import { expect, test } from 'vitest'
import { encodePacket } from '../../../src/codec/index.js'
import { refusal, str, wrap } from '../../codec/support/wire.js'

const publish = (topic: string) => () => encodePacket({ type: 'publish', topic }, 5)
const subscribe = (filter: string) => () =>
  encodePacket({ type: 'subscribe', packetId: 1, subscriptions: [{ filter }] }, 5)
const unsubscribe = (filter: string) => () => encodePacket({ type: 'unsubscribe', packetId: 1, filters: [filter] }, 5)
/** What a server may send: the Topic Name of a PUBLISH. */
const taken = (topic: string) => refusal(wrap('30', `${str(topic)} 00`), 5).reasonCode

function accepts(...filters: string[]): void {
  for (const filter of filters) {
    expect(subscribe(filter), filter).not.toThrow()
    expect(unsubscribe(filter), filter).not.toThrow()
  }
}

function refuses(...filters: string[]): void {
  for (const filter of filters) {
    expect(subscribe(filter), filter).toThrow(/^subscribe\.filter: expected/)
    expect(unsubscribe(filter), filter).toThrow(/^unsubscribe\.filters: expected/)
  }
}

test('5.0: wildcards are for Topic Filters, not for Topic Names [MQTT-4.7.0-1]', () => {
  accepts('+', '#', 'a/+/b', 'a/#')
  const will = { payload: new Uint8Array(0), qos: 0, retain: false } as const
  for (const topic of ['+', '#', 'a/+/b', 'a/#', 'a+b']) {
    expect(publish(topic), topic).toThrow(RangeError)
    expect(() => encodePacket({ type: 'connect', protocolVersion: 5, will: { ...will, topic } }, 5)).toThrow(RangeError)
    expect(taken(topic), topic).toBe(0x90)
  }
})

test('5.0: # stands alone or behind a separator, and last [MQTT-4.7.1-1]', () => {
  accepts('#', '/#', 'sport/tennis/#', '$share/g/#')
  refuses('sport/tennis#', '#/a', 'sport/#/ranking', '##', '/##', 'a/+#', '$share/g/a#', '$share/g/#/a')
})

test('5.0: + fills a level [MQTT-4.7.1-2]', () => {
  accepts('+', '+/tennis/#', 'sport/+/player1', '/+', '+/+', '$share/g/+/a')
  refuses('sport+', '+a', 'a/b+/c', 'a/+b', '++', '$share/g/a+', '+/a+')
})

test('5.0: Topic Names and Topic Filters have a character at least [MQTT-4.7.3-1]', () => {
  expect(publish('')).toThrow(RangeError)
  expect(taken(''), 'without a Topic Alias').toBe(0x82)
  refuses('', '$share/g/')
  accepts('/')
  expect(publish('/')).not.toThrow()
})

test('5.0: Topic Names and Topic Filters have no U+0000 [MQTT-4.7.3-2]', () => {
  for (const topic of ['\0', 'a/\0/b', 'a\0']) {
    expect(publish(topic)).toThrow(RangeError)
    expect(taken(topic)).toBe(0x81)
  }
  refuses('\0', 'a/\0/b', 'a/+/\0', '$share/g/\0')
})

test('5.0: Topic Names and Topic Filters have 65 535 bytes at most [MQTT-4.7.3-3]', () => {
  for (const longest of ['a'.repeat(65_535), `a${'ä'.repeat(32_767)}`]) {
    expect(publish(longest)).not.toThrow()
    accepts(longest)
    expect(publish(`${longest}a`)).toThrow(RangeError)
    refuses(`${longest}a`)
  }
})

test('5.0: a shared filter begins with $share/ and a ShareName of a character at least [MQTT-4.8.2-1]', () => {
  accepts('$share/g/a', '$share/ä b/a', '$share/g//')
  refuses('$share//a', '$share//', '$share/')
})

test('5.0: a ShareName has no separator and no wildcard, and a separator and a filter follow it [MQTT-4.8.2-2]', () => {
  accepts('$share/g/a/b', '$share/g/+', '$share/g/#')
  refuses('$share/g+/a', '$share/+/a', '$share/#/a', '$share/g#/a', '$share/g', '$share/g/', '$share/#')
})
