/** Servers that take one CONNECT and say yes, over sockets of any kind, and what they saw of the connection. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls'
import { listen } from '../platform/servers.js'
import { certificates } from '../support/certificates.js'

export interface Listening extends AsyncDisposable {
  readonly port: number
}

export async function listening(server: Server): Promise<Listening> {
  const { port, close } = await listen(server)
  return { port, [Symbol.asyncDispose]: close }
}

/** CONNACK of 3.1.1: accepted. */
const CONNACK = Buffer.of(0x20, 2, 0, 0)

function accept(socket: Socket): void {
  socket.once('data', () => {
    socket.write(CONNACK)
    socket.resume()
  })
}

/** MQTT over TLS with the server's certificate, unless `options` have another; `seen` gets each connection. */
export async function serveTls(options: TlsOptions = {}, seen: (socket: TLSSocket) => void = () => {}) {
  const { cert, key } = (await certificates()).server
  return listening(
    createTlsServer({ cert, key, ...options }, (socket) => {
      seen(socket)
      accept(socket)
    }),
  )
}

/** Takes connections, reads, and never says a word. */
export function serveSilence(): Promise<Listening> {
  return listening(createServer((socket) => socket.resume()))
}

/** Its program says the port and then never takes a connection: the few that the system queues are taken by us. */
export async function serveFull(): Promise<Listening> {
  const program = `
    const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      require('node:fs').writeSync(1, String(server.address().port))
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
    })`
  const child = spawn(process.execPath, ['--eval', program], { timeout: 20_000, stdio: ['ignore', 'pipe', 'inherit'] })
  const [port] = await once(child.stdout, 'data')
  const queued = Array.from({ length: 8 }, () => connect(Number(port), '127.0.0.1').on('error', () => {}))
  await once(queued[0] as Socket, 'connect')
  return {
    port: Number(port),
    async [Symbol.asyncDispose]() {
      for (const socket of queued) socket.destroy()
      child.kill('SIGKILL')
      await once(child, 'close')
    },
  }
}

/** Stands between a client and a server, and can stop handing on what the server says. */
export interface Relay extends Listening {
  /** Connections so far. */
  readonly connections: number
  mute(): void
  /** For connections from now on, and for what comes on those that are there; what came while mute stays lost. */
  unmute(): void
  /** Ends all connections, as a network does that breaks. */
  cut(): void
}

export async function startRelay(to: number): Promise<Relay> {
  let mute = false
  let connections = 0
  const open = new Set<Socket>()
  const server = await listening(
    createServer((inside) => {
      connections++
      open.add(inside.on('close', () => open.delete(inside)))
      const outside = connect(to, '127.0.0.1')
      inside.on('data', (chunk) => outside.write(chunk)).on('close', () => outside.destroy())
      outside
        .on('data', (chunk) => {
          if (!mute) inside.write(chunk)
        })
        .on('close', () => inside.destroy())
        .on('error', () => {})
    }),
  )
  return {
    ...server,
    get connections() {
      return connections
    },
    mute: () => {
      mute = true
    },
    unmute: () => {
      mute = false
    },
    cut: () => {
      for (const socket of open) socket.resetAndDestroy()
    },
  }
}
