/** Filters in one SUBSCRIBE: `count` of them, from the call until SUBACK is there. */

import { connect } from '../../dist/node/index.js'
import { topicOf } from '../growth-wire.mjs'
import { check, handIn, measureMemory, median, memorySince, takeJob } from '../work.mjs'

/** Filters at least, first to warm up and then to be timed. */
const WARM_UP = 20_000
const TIMED = 100_000
const LEAST_ROUNDS = 3
const MOST_ROUNDS = 2_000

const { count, url } = await takeJob()
const client = await connect(url, { reconnect: false })
const filters = Array.from({ length: count }, (_, number) => topicOf(number))

for (let left = roundsFor(WARM_UP); left > 0; left--) await subscribeAll()
const before = measureMemory()
const subscription = await client.subscribe(filters, () => {})
const memory = memorySince(before)
await subscription.unsubscribe()
const times = []
for (let left = Math.max(LEAST_ROUNDS, roundsFor(TIMED)); left > 0; left--) times.push(await subscribeAll())
await client.disconnect()
handIn({ time: median(times), ...memory })

function roundsFor(wanted) {
  return Math.min(MOST_ROUNDS, Math.ceil(wanted / count))
}

/** µs */
async function subscribeAll() {
  const begun = performance.now()
  const subscription = await client.subscribe(filters, () => {})
  const time = 1_000 * (performance.now() - begun)
  const granted = subscription.reasonCodes.filter((code) => code === 0).length
  check(granted === count && client.subscriptions.size === count, `${granted} of ${count} filters are granted`)
  await subscription.unsubscribe()
  check(client.subscriptions.size === 0, `${client.subscriptions.size} filters are left`)
  return time
}
