/** A server that answers each packet of a client with given bytes, for what no real broker does on demand. */

import { type AddressInfo, createServer, type Socket } from 'node:net'

export interface Peer extends AsyncDisposable {
  readonly port: number
  /** The packets received so far, in order. */
  readonly received: Buffer[]
  /** Resolves once so many packets were received. */
  has(count: number): Promise<void>
  /** Bytes that nobody asked for, to the last who connected. */
  send(bytes: readonly number[]): void
  /** From where the connections came, in order. */
  readonly clients: (string | undefined)[]
}

/** Bytes to answer with; null closes the connection; nothing is silence. */
export type Script = Partial<Record<keyof typeof TYPES, readonly number[] | null>>

const TYPES = { connect: 1, publish: 3, pubrel: 6, subscribe: 8, disconnect: 14 } as const

export const CONNACK = [0x20, 3, 0, 0, 0]

/** Speaks MQTT 5.0 as far as the script goes. Expects packets of less than 128 bytes. */
export async function startPeer(script: Script): Promise<Peer> {
  const answers = new Map(Object.entries(script).map(([name, bytes]) => [TYPES[name as keyof typeof TYPES], bytes]))
  const received: Buffer[] = []
  const clients: (string | undefined)[] = []
  const sockets = new Set<Socket>()
  let onPacket: () => void = () => {}
  const server = createServer((socket) => {
    sockets.add(socket)
    clients.push(socket.remoteAddress)
    let unread = Buffer.alloc(0)
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      unread = Buffer.concat([unread, chunk])
      while (unread.length >= 2 && unread.length >= 2 + unread[1]!) {
        const packet = unread.subarray(0, 2 + unread[1]!)
        unread = unread.subarray(packet.length)
        received.push(packet)
        onPacket()
        const answer = answers.get((packet[0]! >> 4) as 1)
        if (answer === null) socket.destroy()
        else if (answer !== undefined) socket.write(Uint8Array.from(answer))
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    received,
    clients,
    has: (count) =>
      new Promise((resolve) => {
        onPacket = () => {
          if (received.length >= count) resolve()
        }
        onPacket()
      }),
    send: (bytes) => void [...sockets].at(-1)!.write(Uint8Array.from(bytes)),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
