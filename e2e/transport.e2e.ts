/** The WebSocket of a browser as a transport: much at once, a lot of it, and nothing left behind. */

import { freePort } from '../test/support/ports.js'
import { failureOf } from './support/pages.js'
import { startSilence, startWebSockets } from './support/stranger.js'
import { expect, test } from './support/test.js'

declare global {
  /** All WebSockets that the page has made. */
  var opened: WebSocket[]
  var controller: AbortController
  var connecting: Promise<unknown>
}

test('A message of 1 MiB arrives as it was sent.', async ({ page, site, embedded }) => {
  await page.goto(`${site.http}/umd`)
  const same = await page.evaluate(async (url) => {
    const client = await emqtt.connect(url, { protocolVersion: 5 })
    const payload = Uint8Array.from({ length: 1_048_576 }, (_, index) => (index * 31 + (index >> 8)) & 0xff)
    const subscription = await client.subscribe('large', { qos: 2 })
    await client.publish('large', payload, { qos: 2 })
    const { value } = await subscription.next()
    await client.disconnect()
    return value?.payload.length === payload.length && payload.every((byte, index) => value.payload[index] === byte)
  }, embedded.urls.ws)
  expect(same).toBe(true)
})

for (const [qos, count] of [
  [0, 10_000],
  [1, 2_000],
  [2, 500],
] as const) {
  test(`${count} messages of QoS ${qos}, published at once, arrive in order.`, async ({ page, site, embedded }) => {
    await page.goto(`${site.http}/umd`)
    const got = await page.evaluate(
      async ({ url, qos, count }) => {
        const client = await emqtt.connect(url, { protocolVersion: 5 })
        const numbers: number[] = []
        let complete = (): void => {}
        const all = new Promise<void>((resolve) => {
          complete = resolve
        })
        await client.subscribe(`many/${qos}`, { qos }, (message) => {
          if (numbers.push(Number(message.text())) === count) complete()
        })
        await Promise.all(Array.from({ length: count }, (_, n) => client.publish(`many/${qos}`, String(n), { qos })))
        await all
        await client.disconnect()
        return numbers
      },
      { url: embedded.urls.ws, qos, count },
    )
    expect(got).toEqual(Array.from({ length: count }, (_, n) => n))
  })
}

test('A page that publishes more than the browser can send at once waits, and loses nothing.', async ({
  page,
  site,
  embedded,
}) => {
  await page.goto(`${site.http}/umd`)
  const arrived = await page.evaluate(async (url) => {
    const client = await emqtt.connect(url, { protocolVersion: 5 })
    const sizes: number[] = []
    let complete = (): void => {}
    const all = new Promise<void>((resolve) => {
      complete = resolve
    })
    await client.subscribe('flood', (message) => {
      if (sizes.push(message.payload.length) === 64) complete()
    })
    for (let n = 0; n < 64; n++) await client.publish('flood', new Uint8Array(131_072 + n))
    await all
    await client.disconnect()
    return sizes
  }, embedded.urls.ws)
  expect(arrived).toEqual(Array.from({ length: 64 }, (_, n) => 131_072 + n))
})

test('An async iterator in a page gets each message once, and leaving it unsubscribes.', async ({
  page,
  site,
  broker,
}) => {
  await page.goto(`${site.http}/umd`)
  const { texts, left, over } = await page.evaluate(async (url) => {
    const client = await emqtt.connect(url, { protocolVersion: 5 })
    const texts: string[] = []
    const subscription = await client.subscribe('iterated/+', { qos: 1 })
    for (let n = 0; n < 10; n++) void client.publish(`iterated/${n}`, `message ${n}`, { qos: 1 })
    for await (const message of subscription) {
      texts.push(message.text())
      if (texts.length === 10) break
    }
    const left = [...client.subscriptions.keys()]
    const second = await client.subscribe('iterated/never')
    const next = second.next()
    await client.disconnect()
    return { texts, left, over: await next }
  }, broker.urls.ws)
  expect(texts).toEqual(Array.from({ length: 10 }, (_, n) => `message ${n}`))
  expect(left).toEqual([])
  expect(over.done).toBe(true)
})

test.describe('of the WebSockets that a page opened', () => {
  // Chromium reports one that is closed before it is open.
  test.use({ networkFails: true })

  test.beforeEach(async ({ page, site }) => {
    await page.addInitScript(() => {
      globalThis.opened = []
      globalThis.WebSocket = class extends WebSocket {
        constructor(url: string | URL, protocols?: string | string[]) {
          super(url, protocols)
          globalThis.opened.push(this)
        }
      }
    })
    await page.goto(`${site.http}/umd`)
  })

  const states = () => opened.map(({ readyState }) => readyState)
  const CLOSED = 3

  test('All are closed when disconnect has resolved, in the midst of work too.', async ({ page, broker, embedded }) => {
    await page.evaluate(
      async (urls) => {
        const clients = await Promise.all(urls.map((url) => emqtt.connect(url, { protocolVersion: 5 })))
        await Promise.all(clients.map((client) => client.subscribe('busy')))
        for (const client of clients) for (let n = 0; n < 200; n++) void client.publish('busy', 'x'.repeat(n))
        await Promise.all(clients.map((client) => client.disconnect()))
        // Not a turn later.
        if (opened.some(({ readyState }) => readyState !== WebSocket.CLOSED)) throw new Error('one is open')
      },
      [broker.urls.ws, embedded.urls.ws, embedded.urls.ws],
    )
    expect(await page.evaluate(states)).toEqual([CLOSED, CLOSED, CLOSED])
    await expect.poll(() => embedded.aedes.connectedClients).toBe(0)
  })

  for (const [where, phase, start] of [
    ['the handshake', 'websocket', startSilence],
    ['CONNACK', 'connack', () => startWebSockets('mqtt')],
  ] as const) {
    test(`All are closed when connect is aborted while it waits for ${where}.`, async ({ page }) => {
      await using stranger = await start()
      const opening = page.waitForEvent('websocket')
      await page.evaluate((url) => {
        globalThis.controller = new AbortController()
        globalThis.connecting = emqtt.connect(url, { signal: controller.signal }).catch((reason) => reason)
      }, stranger.url)
      const socket = await opening
      if (where === 'CONNACK') await socket.waitForEvent('framesent')
      const reason = await page.evaluate(() => {
        controller.abort('enough')
        return connecting
      })
      expect(reason).toBe('enough')
      await expect.poll(() => page.evaluate(states)).toEqual([CLOSED])
    })

    test(`All are closed when connectTimeout ends the wait for ${where}.`, async ({ page }) => {
      await using stranger = await start()
      const failure = await failureOf(page, { url: stranger.url, connectTimeout: 200 })
      expect(failure).toMatchObject({ isConnectError: true, code: 'ETIMEDOUT', phase, retryable: true })
      expect(failure.message).toContain('within 200 ms (connectTimeout)')
      await expect.poll(() => page.evaluate(states)).toEqual([CLOSED])
    })
  }

  test('Another is not opened after disconnect, where the client was trying again and again.', async ({ page }) => {
    const url = `ws://127.0.0.1:${await freePort()}`
    const { status, code } = await page.evaluate(async (url) => {
      const client = new emqtt.Client({ url, reconnect: { retryFirst: true, minDelay: 1, maxDelay: 1 } })
      const third = new Promise<void>((resolve) => {
        client.on('reconnecting', ({ attempt }) => attempt === 3 && resolve())
      })
      const connecting = client.connect().catch(({ code }) => code)
      await third
      await client.disconnect()
      return { status: client.status, code: await connecting }
    }, url)
    expect({ status, code }).toEqual({ status: 'closed', code: 'CLOSED' })
    expect(await page.evaluate(states)).toEqual([CLOSED, CLOSED, CLOSED])
  })
})
