/** What every browser test has: brokers, pages that hold a build of emqtt, and an eye on what a page complains of. */

import { test as base, expect } from 'playwright/test'
import { type EmbeddedBroker, startEmbeddedBroker } from '../../test/support/embedded-broker.js'
import { type Mosquitto, startMosquitto } from '../../test/support/mosquitto.js'
import { type Site, startSite } from './site.js'

export { expect }

interface OfATest {
  /** Whether the browser itself may report connections that fail. Default false. */
  networkFails: boolean
  /** Errors that nobody handled and lines in the console. Must be empty at the end, so a test need not look. */
  complaints: string[]
}

interface OfAWorker {
  broker: Mosquitto
  /** In process: fast where mosquitto's WebSocket takes seconds, at large messages. */
  embedded: EmbeddedBroker
  site: Site
}

/** What Chromium writes about a connection that it could not make, whatever the page does about it. */
const NETWORK_LINE = /^(WebSocket connection to '|Failed to load resource: net::|Mixed Content: |Connecting to 'ws)/

export const test = base.extend<OfATest, OfAWorker>({
  networkFails: [false, { option: true }],

  complaints: [
    async ({ page, networkFails }, use) => {
      const complaints: string[] = []
      page.on('pageerror', (error) => complaints.push(`unhandled: ${error.stack ?? error}`))
      page.on('console', (line) => {
        if (line.type() !== 'error' && line.type() !== 'warning') return
        if (!networkFails || !NETWORK_LINE.test(line.text())) complaints.push(`${line.type()}: ${line.text()}`)
      })
      await use(complaints)
      expect(complaints, 'the page complained').toEqual([])
    },
    { auto: true },
  ],

  broker: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads from the pattern what a fixture needs.
    async ({}, use) => {
      await using broker = await startMosquitto()
      await use(broker)
    },
    { scope: 'worker' },
  ],

  embedded: [
    // biome-ignore lint/correctness/noEmptyPattern: as above
    async ({}, use) => {
      await using broker = await startEmbeddedBroker()
      await use(broker)
    },
    { scope: 'worker' },
  ],

  site: [
    // biome-ignore lint/correctness/noEmptyPattern: as above
    async ({}, use) => {
      await using site = await startSite()
      await use(site)
    },
    { scope: 'worker' },
  ],
})
