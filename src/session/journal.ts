/** The session as records for a store: what changed since the last write, and what a new process finds. */

import type { Publish } from '../codec/packets/publish.js'
import type { RecordCodec } from './record-codec.js'
import type { Entry } from './records.js'

/** What is written at once. */
export interface Batch {
  readonly changes: ReadonlyMap<string, Uint8Array | undefined>
  /** Messages that are accepted once this is written. */
  readonly accepted: readonly Entry[]
}

/** A message as it was found in a store. */
export interface Stored {
  readonly packet: Publish
  readonly order: number
  /** Of the clock of the session. */
  readonly acceptedAt: number
  /** How far its exchange came, if it was sent. */
  readonly awaits: Entry['awaits']
}

/** What a store held. */
export interface Restored {
  /** In the order of sending. */
  readonly messages: readonly Stored[]
  /** Packet Identifiers of messages of QoS 2 that came and were answered with PUBREC. */
  readonly received: readonly number[]
  /** Records that cannot be read. */
  readonly broken: number
}

/** Where an exchange stands, by its number in a record. */
const PHASES = [undefined, 'pubrel', 'pubcomp'] as const

/**
 * The records: `m` and a number is a message, with the time when it was accepted, and the number is its place in the
 * order; `p` and a Packet Identifier is the exchange under way with it; `r` and one of the server's is a message of QoS 2
 * between PUBREC and PUBREL.
 */
export class Journal {
  readonly #codec: RecordCodec
  #changes = new Map<string, Uint8Array | undefined>()
  #accepted: Entry[] = []
  /** The highest number given so far. */
  #last = 0
  /** Milliseconds from the session's clock to the time of day; undefined until the store is open. */
  #offset: number | undefined
  /** Whether anything changed since the last `take`. */
  changed = false

  constructor(codec: RecordCodec) {
    this.#codec = codec
  }

  accept(entry: Entry): void {
    // Until the store is open it waits: what the store holds comes first. QoS 0 is not for the store.
    if (this.#offset === undefined || entry.packet.qos === 0) return
    entry.order = ++this.#last
    const bytes = this.#codec.encode(entry.packet)
    const record = numbers(bytes.length, entry.acceptedAt + this.#offset)
    record.set(bytes, 8)
    this.#put(`m${entry.order}`, record)
    this.#accepted.push(entry)
  }

  /** PUBLISH, or what follows it, is about to be sent. */
  proceed({ order, packet, awaits }: Entry): void {
    const phase = Math.max(0, PHASES.indexOf(awaits as 'pubrel'))
    // PUBREL is sent again in the order in which PUBREC came [MQTT-4.6.0-4].
    this.#put(`p${packet.packetId}`, numbers(0, order, phase > 0 ? ++this.#last : order, phase))
  }

  /** The server lost the session: the message is a new one again. */
  restart({ packet }: Entry): void {
    this.#put(`p${packet.packetId}`, undefined)
  }

  /** The message is done with, and with it its exchange: or each Packet Identifier would leave a record behind. */
  remove({ order, packet, awaits }: Entry): void {
    if (order === 0) return
    this.#put(`m${order}`, undefined)
    // Before it is sent, its Packet Identifier is none of its own.
    if (awaits || packet.dup) this.#put(`p${packet.packetId}`, undefined)
  }

  receive(packetId: number): void {
    this.#put(`r${packetId}`, new Uint8Array(0))
  }

  complete(packetId: number): void {
    this.#put(`r${packetId}`, undefined)
  }

  /** What has to be written, all of it or nothing. */
  take(): Batch | undefined {
    this.changed = false
    if (this.#changes.size === 0) return undefined
    const batch = { changes: this.#changes, accepted: this.#accepted }
    this.#changes = new Map()
    this.#accepted = []
    return batch
  }

  /** The write failed. What was to be accepted is not; the rest goes with the next one. */
  unwrite({ changes, accepted }: Batch): void {
    const refused = new Set(accepted.map(({ order }) => `m${order}`))
    const newer = this.#changes
    this.#changes = new Map()
    // A store may have written what it failed to confirm: so it is removed.
    for (const [key, value] of changes) this.#changes.set(key, refused.has(key) ? undefined : value)
    for (const [key, value] of newer) this.#changes.set(key, value)
  }

  /** Takes up what a store held. `offset` leads from the clock of the session to the time of day. */
  load(entries: Iterable<readonly [string, Uint8Array]>, offset: number): Restored {
    const messages = new Map<number, { packet: Publish; acceptedAt: number }>()
    const exchanges: { key: string; order: number; rank: number; phase: number }[] = []
    const received: number[] = []
    let broken = 0
    this.#offset = offset
    for (const [key, value] of entries) {
      const kind = key[0]
      const id = Number(key.slice(1))
      try {
        if (/^[mpr]/.test(key) && !(Number.isInteger(id) && id > 0)) throw new RangeError('no number')
        if (kind === 'm') {
          messages.set(id, { packet: this.#codec.decode(value.slice(8)), acceptedAt: readNumber(value, 0) - offset })
          this.#last = Math.max(this.#last, id)
        } else if (kind === 'p') {
          const [order, rank, phase] = [0, 1, 2].map((at) => readNumber(value, at)) as [number, number, number]
          exchanges.push({ key, order, rank, phase })
          this.#last = Math.max(this.#last, order, rank)
        } else if (kind === 'r') received.push(id)
      } catch {
        broken++
        this.#put(key, undefined)
      }
    }
    const sent: Stored[] = []
    exchanges.sort((a, b) => Math.min(a.phase, 1) - Math.min(b.phase, 1) || a.rank - b.rank)
    for (const { key, order, phase } of exchanges) {
      const message = messages.get(order)
      messages.delete(order)
      if (message) {
        message.packet.packetId = Number(key.slice(1))
        sent.push({ ...message, order, awaits: PHASES[phase] ?? (message.packet.qos === 1 ? 'puback' : 'pubrec') })
      } else this.#put(key, undefined)
    }
    const waiting = [...messages].sort(([a], [b]) => a - b)
    return {
      messages: [...sent, ...waiting.map(([order, message]) => ({ ...message, order, awaits: undefined }))],
      received,
      broken,
    }
  }

  /** The store is about to be closed: what is published from here on is for the next time. */
  seal(): void {
    this.#offset = undefined
  }

  /** The store is closed: it alone has the session. */
  unload(): void {
    this.seal()
    this.#changes = new Map()
    this.#accepted = []
    this.changed = false
  }

  #put(key: string, value: Uint8Array | undefined): void {
    this.#changes.set(key, value)
    this.changed = true
  }
}

/** A record that begins with numbers of eight bytes, and has room for more behind them. */
function numbers(room: number, ...values: number[]): Uint8Array {
  const record = new Uint8Array(8 * values.length + room)
  const view = new DataView(record.buffer)
  for (const [at, value] of values.entries()) view.setFloat64(8 * at, value)
  return record
}

function readNumber({ buffer, byteOffset, byteLength }: Uint8Array, at: number): number {
  return new DataView(buffer, byteOffset, byteLength).getFloat64(8 * at)
}
