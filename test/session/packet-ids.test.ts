import { expect, test } from 'vitest'
import { PacketIds } from '../../src/session/packet-ids.js'

test('ids count up from 1 and rest as long as possible before they come again [MQTT-2.2.1-3]', () => {
  const used = new Set<number>()
  const ids = new PacketIds(used, new Set())
  expect(ids.take()).toBe(1)
  expect(ids.take()).toBe(2)
  expect(ids.take(), 'although 1 and 2 are free').toBe(3)
})

test('after 65 535 comes 1, never 0 [MQTT-2.2.1-3]', () => {
  const ids = new PacketIds(new Set(), new Set())
  const taken = Array.from({ length: 65_535 }, () => ids.take())
  expect(taken.every((id, index) => id === index + 1)).toBe(true)
  expect(ids.take()).toBe(1)
})

test('an id that any of the users holds is left out [MQTT-2.2.1-3]', () => {
  const ids = new PacketIds(new Set([1, 3]), new Map([[2, 'call']]))
  expect(ids.take()).toBe(4)
})

test('ids are exhausted when the users together hold 65 535, and no more once one is let go', () => {
  const messages = new Set<number>()
  const calls = new Set([65_535])
  const ids = new PacketIds(messages, calls)
  for (let id = 1; id <= 65_534; id++) messages.add(id)
  expect(ids.exhausted).toBe(true)
  messages.delete(777)
  expect(ids.exhausted).toBe(false)
  expect(ids.take()).toBe(777)
})
