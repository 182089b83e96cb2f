/**
 * `npm run test:brokers`: the behaviours of test/brokers at every broker that we know, which are installed where that is
 * possible. `-- --document` writes docs/brokers.md instead.
 */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { ensureBrokers, ensureDependencies, ensureMosquitto, ROOT } from '../support/setup.mjs'

await ensureDependencies()
const writes = process.argv.includes('--document')
if (!writes) {
  await ensureMosquitto()
  await ensureBrokers()
}
const args = ['node_modules/vitest/vitest.mjs', 'run', writes ? 'test/brokers/document.test.ts' : 'test/brokers']
const env = { ...process.env, ...(writes ? { EMQTT_DOCUMENT: 'write' } : { EMQTT_BROKERS: 'all' }) }
const [code] = await once(spawn(process.execPath, args, { cwd: ROOT, env, stdio: 'inherit' }), 'close')
process.exitCode = code ?? 1
