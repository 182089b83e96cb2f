/**
 * The process that a soak measures: a client over TCP and one over WebSocket that publish at QoS 0, 1 and 2, and receive
 * what they publish. It is told to `measure` and to `end`; it tells of each connection, and of what must not happen.
 */

import { getEventListeners, once } from 'node:events'
import { readdirSync } from 'node:fs'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises'
import v8 from 'node:v8'

// Computed, so that the type check does not need what the build makes.
const built = (/** @type {string} */ path) => import(new URL(`../../dist/${path}`, import.meta.url).href)
const { Client } = await built('node/index.js')

/** @type {import('./soak.js').SoakSettings} */
const { urls, protocolVersion, storeIn } = (await once(process, 'message'))[0]

/** ms between two messages of a client. */
const PACE = 10
/** How long a message may be, bytes: small ones, and some that fill several chunks of the network. */
const SIZES = [16, 200, 3_000, 20_000]

const controller = new AbortController()
const { signal } = controller
const counts = { connects: 0, published: 0, received: 0 }
/** Pending while nothing is published. */
let going = Promise.resolve()
let goOn = () => {}
/** @type {Set<Promise<void>>} */
const pending = new Set()

/** @param {object} told */
const tell = (told) => process.send?.(told)

/** @type {any[]} */
const clients = []
for (const [name, url] of Object.entries(urls)) {
  const store = storeIn && (await built('store/file/index.js')).fileStore(join(storeIn, name), { sync: false })
  const client = new Client({
    url,
    clientId: `soak-${name}`,
    protocolVersion,
    cleanStart: false,
    keepAlive: 1,
    maxInflight: 16,
    signal,
    reconnect: { minDelay: 10, maxDelay: 100, retryFirst: true },
    ...(store && { store }),
  })
  client.on('connect', () => {
    counts.connects++
    tell({ connected: name })
  })
  client.on('error', (/** @type {Error} */ error) => {
    tell({ fault: `${name} raised an error: ${error.message}` })
  })
  client.on('close', (/** @type {{ error?: Error }} */ { error }) => {
    if (error) tell({ fault: `${name} gave up: ${error.message}` })
  })
  await client.connect()
  await client.subscribe(`soak/${name}/#`, { qos: 2 }, () => {
    counts.received++
  })
  clients.push(client)
  void publishOn(name, client)
}
// Whoever started it is gone, and will not end it.
const abandoned = () => process.exit(1)
process.once('disconnect', abandoned)
process.on('message', async (/** @type {'measure' | 'end'} */ question) => {
  if (question === 'measure') {
    going = new Promise((resolve) => {
      goOn = resolve
    })
    while (pending.size > 0) await Promise.all(pending)
    tell({ sample: await measure() })
    goOn()
  } else {
    await Promise.all(clients.map((client) => client.disconnect({ drain: true })))
    controller.abort()
    tell({ ended: true })
    process.off('disconnect', abandoned)
    process.disconnect()
  }
})
tell({ ready: true })

/**
 * @param {string} name
 * @param {any} client
 */
async function publishOn(name, client) {
  for (let number = 0; !signal.aborted; number++) {
    await going
    const qos = /** @type {0 | 1 | 2} */ (number % 3)
    const size = /** @type {number} */ (SIZES[number % SIZES.length])
    const published = client.publish(`soak/${name}/${qos}`, new Uint8Array(size), { qos }).then(
      () => {
        counts.published++
      },
      // At QoS 0 it goes with its connection.
      () => {},
    )
    pending.add(published)
    void published.then(() => pending.delete(published))
    await wait(PACE)
  }
}

async function measure() {
  // A socket that was closed needs some turns of the event loop.
  for (let turns = 0; turns < 20; turns++) await turn()
  for (let times = 0; times < 3; times++) {
    globalThis.gc?.()
    await turn()
  }
  const { heapUsed, external, rss } = process.memoryUsage()
  /** @type {Record<string, number>} */
  const kinds = {}
  for (const kind of process.getActiveResourcesInfo()) kinds[kind] = (kinds[kind] ?? 0) + 1
  return {
    heapUsed,
    external,
    rss,
    handles: kinds,
    fds: countDescriptors(),
    // Since Node 20.13; also those that are closed, and that somebody still holds.
    sockets: /** @type {any} */ (v8).queryObjects?.(Socket) ?? 0,
    listeners:
      getEventListeners(signal, 'abort').length +
      process.eventNames().reduce((sum, event) => sum + process.listenerCount(event), 0),
    ...counts,
  }
}

/** Open files and sockets, where the system tells (Linux). */
function countDescriptors() {
  try {
    return readdirSync('/proc/self/fd').length
  } catch {
    return 0
  }
}
