/** Two clients with one client id at mosquitto: in 5.0 the first one stops, in 3.1.1 they are told and slow down. */

import { expect, test } from 'vitest'
import { Client, type MqttError } from '../../platform/node/index.js'
import { type Mosquitto, startMosquitto } from '../support/mosquitto.js'

/** Two clients, and all that they tell of connections that ended. */
async function two(broker: Mosquitto, protocolVersion: 4 | 5) {
  const ended: { name: string; error: MqttError; retry: boolean; attempt: number }[] = []
  let connections = 0
  const clients = ['first', 'second'].map((name) => {
    const reconnect = { minDelay: 20, maxDelay: 200 }
    const client = new Client({ url: broker.urls.mqtt, clientId: 'same', name, protocolVersion, reconnect })
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
  await using broker = await startMosquitto()
  const { clients, ended, connections, stop } = await two(broker, 5)
  const [first] = clients
  if (first?.status !== 'closed') await new Promise<void>((resolve) => first?.once('close', () => resolve()))
  expect(ended).toMatchObject([
    { name: 'first', retry: false, error: { code: 'SESSION_TAKEN_OVER', reasonCode: 0x8e } },
  ])
  expect(ended[0]?.error.message).toMatch(/another client uses the same clientId: give each its own/)
  expect(connections()).toBe(2)
  await stop()
})

test('in 3.1.1 both are told after a few turns, and the delays of both only grow', async () => {
  await using broker = await startMosquitto()
  const { clients, ended, stop } = await two(broker, 4)
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
})
