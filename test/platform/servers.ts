/** Little servers, one per transport, whose end of each connection a test holds in its hand. */

import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TLSSocket } from 'node:tls'
import { type WebSocket, WebSocketServer } from 'ws'
import type { ClientOptions } from '../../src/client/options.js'
import { certificates } from '../support/certificates.js'

/** The server's end of one connection. */
export interface Peer {
  write(bytes: Uint8Array): void
  /** Resolves with the first `count` bytes that came, once they came. */
  read(count: number): Promise<Buffer>
  /** Hands over all chunks, those that came already, too. */
  listen(take: (chunk: Buffer) => void): void
  stopReading(): void
  startReading(): void
  end(): void
  reset(): void
  /** Resolves when the connection is gone, with the code of a WebSocket's close frame. */
  readonly closed: Promise<number | undefined>
  /** For what only a WebSocket can say. */
  readonly webSocket?: WebSocket
}

export interface TestServer {
  readonly url: string
  readonly options: ClientOptions
  /** The next connection that nobody has asked for yet. */
  accept(): Promise<Peer>
  /** Cuts all connections and stops listening. */
  close(): Promise<void>
}

export type Kind = 'tcp' | 'tls' | 'ws' | 'wss'

/** `subProtocol` is what a WebSocket's upgrade is answered with, false for none, instead of what the client offers. */
export async function startServer(kind: Kind, subProtocol?: string | false): Promise<TestServer> {
  const { ca, server } = await certificates()
  const queue = new Queue<Peer>()
  // A TLS socket cannot be reset itself, but the one below it can.
  const raw = new Map<number | undefined, Socket>()
  const reset = ({ remotePort }: Socket): unknown => raw.get(remotePort)?.resetAndDestroy()
  const secured = { cert: server.cert, key: server.key }
  const listening =
    kind === 'tcp'
      ? createServer((socket) => queue.push(streamPeer(socket, () => reset(socket))))
      : kind === 'tls'
        ? createTlsServer(secured, (socket) => queue.push(streamPeer(socket, () => reset(socket))))
        : kind === 'ws'
          ? createHttpServer()
          : createHttpsServer(secured)
  if (kind === 'ws' || kind === 'wss') {
    const webSockets = new WebSocketServer({
      server: listening as never,
      perMessageDeflate: false,
      ...(subProtocol !== undefined && { handleProtocols: () => subProtocol }),
    })
    webSockets.on('connection', (socket, request) => queue.push(webSocketPeer(socket, () => reset(request.socket))))
  }
  listening.on('connection', (socket: Socket) => raw.set(socket.remotePort, socket))
  const { port, close } = await listen(listening)
  const scheme = { tcp: 'mqtt', tls: 'mqtts', ws: 'ws', wss: 'wss' }[kind]
  return {
    url: `${scheme}://127.0.0.1:${port}`,
    options: kind === 'tls' || kind === 'wss' ? { tls: { ca: ca.cert } } : {},
    accept: () => queue.next(),
    close,
  }
}

/** Listens on a free port of `host`; `close` cuts what is connected. For servers that misbehave, too. */
export async function listen(
  server: Server,
  host = '127.0.0.1',
): Promise<{ port: number; close: () => Promise<void> }> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket.on('error', ignore).on('close', () => sockets.delete(socket)))
  })
  server.on('tlsClientError', ignore)
  server.listen(0, host)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise((done) => server.close(done))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

function streamPeer(socket: Socket | TLSSocket, reset: () => void): Peer {
  const arrived = new Arrived()
  socket.on('data', (chunk) => arrived.push(chunk)).on('error', ignore)
  return {
    write: (bytes) => void socket.write(bytes),
    read: (count) => arrived.first(count),
    listen: (take) => arrived.listen(take),
    stopReading: () => void socket.pause(),
    startReading: () => void socket.resume(),
    end: () => void socket.end(),
    reset,
    closed: new Promise((done) => socket.once('close', () => done(undefined))),
  }
}

function webSocketPeer(socket: WebSocket, reset: () => void): Peer {
  const arrived = new Arrived()
  socket.on('message', (chunk) => arrived.push(chunk as Buffer)).on('error', ignore)
  return {
    write: (bytes) => socket.send(bytes),
    read: (count) => arrived.first(count),
    listen: (take) => arrived.listen(take),
    stopReading: () => socket.pause(),
    startReading: () => socket.resume(),
    end: () => socket.close(1000),
    reset,
    closed: new Promise((done) => socket.once('close', done)),
    webSocket: socket,
  }
}

/** Bytes that came, and those who wait for them. */
class Arrived {
  #chunks: Buffer[] = []
  #length = 0
  #wanted = Number.POSITIVE_INFINITY
  #wake: () => void = ignore
  #listener: (chunk: Buffer) => void = ignore

  listen(take: (chunk: Buffer) => void): void {
    this.#listener = take
    for (const chunk of this.#chunks) take(chunk)
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#listener(chunk)
    this.#length += chunk.length
    if (this.#length >= this.#wanted) this.#wake()
  }

  async first(count: number): Promise<Buffer> {
    this.#wanted = count
    if (this.#length < count) await new Promise<void>((wake) => (this.#wake = wake))
    return Buffer.concat(this.#chunks).subarray(0, count)
  }
}

class Queue<T> {
  #items: T[] = []
  #waiting: ((item: T) => void)[] = []

  push(item: T): void {
    const taker = this.#waiting.shift()
    if (taker === undefined) this.#items.push(item)
    else taker(item)
  }

  next(): Promise<T> {
    const item = this.#items.shift()
    return item === undefined ? new Promise((taker) => this.#waiting.push(taker)) : Promise.resolve(item)
  }
}

function ignore(): void {}
