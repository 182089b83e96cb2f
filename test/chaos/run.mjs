/**
 * `npm run chaos`: sets up what it needs, runs main.ts, and then ends pages in a browser. docs/delivery.md says what the
 * environment may ask for.
 */

import { run } from '../support/command.mjs'
import { ensureChromium, ROOT } from '../support/setup.mjs'
import { setUpAndLoad } from './load.mjs'

const chaos = await setUpAndLoad('main.ts')
if (!(await chaos.runAll())) process.exitCode = 1

const pages = { EMQTT_RELOADS: '50', EMQTT_CLOSES: '10', EMQTT_TAB_CRASHES: '20', ...process.env }
if (pages.EMQTT_RELOADS !== '0') {
  await ensureChromium()
  const args = ['node_modules/playwright/cli.js', 'test', 'e2e/survival.e2e.ts']
  const { code, output } = await run(process.execPath, args, { cwd: ROOT, env: pages, timeout: 1_800_000 })
  console.log(output)
  if (code !== 0) process.exitCode = 1
}
