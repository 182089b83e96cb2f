/** Payloads of `size` bytes at QoS 1, one by one out, or in; and how far one raises the peak of RSS, with its own bytes. */

import { connect } from '../../dist/node/index.js'
import { isOfPayload, makePayload } from '../growth-wire.mjs'
import { check, handIn, startCpuClock, takeJob } from '../work.mjs'

/** Bytes that are timed, within these numbers of messages. */
const BYTES = 2 ** 29
const MOST = 20_000
const LEAST = 2
const WARM_UP = 2_000

/** Below that, the peak of the whole process says nothing about a payload. */
const SEEN = 2 ** 20

const { size, out, url } = await takeJob()
const count = Math.max(LEAST, Math.min(MOST, Math.floor(BYTES / Math.max(1, size))))
const client = await connect(url, { reconnect: false })
const before = readPeak()
const payload = makePayload(out ? size : 0)
let arrived = 0
let wrong = 0
let expected = 0
let done = () => {}
await client.subscribe('p', take)

await transfer(1)
const peak = readPeak() - before
await transfer(Math.min(count, WARM_UP))
const stopClock = startCpuClock()
await transfer(count)
const cpu = (1_000 * stopClock()) / count
check(wrong === 0, `${wrong} of ${arrived} payloads are of other bytes`)
await client.disconnect()
handIn({ cpu, ...(size >= SEEN && { peak }) })

/** What goes out, the peer looks at. */
async function transfer(messages) {
  if (out) for (let left = messages; left > 0; left--) await client.publish('p', payload, { qos: 1 })
  else await receive(messages)
}

async function receive(messages) {
  expected = arrived + messages
  const all = new Promise((resolve) => {
    done = resolve
  })
  await client.publish('send', JSON.stringify({ count: messages, size, qos: 1 }))
  await all
}

/** All bytes of the first; of the others the last, since it takes time. */
function take(message) {
  const from = arrived++ === 0 ? 0 : Math.max(0, size - 1)
  if (message.payload.length !== size || !isOfPayload(message.payload.subarray(from), from)) wrong++
  if (arrived === expected) done()
}

/** Bytes of RSS that the process has had at most. */
function readPeak() {
  return 1_024 * process.resourceUsage().maxRSS
}
