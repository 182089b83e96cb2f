/** Two clients with one client id at real brokers: at one that says so the first stops; else both are told, and slow down. */

import { expect, test } from 'vitest'
import { Client, type MqttError } from '../../platform/node/index.js'
import { startEmbeddedBroker } from '../support/embedded-broker.js'
import { startMosquitto } from '../support/mosquitto.js'

/** Two clients, and all that they tell of connections that ended. */
async function two(url: string, protocolVersion: 4 | 5) {
  const ended: { name: string; error: MqttError; retry: boolean; attempt: number }[] = []
  let connections = 0
  const clients = ['first', 'second'].map((name) => {
    const reconnect = { minDelay: 20, maxDelay: 200 }
    const client = new Client({ url, clientId: 'same', name, protocolVersion, reconnect })
    let attempt = 0
    client.on('connect', () => void connections++)
    client.on('reconnecting', (event) => {
      attempt = event.attempt
    })
    client.on('disconnect', ({ error, retry }) => {
      if (error) ended.push({ name, error: error as MqttError, retry, attempt })
    })
    return client
  })
  for (const client of clients) await client.connect()
  const stop = () => Promise.all(clients.map((client) => client.stop()))
  return { clients, ended, connections: () => connections, stop }
}

test('in 5.0 the one that was there first stops, and says why', async () => {
  await using broker = await startEmbeddedBroker()
  const { clients, ended, connections, stop } = await two(broker.urls.mqtt, 5)
  const [first] = clients
  if (first?.status !== 'closed') await new Promise<void>((resolve) => first?.once('close', () => resolve()))
  expect(ended).toMatchObject([
    { name: 'first', retry: false, error: { code: 'SESSION_TAKEN_OVER', reasonCode: 0x8e } },
  ])
  expect(ended[0]?.error.message).toMatch(/another client uses the same clientId: give each its own/)
  expect(connections()).toBe(2)
  await stop()
})

// mosquitto 2.0 closes without a word in 5.0, too.
test.each([4, 5] as const)(
  'both are told after a few turns, and the delays of both only grow (%i)',
  async (version) => {
    await using broker = await startMosquitto()
    const { clients, ended, stop } = await two(broker.urls.mqtt, version)
    const turns = new Promise<void>((resolve) => {
      for (const client of clients) client.on('disconnect', () => void (ended.length >= 12 && resolve()))
    })
    await turns
    await stop()
    for (const name of ['first', 'second']) {
      const own = ended.filter((each) => each.name === name)
      const attempts = own.map(({ attempt }) => attempt)
      expect(attempts).toEqual([...attempts].sort((a, b) => a - b))
      expect(attempts.at(-1)).toBeGreaterThanOrEqual(own.length - 1)
      expect(own.at(-1)?.error.message).toMatch(/times in a row: another client may use the same clientId/)
    }
  },
)
