/** Connections: `count` clients in one process, made `AT_ONCE` at a time, and what each of them holds at rest. */

import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from '../../dist/node/index.js'
import { check, handIn, measureMemory, memorySince, startCpuClock, takeJob } from '../work.mjs'

/** No more than a system lets wait to be accepted. */
const AT_ONCE = 256

/** Connections at least, first to warm up and then to be timed. */
const WARM_UP = 500
const TIMED = 1_000

const { count, url } = await takeJob()
const warmUp = Math.min(count, WARM_UP)
for (let left = Math.ceil(WARM_UP / warmUp); left > 0; left--) await disconnectAll(await connectAll(warmUp))

// What was closed is let go of a turn later.
await sleep(0)
const before = measureMemory()
const { clients, time } = await timeAll()
const memory = memorySince(before)
await Promise.all(clients.map((client) => client.ping()))
const connected = clients.filter(({ status }) => status === 'connected').length
check(connected === count, `${connected} of ${count} clients are connected`)
await disconnectAll(clients)

let times = time
const rounds = Math.ceil(TIMED / count)
for (let left = rounds - 1; left > 0; left--) {
  const made = await timeAll()
  times += made.time
  await disconnectAll(made.clients)
}
handIn({ cpu: times / rounds, ...memory })

async function timeAll() {
  const stopClock = startCpuClock()
  const made = await connectAll(count)
  return { clients: made, time: stopClock() }
}

async function connectAll(wanted) {
  const clients = []
  while (clients.length < wanted) {
    const group = Array.from({ length: Math.min(AT_ONCE, wanted - clients.length) }, () =>
      connect(url, { reconnect: false }),
    )
    for (const client of await Promise.all(group)) clients.push(client)
  }
  return clients
}

async function disconnectAll(clients) {
  await Promise.all(clients.map((client) => client.disconnect()))
}
