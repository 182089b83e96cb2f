/** Two clients with one client id at a server that cannot say so (3.x): they do not fight, and they are told. */

import { expect, test } from 'vitest'
import { CoreClient, type MqttError } from '../../src/index.js'
import { settled, VirtualHost } from '../support/virtual-host.js'
import { connected, noUnhandledRejections, reconnected } from './bench.js'

noUnhandledRejections()

const HINT = /another client may use the same clientId/

/** A host whose server closes a connection once another with the same client id comes. */
function takingOver(seed: number) {
  const host = new VirtualHost()
  let state = seed
  const next = (): number => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    return state >> 16
  }
  host.random = (size) => Uint8Array.from({ length: size }, next)
  const serve = async (): Promise<void> => {
    for (let at = 0; ; at++) {
      const peer = await host.peer(at)
      await peer.accept()
      if (at > 0) host.peers[at - 1]?.end()
    }
  }
  void serve()
  return host
}

for (const late of [false, true]) {
  test(`they take turns ever more slowly, and none starts anew, ${late ? 'also if one was in its back-off already' : 'from the start'}`, async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const host = takingOver(seed)
      const clients = ['a', 'b'].map((name) => new CoreClient({ clientId: 'same', name }, host))
      const attempts: Record<string, number[]> = { a: [], b: [] }
      const errors: Error[] = []
      for (const client of clients)
        client.on('reconnecting', ({ attempt, error }) => {
          attempts[client.name]?.push(attempt)
          errors.push(error)
        })
      await clients[0]?.connect()
      if (late) {
        host.network = Object.assign(new Error('down'))
        host.peers[0]?.drop()
        await host.advance(120_000)
        host.network = 'up'
      }
      await clients[1]?.connect()
      errors.splice(0)
      await host.advance(5 * 60_000)
      for (const seen of Object.values(attempts)) {
        const reached = seen.at(-1) as number
        expect(reached, 'the back-off of both has grown').toBeGreaterThanOrEqual(6)
      }
      const { length } = host.peers
      await host.advance(10 * 60_000)
      expect((host.peers.length - length) / 10, 'connections a minute').toBeLessThan(6)
      expect(
        errors.slice(-4).every((error) => HINT.test(error.message)),
        errors.at(-1)?.message,
      ).toBe(true)
      for (const client of clients) await client.stop()
      await settled()
      expect(host.pendingTimers).toBe(0)
    }
  })
}

test('a client is told from the third cut in a row on, and no more once a connection has lived', async () => {
  const { client, host } = await connected()
  const told: boolean[] = []
  client.on('disconnect', ({ error }) => {
    expect((error as MqttError).code).toBe('CONNECTION_CLOSED')
    told.push(HINT.test((error as Error).message))
  })
  for (const life of [0, 4_000, 20_000, 64_000, 65_000, 0]) {
    await host.advance(life)
    for (const { type } of host.peers.at(-1)?.take() ?? []) expect(type).toBe('pingreq')
    host.peers.at(-1)?.end()
    await reconnected(host)
  }
  expect(told).toEqual([false, false, true, true, false, false])
  await client.stop()
  expect(host.pendingTimers).toBe(0)
})

test('an attempt that ends before CONNACK is not told as one of them', async () => {
  const { client, host } = await connected()
  for (let cut = 0; cut < 3; cut++) {
    host.peers.at(-1)?.end()
    if (cut < 2) await reconnected(host)
  }
  const next = host.peer()
  const told = new Promise<Error>((resolve) => client.once('reconnecting', ({ error }) => resolve(error)))
  await host.advance(host.nextTimer)
  ;(await next).end()
  expect((await told).message).not.toMatch(HINT)
  await client.stop()
})
