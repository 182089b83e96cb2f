/** A server on a real TCP socket that says only what a test tells it to, for what no real broker does or shows. */

import { createServer, type Socket } from 'node:net'
import { Client, type ClientOptions, type ProtocolVersion } from '../../platform/node/index.js'
import { encodePacket, type Packet, type PacketInput, PacketReader } from '../../src/codec/index.js'
import { listen } from '../platform/servers.js'

type Of<T extends Packet['type']> = Extract<Packet, { type: T }>
type Connack = Omit<Extract<PacketInput, { type: 'connack' }>, 'type'>

/** The server's end of one connection. */
export class Conversation {
  /** From where the client came. */
  readonly remote: { address: string | undefined; port: number | undefined; family: string | undefined }
  /** Resolves when the connection is gone. */
  readonly closed: Promise<void>
  /** All packets so far, and when each came, ms. */
  readonly heard: { packet: Packet; at: number }[] = []
  readonly #socket: Socket
  readonly #reader = new PacketReader()
  #version: ProtocolVersion = 5
  #taken = 0
  readonly #wakes: (() => void)[] = []

  constructor(socket: Socket) {
    this.#socket = socket
    this.remote = { address: socket.remoteAddress, port: socket.remotePort, family: socket.remoteFamily }
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        resolve()
        this.#wake()
      })
    })
    socket.on('data', (chunk) => {
      for (const packet of this.#reader.push(chunk)) {
        if (packet.type === 'connect') this.#version = packet.protocolVersion
        this.heard.push({ packet, at: performance.now() })
      }
      this.#wake()
    })
  }

  /** The next packet; fails when it is of another type, or when the connection ends before it. */
  async next<T extends Packet['type']>(type: T): Promise<Of<T>> {
    const packet = await this.#any(type)
    if (packet.type !== type) throw new Error(`expected ${type}, got ${JSON.stringify(packet)}`)
    return packet as Of<T>
  }

  /** The next packet of this type; those of other types before it are passed over. */
  async nextOf<T extends Packet['type']>(type: T): Promise<Of<T>> {
    for (;;) {
      const packet = await this.#any(type)
      if (packet.type === type) return packet as Of<T>
    }
  }

  /** What came and was not taken by `next`. */
  get untaken(): Packet[] {
    return this.heard.slice(this.#taken).map(({ packet }) => packet)
  }

  send(...packets: PacketInput[]): void {
    this.sendBytes(Buffer.concat(packets.map((packet) => encodePacket(packet, this.#version))))
  }

  /** For what `encodePacket` refuses to write. */
  sendBytes(bytes: Uint8Array): void {
    this.#socket.write(bytes)
  }

  async #any(expected: string): Promise<Packet> {
    for (;;) {
      const next = this.heard[this.#taken]
      if (next) {
        this.#taken++
        return next.packet
      }
      if (this.#socket.closed) throw new Error(`expected ${expected}, got the end of the connection`)
      await new Promise<void>((resolve) => this.#wakes.push(resolve))
    }
  }

  #wake(): void {
    for (const wake of this.#wakes.splice(0)) wake()
  }

  /** Takes CONNECT and answers that all is well. */
  async accept(connack: Connack = {}): Promise<Of<'connect'>> {
    const connect = await this.next('connect')
    this.send({ type: 'connack', ...connack })
    return connect
  }

  /** The network connection breaks. */
  drop(): void {
    this.#socket.resetAndDestroy()
  }
}

export interface Peer extends AsyncDisposable {
  readonly url: string
  readonly port: number
  /** The next connection that nobody has asked for yet. */
  conversation(): Promise<Conversation>
}

/** On 127.0.0.1 unless `host` says otherwise. */
export async function startPeer(host = '127.0.0.1'): Promise<Peer> {
  const arrived: Conversation[] = []
  let wake = (): void => {}
  const server = createServer((socket) => {
    arrived.push(new Conversation(socket))
    wake()
  })
  const { port, close } = await listen(server, host)
  return {
    url: `mqtt://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    async conversation() {
      while (arrived.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      return arrived.shift() as Conversation
    },
    [Symbol.asyncDispose]: close,
  }
}

/** A client of the peer, connected, and both ends of its connection. It does not connect again unless told to. */
export async function meet(
  peer: Peer,
  options: ClientOptions = {},
  connack: Connack = {},
): Promise<{ client: Client; server: Conversation; connect: Of<'connect'> }> {
  const client = new Client({ url: peer.url, reconnect: false, ...options })
  const [server] = await Promise.all([
    peer.conversation().then(async (server) => ({ server, connect: await server.accept(connack) })),
    client.connect(),
  ])
  return { client, ...server }
}

/** Sees that the client has sent nothing that was not taken: the next thing it says is what it is asked to say now. */
export async function expectSilence(client: Client, server: Conversation): Promise<void> {
  const pong = client.ping()
  await server.next('pingreq')
  server.send({ type: 'pingresp' })
  await pong
}
