/**
 * What it costs to keep the session in a directory: messages of QoS 1 per second with many under way, and the time of one
 * after the other, with the session in memory and in a file store with `sync` off and on. Against a peer that
 * acknowledges at once, and against mosquitto; each figure in a process of its own, in turn, and the median of all rounds.
 *
 *   --rounds 3   --seconds 2, of each figure   --payload 16,256 bytes   --window 1000 under way
 *   --peer bare,mosquitto   --directory of the stores (that of the system for temporary files)
 */

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startBroker } from './broker.mjs'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '2' },
    payload: { type: 'string', default: '16,256' },
    window: { type: 'string', default: '1000' },
    peer: { type: 'string', default: 'bare,mosquitto' },
    directory: { type: 'string', default: tmpdir() },
  },
})

const STORES = { memory: undefined, 'file, sync off': { sync: false }, 'file, sync on': { sync: true } }
const PEERS = {
  bare: startBarePeer,
  mosquitto: () => startBroker([`max_inflight_messages ${values.window}`, 'max_queued_messages 0']),
}

const peers = values.peer.split(',')
const payloads = values.payload.split(',').map(Number)
const figures = new Map()
for (let round = 0; round < Number(values.rounds); round++)
  for (const peer of peers)
    for (const payload of payloads)
      for (const window of [Number(values.window), 1])
        for (const store of Object.keys(STORES)) {
          const key = [peer, payload, window, store].join()
          figures.set(key, [...(figures.get(key) ?? []), await measure(peer, payload, window, store)])
        }
print()

/** One figure: a fresh peer, a fresh process, an empty store. */
async function measure(peer, payload, window, store) {
  const broker = await PEERS[peer]()
  const directory = mkdtempSync(join(values.directory, 'emqtt-bench-store-'))
  const child = fork(fileURLToPath(new URL('store-client.mjs', import.meta.url)))
  child.send({ url: broker.url, payload, window, seconds: Number(values.seconds), directory, store: STORES[store] })
  const [figure] = await Promise.race([once(child, 'message'), once(child, 'exit').then(() => [undefined])])
  if (!figure) throw new Error(`the client of ${peer}, ${store}, ended without a figure`)
  await once(child, 'exit')
  await broker.stop()
  rmSync(directory, { recursive: true, force: true })
  return figure
}

async function startBarePeer() {
  const child = fork(fileURLToPath(new URL('peers/acknowledging.mjs', import.meta.url)))
  child.send({})
  const [{ url }] = await once(child, 'message')
  const closed = once(child, 'exit')
  return {
    url,
    async stop() {
      child.kill()
      await closed
    },
  }
}

function print() {
  console.log(`QoS 1, 5.0, medians of ${values.rounds}; of memory's in brackets`)
  console.log(
    [
      'peer',
      'payload',
      'session',
      `messages/s, ${values.window} under way`,
      'CPU, µs of each',
      'one at a time, ms',
      'p99, ms',
    ].join(' | '),
  )
  for (const peer of peers)
    for (const payload of payloads)
      for (const store of Object.keys(STORES)) {
        const of = (window, name, where = store) =>
          median(figures.get([peer, payload, window, where].join()).map((figure) => figure[name]))
        const cell = (window, name, digits) => {
          const [mine, memory] = [of(window, name), of(window, name, 'memory')]
          return `${mine.toFixed(digits)} (${(mine / memory).toFixed(2)})`
        }
        const cells = [
          cell(Number(values.window), 'rate', 0),
          cell(Number(values.window), 'cpu', 1),
          cell(1, 'median', 3),
          cell(1, 'p99', 3),
        ]
        console.log([peer, `${payload} B`, store, ...cells].join(' | '))
      }
}

function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]
}
