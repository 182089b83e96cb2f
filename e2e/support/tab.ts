/**
 * A tab that the browser really hides, with its timers throttled as in the field. Playwright's own pages never are: it
 * has each page believe that it is seen, and starts Chromium with throttling off.
 */

import { type CDPSession, chromium, type Page } from 'playwright/test'
import config from '../../playwright.config.js'
import { freePort } from '../../test/support/ports.js'

export interface Tab {
  readonly page: Page
  /** The tab goes behind another one. Chained timers run once a minute from a second later on, not from five minutes. */
  hide(): Promise<void>
  show(): Promise<void>
  /** Nothing of a hidden page runs any more, as browsers do it to save power. */
  freeze(frozen: boolean): Promise<void>
  setOffline(offline: boolean): Promise<void>
  /** How many listeners of these types the window and its connection have. */
  listeners(types: readonly string[]): Promise<number>
  [Symbol.asyncDispose](): Promise<void>
}

const THROTTLING_OFF = [
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
]

const THROTTLING_ON = [
  '--intensive-wake-up-throttling-policy=force-enable',
  '--enable-features=IntensiveWakeUpThrottling:grace_period_seconds/1',
]

export async function openTab(url: string): Promise<Tab> {
  const { launchOptions: { executablePath, args = [] } = {} } = config.use ?? {}
  const port = await freePort()
  const launched = await chromium.launch({
    ...(executablePath && { executablePath }),
    args: [...args, ...THROTTLING_ON, `--remote-debugging-port=${port}`],
    ignoreDefaultArgs: THROTTLING_OFF,
  })
  const browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`, { noDefaults: true })
  const [context] = browser.contexts()
  if (!context) throw new Error('expected the default context of the browser, got none')
  const page = await context.newPage()
  const cover = await context.newPage()
  await page.bringToFront()
  await page.goto(url)
  const session: CDPSession = await context.newCDPSession(page)
  return {
    page,
    hide: () => cover.bringToFront(),
    show: () => page.bringToFront(),
    freeze: async (frozen) => {
      await session.send('Page.setWebLifecycleState', { state: frozen ? 'frozen' : 'active' })
    },
    listeners: async (types) => {
      let count = 0
      for (const expression of ['window', 'navigator.connection']) {
        const { result } = await session.send('Runtime.evaluate', { expression })
        const objectId = result.objectId as string
        const { listeners } = await session.send('DOMDebugger.getEventListeners', { objectId })
        count += listeners.filter(({ type }) => types.includes(type)).length
      }
      return count
    },
    setOffline: (offline) => context.setOffline(offline),
    async [Symbol.asyncDispose]() {
      await browser.close()
      await launched.close()
    },
  }
}
