/** SCRAM in a page, by the Web Crypto of a browser, with a mosquitto that asks for it. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { MqttError } from '../dist/index.js'
import { startMosquitto } from '../test/support/mosquitto.js'
import { scramPlugin } from '../test/support/scram-plugin.js'
import { ROOT } from '../test/support/setup.mjs'
import { expect, test } from './support/test.js'

const MECHANISMS = ['SCRAM-SHA-1', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const
/** As it is typed; SASLprep makes "IX ß" of the password. */
const KNOWN = { username: 'ann', password: '\u2168\u00a0ß' }

for (const mechanism of MECHANISMS) {
  test(`A page proves its password by ${mechanism}, again on the same connection, and not a wrong one.`, async ({
    page,
    site,
  }) => {
    await using broker = await startMosquitto({ config: await scramPlugin({ users: { ann: 'IX ß' } }) })
    await page.goto(`${site.http}/esm`)
    const outcome = await page.evaluate(
      async ({ url, module, mechanism, known }) => {
        const { scram }: typeof import('../dist/scram.js') = await import(module)
        const connect = (password: string) => {
          const enhancedAuth = scram(mechanism, { ...known, password })
          return emqtt.connect(url, { protocolVersion: 5, enhancedAuth, reconnect: false })
        }
        const client = await connect(known.password)
        await client.reauthenticate()
        const { reasonCode } = await client.publish('a', 'b', { qos: 1 })
        await client.disconnect()
        const refused = await connect('wrong').catch((error: MqttError) => error.reasonCode)
        return { reasonCode, refused }
      },
      { url: broker.urls.ws, module: '/dist/scram/index.js', mechanism, known: KNOWN },
    )
    expect(outcome).toEqual({ reasonCode: expect.any(Number), refused: 0x87 })
    expect(outcome.reasonCode).toBeLessThan(0x80)
  })
}

test('A page without https, and not from this machine, is told why it cannot have SCRAM.', async ({ page }) => {
  await page.route('http://elsewhere.test/**', async (route) => {
    const { pathname } = new URL(route.request().url())
    if (pathname === '/')
      await route.fulfill({ contentType: 'text/html', body: '<script src="/dist/umd/emqtt.js"></script>' })
    else if (!pathname.startsWith('/dist/')) await route.fulfill({ status: 204 })
    else await route.fulfill({ contentType: 'text/javascript', body: await readFile(join(ROOT, pathname), 'utf8') })
  })
  await page.goto('http://elsewhere.test/')
  const failure = await page.evaluate(async (module) => {
    const { scram }: typeof import('../dist/scram.js') = await import(module)
    const enhancedAuth = scram('SCRAM-SHA-256', { username: 'a', password: 'b' })
    try {
      await enhancedAuth.start()
    } catch (error) {
      const { code, phase, retryable } = error as MqttError
      return { code, phase, retryable, known: emqtt.isMqttError(error) }
    }
    return undefined
  }, '/dist/scram/index.js')
  expect(failure).toEqual({ code: 'SCRAM_NO_WEB_CRYPTO', phase: 'authentication', retryable: false, known: true })
})
