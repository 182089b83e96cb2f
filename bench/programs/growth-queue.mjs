/** `count` messages of QoS 1 that are published before there is a connection, and leave when there is one. */

import { Client } from '../../dist/node/index.js'
import { check, handIn, measureMemory, startCpuClock, takeJob } from '../work.mjs'

const SIZE = 16

/** Messages at least, first to warm up and then to be timed. */
const WARM_UP = 50_000
const TIMED = 100_000

const { count, options, url } = await takeJob()
for (let left = Math.ceil(WARM_UP / count); left > 0; left--) await queueAndDrain(Math.min(count, WARM_UP))
const rounds = Math.ceil(TIMED / count)
const sums = { queue: 0, drain: 0, memory: 0 }
for (let left = rounds; left > 0; left--) {
  const taken = await queueAndDrain(count)
  for (const name of Object.keys(sums)) sums[name] += taken[name] / rounds
}
handIn(sums)

async function queueAndDrain(messages) {
  const client = new Client({ url, reconnect: false, ...options })
  // Of our own, and made before: what is measured is what the client needs.
  const payloads = Array.from({ length: messages }, (_, number) => {
    const payload = new Uint8Array(SIZE)
    new DataView(payload.buffer).setUint32(0, number)
    return payload
  })
  const before = measureMemory()
  let acknowledged = 0
  const stopQueueing = startCpuClock()
  for (const payload of payloads) client.publish('numbered', payload, { qos: 1 }).then(() => acknowledged++)
  const queue = stopQueueing()
  const memory = measureMemory() - before
  check(client.info.queued === messages, `${client.info.queued} of ${messages} messages wait`)
  const stopDraining = startCpuClock()
  await client.connect()
  await client.disconnect({ drain: true })
  const drain = stopDraining()
  check(acknowledged === messages, `${acknowledged} of ${messages} messages are acknowledged`)
  return { queue, memory, drain }
}
