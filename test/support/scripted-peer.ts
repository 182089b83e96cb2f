/** A server that does only what a test says, in memory: for what no real broker does. */

import { encodePacket, type Packet, type PacketInput } from '../../src/codec/index.js'
import type { Endpoint, Transport, TransportHandlers } from '../../src/index.js'
import { Heard } from './heard.js'

export class ScriptedPeer {
  readonly endpoint: Endpoint
  /** What the client sent and `next` has not taken yet. */
  readonly received: Packet[] = []
  /** The same for a scenario (scenario.ts). */
  readonly heard = new Heard()
  /** The sizes of the writes, in bytes: what leaves together is one. */
  readonly writes: number[] = []
  #together = 0
  /** How the client ended the connection, if it did. */
  ended: 'closed' | 'destroyed' | undefined
  /** Whether the transport says that it is full. */
  congested = false
  /** Whether the client reads: what is sent meanwhile waits, as it does in a socket. */
  paused = false
  /** `pause` and `resume`, as often as the client called them. */
  readonly reading: ('pause' | 'resume')[] = []
  #unread: Uint8Array[] = []
  /** Whether an orderly end waits for `finish`, as one does whose peer reads slowly. */
  lingers = false
  readonly transport: Transport
  readonly #handlers: TransportHandlers
  #waiting: (() => void)[] = []

  constructor(endpoint: Endpoint, handlers: TransportHandlers) {
    this.endpoint = endpoint
    this.#handlers = handlers
    this.transport = {
      send: (bytes, more) => this.#take(bytes, more),
      pause: () => {
        this.reading.push('pause')
        this.paused = true
      },
      resume: () => {
        this.reading.push('resume')
        this.paused = false
        queueMicrotask(() => {
          while (!this.paused && this.#unread.length > 0) this.arrive(this.#unread.shift() as Uint8Array)
        })
      },
      close: () => {
        if (this.ended) return
        this.#end('closed')
        if (!this.lingers) queueMicrotask(() => handlers.close())
      },
      destroy: () => {
        this.#end('destroyed')
      },
    }
  }

  /** The next packet from the client; fails when it is not of this type. */
  async next<T extends Packet['type']>(type: T): Promise<Extract<Packet, { type: T }>> {
    while (this.received.length === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    const packet = this.received.shift() as Packet
    if (packet.type !== type) throw new Error(`expected ${type}, got ${JSON.stringify(packet)}`)
    return packet as Extract<Packet, { type: T }>
  }

  /** All that the client sent so far and nobody took. */
  take(): Packet[] {
    return this.received.splice(0)
  }

  send(...packets: PacketInput[]): void {
    const parts = packets.map((packet) => encodePacket(packet, this.heard.version))
    const chunk = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
    let at = 0
    for (const part of parts) {
      chunk.set(part, at)
      at += part.length
    }
    this.sendBytes(chunk)
  }

  sendBytes(bytes: Uint8Array): void {
    if (this.paused || this.#unread.length > 0) this.#unread.push(bytes)
    else this.arrive(bytes)
  }

  /** Bytes that were read before `pause`. */
  arrive(bytes: Uint8Array): void {
    if (!this.ended) this.#handlers.data(bytes)
  }

  /** Chunks that the client has not read. */
  get unread(): number {
    return this.#unread.length
  }

  /** Takes CONNECT and answers that all is well. */
  async accept(
    connack: Omit<Extract<PacketInput, { type: 'connack' }>, 'type'> = {},
  ): Promise<Extract<Packet, { type: 'connect' }>> {
    const connect = await this.next('connect')
    this.send({ type: 'connack', ...connack })
    return connect
  }

  /** The network connection breaks. */
  drop(error: Error = new Error('connection reset')): void {
    if (this.ended) return
    this.#end('destroyed')
    this.#handlers.close(error)
  }

  /** The server ends the network connection in order. */
  end(): void {
    if (this.ended) return
    this.#end('destroyed')
    this.#handlers.close()
  }

  /** The end that lingered is over. */
  finish(): void {
    this.#handlers.close()
  }

  drain(): void {
    this.congested = false
    this.#handlers.drain()
  }

  #end(how: 'closed' | 'destroyed'): void {
    this.ended ??= how
    this.heard.end()
  }

  #take(bytes: Uint8Array, more = false): boolean {
    if (this.ended) throw new Error('the client wrote to a connection that it had ended')
    this.#together += bytes.length
    if (!more) this.writes.push(this.#together)
    if (!more) this.#together = 0
    this.received.push(...this.heard.push(bytes))
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
    return !this.congested
  }
}
