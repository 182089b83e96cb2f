/**
 * Bytes that are allocated for each message, in JavaScript's heap and in ArrayBuffers outside of it. The young generation
 * is made so large that nothing is collected while messages pass: then what the heap has grown by is what was allocated,
 * to the byte. `--single-threaded` has V8 optimise at the same place in each run, which makes the figures of a client in
 * memory the same from run to run, however busy the machine is.
 */

import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { GCProfiler, getHeapStatistics } from 'node:v8'
import { BURST, CLIENTS, shapeOf } from '../allocation-clients.mjs'
import { makeChunks } from '../small-server.mjs'
import { check, handIn, takeJob } from '../work.mjs'

/** Bursts until the code is as fast as it gets. */
const WARM_UP = 60
/** Bytes that are counted at once: many, because the end of each page of the heap, too short for an object, counts as well. */
const WINDOW = 100e6
/** The least of so many counts: what V8 keeps for itself now and then only ever adds. */
const WINDOWS = 3

const job = await takeJob()
const { direction, qos } = job
let [received, payloadBytes, awaited, arrived] = [0, 0, 0, () => {}]

const { link, publish } = await CLIENTS[job.client](job, (payload) => {
  payloadBytes += payload.length
  if (++received === awaited) arrived()
})
const server = await (link ? serveInMemory() : serveOverSocket())
const passBurst = direction === 'publish' ? publishBurst : receiveBurst

for (let each = 0; each < WARM_UP; each++) await passBurst()
const rough = await countOnce(5)
const bursts = Math.ceil(WINDOW / BURST / (rough.heap + rough.external))
const counts = []
for (let each = 0; each < WINDOWS; each++) counts.push(await countOnce(bursts))
await checkAll((WARM_UP + 5 + WINDOWS * bursts) * BURST)
handIn({
  heap: Math.min(...counts.map(({ heap }) => heap)),
  external: Math.min(...counts.map(({ external }) => external)),
})

async function countOnce(bursts) {
  globalThis.gc()
  const profiler = new GCProfiler()
  profiler.start()
  const [heap, external] = [getHeapStatistics().used_heap_size, process.memoryUsage().arrayBuffers]
  for (let each = 0; each < bursts; each++) await passBurst()
  const grown = getHeapStatistics().used_heap_size - heap
  const grownOutside = process.memoryUsage().arrayBuffers - external
  check(profiler.stop().statistics.length === 0, 'something was collected while it was counted')
  return { heap: grown / (bursts * BURST), external: grownOutside / (bursts * BURST) }
}

async function publishBurst() {
  const promises = new Array(BURST)
  for (let each = 0; each < BURST; each++) promises[each] = publish()
  // They are settled in their order: what waiting for each would cost is not the client's.
  await promises[BURST - 1]
  await server.settled()
}

async function receiveBurst() {
  awaited = received + BURST
  const all = new Promise((resolve) => {
    arrived = resolve
  })
  server.next()
  await all
  await server.settled()
}

function serveInMemory() {
  const chunks = makeChunks(shapeOf(qos))
  return {
    next() {
      for (const chunk of chunks) link.deliver(chunk)
    },
    /** The acknowledgements take as many turns as they go to and fro. */
    async settled() {
      for (let each = 0; each <= 2 * qos; each++) await new Promise(setImmediate)
    },
    heard: async () => link.server?.heard,
  }
}

async function serveOverSocket() {
  const socket = connect(job.control, '127.0.0.1')
  await once(socket, 'connect')
  return {
    next: () => void socket.write('next'),
    settled: () => new Promise(setImmediate),
    async heard() {
      socket.write('heard')
      const [answer] = await once(socket, 'data')
      return JSON.parse(answer)
    },
  }
}

/** That all came, whole and acknowledged: over a socket, the last of it a little later. */
async function checkAll(messages) {
  const answers = { publish: 0, puback: 0, pubrec: 0, pubcomp: 0, payloadBytes: 0 }
  if (direction === 'publish') Object.assign(answers, { publish: messages, payloadBytes: 16 * messages })
  else check(received === messages && payloadBytes === 16 * messages, `${received} messages came, not ${messages}`)
  if (direction === 'receive' && qos === 1) answers.puback = messages
  if (direction === 'receive' && qos === 2) answers.pubrec = answers.pubcomp = messages
  const wanted = JSON.stringify(answers)
  let heard = ''
  for (let patience = 100; patience > 0 && heard !== wanted; patience--) {
    if (heard) await sleep(20)
    // Of a server that there is.
    heard = JSON.stringify((await server.heard()) ?? answers)
  }
  check(heard === wanted, `the server heard ${heard}, not ${wanted}`)
}
