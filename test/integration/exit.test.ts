/** A process that is done with its clients ends by itself: nothing of ours keeps it. */

import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from '../support/command.mjs'
import { type Mosquitto, startMosquitto } from '../support/mosquitto.js'
import { ROOT } from '../support/setup.mjs'

let broker: Mosquitto
beforeAll(async () => {
  broker = await startMosquitto()
})
afterAll(() => broker[Symbol.asyncDispose]())

/** What a program does with `url` (of a scheme), `Client` and `connect`, before its last line. */
const PROGRAMS: readonly [title: string, program: string][] = [
  ['makes a client and never connects it', 'new Client({ url })'],
  ['disconnects', 'const client = await connect(url); await client.disconnect()'],
  [
    'leaves a block of `await using`',
    'const client = await connect(url); await client.subscribe("t", () => {}); await client[Symbol.asyncDispose]()',
  ],
  [
    'aborts its signal',
    'const abort = new AbortController(); await connect(url, { signal: abort.signal }); abort.abort()',
  ],
  [
    'drains and disconnects, while it does not wait for that',
    'const client = await connect(url); client.publish("t", "1", { qos: 2 }); client.disconnect({ drain: true })',
  ],
  ['cannot connect', 'await connect(url.replace(/:[0-9]+/, ":1")).then(() => process.exit(1), () => {})'],
  [
    'gives up',
    'const client = new Client({ url: "mqtt://127.0.0.1:1", reconnect: { retryFirst: true, maxAttempts: 2, minDelay: 1 } }); await client.connect().then(() => process.exit(1), () => {})',
  ],
]

for (const scheme of ['mqtt', 'ws'] as const)
  test.concurrent.each(PROGRAMS)(`over ${scheme}, a process that %s ends by itself`, async (_, program) => {
    const library = pathToFileURL(join(ROOT, 'dist/node/index.js')).href
    const url = JSON.stringify(broker.urls[scheme])
    const script = `import { Client, connect } from ${JSON.stringify(library)}; const url = ${url}; ${program}; console.log('done')`
    const { code, output } = await run(process.execPath, ['--input-type=module', '--eval', script], { timeout: 15_000 })
    expect({ code, output }).toEqual({ code: 0, output: 'done\n' })
  })

test('a client that is connected keeps its process', async () => {
  const library = pathToFileURL(join(ROOT, 'dist/node/index.js')).href
  const script = `import { connect } from ${JSON.stringify(library)}; await connect(${JSON.stringify(broker.urls.mqtt)}); console.log('done')`
  const { code } = await run(process.execPath, ['--input-type=module', '--eval', script], { timeout: 3_000 })
  expect(code).toBeNull()
})
