import { defineConfig } from 'playwright/test'
import { findChromium } from './test/support/setup.mjs'

export default defineConfig({
  testDir: 'e2e',
  testMatch: '**/*.e2e.ts',
  forbidOnly: true,
  workers: 2,
  // The file of the JSON report is PLAYWRIGHT_JSON_OUTPUT_FILE; without it the list is all.
  reporter: process.env.PLAYWRIGHT_JSON_OUTPUT_FILE ? [['list'], ['json']] : 'list',
  use: {
    // The certificates are our own, made for the run.
    ignoreHTTPSErrors: true,
    launchOptions: {
      executablePath: findChromium(),
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
})
