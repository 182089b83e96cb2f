/** What the scripts of this folder begin with: what they need is set up, and their TypeScript is loaded. */

import { join } from 'node:path'
import { ensureBuilt, ensureDependencies, ensureMosquitto, ROOT } from '../support/setup.mjs'

/**
 * Resolves to what a file of this folder exports.
 * @param {string} name
 * @returns {Promise<any>}
 */
export async function setUpAndLoad(name) {
  await ensureDependencies()
  await ensureMosquitto()
  // What is killed, and measured, is the built package.
  await ensureBuilt()
  // Not before it is installed.
  const { runnerImport } = await import('vite')
  const { module } = await runnerImport(join(ROOT, 'test', 'chaos', name), {
    root: ROOT,
    configFile: false,
    logLevel: 'error',
    // For `await using`, which Node 20 does not know.
    oxc: { target: 'node20' },
  })
  return module
}
