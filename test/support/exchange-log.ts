/** What two clients, a writer and a reader, send, get and hand out, in the order in which it happened. */

import type { Client, Packet, QoS } from '../../platform/node/index.js'

export type Side = 'writer' | 'reader'

/**
 * `delivered`: the reader's handler was called. `settled`, `refused`: the writer's promise was resolved, rejected.
 * `lost`: there is no connection any more.
 */
export type Happening = 'sent' | 'got' | 'delivered' | 'settled' | 'refused' | 'lost'

export interface Entry {
  /** ms, of `performance.now()`. */
  readonly at: number
  readonly side: Side
  readonly what: Happening
  /** The life of the broker, from 0, that the connection belongs to. */
  readonly life: number
  /** Of `sent` and `got`. */
  readonly type?: Packet['type']
  readonly packetId?: number
  readonly reasonCode?: number
  /** Of a PUBLISH, and of what was delivered or settled: which message it is. */
  readonly message?: number
  readonly qos?: QoS
  readonly dup?: boolean
  /** Of CONNACK. */
  readonly sessionPresent?: boolean
  /** Of `lost`: why. */
  readonly error?: Error
}

/** A life of the broker, as it looks when that is over. */
export interface Life {
  /** When it was killed, ms of `performance.now()`; Infinity for the last. */
  readonly endedAt: number
  /** The messages whose payload was in the broker's database when it was dead. */
  readonly saved: ReadonlySet<number>
  /** Packet Identifiers of the writer's that it answered, by its own log, with a Reason Code of 0x80 and above. */
  readonly refused: ReadonlySet<number>
  /** How often, by its own log, it closed the writer's connection right behind such an answer. */
  readonly hungUp: number
  /** How often the network cut a client off. Where it is not said, it never did. */
  readonly cuts?: Readonly<Record<Side, number>>
}

const PAYLOAD = /<(\d+)>/g

/** A message says which one it is in its payload, and so that it can be found in the broker's database. */
export function payloadOf(message: number): string {
  return `<${message}>`
}

/** The messages whose payload is in `bytes`. */
export function messagesIn(bytes: Uint8Array): Set<number> {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  return new Set(Array.from(text.matchAll(PAYLOAD), ([, number]) => Number(number)))
}

export class ExchangeLog {
  readonly entries: Entry[] = []
  /** Those that are over. A connection made now belongs to the next one. */
  readonly lives: Life[] = []
  readonly #lifeOf: Record<Side, number> = { writer: 0, reader: 0 }

  /** Listens to a client that has no connection yet, and that asks for its session each time. */
  follow(side: Side, client: Client): void {
    client.on('packetsend', (packet) => this.#packet(side, 'sent', packet))
    client.on('packetreceive', (packet) => {
      if (packet.type !== 'connack') return this.#packet(side, 'got', packet)
      this.#lifeOf[side] = this.lives.length
      // 3.1 cannot say that there is a session: one that was asked for is taken to be there.
      const sessionPresent = packet.sessionPresent || client.info.protocolVersion === 3
      this.#packet(side, 'got', { ...packet, sessionPresent })
    })
    client.on('disconnect', ({ error }) => this.#add(side, { what: 'lost', ...(error && { error }) }))
  }

  delivered(message: number, qos: QoS): void {
    this.#add('reader', { what: 'delivered', message, qos })
  }

  settled(message: number, qos: QoS): void {
    this.#add('writer', { what: 'settled', message, qos })
  }

  refused(message: number, qos: QoS): void {
    this.#add('writer', { what: 'refused', message, qos })
  }

  #packet(side: Side, what: 'sent' | 'got', packet: Packet): void {
    const { type } = packet
    if (type === 'publish') {
      const { packetId, qos, dup, payload } = packet
      const [message] = messagesIn(payload)
      this.#add(side, {
        what,
        type,
        qos,
        dup,
        ...(packetId && { packetId }),
        ...(message !== undefined && { message }),
      })
    } else if (type === 'connack') {
      this.#add(side, { what, type, sessionPresent: packet.sessionPresent })
    } else {
      const packetId = 'packetId' in packet ? packet.packetId : undefined
      const reasonCode = 'reasonCode' in packet ? packet.reasonCode : undefined
      this.#add(side, { what, type, ...(packetId && { packetId }), ...(reasonCode && { reasonCode }) })
    }
  }

  #add(side: Side, entry: Omit<Entry, 'at' | 'side' | 'life'>): void {
    this.entries.push({ at: performance.now(), side, life: this.#lifeOf[side], ...entry })
  }
}
