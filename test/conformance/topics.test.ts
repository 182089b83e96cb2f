/** Topic Names and Topic Filters (§4.7), as a client sends them. */

import { describe, expect, test } from 'vitest'
import { encodePacket } from '../../src/codec/index.js'

const LONGEST = 65_535

for (const [name, version] of [
  ['5.0', 5],
  ['3.1.1', 4],
] as const) {
  const publish = (topic: string) => () => encodePacket({ type: 'publish', topic }, version)
  const subscribe = (filter: string) => () =>
    encodePacket({ type: 'subscribe', packetId: 1, subscriptions: [{ filter }] }, version)
  const unsubscribe = (filter: string) => () =>
    encodePacket({ type: 'unsubscribe', packetId: 1, filters: [filter] }, version)

  /** Filters that a client may send, and such as it must not. */
  function filters(allowed: readonly string[], refused: readonly string[]): void {
    for (const each of [subscribe, unsubscribe]) {
      for (const filter of allowed) expect(each(filter), filter).not.toThrow()
      for (const filter of refused) expect(each(filter), filter).toThrow(/: expected (a Topic Filter|text)/)
    }
  }

  describe(`${name}: topics`, () => {
    test('a Topic Name has no wildcards [MQTT-4.7.0-1 of 5.0] [MQTT-4.7.1-1 of 3.1.1]', () => {
      for (const topic of ['+', '#', 'a/+', 'a/+/b', 'a#', 'a/#'])
        expect(publish(topic), topic).toThrow(/^publish\.topic: expected a Topic Name/)
      expect(publish('a/b')).not.toThrow()
    })

    test('# is last, alone or behind a / [MQTT-4.7.1-1 of 5.0] [MQTT-4.7.1-2 of 3.1.1]', () => {
      filters(['#', 'a/#', '/#', '+/#'], ['a#', 'a/#/b', '#/a', '#a', 'a/b#', '##', 'a/#/'])
    })

    test('+ has a level of its own, anywhere [MQTT-4.7.1-2 of 5.0] [MQTT-4.7.1-3 of 3.1.1]', () => {
      filters(['+', '+/a', 'a/+', 'a/+/b', '+/+', '/+', '+/#'], ['a+', '+a', 'a/b+', 'a/+b/c', '++', 'a+/b', '+#'])
    })

    test('names and filters have at least one character [MQTT-4.7.3-1]', () => {
      expect(publish('')).toThrow(/^publish\.topic: expected a Topic Name/)
      expect(publish('/')).not.toThrow()
      filters([' ', '/'], [''])
    })

    test('names and filters have no U+0000 [MQTT-4.7.3-2]', () => {
      for (const topic of ['\0', 'a\0', 'a/\0/b', 'ä\0'])
        expect(publish(topic)).toThrow(/^publish\.topic: expected text without U\+0000/)
      filters(['\u0001'], ['\0', 'a\0', 'a/\0/#', 'ä\0'])
    })

    test('names and filters have at most 65 535 bytes in UTF-8 [MQTT-4.7.3-3]', () => {
      expect(publish('a'.repeat(LONGEST))).not.toThrow()
      expect(publish('a'.repeat(LONGEST + 1))).toThrow(/^publish\.topic: expected text of at most 65535 bytes/)
      expect(publish('ä'.repeat(LONGEST / 2 + 1))).toThrow(/^publish\.topic: expected text of at most 65535 bytes/)
      filters(['a'.repeat(LONGEST)], ['a'.repeat(LONGEST + 1), 'ä'.repeat(LONGEST / 2 + 1)])
    })
  })
}
