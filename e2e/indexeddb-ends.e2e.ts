/** However a page ends while it writes to its store, what resolved is there, and what did not is there whole or not at all. */

import { setTimeout } from 'node:timers/promises'
import { expect, type Page, test } from 'playwright/test'
import { randomOf } from '../test/support/random.js'
import { openProfile, type Profile } from './support/profile.js'
import { startSite } from './support/site.js'
import { crash } from './support/stores.js'

/** How a page ends; resolves to the page that comes after it. */
const ENDS: Record<string, (page: Page, profile: Profile) => Promise<Page>> = {
  'is reloaded': async (page) => {
    await page.reload()
    return page
  },
  'goes elsewhere and comes back': async (page) => {
    await page.goto('about:blank')
    await page.goBack()
    return page
  },
  'is closed': async (page, { context }) => {
    const [next] = await Promise.all([context.newPage(), page.close()])
    return next
  },
  crashes: async (page, { context }) => {
    await crash(page)
    const [next] = await Promise.all([context.newPage(), page.close()])
    return next
  },
  'dies with the whole browser': async (_, profile) => {
    await profile.crashBrowser()
    return profile.context.newPage()
  },
}

/** What a batch writes: five values of sizes and bytes that follow from its number. It removes the batch four before. */
const BATCH = `
  globalThis.batchOf = (number) => {
    const size = (part) => ((number + part) * 7919) % 30_000
    const put = [0, 1, 2, 3, 4].map((part) => [number + 'x' + part, new Uint8Array(size(part)).fill(number + part)])
    return new Map([...put, ['last', Uint8Array.of(number >> 8, number)]])
  }`
type Batch = Map<string, Uint8Array | undefined>
declare global {
  var batchOf: (number: number) => Batch
  var resolved: (number: number) => void
}

/** Opens the store, compares all of it with what the last batch must have left, and goes on writing from there. */
function judgeAndWrite(page: Page): Promise<{ last: number; faults: string[] }> {
  return page.evaluate(async () => {
    const store = emqttIndexedDb.indexedDbStore('ends')
    const found = new Map((await store.open()).entries)
    const [high = 0, low = 0] = found.get('last') ?? []
    const last = high * 256 + low
    const expected: Batch = new Map()
    for (let number = Math.max(1, last - 3); number <= last; number++) {
      for (const [key, value] of globalThis.batchOf(number)) expected.set(key, value)
    }
    const faults = []
    for (const key of new Set([...found.keys(), ...expected.keys()])) {
      const [is, should] = [found.get(key), expected.get(key)]
      const same = is && should && is.length === should.length && is.every((byte, at) => byte === should[at])
      if (!same) faults.push(`${key} of batch ${last}: expected ${should?.length} bytes, found ${is?.length}`)
    }
    const writeOn = async () => {
      for (let number = last + 1; ; number++) {
        const batch = globalThis.batchOf(number)
        for (const part of [0, 1, 2, 3, 4]) batch.set(`${number - 4}x${part}`, undefined)
        await store.write(batch)
        globalThis.resolved(number)
      }
    }
    // Until the page ends.
    void writeOn()
    return { last, faults }
  })
}

/** How often; the more expensive ones less. */
const TIMES: Record<string, number> = { 'is reloaded': 10, crashes: 10, 'dies with the whole browser': 3 }

Object.entries(ENDS).forEach(([what, end], seed) => {
  const times = TIMES[what] ?? 5
  test(`When a page that writes ${what}, ${times} times, nothing of what resolved is missing.`, async () => {
    test.setTimeout(120_000)
    const random = randomOf(seed)
    await using site = await startSite()
    await using profile = await openProfile()
    let highest = 0
    let trouble: Error | undefined
    let heard = (): void => {}
    const listen = async () => {
      await profile.context.addInitScript(BATCH)
      await profile.context.exposeFunction('resolved', (number: number) => {
        highest = number
        heard()
      })
      profile.context.on('weberror', (event) => {
        trouble = event.error()
        heard()
      })
    }

    let context = profile.context
    await listen()
    let page = await context.newPage()
    await page.goto(`${site.http}/store`)
    for (let moment = 0; moment <= times; moment++) {
      const { last, faults } = await judgeAndWrite(page)
      expect(faults).toEqual([])
      expect(last).toBeGreaterThanOrEqual(highest)
      if (moment === times) break
      const until = last + 1 + Math.floor(random() * 15)
      while (highest < until && !trouble) await new Promise<void>((resolve) => (heard = resolve))
      expect(trouble).toBeUndefined()
      await setTimeout(random() * 20)
      page = await end(page, profile)
      if (profile.context !== context) {
        context = profile.context
        await listen()
      }
      if (!page.url().endsWith('/store')) await page.goto(`${site.http}/store`)
    }
    expect(highest).toBeGreaterThanOrEqual(times)
  })
})
