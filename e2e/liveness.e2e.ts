/** A page that is hidden, frozen, or without its network, under a strict Content-Security-Policy. */

import type { Page } from 'playwright/test'
import { startMosquitto } from '../test/support/mosquitto.js'
import { startRelay } from './support/relay.js'
import { openTab } from './support/tab.js'
import { expect, test } from './support/test.js'

/** How long the tab is hidden, ms. `EMQTT_HIDDEN=600 npx playwright test liveness` hides it for ten minutes. */
const HIDDEN = Number(process.env.EMQTT_HIDDEN ?? 20) * 1_000

/** What a page notes of a client. */
interface Notes {
  client: InstanceType<typeof emqtt.Client>
  numbers: number[]
  events: string[]
}

declare const notes: Record<string, Notes>
declare const ticks: number[]
declare const violations: string[]

/** Connects a client with a session that is kept for each Keep Alive, and counts what a chain of timers does. */
async function begin(page: Page, url: string, keepAlives: number[]): Promise<void> {
  await page.evaluate(
    async ({ url, keepAlives }) => {
      const violations: string[] = []
      document.addEventListener('securitypolicyviolation', ({ blockedURI }) => violations.push(blockedURI))
      const notes: Record<string, Notes> = {}
      for (const keepAlive of keepAlives) {
        const client = new emqtt.Client({ url, clientId: `tab-${keepAlive}`, cleanStart: false, keepAlive })
        const noted: Notes = { client, numbers: [], events: [] }
        notes[keepAlive] = noted
        const note = (event: string): void => {
          noted.events.push(`${(performance.now() / 1_000).toFixed(1)} s: ${event}`)
        }
        client.on('connect', () => note('connect'))
        client.on('disconnect', ({ error }) => note(`disconnect ${error?.message}`))
        client.on('reconnecting', ({ attempt, delay }) => note(`reconnecting ${attempt} ${delay}`))
        client.on('packetsend', ({ type }) => type === 'pingreq' && note(type))
        await client.connect()
        await client.subscribe('numbers', { qos: 1 }, (message) => void noted.numbers.push(Number(message.text())))
      }
      const ticks: number[] = []
      const tick = (): void => {
        ticks.push(performance.now())
        setTimeout(tick, 1_000)
      }
      tick()
      Object.assign(globalThis, { notes, ticks, violations })
    },
    { url, keepAlives },
  )
}

function look(page: Page) {
  return page.evaluate(() => ({
    visibility: document.visibilityState,
    ticks: ticks.length,
    violations,
    clients: Object.values(notes).map(({ client, numbers, events }) => ({
      status: client.status,
      numbers: [...new Set(numbers)],
      events,
    })),
  }))
}

/** What the client has told since it connected first, without the times. */
async function news(page: Page): Promise<string[]> {
  const [first] = (await look(page)).clients
  return first?.events.slice(1).map((event) => event.replace(/^.*? s: /, '')) ?? []
}

/** Another page publishes a number at QoS 1. */
async function publish(page: Page, url: string, number: number): Promise<void> {
  await page.evaluate(
    async ({ url, number }) => {
      const client = await emqtt.connect(url)
      await client.publish('numbers', String(number), { qos: 1 })
      await client.disconnect()
    },
    { url, number },
  )
}

test('A tab that is hidden, its timers throttled to one a minute, stays connected or connects again by itself, and misses no message of QoS 1.', async ({
  page,
  site,
}) => {
  test.setTimeout(HIDDEN + 60_000)
  await using broker = await startMosquitto()
  const url = broker.urls.ws
  await page.goto(`${site.http}/umd`)
  await using tab = await openTab(`${site.http}/strict`)
  // With the second, the server loses patience long before a throttled timer runs.
  await begin(tab.page, url, [60, 4])
  await tab.hide()
  for (const number of [0, 1, 2]) {
    await publish(page, url, number)
    // Nobody has anything to say meanwhile.
    await new Promise((resolve) => setTimeout(resolve, HIDDEN / 3))
  }
  const whole = { status: 'connected', numbers: [0, 1, 2] }
  await expect.poll(async () => (await look(tab.page)).clients, { timeout: 30_000 }).toMatchObject([whole, whole])
  const { visibility, ticks, clients, violations } = await look(tab.page)
  test.info().annotations.push({ type: 'seen', description: JSON.stringify({ ticks, clients }) })
  expect(visibility).toBe('hidden')
  expect(violations, 'of the Content-Security-Policy').toEqual([])
  expect(ticks, 'the browser throttled the timers of the page').toBeLessThan(HIDDEN / 60_000 + 15)
})

test('A tab that is shown again finds out within seconds that its connection died, and connects again at once.', async ({
  site,
  broker,
}) => {
  await using relay = await startRelay(broker.ports.ws)
  await using tab = await openTab(`${site.http}/strict`)
  await begin(tab.page, relay.url, [60])
  await tab.hide()
  await expect.poll(async () => (await look(tab.page)).visibility).toBe('hidden')
  relay.silence()
  expect(await news(tab.page)).toEqual([])
  const shown = Date.now()
  await tab.show()
  await expect
    .poll(() => news(tab.page), { timeout: 15_000 })
    .toEqual(['pingreq', expect.stringMatching('did not answer a PINGREQ'), 'reconnecting 1 0', 'connect'])
  expect(Date.now() - shown).toBeLessThan(15_000)
})

test('A page that was frozen, and whose connection the browser ended for that, connects by itself when it goes on, hidden or not, and misses no message of QoS 1.', async ({
  page,
  site,
  broker,
}) => {
  const url = broker.urls.ws
  await page.goto(`${site.http}/umd`)
  await using tab = await openTab(`${site.http}/strict`)
  await begin(tab.page, url, [60])
  await tab.hide()
  await expect.poll(async () => (await look(tab.page)).visibility).toBe('hidden')
  await tab.freeze(true)
  await publish(page, url, 7)
  await tab.freeze(false)
  await expect
    .poll(() => look(tab.page))
    .toMatchObject({ visibility: 'hidden', clients: [{ status: 'connected', numbers: [7] }] })
})

test('A page without a network waits for it, and connects at once when it is back.', async ({ site }) => {
  await using broker = await startMosquitto({ persistence: true })
  await using tab = await openTab(`${site.http}/strict`)
  await begin(tab.page, broker.urls.ws, [60])
  await tab.setOffline(true)
  await broker.stop()
  await expect.poll(() => news(tab.page)).toEqual([expect.stringContaining('is lost'), 'reconnecting 1 30000'])
  await broker.start()
  await tab.setOffline(false)
  await expect.poll(async () => (await news(tab.page)).slice(2)).toEqual(['reconnecting 1 0', 'connect'])
  await tab.setOffline(true)
  await tab.setOffline(false)
  await expect.poll(async () => (await news(tab.page)).slice(4)).toEqual(['pingreq'])
  expect(await look(tab.page)).toMatchObject({ violations: [], clients: [{ status: 'connected' }] })
})

test('Nothing of a stopped client listens to the page, and nothing is sent, whatever happens to it.', async ({
  site,
  broker,
}) => {
  await using tab = await openTab(`${site.http}/strict`)
  await begin(tab.page, broker.urls.ws, [60, 61])
  const listening = () => tab.listeners(['visibilitychange', 'pageshow', 'offline', 'online', 'change'])
  expect(await listening()).toBe(10)
  await tab.page.evaluate(() => notes[60]?.client.disconnect())
  expect(await listening()).toBe(5)
  await tab.page.evaluate(() => notes[61]?.client.stop())
  expect(await listening()).toBe(0)
})
