/**
 * `npm run test:brokers`: the behaviours of test/brokers at every broker that we know, which are installed where that is
 * possible.
 */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { ensureBrokers, ensureDependencies, ensureMosquitto, ROOT } from '../support/setup.mjs'

await ensureDependencies()
await ensureMosquitto()
await ensureBrokers()
const args = ['node_modules/vitest/vitest.mjs', 'run', 'test/brokers']
const env = { ...process.env, EMQTT_BROKERS: 'all' }
const [code] = await once(spawn(process.execPath, args, { cwd: ROOT, env, stdio: 'inherit' }), 'close')
process.exitCode = code ?? 1
