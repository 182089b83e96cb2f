/** A broker within the process: aedes with TCP and WebSocket, for tests that need no real one, and for the demo. */

import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createServer, type Socket } from 'node:net'
import type { DuplexOptions } from 'node:stream'
import { Aedes, type AedesOptions } from 'aedes'
import { createWebSocketStream, type WebSocket, WebSocketServer } from 'ws'
import { freePorts } from './ports.js'

export interface EmbeddedBroker {
  readonly urls: { readonly mqtt: string; readonly ws: string }
  readonly ports: { readonly mqtt: number; readonly ws: number }
  readonly aedes: Aedes
  /** Cuts every connection and stops listening. It cannot be started again; its sessions are gone. */
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Listens on 127.0.0.1, on free ports unless told. */
export async function startEmbeddedBroker(
  options: AedesOptions = {},
  given: { mqtt?: number; ws?: number } = {},
): Promise<EmbeddedBroker> {
  const [freeMqtt, freeWs] = await freePorts(2)
  const ports = { mqtt: given.mqtt ?? (freeMqtt as number), ws: given.ws ?? (freeWs as number) }
  const aedes = await Aedes.createBroker(options)

  const sockets = new Set<Socket>()
  const track = (socket: Socket): void => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  }

  const tcp = createServer({ noDelay: true }, (socket) => void aedes.handle(socket)).on('connection', track)
  const http = createHttpServer().on('connection', track)
  const webSockets = new WebSocketServer({ server: http, perMessageDeflate: false, handleProtocols: chooseProtocol })
  webSockets.on('connection', (socket, request) => {
    // A reset is the end of a stream here, not an error of the test's process.
    aedes.handle(
      createWebSocketStream(socket, { writev: oneFrame(socket) }).on('error', () => {}),
      request,
    )
  })

  tcp.listen(ports.mqtt, '127.0.0.1')
  http.listen(ports.ws, '127.0.0.1')
  await Promise.all([once(tcp, 'listening'), once(http, 'listening')])

  const stop = async (): Promise<void> => {
    const closed = [tcp, http]
      .filter((server) => server.listening)
      .map((server) => new Promise((done) => server.close(done)))
    for (const socket of sockets) socket.destroy()
    await Promise.all(closed)
    if (!aedes.closed) await new Promise<void>((done) => aedes.close(() => done()))
  }

  return {
    urls: { mqtt: `mqtt://127.0.0.1:${ports.mqtt}`, ws: `ws://127.0.0.1:${ports.ws}/mqtt` },
    ports,
    aedes,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

function chooseProtocol(offered: Set<string>): string | false {
  return ['mqtt', 'mqttv3.1'].find((protocol) => offered.has(protocol)) ?? false
}

/** The pieces of a packet in one frame: by itself the stream makes a frame of each, six for a small PUBLISH. */
function oneFrame(socket: WebSocket): DuplexOptions['writev'] {
  return (pieces, done) => socket.send(Buffer.concat(pieces.map(({ chunk }) => chunk)), done)
}
