/** A page whose broker goes away and comes back. */

import { startMosquitto } from '../test/support/mosquitto.js'
import { expect, test } from './support/test.js'

test.use({ networkFails: true })

/** What the test does for the page. */
declare function stopBroker(): Promise<void>
declare function startBroker(): Promise<void>

for (const protocolVersion of [4, 5] as const) {
  test(`What a page publishes at QoS 1 and 2 while the broker stops and starts again arrives, in order and QoS 2 once, in version ${protocolVersion}.`, async ({
    page,
    site,
  }) => {
    await using broker = await startMosquitto({ persistence: true })
    await page.exposeFunction('stopBroker', broker.stop)
    await page.exposeFunction('startBroker', broker.start)
    await page.goto(`${site.http}/umd`)
    const { total, seen, events, sessionPresent } = await page.evaluate(
      async ({ url, protocolVersion }) => {
        const options = { url, protocolVersion, cleanStart: false, reconnect: { minDelay: 50, maxDelay: 200 } }
        const seen: Record<1 | 2, number[]> = { 1: [], 2: [] }
        let total = Number.POSITIVE_INFINITY
        let complete = (): void => {}
        const all = new Promise<void>((resolve) => {
          complete = resolve
        })
        // The broker keeps its messages until the end: mosquitto 2.0.11, when it stops, forgets that it has sent PUBREL,
        // and then sends the PUBLISH again, against [MQTT-4.3.3-6]. Who is connected meanwhile gets some twice.
        const reader = new emqtt.Client({ ...options, clientId: 'reader' })
        await reader.connect()
        await reader.subscribe('numbers/+', { qos: 2 }, (message) => {
          seen[message.topic === 'numbers/1' ? 1 : 2].push(Number(message.text()))
          if (seen[1].at(-1) === total - 1 && seen[2].at(-1) === total - 1) complete()
        })
        await reader.disconnect()

        const writer = new emqtt.Client({ ...options, clientId: 'writer' })
        const events: string[] = []
        writer.on('connect', () => events.push('connect'))
        writer.on('reconnecting', ({ attempt }) => events.push(`reconnecting ${attempt}`))
        writer.on('disconnect', ({ error, retry }) => events.push(`disconnect ${error?.name} ${retry}`))
        const lost = new Promise<void>((resolve) => {
          writer.once('disconnect', () => resolve())
        })
        await writer.connect()
        const published: Promise<unknown>[] = []
        const publish = (): void => {
          const text = String(published.length / 2)
          for (const qos of [1, 2] as const) published.push(writer.publish(`numbers/${qos}`, text, { qos }))
        }

        // Twenty at a time, so that the end falls into the midst of many exchanges.
        let stopped: Promise<void> | undefined
        while (writer.status === 'connected') {
          publish()
          if (published.length === 200) stopped = stopBroker()
          if (published.length > 20) await Promise.race([published[published.length - 20], lost])
        }
        for (let n = 0; n < 100; n++) publish()
        await stopped
        await startBroker()
        for (let n = 0; n < 100; n++) publish()
        total = published.length / 2
        await Promise.all(published)
        await writer.disconnect()

        const { sessionPresent } = await reader.connect()
        await all
        await reader.disconnect()
        return { total, seen, events, sessionPresent }
      },
      { url: broker.urls.ws, protocolVersion },
    )
    expect(sessionPresent).toBe(true)
    const numbers = Array.from({ length: total }, (_, n) => n)
    expect(seen[2]).toEqual(numbers)
    // QoS 1 may come twice, and then in the order of sending again; without the doubles the order holds.
    expect([...new Set(seen[1])]).toEqual(numbers)
    expect(events.slice(0, 3)).toEqual(['connect', 'disconnect ConnectionLostError true', 'reconnecting 1'])
    expect(events.filter((event) => event === 'connect')).toHaveLength(2)
    expect(events.at(-1)).toBe('disconnect undefined false')
  })
}

test('A page that is offline is told so, and is connected and subscribed again when the network is back.', async ({
  page,
  site,
  context,
}) => {
  await using broker = await startMosquitto()
  await page.goto(`${site.http}/umd`)
  await page.exposeFunction('stopBroker', async () => {
    // Chromium's offline mode does not cut a WebSocket that is open.
    await context.setOffline(true)
    await broker.kill()
  })
  await page.exposeFunction('startBroker', async () => {
    await broker.start()
    await context.setOffline(false)
  })
  const { lost, offline, resubscribed, text } = await page.evaluate(async (url) => {
    const client = await emqtt.connect(url, { protocolVersion: 5, reconnect: { minDelay: 10, maxDelay: 50 } })
    const subscription = await client.subscribe('back', { qos: 1 })
    const lost = new Promise<Error | undefined>((resolve) => {
      client.once('disconnect', ({ error }) => resolve(error))
    })
    const offline = new Promise<Error>((resolve) => {
      client.on('reconnecting', ({ attempt, error }) => attempt === 2 && resolve(error))
    })
    const resubscribed = new Promise((resolve) => {
      client.once('resubscribe', ({ results }) => resolve(results))
    })
    const told = (error: Error | undefined) => ({
      name: error?.name,
      message: error?.message,
      code: emqtt.isMqttError(error) ? error.code : undefined,
    })
    await stopBroker()
    const errors = { lost: told(await lost), offline: told(await offline) }
    await startBroker()
    const results = await resubscribed
    await client.publish('back', 'again', { qos: 1 })
    const { value } = await subscription.next()
    await client.disconnect()
    return { ...errors, resubscribed: results, text: value?.text() }
  }, broker.urls.ws)
  expect(lost).toMatchObject({ name: 'ConnectionLostError', code: 'ECONNRESET' })
  expect(offline).toMatchObject({ name: 'ConnectError', code: 'OFFLINE' })
  expect(offline.message).toContain('the browser is offline')
  expect(resubscribed).toEqual([{ filter: 'back', reasonCode: 1 }])
  expect(text).toBe('again')
})
