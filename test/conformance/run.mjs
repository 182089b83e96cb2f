/**
 * `npm run conformance` makes docs/conformance.md out of the tests. `npm run conformance -- --break [id or version …]`
 * breaks the clauses first, all or those, and notes which test catches each.
 */

import { join } from 'node:path'
import { ensureBuilt, ensureDependencies, ROOT } from '../support/setup.mjs'

await ensureDependencies()
// Tests of the command line run what is built.
await ensureBuilt()
// Not before it is installed.
const { runnerImport } = await import('vite')
const { module } = await runnerImport(join(ROOT, 'test/conformance/main.ts'), {
  root: ROOT,
  configFile: false,
  logLevel: 'error',
  // For `await using`, which Node 20 does not know.
  oxc: { target: 'node20' },
})
if (!(await module.main(process.argv.slice(2)))) process.exitCode = 1
