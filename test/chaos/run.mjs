/**
 * `npm run chaos`: sets up what it needs, runs main.ts, and then ends pages in a browser. docs/delivery.md says what the
 * environment may ask for.
 */

import { join } from 'node:path'
import { run } from '../support/command.mjs'
import { ensureBuilt, ensureChromium, ensureDependencies, ensureMosquitto, ROOT } from '../support/setup.mjs'

await ensureDependencies()
await ensureMosquitto()
// What is killed is the built package.
await ensureBuilt()
const { runnerImport } = await import('vite')
const { module } = await runnerImport(join(ROOT, 'test', 'chaos', 'main.ts'), {
  root: ROOT,
  configFile: false,
  logLevel: 'error',
  // For `await using`, which Node 20 does not know.
  oxc: { target: 'node20' },
})
if (!(await /** @type {{ runAll(): Promise<boolean> }} */ (module).runAll())) process.exitCode = 1

const pages = { EMQTT_RELOADS: '50', EMQTT_CLOSES: '10', EMQTT_TAB_CRASHES: '20', ...process.env }
if (pages.EMQTT_RELOADS !== '0') {
  await ensureChromium()
  const args = ['node_modules/playwright/cli.js', 'test', 'e2e/survival.e2e.ts']
  const { code, output } = await run(process.execPath, args, { cwd: ROOT, env: pages, timeout: 1_800_000 })
  console.log(output)
  if (code !== 0) process.exitCode = 1
}
