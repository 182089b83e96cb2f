/** The client of store.mjs: publishes at QoS 1 for a while, and tells how fast. */

import { once } from 'node:events'
import { Client } from '../dist/node/index.js'
import { fileStore } from '../dist/store/file/index.js'

/** ms at full speed before it counts. */
const WARM_UP = 1_000

const [{ url, payload, window, seconds, directory, store }] = await once(process, 'message')
const client = new Client({
  url,
  protocolVersion: 5,
  clientId: 'bench-store',
  cleanStart: false,
  ...(store && { store: fileStore(directory, store) }),
})
client.on('error', (error) => {
  throw error
})
await client.connect()
const bytes = new Uint8Array(payload)
const times = []
let counted = 0
/** When the first second was over: what it had cost until then. */
let before
const begin = performance.now() + WARM_UP
const end = begin + seconds * 1_000
const lane = async () => {
  for (let now = performance.now(); now < end; ) {
    await client.publish('bench/store', bytes, { qos: 1 })
    const done = performance.now()
    if (now >= begin) {
      before ??= process.cpuUsage()
      counted++
      if (window === 1) times.push(done - now)
    }
    now = done
  }
}
await Promise.all(Array.from({ length: window }, lane))
const took = (performance.now() - begin) / 1_000
const { user, system } = process.cpuUsage(before)
await client.disconnect()
times.sort((a, b) => a - b)
const quantile = (part) => times[Math.floor(part * (times.length - 1))] ?? 0
process.send({ rate: counted / took, cpu: (user + system) / counted, median: quantile(0.5), p99: quantile(0.99) })
process.disconnect()
