/** Messages that wait to be sent, in order and within limits: what there is no room for goes by the application's rule. */

import { Fifo } from './fifo.js'
import type { Entry } from './records.js'

export interface OutboxLimits {
  readonly maxMessages: number
  /** On the wire. */
  readonly maxBytes: number
  /** ms; Infinity is for ever. */
  readonly maxAge: number
  readonly whenFull: 'reject' | 'drop-oldest' | 'drop-newest' | 'latest-per-topic'
  readonly offlineQos0: 'queue' | 'drop'
}

export class Outbox extends Fifo<Entry> {
  readonly #limits: OutboxLimits
  #bytes = 0
  /** Messages of QoS 0 among them. */
  qos0 = 0
  /** Not later than the time at which the first of them expires. */
  #expiresAt = Infinity

  constructor(limits: OutboxLimits) {
    super()
    this.#limits = limits
  }

  get deadline(): number {
    return this.#expiresAt
  }

  override push(entry: Entry): void {
    this.#count(entry, 1)
    this.#expiresAt = Math.min(this.#expiresAt, entry.expiresAt)
    super.push(entry)
  }

  override shift(): Entry | undefined {
    return this.#taken(super.shift())
  }

  override remove(matches: (entry: Entry) => boolean): Entry | undefined {
    return this.#taken(super.remove(matches))
  }

  override change(change: (entries: Entry[]) => Entry[]): void {
    super.change((entries) => {
      const changed = change(entries)
      this.#bytes = 0
      this.qos0 = 0
      this.#expiresAt = Infinity
      for (const entry of changed) {
        this.#count(entry, 1)
        if (mayGo(entry)) this.#expiresAt = Math.min(this.#expiresAt, entry.expiresAt)
      }
      return changed
    })
  }

  /** Takes out what gives way to `entry`. `fits` is false when it finds no room all the same. */
  makeRoom({ size, packet }: Entry): { fits: boolean; gone: Entry[] } {
    const { maxMessages, maxBytes, whenFull } = this.#limits
    const gone: Entry[] = []
    while (this.size >= maxMessages || this.#bytes + size > maxBytes) {
      const older =
        size > maxBytes || whenFull === 'reject' || whenFull === 'drop-newest'
          ? undefined
          : (whenFull === 'latest-per-topic' &&
              this.remove((entry) => mayGo(entry) && entry.packet.topic === packet.topic)) ||
            this.remove(mayGo)
      if (!older) return { fits: false, gone }
      gone.push(older)
    }
    return { fits: true, gone }
  }

  /** Takes out what has waited too long. */
  expire(now: number): Entry[] {
    if (now < this.#expiresAt) return []
    const gone: Entry[] = []
    this.change((entries) =>
      entries.filter((entry) => {
        const over = mayGo(entry) && entry.expiresAt <= now
        if (over) gone.push(entry)
        return !over
      }),
    )
    // Looking through all of them once a second is enough, however many there are.
    this.#expiresAt = Math.max(this.#expiresAt, now + 1_000)
    return gone
  }

  #taken(entry: Entry | undefined): Entry | undefined {
    if (entry) this.#count(entry, -1)
    return entry
  }

  #count({ size, packet }: Entry, step: 1 | -1): void {
    this.#bytes += step * size
    if (packet.qos === 0) this.qos0 += step
  }
}

/** What was sent once has to be sent again [MQTT-4.4.0-1]. */
function mayGo({ packet }: Entry): boolean {
  return !packet.dup
}
