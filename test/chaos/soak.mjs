/** `npm run soak`: sets up what it needs, and runs soak.ts. docs/delivery.md says what the environment may ask for. */

import { join } from 'node:path'
import { ensureBuilt, ensureDependencies, ensureMosquitto, ROOT } from '../support/setup.mjs'

await ensureDependencies()
await ensureBuilt()
await ensureMosquitto()
const { runnerImport } = await import('vite')
const { module } = await runnerImport(join(ROOT, 'test', 'chaos', 'soak.ts'), {
  root: ROOT,
  configFile: false,
  logLevel: 'error',
  // For `await using`, which Node 20 does not know.
  oxc: { target: 'node20' },
})
if (!(await /** @type {{ soakForLong(): Promise<boolean> }} */ (module).soakForLong())) process.exitCode = 1
