/** A TCP proxy in front of a broker that ends the one connection through it when it is told to, and how. */

import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { freePort } from '../support/ports.js'

/**
 * How a connection ends: both sockets are reset, or closed; the server says goodbye with DISCONNECT (5.0); the client is
 * told that nothing more comes, while the other direction goes on; nothing passes any more, and nobody is told.
 */
export const ENDINGS = ['reset', 'close', 'disconnect', 'half-close', 'silence'] as const
export type Ending = (typeof ENDINGS)[number]

export interface SoakProxy {
  readonly port: number
  /** Connections so far. */
  readonly connections: number
  /** Ends the connection that there is, if there is one. Resolves when the client has no socket of it any more. */
  end(how: Ending): Promise<void>
  /** Ends what there is, and listens no more. */
  close(): Promise<void>
}

/** DISCONNECT with 0x8B, Server shutting down: a client should try again. As bytes, and as a frame of a WebSocket. */
const DISCONNECT = { tcp: [0xe0, 2, 0x8b, 0], ws: [0x82, 4, 0xe0, 2, 0x8b, 0] } as const

/** ms without a byte of the broker's, which hears of nothing then, after which it is not in the midst of a packet. */
const QUIET = 100

export async function startSoakProxy(target: number, over: 'tcp' | 'ws'): Promise<SoakProxy> {
  const port = await freePort()
  let connections = 0
  let link: { client: Socket; broker: Socket } | undefined
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
    connections++
    const broker = connect({ port: target, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
    const mine = { client, broker }
    link = mine
    for (const socket of [client, broker]) socket.on('error', () => {})
    client.on('close', () => {
      broker.destroy()
      if (link === mine) link = undefined
    })
    broker.on('close', () => client.destroySoon())
    client.pipe(broker)
    broker.pipe(client)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')

  const ends: Record<Ending, (client: Socket, broker: Socket) => Promise<void> | void> = {
    reset: (client, broker) => {
      client.resetAndDestroy()
      broker.resetAndDestroy()
    },
    close: (client) => {
      client.destroy()
    },
    disconnect: async (client, broker) => {
      client.unpipe(broker)
      await quiet(broker)
      client.end(Uint8Array.from(DISCONNECT[over]))
      broker.destroy()
    },
    'half-close': (client, broker) => {
      broker.unpipe(client)
      broker.resume()
      client.end()
    },
    silence: (client, broker) => {
      for (const [from, to] of [
        [client, broker],
        [broker, client],
      ] as const) {
        from.unpipe(to)
        from.resume()
        // The client closes only after our end of it is closed, too.
        from.on('end', () => from.end())
      }
    },
  }
  return {
    port,
    get connections() {
      return connections
    },
    async end(how) {
      if (!link) return
      const { client, broker } = link
      const closed = new Promise<void>((resolve) => client.once('close', () => resolve()))
      await ends[how](client, broker)
      await closed
    },
    async close() {
      const stopped = new Promise((done) => server.close(done))
      link?.client.destroy()
      await stopped
    },
  }
}

/** Resolves when a socket was silent for a while, or is closed. */
function quiet(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, QUIET)
    function wait(): void {
      timer.refresh()
    }
    function done(): void {
      clearTimeout(timer)
      socket.off('data', wait).off('close', done)
      resolve()
    }
    socket.on('data', wait).on('close', done)
  })
}
