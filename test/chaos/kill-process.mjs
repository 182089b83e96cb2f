/**
 * The writer or the reader of process-kills.ts, with a file store: killed at any moment, and started again with the same
 * store. What it did is in a file, line by line, each written before it goes on, so that no kill takes it back:
 * `tried n`, `accepted n` and `rejected n why` of the writer; `handed n` and `handled n` of the reader; `error code text`.
 */

import { openSync, writeSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'

// Computed, so that the type check does not need what the build makes.
const built = (/** @type {string} */ path) => import(new URL(`../../dist/${path}`, import.meta.url).href)

/** @type {import('./process-kills.js').LifeSettings} */
const settings = JSON.parse(String(process.argv[2]))
const { role, url, clientId, protocolVersion, directory, sync, file, first } = settings

/** Messages that wait for the server, at most: what a kill leaves to be sent again. */
const AHEAD = 150
/** Calls of `publish` that are not accepted yet, at most. */
const LANES = 20

const journal = openSync(file, 'a')
const note = (/** @type {string} */ line) => writeSync(journal, `${line}\n`)

const { Client } = await built('node/index.js')
const { fileStore } = await built('store/file/index.js')
const client = new Client({
  url,
  clientId,
  protocolVersion,
  // A hole in the network is noticed by it.
  keepAlive: 1,
  connectTimeout: 3_000,
  maxInflight: 30,
  reconnect: { minDelay: 2, maxDelay: 10, retryFirst: true },
  store: fileStore(directory, { sync }),
})
client.on('error', (/** @type {{ code: string, message: string }} */ { code, message }) =>
  note(`error ${code} ${message}`),
)
client.on('close', (/** @type {{ error?: Error }} */ { error }) => error && note(`error GAVE_UP ${error.message}`))

// Whoever started it is gone, and will not end it.
const abandoned = () => process.exit(1)
process.once('disconnect', abandoned)
const leave = () => {
  process.off('disconnect', abandoned)
  process.disconnect()
}

let finishing = false
if (role === 'writer') {
  // Not waited for: what is published meanwhile is accepted, too. Aedes has a session only for those who subscribed.
  void client.connect().then(() => client.subscribe('elsewhere', () => {}))
  let next = first
  const lane = async () => {
    while (!finishing) {
      if (client.info.queued + client.info.inflight >= AHEAD) {
        await wait(1)
        continue
      }
      const number = next++
      note(`tried ${number}`)
      const { topic, qos } = settings.topics[number % settings.topics.length] ?? {}
      const payload = `<${number}>${'.'.repeat((number * 37) % 120)}`
      await client.publish(topic, payload, { qos, until: 'accepted' }).then(
        () => note(`accepted ${number}`),
        (/** @type {Error} */ { message }) => note(`rejected ${number} ${message}`),
      )
    }
  }
  const lanes = Promise.all(Array.from({ length: LANES }, lane))
  process.once('message', async () => {
    finishing = true
    await lanes
    await client.disconnect({ drain: true })
    leave()
  })
} else {
  // Before the first message: those of a session that goes on come right behind CONNACK.
  client.on('message', (/** @type {{ payload: Uint8Array }} */ { payload }) => {
    const number = Number(/<(\d+)>/.exec(Buffer.from(payload).toString('latin1'))?.[1])
    note(`handed ${number}`)
    // Handlers that end out of order, and that a kill finds at work.
    if (number % 4 !== 0) return void note(`handled ${number}`)
    return wait(number % 7).then(() => void note(`handled ${number}`))
  })
  process.once('message', async () => {
    await client.disconnect()
    leave()
  })
  await client.connect()
  // Once is enough: the server keeps it with the session.
  if (first === 0) await client.subscribe('kills/#', { qos: 2 })
}
