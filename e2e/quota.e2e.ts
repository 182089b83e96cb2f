/** A page that the browser gives no more room: what it publishes is refused, its connection lives, nothing accepted is lost. */

import type { Page } from 'playwright/test'
import type { MqttError } from '../dist/index.js'
import { startMosquitto } from '../test/support/mosquitto.js'
import { inspect } from './support/stores.js'
import { expect, test } from './support/test.js'

test.use({ networkFails: true })

/** Publishes a message of so many bytes in the page; resolves to how it was refused, if it was. */
declare function publish(client: InstanceType<typeof emqtt.Client>, name: string, size: number): Promise<unknown>

/** A page whose site has a small quota. It is set before a store is opened: Chromium asks for it only now and then. */
async function openPage(page: Page, origin: string): Promise<{ lift(): Promise<void> }> {
  const devtools = await inspect(page)
  await page.goto(`${origin}/survival`)
  await devtools.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 300_000 })
  await page.evaluate(() => {
    Object.assign(globalThis, {
      async publish(client: InstanceType<typeof emqtt.Client>, name: string, size: number) {
        // Of chance, because Chromium compresses.
        const payload = new Uint8Array(size)
        for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(payload.subarray(at, at + 65_536))
        payload.set(new TextEncoder().encode(name.padEnd(8)))
        try {
          await client.publish('quota', payload, { qos: 2, until: 'accepted' })
          return undefined
        } catch (error) {
          const { code, phase, retryable } = error as MqttError
          return { code, phase, retryable }
        }
      },
    })
  })
  return { lift: async () => void (await devtools.send('Storage.overrideQuotaForOrigin', { origin })) }
}

const REFUSED = { code: 'QUOTA_EXCEEDED', phase: 'store', retryable: true }

test('What finds no room is refused, and the connection lives on.', async ({ page, site, broker }) => {
  await openPage(page, site.http)
  const seen = await page.evaluate(async (url) => {
    const store = emqttIndexedDb.indexedDbStore('quota')
    const client = new emqtt.Client({ url, protocolVersion: 5, clientId: 'quota', store })
    let disconnects = 0
    client.on('disconnect', () => disconnects++)
    await client.connect()
    const messages = await client.subscribe(['quota', 'quota/echo'].map((filter) => ({ filter, qos: 2 as const })))
    const small = await publish(client, 'small', 100)
    const refusal = await publish(client, 'large', 2_000_000)
    const alive = (await client.ping()) >= 0
    await client.publish('quota/echo', 'echo')
    const names: string[] = []
    for await (const { payload } of messages) {
      names.push(new TextDecoder().decode(payload.subarray(0, 8)).trim())
      if (names.length === 2) break
    }
    const connected = { disconnects, status: client.status }
    await client.stop()
    return { small, refusal, alive, names: names.sort(), connected }
  }, broker.urls.ws)
  expect(seen).toEqual({
    small: undefined,
    refusal: REFUSED,
    alive: true,
    names: ['echo', 'small'],
    connected: { disconnects: 0, status: 'connected' },
  })
})

test('What was accepted without a connection, until there was no room, arrives once there is one, once.', async ({
  page,
  site,
}) => {
  await using broker = await startMosquitto()
  const { lift } = await openPage(page, site.http)
  await broker.stop()
  const options = { url: broker.urls.ws, protocolVersion: 5 } as const
  const { accepted, refusal } = await page.evaluate(async (options) => {
    const reconnect = { retryFirst: true, maxDelay: 100 }
    const store = emqttIndexedDb.indexedDbStore('quota')
    const client = new emqtt.Client({ ...options, clientId: 'quota', store, reconnect })
    client.connect().catch(() => {})
    const accepted: string[] = []
    for (;;) {
      const refusal = await publish(client, `${accepted.length}`, 4_000)
      if (refusal !== undefined) {
        // The next page takes the session up.
        await client.stop()
        return { accepted, refusal }
      }
      accepted.push(`${accepted.length}`)
    }
  }, options)
  expect(refusal).toEqual(REFUSED)
  expect(accepted.length).toBeGreaterThan(5)
  await lift()
  await broker.start()
  await page.reload()
  const names = await page.evaluate(
    async ({ options, count }) => {
      const messages = await (await emqtt.connect(options)).subscribe('quota', { qos: 2 })
      const store = emqttIndexedDb.indexedDbStore('quota')
      const client = await emqtt.connect({ ...options, clientId: 'quota', store })
      await client.disconnect({ drain: true })
      const names: string[] = []
      for await (const { payload } of messages) {
        names.push(new TextDecoder().decode(payload.subarray(0, 8)).trim())
        if (names.length === count) return names
      }
      return names
    },
    { options, count: accepted.length },
  )
  expect(names).toEqual(accepted)
})
