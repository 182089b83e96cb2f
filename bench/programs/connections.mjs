/** Opens many connections to one server and keeps them: how long until all have their CONNACK, and what each holds. */

import { execFileSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { CONNECTIONS } from '../connections.mjs'
import { check, handIn, startCpuClock, takeJob } from '../work.mjs'

/** At most so many attempts at once: those that find the queue of a listening socket full wait a second for the next try. */
const AT_ONCE = 256
/** Connections before it is timed. They stay, so that those that follow hold memory of their own. */
const FIRST = 100
/** Files that a process needs beside its connections. */
const FILES = 100

const { client, connections, url } = await takeJob()
checkFiles(FIRST + connections + FILES)

const open = await CONNECTIONS[client](url)
/** Of each connection, whether it is there. */
const alive = []

await openAll(FIRST)
const before = await readMemory()
const readCpu = startCpuClock()
const began = performance.now()
await openAll(connections)
const time = performance.now() - began
const cpu = readCpu()
const after = await readMemory()
const living = alive.filter((isAlive) => isAlive()).length
check(living === FIRST + connections, `${living} of ${FIRST + connections} connections are there at the end`)
handIn({
  time,
  cpu: cpu / connections,
  heap: (after.heap - before.heap) / connections,
  rss: (after.rss - before.rss) / connections,
})

async function openAll(count) {
  const goal = alive.length + count
  let begun = alive.length
  const openInTurn = async () => {
    while (begun < goal) alive.push(await open(`bench-${begun++}`))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, openInTurn))
  check(alive.length === goal, `${alive.length} connections are open instead of ${goal}`)
}

/** KiB, when all that can be freed is. */
async function readMemory() {
  for (let times = 0; times < 4; times++) {
    globalThis.gc()
    await sleep(100)
  }
  const { heapUsed, rss } = process.memoryUsage()
  return { heap: heapUsed / 1_024, rss: rss / 1_024 }
}

/** Windows has no such limit; elsewhere Node has raised its own as far as the system lets it. */
function checkFiles(wanted) {
  if (process.platform === 'win32') return
  const limit = execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).trim()
  if (limit !== 'unlimited' && Number(limit) < wanted)
    throw new Error(
      `${wanted} open files are needed, ${limit} are allowed: run ulimit -n ${wanted} first, and measure again`,
    )
}
