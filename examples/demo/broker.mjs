/** An MQTT 5.0 broker inside this process: aedes, behind a TCP and a WebSocket listener on loopback. */

import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { Aedes } from 'aedes'
import { createWebSocketStream, WebSocketServer } from 'ws'
import { HOST, listen } from './listen.mjs'

const PATH = '/mqtt'

/**
 * Starts it. Port 0 is any free port, and a port that is taken is replaced by one.
 * `cut()` and `mend()` take the network away and bring it back; the broker and its sessions live on in between.
 */
export async function startBroker({ tcpPort = 0, webSocketPort = 0 } = {}) {
  const aedes = await Aedes.createBroker()
  tolerateRetainedQoS2(aedes)
  const tcp = createTcpServer((socket) => aedes.handle(socket))
  const http = createHttpServer((_request, response) => response.writeHead(426).end())
  const webSockets = new WebSocketServer({ noServer: true })

  http.on('upgrade', (request, socket, head) => {
    if (request.url !== PATH) return socket.destroy()
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      aedes.handle(createWebSocketStream(webSocket), request)
    })
  })

  const sockets = new Set()
  for (const server of [tcp, http]) {
    server.on('connection', (socket) => {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
    })
  }

  const ports = { tcp: await listen(tcp, tcpPort), webSocket: await listen(http, webSocketPort) }

  async function cut() {
    const closed = [tcp, http].filter((server) => server.listening).map((server) => once(server.close(), 'close'))
    for (const socket of sockets) socket.destroy()
    await Promise.all(closed)
  }

  return {
    ports,
    url: `mqtt://${HOST}:${ports.tcp}`,
    webSocketUrl: `ws://${HOST}:${ports.webSocket}${PATH}`,
    cut,
    async mend() {
      await listen(tcp, ports.tcp)
      await listen(http, ports.webSocket)
    },
    async stop() {
      await cut()
      await new Promise((resolve) => aedes.close(resolve))
    },
  }
}

/**
 * A retained message of QoS 2 that aedes 2.0.0-beta.1 sends to a lasting session is not in its store; it then fails at
 * the PUBREC with "no such packet" and drops the connection. This lets it answer with PUBREL instead.
 */
function tolerateRetainedQoS2({ persistence }) {
  const update = persistence.outgoingUpdate.bind(persistence)
  persistence.outgoingUpdate = (client, packet) =>
    update(client, packet).catch((error) => {
      if (packet.cmd !== 'pubrel') throw error
    })
}
