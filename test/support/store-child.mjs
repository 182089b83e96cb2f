/**
 * A process with a file store of the built package, that does what the lines of its stdin say and tells on stdout how it
 * went, both in JSON: `store-process.ts` starts it. Arguments: the directory and whether to sync.
 */

import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { batchOf, describeEntries } from './store-batches.mjs'

const [module = '', directory = '', sync] = process.argv.slice(2)
const { fileStore } = await import(pathToFileURL(module).href)
/** @type {import('../../src/client/store.js').SessionStore} */
const store = fileStore(directory, { sync: sync === 'true' })

/** @type {Record<string, (...values: number[]) => Promise<unknown>>} */
const calls = {
  async open() {
    const { entries, damage } = await store.open()
    return { entries: describeEntries(entries), damage }
  },
  close: () => store.close(),
  /** The numbers from `first` to `last`, or without end; each is told when it is done. */
  async write(seed = 0, first = 1, last = first) {
    for (let number = first; number <= last; number++) {
      await store.write(batchOf(seed, number))
      tell({ done: number })
    }
  },
}

/** @param {object} what */
function tell(what) {
  writeSync(1, `${JSON.stringify(what)}\n`)
}

for await (const line of createInterface({ input: process.stdin })) {
  const [call, ...values] = JSON.parse(line)
  try {
    tell({ result: (await calls[call]?.(...values)) ?? null })
  } catch (error) {
    const { message, code, phase, retryable } = /** @type {import('../../src/errors.js').MqttError} */ (error)
    tell({ error: { message, code, phase, retryable } })
  }
}
