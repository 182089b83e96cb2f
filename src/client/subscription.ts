/** What `subscribe` answers with. */

import type { SubackProperties } from '../codec/packets/suback.js'
import type { Consumer } from './consumer.js'
import type { Message } from './messages.js'

/** The answer to `subscribe`, and, where no handler was given, an async iterable of its messages. */
export class Subscription implements AsyncIterableIterator<Message, undefined> {
  /** As they were asked for. */
  readonly filters: readonly string[]
  /** For each filter the QoS granted, or 0x80 and above where the server refused it. */
  readonly reasonCodes: readonly number[]
  /** Of SUBACK (5.0). */
  readonly properties: SubackProperties
  readonly #consumer: Consumer
  readonly #leave: () => Promise<void>

  constructor(
    filters: readonly string[],
    reasonCodes: readonly number[],
    properties: SubackProperties,
    consumer: Consumer,
    leave: () => Promise<void>,
  ) {
    this.filters = filters
    this.reasonCodes = reasonCodes
    this.properties = properties
    this.#consumer = consumer
    this.#leave = leave
  }

  /** Messages of QoS 0 that were dropped because the iteration was too slow; each raised the event `drop`. */
  get dropped(): number {
    return this.#consumer.dropped
  }

  /**
   * Ends this subscription: its handler is not called and its iteration not fed any more. The server hears of it when
   * no other subscription of this client wants the same filter. Resolves when the server has answered.
   */
  async unsubscribe(): Promise<void> {
    this.#consumer.discard()
    await this.#leave()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /**
   * The next message. Ends after `unsubscribe` and `disconnect`; throws when the client gave up reconnecting, and when
   * the server refused to make the subscription again.
   */
  next(): Promise<IteratorResult<Message, undefined>> {
    if (!this.#consumer.handler) return this.#consumer.next()
    return Promise.reject(new TypeError('subscribe: a subscription with a handler cannot be iterated, too'))
  }

  /** Called when a `for await` loop is left: it ends the subscription, and does not wait for the server. */
  async return(): Promise<IteratorResult<Message, undefined>> {
    // Nothing is left to be done about an error: the subscription is forgotten already.
    this.unsubscribe().catch(() => {})
    return { done: true, value: undefined }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.unsubscribe()
  }
}
