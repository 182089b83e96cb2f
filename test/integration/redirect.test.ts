/** Servers that send their clients elsewhere (§4.11), over real sockets, to a real broker in the end. */

import { expect, test } from 'vitest'
import { Client, type RedirectEvent } from '../../platform/node/index.js'
import { startPeer } from '../parity/peer.js'
import { startMosquitto } from '../support/mosquitto.js'

const FOR_NOW = 0x9c
const FOR_GOOD = 0x9d

test('a server that refuses with a reference sends its client to mosquitto, where it works', async () => {
  await using broker = await startMosquitto()
  await using front = await startPeer()
  const serverReference = `127.0.0.1:${broker.ports.mqtt}`
  const refusing = front.conversation().then(async (server) => {
    await server.next('connect')
    server.send({ type: 'connack', reasonCode: FOR_GOOD, properties: { serverReference } })
    await server.closed
  })
  await using client = new Client({ url: front.url, protocolVersion: 5 })
  const told: RedirectEvent[] = []
  client.on('redirect', (event) => told.push(event))
  await client.connect()
  await refusing
  expect(client.info.server).toBe(`mqtt://${serverReference}`)
  expect(told).toEqual([
    { serverReference, servers: [`mqtt://${serverReference}`], permanent: true, hops: 1, followed: true },
  ])
  const messages = await client.subscribe('moved', { qos: 1 })
  await client.publish('moved', 'here', { qos: 1 })
  expect((await messages.next()).value?.text()).toBe('here')
})

test('a server that disconnects with a reference loses no message of its client: mosquitto gets it', async () => {
  await using broker = await startMosquitto()
  await using front = await startPeer()
  await using client = new Client({ url: front.url, protocolVersion: 5, reconnect: { minDelay: 60_000 } })
  const first = front.conversation()
  const connecting = client.connect()
  const server = await first
  await server.accept()
  await connecting
  await using reader = new Client({ url: broker.urls.mqtt, protocolVersion: 5 })
  await reader.connect()
  const messages = await reader.subscribe('owed', { qos: 2 })
  const published = client.publish('owed', 'still', { qos: 2 })
  await server.next('publish')
  const properties = { serverReference: `127.0.0.1:${broker.ports.mqtt}` }
  server.send({ type: 'disconnect', reasonCode: FOR_NOW, properties })
  // At once, whatever the delay of the back-off.
  await published
  expect((await messages.next()).value?.text()).toBe('still')
})

test('a server that may not be followed is told as an event, and ends the attempt', async () => {
  await using front = await startPeer()
  const refusing = front.conversation().then(async (server) => {
    await server.next('connect')
    server.send({ type: 'connack', reasonCode: FOR_NOW, properties: { serverReference: 'ws://127.0.0.1:9' } })
  })
  await using client = new Client({ url: front.url, protocolVersion: 5, reconnect: false })
  const told: RedirectEvent[] = []
  client.on('redirect', (event) => told.push(event))
  await expect(client.connect()).rejects.toMatchObject({ code: 'USE_ANOTHER_SERVER', reasonCode: FOR_NOW })
  await refusing
  expect(told).toMatchObject([{ servers: ['ws://127.0.0.1:9/mqtt'], followed: false }])
})
