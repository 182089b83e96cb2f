/** A proxy that writes down each packet that passes between a client and a broker: what a killed process cannot tell. */

import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import type { ProtocolVersion, QoS } from '../../platform/node/index.js'
import { type Packet, PacketReader } from '../../src/codec/index.js'
import { messagesIn } from '../support/exchange-log.js'
import { freePort } from '../support/ports.js'

/** A packet: of the client's, when it came here; of the broker's, when it left here. The client may never read it. */
export interface WireEntry {
  /** Counted from 1. */
  readonly connection: number
  /** Of the client's process, counted from 0. */
  readonly life: number
  readonly what: 'sent' | 'got'
  readonly type: Packet['type']
  readonly packetId: number
  /** Of a PUBLISH: which message it is. */
  readonly message: number
  readonly qos: QoS
  readonly dup: boolean
  readonly reasonCode: number
  /** Of CONNACK. */
  readonly sessionPresent: boolean
}

export interface WireLog {
  readonly port: number
  readonly entries: readonly WireEntry[]
  /** Resolves with the first entry from now on that is wanted. */
  next(wanted: (entry: WireEntry) => boolean): Promise<WireEntry>
  /** What the client sends from now on is written down, and does not come to the broker. */
  swallow(): void
  /** Resolves when no connection is open: what was sent on them is in the log. */
  settled(): Promise<void>
  close(): Promise<void>
}

/** `life` says which process it is that connects now. */
export async function startWireLog(
  target: number,
  protocolVersion: ProtocolVersion,
  life: () => number,
): Promise<WireLog> {
  const port = await freePort()
  const entries: WireEntry[] = []
  const watchers = new Set<(entry: WireEntry) => void>()
  const ends = new Set<Promise<unknown>>()
  const sockets = new Set<Socket>()
  const swallows = new Set<() => void>()
  let connections = 0
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
    const connection = ++connections
    const lived = life()
    const broker = connect({ port: target, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
    const write = (what: 'sent' | 'got', packet: Packet): void => {
      const entry = { connection, life: lived, what, ...describePacket(packet, protocolVersion) }
      entries.push(entry)
      for (const watch of watchers) watch(entry)
    }
    for (const [from, to, what] of [
      [client, broker, 'sent'],
      [broker, client, 'got'],
    ] as const) {
      const reader = new PacketReader({ protocolVersion })
      sockets.add(from)
      from.on('error', () => to.destroy())
      from.on('data', (chunk: Buffer) => {
        for (const packet of reader.push(chunk)) write(what, packet)
      })
      from.pipe(to)
      from.on('close', () => {
        sockets.delete(from)
        to.destroySoon()
      })
    }
    const swallow = (): void => {
      client.unpipe(broker)
      client.resume()
    }
    swallows.add(swallow)
    const end = Promise.all([client, broker].map(closed))
    ends.add(end)
    void end.then(() => {
      ends.delete(end)
      swallows.delete(swallow)
    })
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    port,
    entries,
    next: (wanted) =>
      new Promise((resolve) => {
        const watch = (entry: WireEntry): void => {
          if (!wanted(entry)) return
          watchers.delete(watch)
          resolve(entry)
        }
        watchers.add(watch)
      }),
    swallow: () => {
      for (const swallow of swallows) swallow()
    },
    async settled() {
      await Promise.all(ends)
    },
    async close() {
      const stopped = new Promise((done) => server.close(done))
      for (const socket of sockets) socket.destroy()
      await stopped
    },
  }
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()))
}

function describePacket(packet: Packet, version: ProtocolVersion): Omit<WireEntry, 'connection' | 'life' | 'what'> {
  const publish = packet.type === 'publish' ? packet : undefined
  const [message = -1] = publish ? messagesIn(publish.payload) : []
  return {
    type: packet.type,
    packetId: ('packetId' in packet && packet.packetId) || 0,
    message,
    qos: publish?.qos ?? 0,
    dup: publish?.dup ?? false,
    reasonCode: 'reasonCode' in packet ? packet.reasonCode : 0,
    // 3.1 cannot say that there is a session: one that was asked for is taken to be there.
    sessionPresent: packet.type === 'connack' && (version === 3 || packet.sessionPresent),
  }
}
