/** A real mosquitto on a free port of loopback, for a measurement: nothing between it and the wire. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ensureMosquitto } from '../test/support/setup.mjs'

/** @param {readonly string[]} config Further lines of mosquitto.conf. */
export async function startBroker(config = []) {
  const program = await ensureMosquitto()
  const port = await freePort()
  const directory = mkdtempSync(join(tmpdir(), 'emqtt-bench-'))
  const file = join(directory, 'mosquitto.conf')
  const lines = [
    `listener ${port} 127.0.0.1`,
    'allow_anonymous true',
    'persistence false',
    'set_tcp_nodelay true',
    'log_type error',
    'log_type warning',
    ...(userInfo().uid === 0 ? ['user root'] : []),
    ...config,
  ]
  writeFileSync(file, `${lines.join('\n')}\n`)
  const child = spawn(program, ['-c', file], { stdio: 'ignore' })
  const end = () => {
    child.kill('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  }
  process.once('exit', end)
  const deadline = Date.now() + 10_000
  while (!(await listens(port))) {
    if (child.exitCode !== null || Date.now() > deadline)
      throw new Error(`mosquitto does not start: ${lines.join('; ')}`)
    await sleep(20)
  }
  return {
    port,
    url: `mqtt://127.0.0.1:${port}`,
    /** MiB of memory that it has, where the system tells (Linux). */
    get memory() {
      try {
        return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024
      } catch {
        return Number.NaN
      }
    },
    async stop() {
      const closed = once(child, 'close')
      process.off('exit', end)
      end()
      await closed
    },
  }
}

/** @returns {Promise<number>} */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address ? address.port : 0
}

/** @param {number} port */
async function listens(port) {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
