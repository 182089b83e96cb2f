/** Servers that a page takes for a broker, and that are none. */

import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { WebSocketServer } from 'ws'
import { certificates } from '../../test/support/certificates.js'

export interface Stranger extends AsyncDisposable {
  readonly url: string
}

/** Answers every request with 404. */
export function startHttp(): Promise<Stranger> {
  return listen(createHttpServer((_request, response) => response.writeHead(404).end()))
}

/** Speaks HTTP over TLS. The certificate is of the tests' own CA. */
export async function startHttps(): Promise<Stranger> {
  const { cert, key } = (await certificates()).server
  return listen(createHttpsServer({ cert, key }, (_request, response) => response.writeHead(404).end()))
}

/** Takes WebSockets and says nothing; `protocol` is the sub-protocol that it chooses, false for none. */
export function startWebSockets(protocol: string | false): Promise<Stranger> {
  const server = createHttpServer()
  new WebSocketServer({ server, handleProtocols: () => protocol })
  return listen(server)
}

/** Takes connections and never answers. */
export function startSilence(): Promise<Stranger> {
  return listen(createServer())
}

async function listen(server: Server): Promise<Stranger> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket.on('error', () => {}).on('close', () => sockets.delete(socket)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/mqtt`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
