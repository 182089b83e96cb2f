/** How a page learns that it cannot connect: one error that says what to look at, and nothing unhandled. */

import { freePort } from '../test/support/ports.js'
import { failureOf } from './support/pages.js'
import { startHttp, startHttps, startWebSockets } from './support/stranger.js'
import { expect, test } from './support/test.js'

test.use({ networkFails: true })

const UNEXPLAINED = {
  name: 'ConnectError',
  isConnectError: true,
  phase: 'websocket',
  code: 'WEBSOCKET_FAILED',
  retryable: true,
}

test('A port that refuses gives a ConnectError that names the server and lists what to check.', async ({
  page,
  site,
}) => {
  await page.goto(`${site.http}/umd`)
  const port = await freePort()
  const failure = await failureOf(page, { url: `ws://user:secret@127.0.0.1:${port}/mqtt?token=secret` })
  expect(failure).toMatchObject(UNEXPLAINED)
  expect(failure.message).toContain(`Cannot connect to ws://127.0.0.1:${port}/mqtt: `)
  expect(failure.message).toMatch(
    /is online, and this is no mixed content: see the console, .*port and path without TLS \(else use wss:\/\/\) for the sub-protocol "mqtt"/,
  )
  expect(failure.message).not.toContain('secret')
})

test('A server that speaks HTTP only, or has nothing at the path (404), gives an error that says to check port and path.', async ({
  page,
  site,
}) => {
  await using stranger = await startHttp()
  await page.goto(`${site.http}/umd`)
  const failure = await failureOf(page, { url: stranger.url })
  expect(failure).toMatchObject(UNEXPLAINED)
  expect(failure.message).toContain(`${stranger.url}: `)
  expect(failure.message).toContain('whether it listens at this port and path')
})

for (const [url, start, advice] of [
  ['ws:// at a port that speaks TLS', startHttps, 'without TLS (else use wss://)'],
  ['wss:// at a port that does not speak TLS', startHttp, 'with TLS (else use ws://)'],
] as const) {
  test(`The wrong scheme, ${url}, gives an error that names the other.`, async ({ page, site }) => {
    await using stranger = await start()
    await page.goto(`${site.http}/umd`)
    const failure = await failureOf(page, { url: stranger.url.replace(/^ws/, url.split(':')[0] ?? '') })
    expect(failure).toMatchObject(UNEXPLAINED)
    expect(failure.message).toContain(advice)
  })
}

test('A browser that is offline is told as that.', async ({ page, context, site }) => {
  await page.goto(`${site.http}/umd`)
  await context.setOffline(true)
  const failure = await failureOf(page, { url: `ws://broker.invalid:${await freePort()}/mqtt` })
  expect(failure).toMatchObject({ isConnectError: true, phase: 'websocket', code: 'OFFLINE', retryable: true })
  expect(failure.message).toContain('the browser is offline')
})

for (const [chosen, protocol] of [
  ['no sub-protocol', false],
  ['another sub-protocol', 'chat'],
] as const) {
  test(`A WebSocket server that chooses ${chosen} gives a ConnectError that names the one needed.`, async ({
    page,
    site,
  }) => {
    await using stranger = await startWebSockets(protocol)
    await page.goto(`${site.http}/umd`)
    const failure = await failureOf(page, { url: stranger.url })
    expect(failure).toMatchObject(UNEXPLAINED)
    expect(failure.message).toContain('sub-protocol "mqtt"')
  })
}

test('A page from https that uses ws is told to use wss.', async ({ page, site }) => {
  await page.goto(`${site.https}/umd`)
  const failure = await failureOf(page, { url: 'ws://broker.invalid:8080/mqtt' })
  expect(failure).toMatchObject({ isConnectError: true, phase: 'websocket', code: 'MIXED_CONTENT', retryable: false })
  expect(failure.message).toContain('use wss://')
})

test('A page from https may use ws to the machine itself, which browsers take for safe.', async ({
  page,
  site,
  broker,
}) => {
  await page.goto(`${site.https}/umd`)
  const status = await page.evaluate(async (url) => {
    const client = await emqtt.connect(url)
    const { status } = client
    await client.disconnect()
    return status
  }, broker.urls.ws)
  expect(status).toBe('connected')
})

for (const url of ['mqtt://127.0.0.1', 'tcp://127.0.0.1:1883', 'mqtts://127.0.0.1'] as const) {
  test(`The URL ${url} gives a TypeError that says that browsers have only WebSocket.`, async ({ page, site }) => {
    await page.goto(`${site.http}/umd`)
    const failure = await failureOf(page, { url })
    expect(failure.name).toBe('TypeError')
    expect(failure.message).toContain('browsers have only WebSocket')
  })
}

test('A certificate that the browser does not trust gives a ConnectError that says how to look at it.', async ({
  browser,
  site,
  broker,
}) => {
  const context = await browser.newContext({ ignoreHTTPSErrors: false })
  const page = await context.newPage()
  await page.goto(`${site.http}/umd`)
  const failure = await failureOf(page, { url: broker.urls.wss })
  await context.close()
  expect(failure).toMatchObject(UNEXPLAINED)
  expect(failure.message).toContain(`open ${broker.urls.wss.replace('wss', 'https')} in a tab`)
})

test('A broker that refuses the password gives a ConnectError with its reason, and the socket is closed.', async ({
  page,
  site,
  embedded,
}) => {
  const { aedes } = embedded
  const { authenticate } = aedes
  aedes.authenticate = (_client, _username, _password, done) => {
    done(Object.assign(new Error('no'), { returnCode: 4 as const }), false)
  }
  try {
    const closed = page.waitForEvent('websocket').then((socket) => socket.waitForEvent('close'))
    await page.goto(`${site.http}/umd`)
    const failure = await failureOf(page, { url: embedded.urls.ws })
    expect(failure).toMatchObject({ isConnectError: true, phase: 'connack', retryable: false })
    expect(failure.message).toContain('check username and password')
    await closed
  } finally {
    aedes.authenticate = authenticate
  }
})
