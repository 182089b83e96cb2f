/** Receives as fast as the peer sends, looks at each payload, and has all acknowledged. */

import { setTimeout as sleep } from 'node:timers/promises'
import { openControl } from '../wire/control.mjs'
import { isPayload, TOPIC } from '../wire/payloads.mjs'
import { check, handIn, startCpuClock, takeJob } from '../work.mjs'

const WARM_UP = 400
const TIME = 800
/** Messages: as many as go. */
const MOST = 1e12
/** How often the peer hears how many came, where it wants to. */
const REPORT = 500

const job = await takeJob()
const { qos, size } = job
const { connect } = await import(`../clients/${job.client}.mjs`)
const client = await connect(job)
const control = await openControl(job.control)

let [received, due, wrong, goal] = [0, 0, 0, Infinity]
let arrived = () => {}

/** They come in turn. */
let payloads = 0
if (client.receive) await client.receive(TOPIC, job, count)
else
  await client.subscribe(TOPIC, qos, (payload) => {
    if (payload.length !== size || !isPayload(payload, 0, size, due)) wrong++
    due = due + 1 === payloads ? 0 : due + 1
    count(1)
  })

payloads = await control.ask('payloads')
const before = await run(WARM_UP)
const peerBefore = await control.ask('settle')
const readCpu = startCpuClock()
const began = performance.now()
const sent = (await run(TIME)) - before
const took = performance.now() - began
const cpu = readCpu()
const { peerCpu } = await control.ask('settle')
control.close()
await client.close()
handIn({
  rate: (sent / took) * 1_000,
  cpu: cpu / sent,
  // Of one core: near 1, it was the peer that was measured.
  ...(peerCpu && { peer: (peerCpu - peerBefore.peerCpu) / 1_000 / took }),
})

function count(messages) {
  received += messages
  if (job.reports && Math.floor(received / REPORT) > Math.floor((received - messages) / REPORT))
    control.ask('took', received)
  if (received >= goal) arrived()
}

/** Resolves with how many were sent from the beginning, when all have come and are acknowledged. */
async function run(ms) {
  const last = await control.ask('start', job.most ?? MOST)
  await Promise.race([sleep(ms), comeTo(last)])
  const all = await control.ask('stop')
  await comeTo(all)
  const { acknowledged, disorder } = await control.ask('settle')
  check(received === all, `${all} messages were sent, and ${received} came`)
  check(wrong === 0, `${wrong} of ${received} messages were not those that were due`)
  check(acknowledged === undefined || acknowledged === all, `${all} messages were sent, ${acknowledged} acknowledged`)
  check(!disorder, `${disorder} acknowledgements came out of order`)
  return all
}

async function comeTo(messages) {
  goal = messages
  if (received < goal)
    await new Promise((resolve) => {
      arrived = resolve
    })
}
