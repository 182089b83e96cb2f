/** How a page learns that it cannot connect: one error that says what to look at, and nothing unhandled. */

import { freePort } from '../test/support/ports.js'
import { failureOf } from './support/pages.js'
import { startHttp, startWebSockets } from './support/stranger.js'
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
  expect(failure.message).toMatch(/console.*without TLS.*sub-protocol "mqtt"/)
  expect(failure.message).not.toContain('secret')
})

test('A server that speaks HTTP only gives a ConnectError.', async ({ page, site }) => {
  await using stranger = await startHttp()
  await page.goto(`${site.http}/umd`)
  expect(await failureOf(page, { url: stranger.url })).toMatchObject(UNEXPLAINED)
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
