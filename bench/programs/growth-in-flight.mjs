/** Messages of QoS 1 in flight: `count` are published at once, and none is acknowledged before all of them have come. */

import { connect } from '../../dist/node/index.js'
import { check, handIn, measureMemory, memorySince, startCpuClock, takeJob } from '../work.mjs'

/** Messages at least, first to warm up and then to be timed: that many rounds, in which a single message takes a round trip. */
const WARM_UP = 20_000
const TIMED = 130_000
const MOST_ROUNDS = 5_000

const { count, url } = await takeJob()
const client = await connect(url, { reconnect: false })
const bytes = Buffer.alloc(16)
let published = 0

for (let left = roundsFor(WARM_UP); left > 0; left--) await publishAll()
const before = measureMemory()
const open = publishAll()
check(client.info.inflight === count, `${client.info.inflight} of ${count} messages are in flight`)
const memory = memorySince(before)
await open

const rounds = roundsFor(TIMED)
const stopClock = startCpuClock()
for (let left = rounds; left > 0; left--) await publishAll()
const cpu = stopClock() / rounds

const acknowledged = client.metrics().packetsReceived - 1
check(acknowledged === published, `${acknowledged} of ${published} messages are acknowledged`)
await client.disconnect()
handIn({ cpu, ...memory })

function roundsFor(messages) {
  return Math.min(MOST_ROUNDS, Math.ceil(messages / count))
}

/** The peer looks whether each number comes, in order. */
async function publishAll() {
  const publishing = []
  for (let left = count; left > 0; left--) {
    const payload = Buffer.from(bytes)
    payload.writeUInt32BE(published++)
    publishing.push(client.publish('numbered', payload, { qos: 1 }))
  }
  await Promise.all(publishing)
}
