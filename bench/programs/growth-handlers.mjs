/** Handlers: `count` of them, each of a filter of its own; then messages, each for one of them. And the same by a bare map. */

import { connect } from '../../dist/node/index.js'
import { pickNumbers, topicOf } from '../growth-wire.mjs'
import { check, handIn, measureMemory, memorySince, startCpuClock, takeJob } from '../work.mjs'

const SIZE = 16
const WARM_UP = 50_000
const TIMED = 200_000

const { count, wildcards, url } = await takeJob()
const bare = timeBareMap()
const client = await connect(url, { reconnect: false })
let arrived = 0
let wrong = 0
let expected = 0
let done = () => {}

const before = measureMemory()
const stopSubscribing = startCpuClock()
await subscribeAll()
const subscribe = stopSubscribing()
const memory = memorySince(before)

await receive(WARM_UP)
check(wrong === 0, `${wrong} messages came to a handler of another topic, or with another payload`)
const stopClock = startCpuClock()
await receive(TIMED)
const cpu = stopClock() / TIMED
check(arrived === WARM_UP + TIMED && wrong === 0, `${arrived} messages arrived, ${wrong} of them in the wrong place`)
await client.disconnect()
handIn({ cpu, bare, subscribe, ...memory })

/** The least that it can take, and how it grows when caches are too small: a topic out of bytes, one map, one call. */
function timeBareMap() {
  const handlers = new Map()
  let called = 0
  for (let number = 0; number < count; number++) {
    const topic = topicOf(number)
    handlers.set(topic, (message) => {
      if (message.topic === topic) called++
    })
  }
  const { length } = topicOf(0)
  const bytes = Buffer.from([...pickNumbers(TIMED, count)].map(topicOf).join(''), 'latin1')
  const callAll = () => {
    for (let at = 0; at < bytes.length; at += length) {
      const topic = bytes.latin1Slice(at, at + length)
      handlers.get(topic)({ topic })
    }
  }
  callAll()
  const stop = startCpuClock()
  callAll()
  const time = stop() / TIMED
  check(called === 2 * TIMED, `${called} calls of ${2 * TIMED}`)
  return time
}

async function subscribeAll() {
  const subscribing = []
  for (let number = 0; number < count; number++) {
    const topic = topicOf(number)
    const filter = wildcards ? topic.replace('state', '+') : topic
    subscribing.push(client.subscribe(filter, (message) => take(message, topic)))
  }
  await Promise.all(subscribing)
}

function take(message, topic) {
  if (message.topic !== topic || message.payload.length !== SIZE) wrong++
  if (++arrived === expected) done()
}

async function receive(messages) {
  expected = arrived + messages
  const all = new Promise((resolve) => {
    done = resolve
  })
  await client.publish('send', JSON.stringify({ count: messages, size: SIZE, qos: 0, topics: count }))
  await all
}
