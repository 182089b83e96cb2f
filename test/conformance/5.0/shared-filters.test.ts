/** MQTT 5.0, §4.8.2: the Topic Filters of shared subscriptions. */

import { expect, test } from 'vitest'
import { encodePacket } from '../../../src/codec/index.js'

const subscribe = (filter: string) => () =>
  encodePacket({ type: 'subscribe', packetId: 1, subscriptions: [{ filter }] }, 5)
const unsubscribe = (filter: string) => () => encodePacket({ type: 'unsubscribe', packetId: 1, filters: [filter] }, 5)

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

test('5.0: a shared filter begins with $share/ and a ShareName of a character at least [MQTT-4.8.2-1]', () => {
  accepts('$share/g/a', '$share/ä b/a', '$share/g//')
  refuses('$share//a', '$share//', '$share/')
})

test('5.0: a ShareName has no separator and no wildcard, and a separator and a filter follow it [MQTT-4.8.2-2]', () => {
  accepts('$share/g/a/b', '$share/g/+', '$share/g/#')
  refuses('$share/g+/a', '$share/+/a', '$share/#/a', '$share/g#/a', '$share/g', '$share/g/', '$share/#')
})

test('5.0: behind the ShareName a filter is held to the rules of any other [MQTT-4.7.1-1] [MQTT-4.7.1-2] [MQTT-4.7.3-1]', () => {
  accepts('$share/g/+/a', '$share/g/a/#')
  refuses('$share/g/a#', '$share/g/#/a', '$share/g/a+', '$share/g/')
})
