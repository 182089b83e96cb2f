/** The builds for browsers, in a browser, through mosquitto: from a script tag, and as a module. */

import { expectExchange } from './support/pages.js'
import { expect, test } from './support/test.js'

const SCHEMES = ['ws', 'wss'] as const
const VERSIONS = [3, 4, 5] as const

for (const scheme of SCHEMES) {
  for (const protocolVersion of VERSIONS) {
    test(`A page with one script tag publishes and receives at QoS 0, 1 and 2 over ${scheme} in version ${protocolVersion}.`, async ({
      page,
      site,
      broker,
    }) => {
      const firstFrame = page
        .waitForEvent('websocket')
        .then((socket) => socket.waitForEvent('framesent'))
        .then(({ payload }) => Buffer.from(payload))
      await page.goto(`${scheme === 'wss' ? site.https : site.http}/umd`)
      await expectExchange(page, { url: broker.urls[scheme], protocolVersion })
      // CONNECT: the name of the protocol, then its level.
      const name = protocolVersion === 3 ? 'MQIsdp' : 'MQTT'
      const [from, to] = [4, 4 + name.length]
      const connect = await firstFrame
      expect([connect.toString('utf8', from, to), connect[to]]).toEqual([name, protocolVersion])
    })
  }

  test(`A page with the ES module publishes and receives at QoS 0, 1 and 2 over ${scheme}.`, async ({
    page,
    site,
    broker,
  }) => {
    await page.goto(`${scheme === 'wss' ? site.https : site.http}/esm`)
    await expectExchange(page, { url: broker.urls[scheme], protocolVersion: 5 })
  })
}

test('The script tag adds exactly one global, emqtt.', async ({ page, site }) => {
  const globals = () => Object.getOwnPropertyNames(globalThis)
  await page.goto(`${site.http}/empty`)
  const before = await page.evaluate(globals)
  await page.goto(`${site.http}/umd`)
  const after = await page.evaluate(globals)
  expect(after.filter((name) => !before.includes(name))).toEqual(['emqtt'])
})

test('The script tag and the module offer the same names.', async ({ page, site }) => {
  const names = () => Object.keys(emqtt).sort()
  await page.goto(`${site.http}/umd`)
  const ofScript = await page.evaluate(names)
  await page.goto(`${site.http}/esm`)
  expect(await page.evaluate(names)).toEqual(ofScript)
  expect(ofScript).toContain('connect')
})

test('A page from https that names only a host and a port connects with wss.', async ({ page, site, broker }) => {
  await page.goto(`${site.https}/umd`)
  const server = await page.evaluate(async (port) => {
    const client = await emqtt.connect({ host: '127.0.0.1', port })
    await client.disconnect()
    return client.info.server
  }, broker.ports.wss)
  expect(server).toBe(broker.urls.wss)
})

test('A page from https may use ws to its own machine.', async ({ page, site, broker }) => {
  await page.goto(`${site.https}/umd`)
  await expectExchange(page, { url: broker.urls.ws, protocolVersion: 4 })
})

test('A worker that imports the script publishes and receives.', async ({ page, site, broker }) => {
  await page.goto(`${site.http}/empty`)
  const text = await page.evaluate((url) => {
    return new Promise((resolve, reject) => {
      const worker = new Worker('/worker.js')
      worker.onmessage = ({ data }) => resolve(data)
      worker.onerror = ({ message }) => reject(new Error(message))
      worker.postMessage(url)
    })
  }, broker.urls.ws)
  expect(text).toBe('from a worker')
})
