/** A way to a broker on which connections can die without a sound, as behind a network that went away. */

import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface Relay extends AsyncDisposable {
  readonly url: string
  /** Nothing comes through any more on the connections that there are, and no end of them either. New ones are fine. */
  silence(): void
}

export async function startRelay(port: number): Promise<Relay> {
  const sockets = new Set<Socket>()
  const server = createServer((inside) => {
    const outside = connect(port, '127.0.0.1')
    for (const [from, to] of [
      [inside, outside],
      [outside, inside],
    ] as const) {
      sockets.add(from)
      from.on('data', (chunk) => to.write(chunk)).on('error', () => {})
      from.on('close', () => sockets.delete(from) && to.destroy())
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/mqtt`,
    silence() {
      for (const socket of sockets) socket.removeAllListeners('data').removeAllListeners('close').resume()
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
