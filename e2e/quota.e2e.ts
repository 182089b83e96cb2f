/** A page that the browser gives no more room: what it publishes is refused, its connection lives, nothing accepted is lost. */

import { startMosquitto } from '../test/support/mosquitto.js'
import { inspect } from './support/stores.js'
import { expect, test } from './support/test.js'

test.use({ networkFails: true })

/** What the test does for the page. */
declare function stopBroker(): Promise<void>
declare function startBroker(): Promise<void>
declare function setQuota(quotaSize?: number): Promise<void>

test('Past the quota of its site a client refuses what is published and goes on; all that it had accepted arrives, once.', async ({
  page,
  site,
}) => {
  await using broker = await startMosquitto({ persistence: true })
  await page.exposeFunction('stopBroker', broker.stop)
  await page.exposeFunction('startBroker', broker.start)
  await page.goto(`${site.http}/survival`)
  const devtools = await inspect(page)
  const setQuota = async (quotaSize?: number) => {
    await devtools.send('Storage.overrideQuotaForOrigin', { origin: site.http, ...(quotaSize && { quotaSize }) })
  }
  await page.exposeFunction('setQuota', setQuota)
  // Before the store is opened, because Chromium asks for the quota only now and then.
  await setQuota(300_000)
  const seen = await page.evaluate(async (url) => {
    const options = { url, protocolVersion: 5, cleanStart: false, reconnect: { minDelay: 20, maxDelay: 100 } } as const
    // It collects in the end: mosquitto 2.0.11, when it stops, forgets that it has sent PUBREL to a reader, and sends the
    // PUBLISH again, against [MQTT-4.3.3-6].
    const names: string[] = []
    const reader = new emqtt.Client({ ...options, clientId: 'reader' })
    await reader.connect()
    await reader.subscribe('quota', { qos: 2 }, ({ payload }) => {
      names.push(new TextDecoder().decode(payload.subarray(0, 16)).trim())
    })
    await reader.disconnect()

    const store = emqttIndexedDb.indexedDbStore('quota')
    const client = new emqtt.Client({ ...options, clientId: 'writer', store })
    const states: string[] = []
    client.on('disconnect', () => states.push('disconnect'))
    await client.connect()
    const accepted: string[] = []
    let count = 0
    /** A message of so many bytes, of chance because Chromium compresses. Gives the error if it was not accepted. */
    const publish = async (size: number) => {
      const name = `${count++} ${size}`
      const payload = new Uint8Array(size)
      for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(payload.subarray(at, at + 65_536))
      payload.set(new TextEncoder().encode(name.padEnd(16)))
      try {
        await client.publish('quota', payload, { qos: 2, until: 'accepted' })
        accepted.push(name)
        return undefined
      } catch (error) {
        const { code, phase, retryable } = error as import('../dist/index.js').MqttError
        return { code, phase, retryable }
      }
    }

    await publish(100)
    const tooLarge = await publish(2_000_000)
    const alive = (await client.ping()) >= 0
    await setQuota()
    while (await publish(100)) await new Promise((resolve) => setTimeout(resolve, 10))
    states.push('online')

    await stopBroker()
    await setQuota(300_000)
    let full: Awaited<ReturnType<typeof publish>>
    while (full === undefined) full = await publish(4_000)
    const waiting = accepted.length - 2
    states.push('full')
    await startBroker()
    await client.disconnect({ drain: true })
    await reader.connect()
    await reader.publish('quota', 'end', { qos: 2 })
    while (names.at(-1) !== 'end') await new Promise((resolve) => setTimeout(resolve, 10))
    await reader.stop()
    return { tooLarge, alive, full, waiting, states, accepted, names: names.slice(0, -1) }
  }, broker.urls.ws)
  const refused = { code: 'QUOTA_EXCEEDED', phase: 'store', retryable: true }
  expect(seen.tooLarge).toEqual(refused)
  expect(seen.alive).toBe(true)
  expect(seen.states).toEqual(['online', 'disconnect', 'full', 'disconnect'])
  expect(seen.full).toEqual(refused)
  expect(seen.waiting).toBeGreaterThan(5)
  expect(seen.names).toEqual(seen.accepted)
})
