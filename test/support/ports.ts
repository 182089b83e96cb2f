/** Free loopback ports that stay free while a broker is stopped and started again. */

import { connect, createServer } from 'node:net'

/**
 * Below the range from which systems take ports for outgoing connections (Linux: from 32 768). In it, another test's
 * connection could take a stopped broker's port, and a client that keeps trying a closed port can even reach itself.
 */
const FIRST = 20_000
const LAST = 32_000

/** `count` different ports of 127.0.0.1 on which nobody listens. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>()
  for (let attempt = 0; ports.size < count; attempt++) {
    if (attempt === 1000) throw new Error(`found no ${count} free ports in ${FIRST} to ${LAST}`)
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST))
    if (await isFree(port)) ports.add(port)
  }
  return [...ports]
}

export async function freePort(): Promise<number> {
  return (await freePorts(1))[0] as number
}

/** Waits until something listens on each port; polls, since a program of somebody else's does not tell. */
export async function waitForPorts(ports: readonly number[], patience: number, giveUp: AbortSignal): Promise<void> {
  const deadline = Date.now() + patience
  for (const port of ports) {
    while (!(await answers(port))) {
      giveUp.throwIfAborted()
      if (Date.now() > deadline) throw new Error(`nothing listens on port ${port} after ${patience} ms`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const done = (answer: boolean): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => done(true)).once('error', () => done(false))
  })
}
