/** A browser whose site data is on the disk, as at a user's: Playwright's own contexts keep theirs in memory. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page } from 'playwright/test'
import config from '../../playwright.config.js'

export interface Profile extends AsyncDisposable {
  readonly context: BrowserContext
  /** The whole browser dies at once, and is started again with what is on the disk. */
  crashBrowser(): Promise<void>
}

export async function openProfile(options: { ignoreDefaultArgs?: string[] } = {}): Promise<Profile> {
  const folder = await mkdtemp(join(tmpdir(), 'emqtt-profile-'))
  const launch = () => chromium.launchPersistentContext(folder, { ...config.use?.launchOptions, ...options })
  let context = await launch()
  return {
    get context() {
      return context
    },
    async crashBrowser() {
      const closed = context.waitForEvent('close')
      const devtools = await context.newCDPSession(context.pages()[0] as Page)
      // It is never answered.
      devtools.send('Browser.crash').catch(() => {})
      await closed
      context = await launch()
    },
    async [Symbol.asyncDispose]() {
      await context.close()
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
