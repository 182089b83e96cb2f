/** The time from a message of QoS 1 to its acknowledgement, one after the other. */

import { openControl } from '../wire/control.mjs'
import { makePayloads, TOPIC } from '../wire/payloads.mjs'
import { check, handIn, quantile, takeJob } from '../work.mjs'

const WARM_UP = 1_000
const COUNT = 4_000
const SIZE = 16

const job = await takeJob()
const { connect } = await import(`../clients/${job.client}.mjs`)
const client = await connect(job)
const control = await openControl(job.control)
const payloads = makePayloads(WARM_UP + COUNT, SIZE)
const options = { qos: 1 }
const times = []
for (const [number, payload] of payloads.entries()) {
  const began = performance.now()
  await client.publish(TOPIC, payload, options)
  if (number >= WARM_UP) times.push(performance.now() - began)
}
const expected = payloads.length * SIZE
const { bytes } = await control.ask('count', { bytes: expected })
check(bytes === expected, `${expected} bytes of payload were sent, and ${bytes} arrived`)
control.close()
await client.close()
handIn({ p50: quantile(times, 0.5) * 1_000, p99: quantile(times, 0.99) * 1_000 })
