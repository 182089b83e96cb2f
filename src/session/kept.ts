/** A session that lasts: what goes from it to a store, and what comes back from there. It comes with the store, too. */

import type { MqttError } from '../errors.js'
import type { Inbound } from './inbound.js'
import type { Batch, Journal } from './journal.js'
import type { Link } from './link.js'
import type { Outbound } from './outbound.js'
import type { Entry } from './records.js'

export class Kept {
  readonly #journal: Journal
  readonly #link: Link
  readonly #outbound: Outbound
  readonly #inbound: Inbound

  /** Of a session whose settings have a journal. */
  constructor(link: Link, outbound: Outbound, inbound: Inbound) {
    this.#journal = link.journal as Journal
    this.#link = link
    this.#outbound = outbound
    this.#inbound = inbound
  }

  /** Whether something has to be written before the packets that are taken now may leave. */
  get changed(): boolean {
    return this.#journal.changed
  }

  /** What has to be written to the store; `stored` or `unstored` follows, and then the next one. */
  takeBatch(): Batch | undefined {
    return this.#journal.take()
  }

  /** It is written: its messages are accepted. */
  stored({ accepted }: Batch, now: number): void {
    this.#link.now = now
    for (const entry of accepted) this.#outbound.accept(entry)
    this.#outbound.pump()
  }

  /** The store failed: what was to be accepted is rejected with `error`, the rest is in the next batch. */
  unstored(batch: Batch, error: () => MqttError): void {
    const refused = new Set(batch.accepted)
    this.#journal.unwrite(batch)
    this.#link.waiting.keep((entry) => !refused.has(entry))
    for (const entry of refused) this.#link.reject(entry, error)
    this.#outbound.pump()
  }

  /**
   * Goes on with the session that another process, or we before, left in the store. What came since waits behind it.
   * `offset` leads from the clock of the session to the time of day. Gives the number of records that could not be read.
   */
  load(entries: Iterable<readonly [string, Uint8Array]>, offset: number): number {
    const { waiting, messages } = this.#link
    const restored = this.#journal.load(entries, offset)
    const newer: Entry[] = []
    waiting.keep((entry) => newer.push(entry) === 0)
    for (const { packet, order, acceptedAt, awaits } of restored.messages) {
      const entry = this.#outbound.enter(packet, acceptedAt)
      entry.accepted = entry.left = true
      entry.order = order
      entry.awaits = awaits
      if (awaits) messages.add(entry)
      else waiting.push(entry)
    }
    this.#outbound.recount()
    for (const entry of newer) {
      waiting.push(entry)
      this.#journal.accept(entry)
    }
    for (const packetId of restored.received) this.#inbound.hold(packetId, false)
    return restored.broken
  }

  /** The store is about to be closed: what is published from here on waits until it is open again. */
  seal(): void {
    this.#journal.seal()
  }

  /** The store is closed: it alone has the session from here on; what was never in it goes on waiting. */
  unload(): void {
    const { waiting, messages } = this.#link
    this.#journal.unload()
    messages.clear()
    this.#outbound.recount()
    waiting.keep(({ order }) => order === 0)
    this.#link.held = undefined
  }
}
