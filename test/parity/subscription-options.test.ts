/** What each subscription option does, through mosquitto. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Client, connect, type Message } from '../../platform/node/index.js'
import { type Mosquitto, startMosquitto } from '../support/mosquitto.js'

let broker: Mosquitto
beforeAll(async () => {
  broker = await startMosquitto()
})
afterAll(() => broker[Symbol.asyncDispose]())

const join = (): Promise<Client> => connect(broker.urls.mqtt, { protocolVersion: 5, reconnect: false })

describe('through mosquitto', () => {
  /** The texts, and retain flags, of the messages that come until the one of text `end`. */
  async function until(end: string, messages: AsyncIterable<Message>): Promise<string[]> {
    const got: string[] = []
    for await (const message of messages) {
      if (message.text() === end) break
      got.push(`${message.text()} ${message.retain ? 'retained' : 'live'}`)
    }
    return got
  }

  test('qos is the most with which a message comes', async () => {
    await using client = await join()
    for (const qos of [0, 1, 2] as const) {
      const messages = await client.subscribe('most', { qos })
      await client.publish('most', '', { qos: 2 })
      expect((await messages.next()).value?.qos).toBe(qos)
      await messages.unsubscribe()
    }
  })

  test.each([
    [true, []],
    [false, ['own live']],
  ])('noLocal %s', async (noLocal, expected) => {
    await using client = await join()
    await using other = await join()
    const messages = await client.subscribe('local', { noLocal, qos: 1 })
    await client.publish('local', 'own', { qos: 1 })
    await other.publish('local', 'end', { qos: 1 })
    expect(await until('end', messages)).toEqual(expected)
  })

  test.each([
    [true, ['kept retained']],
    [false, ['kept live']],
  ])('retainAsPublished %s', async (retainAsPublished, expected) => {
    await using client = await join()
    const topic = `published/${retainAsPublished}`
    const messages = await client.subscribe(topic, { retainAsPublished, qos: 1 })
    await client.publish(topic, 'kept', { qos: 1, retain: true })
    await client.publish(topic, 'end', { qos: 1 })
    expect(await until('end', messages)).toEqual(expected)
  })

  test.each([
    [0, ['kept retained'], ['kept retained']],
    [1, ['kept retained'], []],
    [2, [], []],
  ] as const)(
    'retainHandling %i: retained messages at the first and at the second SUBSCRIBE',
    async (retainHandling, first, second) => {
      await using client = await join()
      const topic = `handling/${retainHandling}`
      await client.publish(topic, 'kept', { qos: 1, retain: true })
      const messages = await client.subscribe(topic, { retainHandling, qos: 1 })
      await client.publish(topic, 'end', { qos: 1 })
      // The one who reads is kept, so that the server sees the same subscription again.
      const got: string[] = []
      let ends = 0
      let next = (): void => {}
      const reading = (async () => {
        for await (const message of messages) {
          if (message.text() !== 'end') got.push(`${message.text()} ${message.retain ? 'retained' : 'live'}`)
          else if (++ends && next) next()
        }
      })()
      const ended = (count: number): Promise<void> =>
        new Promise((resolve) => {
          next = () => ends >= count && resolve()
          next()
        })
      await ended(1)
      expect(got.splice(0)).toEqual(first)
      await client.subscribe(topic, { retainHandling, qos: 1 }, () => {})
      await client.publish(topic, 'end', { qos: 1 })
      await ended(2)
      expect(got).toEqual(second)
      await client.disconnect()
      await reading
    },
  )

  test('a QoS by name, as the reference takes it, is refused by name', async () => {
    await using client = await join()
    await expect(client.subscribe('f', { qos: 'at_most_once' } as never)).rejects.toThrow(/^subscribe\..*qos: /)
    await expect(client.publish('t', '', { qos: 'qos1' } as never)).rejects.toThrow(/^publish\.qos: /)
    expect(client.subscriptions.size).toBe(0)
  })
})
