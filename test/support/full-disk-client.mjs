/**
 * A program on a disk that it fills: `node full-disk-client.mjs dist/node dist/store directory url then`. What was accepted
 * it says at once, a name in a line; in the end what it saw, as JSON. `then` is `goes on` or `is killed`.
 */

import { rmSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'

const [library = '', storeLibrary = '', directory = '', url = '', then] = process.argv.slice(2)
const { Client } = await import(pathToFileURL(library).href)
const { fileStore } = await import(pathToFileURL(storeLibrary).href)

const store = fileStore(join(directory, 'store'))
const client = new Client({ url, clientId: 'full', protocolVersion: 5, store, reconnect: { retryFirst: true } })
/** @type {Set<string>} */
const errors = new Set()
let connections = 0
client.on('error', (/** @type {any} */ error) => errors.add(`${error.phase} ${error.code}`))
client.on('connect', () => connections++)
const connecting = client.connect()
if (then === 'goes on') await connecting

let count = 0
/** @returns {Promise<any>} the error, if it was not accepted */
async function publish() {
  const name = `${then === 'is killed' ? 'a' : 'b'}${count++}`
  const qos = count % 2 === 0 ? 1 : 2
  try {
    await client.publish(`full/${qos}`, name.padEnd(2_000), { qos, until: 'accepted' })
    writeSync(1, `${name}\n`)
    return undefined
  } catch (error) {
    return error
  }
}

for (let n = 0; n < 10; n++) await publish()
const filler = join(directory, 'filler')
for (let size = 2 ** 20; size >= 1; size = Math.floor(size / 2)) {
  try {
    for (;;) writeFileSync(filler, new Uint8Array(size), { flag: 'a' })
  } catch {}
}
let refusal
while (refusal === undefined) refusal = await publish()
const again = []
for (let n = 0; n < 5; n++) again.push((await publish())?.code)
if (then === 'is killed') process.kill(process.pid, 'SIGKILL')

const roundTrip = await client.ping()
const messages = await client.subscribe('full/echo')
await client.publish('full/echo', 'QoS 0 goes on')
const echo = (await messages.next()).value.text()

rmSync(filler)
while (await publish()) await setTimeout(10)
for (let n = 0; n < 10; n++) await publish()
await client.disconnect({ drain: true })
const { name, code, phase, retryable, message } = refusal
const seen = { refusal: { name, code, phase, retryable, message }, again, alive: roundTrip >= 0, echo, connections }
writeSync(1, `${JSON.stringify({ ...seen, errors: [...errors] })}\n`)
