/** Measures in a page of a browser that was just started, and checks with the server that all was there. */

import { setTimeout as sleep } from 'node:timers/promises'
import { chromium } from 'playwright'
import { findChromium } from '../../test/support/setup.mjs'
import { check, handIn, takeJob } from '../work.mjs'

/** As in playwright.config.ts: nothing of the browser's own goes on beside it. */
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

const { url, ...job } = await takeJob()
const browser = await chromium.launch({ executablePath: findChromium(), args: ARGS })
try {
  const page = await browser.newPage()
  const complaints = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  await page.goto(`${url}/?client=${job.client}`)
  const found = await page.evaluate((what) => globalThis.measure(what), job)
  await checkAll(found)
  check(complaints.length === 0, `the page complained: ${complaints.join('; ')}`)
  handIn({ rate: found.rate })
} finally {
  await browser.close()
}

/** @param {{ published?: number, received?: number, wrong?: number }} found */
async function checkAll({ published = 0, received = 0, wrong = 0 }) {
  check(wrong === 0, `${wrong} payloads were not what was sent`)
  check(published + received > 0, 'no message passed')
  const wanted = {
    publish: published,
    puback: job.qos === 1 ? received : 0,
    pubrec: 0,
    pubcomp: 0,
    payloadBytes: published * job.size,
  }
  let heard = ''
  // The last acknowledgements may be under way.
  for (let patience = 100; patience > 0 && heard !== JSON.stringify(wanted); patience--) {
    if (heard) await sleep(20)
    heard = await (await fetch(`${url}/heard`)).text()
  }
  check(heard === JSON.stringify(wanted), `the server heard ${heard}, not ${JSON.stringify(wanted)}`)
}
