/** Runs a command again and again, each time until it has ended; where it publishes, all that it says must arrive. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from '../../dist/node/index.js'
import { check, handIn, median, quantile, takeJob } from '../work.mjs'

const { command, args, publishes, times, url } = await takeJob()

const client = await connect(url)
let arrived = 0
const received = makeDeferred()
await client.subscribe('bench/command', { qos: 1 }, () => {
  if (++arrived === times + 1) received.resolve()
})
const words = args.map((word) => word.replace('{host}', new URL(url).hostname).replace('{port}', new URL(url).port))

await runOnce()
const taken = []
const cpuBefore = readCpuOfChildren()
for (let at = 0; at < times; at++) {
  const before = performance.now()
  await runOnce()
  taken.push(performance.now() - before)
}
const cpu = (readCpuOfChildren() - cpuBefore) / times
if (publishes) await received.promise
check(arrived === (publishes ? times + 1 : 0), `${arrived} messages arrived of ${times + 1} runs`)
await client.disconnect()
handIn({ median: median(taken), p90: quantile(taken, 0.9), ...(cpu >= 0 && { cpu }) })

async function runOnce() {
  const child = spawn(command === 'node' ? process.execPath : command, words, { stdio: 'ignore' })
  const [code] = await once(child, 'close')
  check(code === 0, `${command} ended with ${code}`)
}

/** ms of CPU, of user and system, of all children that have ended; NaN where the system does not tell. */
function readCpuOfChildren() {
  if (process.platform !== 'linux') return Number.NaN
  // The name in parentheses may hold anything; `cutime` and `cstime` are numbers 16 and 17 of proc(5), in ticks of 10 ms.
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1).split(' ')
  return (Number(fields[13]) + Number(fields[14])) * 10
}

function makeDeferred() {
  let resolve = () => {}
  const promise = new Promise((done) => {
    resolve = done
  })
  return { promise, resolve }
}
