/** The test harness itself: brokers start, keep their ports, and leave nothing behind. */

import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { certificates } from '../support/certificates.js'
import { startEmbeddedBroker } from '../support/embedded-broker.js'
import { startMosquitto } from '../support/mosquitto.js'

/** A CONNECT of MQTT 3.1.1 with an empty client id and Clean Session. */
const CONNECT = Uint8Array.of(0x10, 12, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 60, 0, 0)

function firstBytes(port: number, bytes: Uint8Array): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    socket.once('data', (chunk) => {
      socket.destroy()
      resolve([...chunk])
    })
    socket.once('error', reject)
  })
}

test('mosquitto answers, stops, starts again on its ports, and can be killed', async () => {
  await using broker = await startMosquitto({ persistence: true, mtls: true })
  expect(await firstBytes(broker.ports.mqtt, CONNECT)).toEqual([0x20, 2, 0, 0])
  await broker.stop()
  await expect(firstBytes(broker.ports.mqtt, CONNECT)).rejects.toThrow('ECONNREFUSED')
  await broker.start()
  expect(await firstBytes(broker.ports.mqtt, CONNECT)).toEqual([0x20, 2, 0, 0])
  await broker.kill()
  await expect(firstBytes(broker.ports.mqtt, CONNECT)).rejects.toThrow('ECONNREFUSED')
  await broker.start()
  expect(await firstBytes(broker.ports.mqtt, CONNECT)).toEqual([0x20, 2, 0, 0])
})

test('mosquitto says in its own words why it does not start', async () => {
  await expect(startMosquitto({ config: ['no_such_setting true'] })).rejects.toThrow(/no_such_setting/)
})

test('mosquitto with passwords refuses those who have none', async () => {
  await using broker = await startMosquitto({ passwords: { ann: 'secret' } })
  expect(await firstBytes(broker.ports.mqtt, CONNECT)).toEqual([0x20, 2, 0, 5])
  const text = new TextEncoder()
  const field = (value: string) => [0, value.length, ...text.encode(value)]
  const body = [...field('MQTT'), 4, 0xc2, 0, 60, ...field('x'), ...field('ann'), ...field('secret')]
  expect(await firstBytes(broker.ports.mqtt, Uint8Array.of(0x10, body.length, ...body))).toEqual([0x20, 2, 0, 0])
})

test('the certificates are files, too, for those who want paths', async () => {
  const { ca, server } = await certificates()
  expect([ca.certFile, server.keyFile].every((file) => existsSync(file))).toBe(true)
})

test('the embedded broker answers and stops', async () => {
  const broker = await startEmbeddedBroker()
  expect((await firstBytes(broker.ports.mqtt, CONNECT))[0]).toBe(0x20)
  await broker.stop()
  await expect(firstBytes(broker.ports.mqtt, CONNECT)).rejects.toThrow('ECONNREFUSED')
})
