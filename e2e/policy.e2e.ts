/** Under a Content-Security-Policy that allows the script of the site, the broker, and nothing else. */

import { expectExchange, failureOf } from './support/pages.js'
import { expect, test } from './support/test.js'

test('Under a strict Content-Security-Policy a page publishes and receives, and violates nothing.', async ({
  page,
  site,
  broker,
}) => {
  await page.goto(`${site.http}/strict`)
  await page.evaluate(() => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
      console.error(`violation of ${violatedDirective} by ${blockedURI}`)
    })
  })
  await expectExchange(page, { url: broker.urls.ws, protocolVersion: 5 })
})

test.describe('when the policy does not name the broker', () => {
  test.use({ networkFails: true })

  test('The error of connect points at the Content-Security-Policy.', async ({ page, site, broker }) => {
    await page.goto(`${site.http}/closed`)
    const failure = await failureOf(page, { url: broker.urls.ws })
    expect(failure).toMatchObject({ isConnectError: true, phase: 'websocket', code: 'WEBSOCKET_FAILED' })
    expect(failure.message).toContain('Content-Security-Policy (connect-src)')
  })
})
