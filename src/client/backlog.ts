/** What the application was given and has not done with: how much of it there may be before the network has to wait. */

import type { Publish } from '../codec/packets/publish.js'
import type { BacklogOptions } from './options.js'

/** What a message costs beside its payload, bytes: objects of ours and of the application's, roughly. */
const OVERHEAD = 1_024

/** Messages that are kept in the same way. */
export interface Share {
  messages: number
  bytes: number
}

export class Backlog {
  readonly #limits: Required<BacklogOptions>
  /** Those that nobody may drop. */
  readonly #kept: Share = { messages: 0, bytes: 0 }
  readonly #droppable: Share = { messages: 0, bytes: 0 }
  /** The client is paused: of what comes, nothing is dropped. */
  paused = false
  #full = false

  constructor(limits: Required<BacklogOptions>) {
    this.#limits = limits
  }

  /** Whether the network has to wait: from a limit on, until half of it is done. */
  get full(): boolean {
    this.#full = this.#exceeds(this.#kept, this.#full ? 0.5 : 1)
    return this.#full
  }

  /**
   * Takes a message in, until `remove` with the answer; undefined when there is no room for it, which is at QoS 0 only.
   * Where that is not to be dropped, the network waits before it comes to that, if it can: a browser's reads on, and so
   * does ours while an answer that somebody waits for may come behind.
   */
  add({ qos, payload }: Publish): Share | undefined {
    const kept = qos > 0 || this.paused || this.#limits.overflow === 'wait'
    const share = kept ? this.#kept : this.#droppable
    if (qos === 0 && this.#exceeds(share, kept ? 2 : 1)) return undefined
    share.messages++
    share.bytes += payload.length + OVERHEAD
    return share
  }

  /** True when the network may go on, now. */
  remove(share: Share, payload: Uint8Array): boolean {
    share.messages--
    share.bytes -= payload.length + OVERHEAD
    return this.#full && !this.full
  }

  #exceeds({ messages, bytes }: Share, times: number): boolean {
    const { maxMessages, maxBytes } = this.#limits
    return messages > maxMessages * times || bytes > maxBytes * times
  }
}
