/**
 * The time from a request of QoS 1 to its answer of QoS 1 through mosquitto, one after the other, in MQTT 5.0 with
 * Response Topic and Correlation Data: with this client, with MQTT.js, and with two bare sockets that send the same
 * packets, which is the limit. Options: --count, --warm-up, --rounds, --only emqtt|mqtt.js|sockets.
 */

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startBroker } from './broker.mjs'
import { CLIENTS } from './request-clients.mjs'

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '5000' },
    'warm-up': { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '2' },
    only: { type: 'string' },
    respond: { type: 'string' },
    url: { type: 'string' },
  },
})
const QUANTILES = { min: 0, median: 0.5, p95: 0.95, p99: 0.99, max: 1 }

if (values.respond) await respond(values.respond, values.url)
else await compare()

/** The responder, in a process of its own. */
async function respond(name, url) {
  await CLIENTS[name].respond(url)
  process.send('ready')
}

async function compare() {
  const [count, warmUp, rounds] = [values.count, values['warm-up'], values.rounds].map(Number)
  const names = Object.keys(CLIENTS).filter((name) => !values.only || name === values.only)
  console.log(`${count} requests, one after the other, after ${warmUp} to warm up; ms`)
  console.log(['', ...Object.keys(QUANTILES)].map((cell, at) => cell.padStart(at ? 9 : 32)).join(''))
  for (let round = 1; round <= rounds; round++) {
    for (const processes of [1, 2]) {
      for (const name of names) {
        // A broker for each, so that nobody is measured with what another left behind.
        const broker = await startBroker()
        const responder = await startResponder(name, broker.url, processes)
        const requester = await CLIENTS[name].request(broker.url)
        const times = await measure(requester, count, warmUp)
        await requester.close()
        await responder.close()
        await broker.stop()
        const label = `${name}, ${processes === 1 ? 'one process' : 'two processes'}`
        const cells = Object.values(QUANTILES).map((part) => quantile(times, part).toFixed(3).padStart(9))
        console.log(label.padEnd(32) + cells.join(''))
      }
    }
  }
}

async function startResponder(name, url, processes) {
  if (processes === 1) return CLIENTS[name].respond(url)
  const child = fork(fileURLToPath(import.meta.url), ['--respond', name, '--url', url])
  await once(child, 'message')
  return {
    async close() {
      const closed = once(child, 'close')
      child.kill()
      await closed
    },
  }
}

/** Every answer is checked before the clock starts, and counted while it runs. */
async function measure({ ask, answered }, count, warmUp) {
  for (let number = 0; number < warmUp; number++) {
    const { payload, correlation, qos } = await ask(number)
    if (correlation !== number || payload !== `question ${number}` || qos !== 1)
      throw new Error(`asked ${number} at QoS 1, and was answered ${JSON.stringify({ payload, correlation, qos })}`)
  }
  const times = new Float64Array(count)
  for (let number = 0; number < count; number++) {
    const started = performance.now()
    const { correlation } = await ask(warmUp + number)
    times[number] = performance.now() - started
    if (correlation !== warmUp + number) throw new Error(`asked ${warmUp + number}, and was answered ${correlation}`)
  }
  if (answered() !== warmUp + count) throw new Error(`${warmUp + count} requests, and ${answered()} answers`)
  return times.sort()
}

function quantile(sorted, part) {
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]
}
