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

/** A place in line. It is given up from anywhere in it at the same cost, however long the line is. */
interface Place {
  readonly entry: Entry
  before: Place | undefined
  after: Place | undefined
}

/** How many messages may be looked through for each ms that passes, in search of those that have waited too long. */
const PACE = 100

export class Outbox {
  readonly #limits: OutboxLimits
  /**
   * What was sent once, on a connection that is gone, and goes first. It has to be sent again [MQTT-4.4.0-1], and where
   * the server lost the session, nobody can say that it was not delivered: so it is within no limit and never given up.
   */
  readonly #owed = new Fifo<Entry>()
  /** What was never sent. */
  #first: Place | undefined
  #last: Place | undefined
  /** The same by topic, where the rule asks for it. */
  readonly #topics: Map<string, Fifo<Place>> | undefined
  #count = 0
  #bytes = 0
  /** Messages of QoS 0 among them. */
  qos0 = 0
  /** Not later than the time at which the first of them expires. */
  #expiresAt = Infinity
  /** Until then it is too early to look through all of them again. */
  #looksAt = -Infinity

  constructor(limits: OutboxLimits) {
    this.#limits = limits
    if (limits.whenFull === 'latest-per-topic') this.#topics = new Map()
  }

  get size(): number {
    return this.#owed.size + this.#count
  }

  /** When `expire` wants to be called. */
  get deadline(): number {
    return Math.max(this.#expiresAt, this.#looksAt)
  }

  push(entry: Entry): void {
    const place: Place = { entry, before: this.#last, after: undefined }
    if (this.#last) this.#last.after = place
    else this.#first = place
    this.#last = place
    if (this.#topics) {
      const { topic } = entry.packet
      const line = this.#topics.get(topic) ?? new Fifo()
      line.push(place)
      this.#topics.set(topic, line)
    }
    this.#tally(entry, 1)
    this.#expiresAt = Math.min(this.#expiresAt, entry.expiresAt)
  }

  peek(): Entry | undefined {
    return this.#owed.peek() ?? this.#first?.entry
  }

  shift(): Entry | undefined {
    return this.#owed.shift() ?? (this.#first && this.#take(this.#first))
  }

  /** Whether the first has waited too long. */
  late(now: number): boolean {
    return this.#owed.size === 0 && this.#first !== undefined && this.#first.entry.expiresAt <= now
  }

  /** A connection is up: `entries` were sent before. What the last one did not get to is behind them. */
  owe(entries: readonly Entry[]): void {
    this.#owed.change((left) => [...new Set([...entries, ...left])])
  }

  /** Takes out what gives way to `entry`; undefined when there is no room for it all the same. */
  makeRoom({ size, packet }: Entry): Entry[] | undefined {
    const { maxMessages, maxBytes, whenFull } = this.#limits
    const gone: Entry[] = []
    while (this.#count >= maxMessages || this.#bytes + size > maxBytes) {
      const older = this.#topics?.get(packet.topic)?.peek() ?? this.#first
      if (!older || size > maxBytes || whenFull === 'reject' || whenFull === 'drop-newest') return undefined
      gone.push(this.#take(older))
    }
    return gone
  }

  /** Takes out what has waited too long. */
  expire(now: number): Entry[] {
    if (now < this.deadline) return []
    const gone = this.#sift(({ expiresAt }) => expiresAt > now)
    this.#looksAt = now + this.#count / PACE
    return gone
  }

  /** Nobody waits for `tag` any more. Gives the message that was taken out for it. */
  cancel(tag: unknown): Entry | undefined {
    const owed = this.#owed.find((entry) => entry.tag === tag)
    if (owed) owed.tag = undefined
    for (let place = this.#first; place; place = place.after) if (place.entry.tag === tag) return this.#take(place)
    return undefined
  }

  /** Leaves what is to stay. */
  keep(stays: (entry: Entry) => boolean): void {
    this.#owed.change((entries) => entries.filter(stays))
    this.#sift(stays)
  }

  #sift(stays: (entry: Entry) => boolean): Entry[] {
    const gone: Entry[] = []
    let place = this.#first
    this.#first = this.#last = undefined
    this.#topics?.clear()
    this.#count = this.#bytes = this.qos0 = 0
    this.#expiresAt = Infinity
    for (; place; place = place.after) {
      if (stays(place.entry)) this.push(place.entry)
      else gone.push(place.entry)
    }
    return gone
  }

  #take(place: Place): Entry {
    const { entry, before, after } = place
    if (before) before.after = after
    else this.#first = after
    if (after) after.before = before
    else this.#last = before
    const line = this.#topics?.get(entry.packet.topic)
    line?.remove((other) => other === place)
    if (line?.size === 0) this.#topics?.delete(entry.packet.topic)
    this.#tally(entry, -1)
    if (this.#count === 0) this.#expiresAt = Infinity
    return entry
  }

  #tally({ size, packet }: Entry, step: 1 | -1): void {
    this.#count += step
    this.#bytes += step * size
    if (packet.qos === 0) this.qos0 += step
  }
}
