/** Receives messages of QoS 0 by many handlers, each with a filter of its own, in bursts that its peer is asked for. */

import { CLIENTS } from '../handlers.mjs'
import { makeFilters } from '../topics.mjs'
import { check, handIn, startCpuClock, takeJob } from '../work.mjs'

const { client, kind, handlers, payload, burst, url, warmUp = 300, time = 1_000 } = await takeJob()

const counts = new Uint32Array(handlers)
let received = 0
let bytes = 0
let awaited = 0
let finish = () => {}
const filters = makeFilters(kind, handlers)
const ask = await CLIENTS[client](url, filters, (number) => (length) => {
  counts[number]++
  bytes += length
  if (++received === awaited) finish()
})

await checkHandlers()
await receiveFor(warmUp)
const before = { received, bytes }
const readCpu = startCpuClock()
const began = performance.now()
const asked = await receiveFor(time)
const taken = performance.now() - began
const cpu = readCpu()
check(received - before.received === asked, `${received - before.received} messages of ${asked}`)
check(bytes - before.bytes === asked * payload.length, `${bytes - before.bytes} bytes in ${asked} messages`)
handIn({ rate: (asked / taken) * 1_000, cpu: cpu / asked })

/** Whole bursts until the time is over; returns how many messages that was. */
async function receiveFor(ms) {
  let asked = 0
  for (const end = performance.now() + ms; performance.now() < end; asked += burst) await receive(burst)
  return asked
}

function receive(count) {
  awaited = received + count
  return new Promise((resolve) => {
    finish = resolve
    ask(count)
  })
}

/** Messages go to the topics in turn: after half a turn the handlers of the first half have one each, the others none. */
async function checkHandlers() {
  const first = Math.min(Math.ceil(handlers / 2), burst)
  await receive(first)
  check(
    counts.every((count, number) => count === (number < first ? 1 : 0)),
    `${client} gave messages to handlers of other topics`,
  )
}
