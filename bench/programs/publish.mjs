/**
 * Publishes as fast as it goes, with so many under way, or one after the other in a loop; until all have arrived at the
 * peer, which has counted them.
 */

import { openControl } from '../wire/control.mjs'
import { END_TOPIC, makePayloads, TOPIC } from '../wire/payloads.mjs'
import { check, handIn, startCpuClock, takeJob } from '../work.mjs'

/** ms at full speed, before and while it is timed. */
const WARM_UP = 400
const TIME = 800

const job = await takeJob()
const { qos, size } = job
const { connect, BEST_UNDER_WAY = {} } = await import(`../clients/${job.client}.mjs`)
const client = await connect(job)
const control = await openControl(job.control)
/** They come in turn. There are half as many as may be under way: bare sockets send them as one. */
const payloads = makePayloads(job.payloads, size)
let next = 0
const publishFor = client.publishFor
  ? (ms) => client.publishFor(ms, { ...job, topic: TOPIC })
  : job.loop
    ? publishInLoop
    : keepUnderWay(Math.min(2 * job.payloads, BEST_UNDER_WAY[qos] ?? Infinity))

const before = await run(WARM_UP)
const peerBefore = await control.ask('count', { bytes: 0 })
const readCpu = startCpuClock()
const began = performance.now()
const sent = await run(TIME)
const took = performance.now() - began
const cpu = readCpu()
// Of both: a broker takes a second to say it.
const peer = await checkCount(before + sent)
control.close()
await client.close()
handIn({
  rate: (sent / took) * 1_000,
  cpu: cpu / sent,
  // Of one core: near 1, it was the peer that was measured.
  ...(peer.peerCpu && { peer: (peer.peerCpu - peerBefore.peerCpu) / 1_000 / took }),
})

/** All are at the peer when another that was sent behind them is acknowledged. */
async function run(ms) {
  const count = await publishFor(ms)
  await client.publish(END_TOPIC, new Uint8Array(0), { qos: 1 })
  return count
}

async function checkCount(messages) {
  const bytes = messages * size
  const seen = await control.ask('count', { bytes })
  check(seen.bytes === bytes, `${bytes} bytes of payload were sent, and ${seen.bytes} arrived`)
  check(seen.wrong === 0, `${seen.wrong} of ${messages} messages were not those that were due`)
  return seen
}

function keepUnderWay(window) {
  return (ms) =>
    new Promise((resolve, reject) => {
      const until = performance.now() + ms
      let [open, count] = [0, 0]
      let over = false
      let filling = false
      const publish = client.makePublisher(TOPIC, { qos }, done, reject)
      fill()

      /** A half at a time, so that all clients have bursts to write. */
      function done() {
        open--
        if (open <= window / 2 && !filling) fill()
      }

      function fill() {
        filling = true
        while (open < window && !over) {
          open++
          publish(payloads[next])
          next = next + 1 === payloads.length ? 0 : next + 1
          if (++count % 64 === 0) over = performance.now() > until
        }
        filling = false
        if (over && open === 0) resolve(count)
      }
    })
}

async function publishInLoop(ms) {
  const options = { qos }
  let count = 0
  for (const until = performance.now() + ms; count % 64 > 0 || performance.now() < until; count++) {
    await client.publish(TOPIC, payloads[next], options)
    next = next + 1 === payloads.length ? 0 : next + 1
  }
  return count
}
