/** What the application was given and has not done with: how much of it there may be before the network has to wait. */

import type { Publish } from '../codec/packets/publish.js'
import { measureProperties } from '../codec/property-list.js'
import type { BacklogOptions } from './options.js'

/** What a message costs beside its payload, bytes: objects of ours and of the application's, roughly. */
const OVERHEAD = 1_024

/** A byte of properties becomes up to so many: an empty User Property has five on the wire, and some 72 as objects. */
const EXPANSION = 16

/** So many times `maxBytes`, the network waits also where an answer may come behind. */
const FLOOD = 16

/** What one message takes of the room, which `add` says. */
export interface Load {
  bytes: number
  /** Nobody may drop it. */
  kept: boolean
}

export class Backlog {
  readonly limits: Required<BacklogOptions>
  /** The client is paused: of what comes, nothing is dropped. */
  paused = false
  #kept = 0
  #keptBytes = 0
  #droppableBytes = 0
  #full = false
  /** Who goes on when the client is resumed. */
  #waiting: (() => void)[] = []

  constructor(limits: Required<BacklogOptions>) {
    this.limits = limits
  }

  /** Whether the network has to wait: from a limit on, until half of it is done. */
  get full(): boolean {
    const { maxMessages, maxBytes } = this.limits
    const share = this.#full ? 0.5 : 1
    this.#full = this.#kept > maxMessages * share || this.#keptBytes > maxBytes * share
    return this.#full
  }

  /** Whether there is so much that no answer is worth reading on for it. */
  get flooded(): boolean {
    return this.#keptBytes > this.limits.maxBytes * FLOOD
  }

  /** Calls `proceed` when the client is resumed. */
  wait(proceed: () => void): void {
    this.#waiting.push(proceed)
  }

  /** Those who wait go on, in order; one of them may pause the client again. */
  resume(): void {
    this.paused = false
    const waiting = this.#waiting
    this.#waiting = []
    for (const proceed of waiting) proceed()
  }

  /**
   * Takes a message in as `load`, until `remove`; false when there is no room for it, which is at QoS 0 only. Where that is not
   * to be dropped, the network waits before it comes to that, if it can: a browser's reads on, and so does ours while an
   * answer that somebody waits for may come behind. One chunk may hold more messages than any number of them, so then it
   * is the bytes alone that count.
   */
  add({ qos, payload, properties }: Publish, load: Load): boolean {
    const { maxBytes, overflow } = this.limits
    const bytes = payload.length + OVERHEAD + EXPANSION * measureProperties(properties, 'publish', 5)
    const kept = qos > 0 || this.paused || overflow === 'wait'
    if (qos === 0 && (kept ? this.#keptBytes > maxBytes * 2 : this.#droppableBytes > maxBytes)) return false
    load.bytes = bytes
    load.kept = kept
    this.#book(bytes, kept, 1)
    return true
  }

  /** True when the network may go on, from now. */
  remove({ bytes, kept }: Load): boolean {
    this.#book(-bytes, kept, -1)
    return this.#full && !this.full
  }

  #book(bytes: number, kept: boolean, messages: number): void {
    if (!kept) this.#droppableBytes += bytes
    else {
      this.#kept += messages
      this.#keptBytes += bytes
    }
  }
}
