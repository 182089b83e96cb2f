/** Tokens of a short life at a real broker: under traffic nothing is lost nor doubled, and SCRAM is proved anew in time. */

import { expect, test } from 'vitest'
import { Client, type ClientOptions } from '../../platform/node/index.js'
import { scram } from '../../platform/scram/index.js'
import { nothingMoreThan, resources } from '../platform/recorder.js'
import { startMosquitto } from '../support/mosquitto.js'
import { scramPlugin } from '../support/scram-plugin.js'

const LIFE = 3_000
const DURATION = 20_000

/** What came of each QoS, and how often the clients renewed their tokens. */
async function traffic(url: string, protocolVersion: 4 | 5) {
  let renewals = 0
  const errors: Error[] = []
  const clientOf = async (role: string): Promise<Client> => {
    const options: ClientOptions = {
      url,
      protocolVersion,
      clientId: `${role}-${protocolVersion}`,
      cleanStart: false,
      credentials: () => ({ username: 'user-1', password: 'secret-1', expiresAt: Date.now() + LIFE }),
    }
    const client = new Client(options)
    client.on('disconnect', ({ error }) => {
      if ((error as { code?: string } | undefined)?.code === 'CREDENTIALS_RENEWED') renewals++
      else if (error) errors.push(error)
    })
    client.on('error', (error) => errors.push(error))
    await client.connect()
    return client
  }
  const [from, to] = [await clientOf('from'), await clientOf('to')]
  const got: Record<number, number[]> = { 1: [], 2: [] }
  for (const qos of [1, 2] as const)
    await to.subscribe(`traffic/${protocolVersion}/${qos}`, { qos }, (message) => {
      got[qos]?.push(Number(message.text()))
    })
  let sent = 0
  const delivered: Promise<unknown>[] = []
  for (const end = Date.now() + DURATION; Date.now() < end; sent++) {
    for (const qos of [1, 2] as const)
      delivered.push(from.publish(`traffic/${protocolVersion}/${qos}`, String(sent), { qos }))
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await Promise.all(delivered)
  const all = () => new Set(got[1]).size === sent && (got[2]?.length ?? 0) >= sent
  for (let turn = 0; turn < 100 && !all(); turn++) await new Promise((resolve) => setTimeout(resolve, 100))
  await Promise.all([from.stop(), to.stop()])
  return { sent, got, renewals, errors }
}

test('a token that lives 3 s is renewed under traffic for 20 s: nothing is lost, and nothing comes twice at QoS 2', async () => {
  const before = resources()
  {
    await using broker = await startMosquitto({ passwords: { 'user-1': 'secret-1' } })
    for (const { sent, got, renewals, errors } of await Promise.all([
      traffic(broker.urls.mqtt, 4),
      traffic(broker.urls.mqtt, 5),
    ])) {
      const numbers = Array.from({ length: sent }, (_, at) => at)
      expect(errors).toEqual([])
      expect(renewals, 'both clients, each at least every 3 s').toBeGreaterThanOrEqual(12)
      expect(got[2]).toEqual(numbers)
      expect([...new Set(got[1])], 'in the order of their first coming').toEqual(numbers)
    }
  }
  await nothingMoreThan(before)
}, 60_000)

test('with SCRAM the broker is shown a proof again before the end, on the same connection', async () => {
  const user = { username: 'ann', password: 'correct horse' }
  await using broker = await startMosquitto({ config: await scramPlugin({ users: { ann: user.password } }) })
  const client = new Client({
    url: broker.urls.mqtt,
    protocolVersion: 5,
    enhancedAuth: scram('SCRAM-SHA-256', user),
    credentials: () => ({ expiresAt: Date.now() + LIFE / 2 }),
  })
  const unwanted: unknown[] = []
  client.on('disconnect', ({ error }) => unwanted.push(error))
  client.on('error', (error) => unwanted.push(error))
  await client.connect()
  await new Promise<void>((resolve) => {
    let proofs = 0
    client.on('packetreceive', ({ type, reasonCode }: { type: string; reasonCode?: number }) => {
      if (type === 'auth' && reasonCode === 0 && ++proofs === 3) resolve()
    })
  })
  expect(unwanted).toEqual([])
  await client.stop()
})
