/**
 * A page that publishes and is reloaded, closed or crashed at any moment: what its store accepted arrives, in order, at
 * QoS 2 once. EMQTT_RELOADS, EMQTT_CLOSES and EMQTT_TAB_CRASHES say how often, EMQTT_SEED where.
 */

import type { BrowserContext, Page } from 'playwright/test'
import { startMosquitto } from '../test/support/mosquitto.js'
import { randomOf } from '../test/support/random.js'
import { crash } from './support/stores.js'
import { expect, test } from './support/test.js'

// The broker ends before the page that reads.
test.use({ networkFails: true })

/** What the test does for the page. */
declare function accept(qos: 1 | 2, name: string): Promise<void>
declare function complain(error: string): Promise<void>

const count = (name: string, usual: number): number => Number(process.env[`EMQTT_${name}`] ?? usual)

const ENDS = [
  ...Array.from({ length: count('RELOADS', 4) }, () => 'reload' as const),
  ...Array.from({ length: count('CLOSES', 1) }, () => 'close' as const),
  ...Array.from({ length: count('TAB_CRASHES', 2) }, () => 'crash' as const),
]
/** ms that a page publishes at the most. */
const LIFE = 400

interface Options {
  url: string
  protocolVersion: 4 | 5
}

/** The page makes a client with a store, and publishes until the page ends. What it publishes bears the number `life`. */
function publishOn(page: Page, options: Options, life: number): Promise<void> {
  return page.evaluate(
    ({ options, life }) => {
      const store = emqttIndexedDb.indexedDbStore('survival')
      const client = new emqtt.Client({ ...options, clientId: 'writer', store, reconnect: { retryFirst: true } })
      client.on('error', (error) => complain(String(error)))
      const publishAll = async (): Promise<void> => {
        for (let n = 0; ; n++) {
          const qos = n % 2 === 0 ? 1 : 2
          const name = `${life} ${n}`
          const accepted = client.publish(`survival/${qos}`, name, { qos, until: 'accepted' })
          accepted.then(
            () => accept(qos, name),
            (error) => complain(String(error)),
          )
          // In bursts, so that some are on their way in each state.
          if (n % 7 === 6) await accepted
          while (client.info.queued > 100) await new Promise((resolve) => setTimeout(resolve, 1))
        }
      }
      client.connect().catch((error) => complain(String(error)))
      void publishAll()
    },
    { options, life },
  )
}

/** The page takes the session up, and goes when all is delivered. */
async function deliverRest(page: Page, options: Options): Promise<void> {
  await page.evaluate(async (options) => {
    const store = emqttIndexedDb.indexedDbStore('survival')
    const client = await emqtt.connect({ ...options, clientId: 'writer', store })
    for (const qos of [1, 2] as const) void client.publish(`survival/${qos}`, 'end', { qos })
    await client.disconnect({ drain: true })
  }, options)
}

/** A page that stays: it resolves to what came of each QoS, once the end of both has come. */
async function read(page: Page, options: Options): Promise<() => Promise<Record<1 | 2, string[]>>> {
  const subscription = await page.evaluateHandle(async (options) => {
    const client = await emqtt.connect({ ...options, clientId: 'reader' })
    return client.subscribe('survival/+', { qos: 2 })
  }, options)
  return () =>
    subscription.evaluate(async (messages) => {
      const seen: Record<1 | 2, string[]> = { 1: [], 2: [] }
      let open = 2
      for await (const message of messages) {
        if (message.text() === 'end') open--
        else seen[message.topic === 'survival/1' ? 1 : 2].push(message.text())
        if (open === 0) break
      }
      return seen
    })
}

async function openPage(context: BrowserContext, origin: string): Promise<Page> {
  const page = await context.newPage()
  await page.goto(`${origin}/survival`)
  return page
}

/** As the numbers of its life and of its place in it stand in a line. */
const place = (name: string): number => {
  const [life, n] = name.split(' ').map(Number) as [number, number]
  return life * 1e6 + n
}

for (const protocolVersion of [4, 5] as const) {
  test(`What a page's store accepted arrives, in order and at QoS 2 once, however the page ends, in version ${protocolVersion}.`, async ({
    browser,
    page: readersPage,
    site,
  }) => {
    test.setTimeout(30_000 + ENDS.length * 3_000)
    const random = randomOf(count('SEED', 1) + protocolVersion)
    const ends = ENDS.map((end) => ({ end, order: random() })).sort((a, b) => a.order - b.order)
    await using broker = await startMosquitto({ persistence: true })
    const options = { url: broker.urls.ws, protocolVersion }
    await readersPage.goto(`${site.http}/umd`)
    const seenBy = await read(readersPage, options)

    const context = await browser.newContext()
    const accepted: Record<1 | 2, string[]> = { 1: [], 2: [] }
    const complaints: string[] = []
    await context.exposeFunction('accept', (qos: 1 | 2, name: string) => accepted[qos].push(name))
    await context.exposeFunction('complain', (error: string) => complaints.push(error))
    let page = await openPage(context, site.http)
    for (const [life, { end }] of ends.entries()) {
      await publishOn(page, options, life)
      await page.waitForTimeout(random() * LIFE)
      if (end === 'reload') await page.reload()
      else {
        if (end === 'crash') await crash(page)
        await page.close()
        page = await openPage(context, site.http)
      }
    }
    await deliverRest(page, options)
    const seen = await seenBy()
    await context.close()

    const lives = new Set(accepted[2].map((name) => name.split(' ')[0]))
    console.log(
      `version ${protocolVersion}: ${ends.length} ends, ${lives.size} lives with something accepted, QoS 1 ${accepted[1].length} accepted ${seen[1].length} seen, QoS 2 ${accepted[2].length} accepted ${seen[2].length} seen`,
    )
    expect(complaints).toEqual([])
    expect(lives.size, 'most pages lived to publish').toBeGreaterThan(ends.length / 2)
    for (const qos of [1, 2] as const) {
      const first = [...new Set(seen[qos])]
      expect(
        accepted[qos].filter((name) => !first.includes(name)),
        `lost at QoS ${qos}`,
      ).toEqual([])
      expect(first, `the order at QoS ${qos}`).toEqual([...first].sort((a, b) => place(a) - place(b)))
    }
    expect(seen[2].length, 'none twice at QoS 2').toBe(new Set(seen[2]).size)
  })
}
