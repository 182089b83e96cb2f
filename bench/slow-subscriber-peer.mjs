/** The publisher or the subscriber of slow-subscriber.mjs: does as it is told, and reports on itself. */

import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from '../dist/node/index.js'

const MIB = 2 ** 20
const [settings] = await once(process, 'message')
const { url, qos, rate, consume, style, payload, window, options } = settings
const role = process.argv[2]
const seen = { pings: 0, pongs: 0, lost: 0, sent: 0, acked: 0, taken: 0, different: 0, disorder: 0, dropped: 0 }

const client = new Client({ ...options, url, clientId: role, reconnect: { minDelay: 50, maxDelay: 500 } })
client.on('packetsend', ({ type }) => {
  if (type === 'pingreq') seen.pings++
})
client.on('packetreceive', ({ type }) => {
  if (type === 'pingresp') seen.pongs++
})
client.on('disconnect', ({ error }) => {
  if (!error) return
  seen.lost++
  console.error(`${role}: ${error.message}`)
})
client.on('drop', () => seen.dropped++)
client.on('error', (error) => console.error(`${role}: ${error.message}`))
await client.connect()

const { stop = () => {}, loosen = () => {} } = role === 'publisher' ? publishAll() : await consumeAll()

process.on('message', async (question) => {
  if (question === 'stop') await stop()
  if (question === 'loose') loosen()
  if (question === 'end') await client.disconnect()
  process.send(report())
  if (question === 'end') process.disconnect()
})
process.send('ready')

function report() {
  globalThis.gc?.()
  const { rss, heapUsed } = process.memoryUsage()
  const { packetsReceived } = client.metrics()
  // Those that come unasked: a PINGRESP is no sign of work.
  const packets = packetsReceived - seen.pongs
  return { ...seen, packets, rss: Math.round(rss / MIB), heap: Math.round(heapUsed / MIB) }
}

/** Publishes as fast as `rate` and `window` let it, or, at QoS 0, as `publish` itself resolves. */
function publishAll() {
  const started = performance.now()
  const open = new Set()
  let stopped = false
  const publish = (number) => {
    const bytes = Buffer.alloc(Math.max(4, payload))
    bytes.writeUInt32BE(number)
    const publishing = client.publish('slow', bytes, { qos }).then(
      () => {
        seen.acked++
        open.delete(publishing)
      },
      (error) => {
        open.delete(publishing)
        console.error(`publish ${number}: ${error.message}`)
      },
    )
    open.add(publishing)
  }
  const loop = async () => {
    while (!stopped) {
      const due = rate === 0 ? Infinity : ((performance.now() - started) / 1000) * rate
      // A turn for all others after each hundred.
      for (let left = 100; left > 0 && seen.sent < due && open.size < window; left--) publish(seen.sent++)
      if (open.size >= window) await Promise.race(open)
      else if (seen.sent >= due) await sleep(5)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const over = loop()
  return {
    async stop() {
      stopped = true
      await over
      await Promise.all(open)
    },
  }
}

/** Works on each message for as long as `consume` says, until it is let loose. */
async function consumeAll() {
  // One bit for each message, so that the measurement itself takes no memory that grows.
  const arrived = new Uint8Array(2 ** 24)
  let highest = -1
  let loose = consume === 0
  const work = (message) => {
    const number = Buffer.from(message.payload.buffer, message.payload.byteOffset, 4).readUInt32BE(0)
    seen.taken++
    const bit = 1 << (number & 7)
    if (!(arrived[number >> 3] & bit)) seen.different++
    arrived[number >> 3] |= bit
    if (number < highest) seen.disorder++
    highest = Math.max(highest, number)
    return loose ? undefined : sleep(1000 / consume)
  }
  if (style === 'handler') await client.subscribe('slow', { qos }, work)
  else {
    const messages = await client.subscribe('slow', { qos })
    const iterate = async () => {
      for await (const message of messages) {
        const working = work(message)
        if (working) await working
      }
    }
    iterate()
  }
  return {
    loosen() {
      loose = true
    },
  }
}
