/** `npm run chaos`: sets up what it needs, and runs main.ts. docs/delivery.md says what the environment may ask for. */

import { join } from 'node:path'
import { ensureDependencies, ensureMosquitto, ROOT } from '../support/setup.mjs'

await ensureDependencies()
await ensureMosquitto()
const { runnerImport } = await import('vite')
const { module } = await runnerImport(join(ROOT, 'test', 'chaos', 'main.ts'), {
  root: ROOT,
  configFile: false,
  logLevel: 'error',
  // For `await using`, which Node 20 does not know.
  oxc: { target: 'node20' },
})
if (!(await /** @type {{ runAll(): Promise<boolean> }} */ (module).runAll())) process.exitCode = 1
