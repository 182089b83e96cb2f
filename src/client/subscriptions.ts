/** What the application subscribed to: a handler or a buffer for each, and the memory to subscribe again. */

import type { SubackProperties } from '../codec/packets/suback.js'
import type { SubscribeProperties, SubscriptionRequest } from '../codec/packets/subscribe.js'
import { Fifo } from '../session/fifo.js'
import type { Message, Receipt } from './messages.js'

/** Messages of QoS 0 that a buffer holds before the oldest is dropped. QoS 1 and 2 are bounded by their acks. */
export const BUFFERED_QOS0 = 1_000

/** Called for each message. While a promise that it returned is pending, the message counts as being worked on. */
export type MessageHandler = (message: Message) => unknown

/** One that messages go to. */
export interface Consumer {
  readonly filters: Set<string>
  /** Whether it takes a message that others have taken already. */
  readonly eager: boolean
  /** Works on a message, with the receipt's `begin` and `done` when it takes longer than the call. */
  take(message: Message, receipt: Receipt): void
  /** No message will come any more. */
  end(error?: unknown): void
}

export class HandlerConsumer implements Consumer {
  readonly filters: Set<string>
  readonly eager = true
  readonly #handler: MessageHandler

  constructor(filters: Iterable<string>, handler: MessageHandler) {
    this.filters = new Set(filters)
    this.#handler = handler
  }

  take(message: Message, receipt: Receipt): void {
    receipt.watch(this.#handler(message))
  }

  end(): void {}
}

interface Buffered {
  message: Message
  receipt: Receipt
}

/** A buffer that is read by iteration. A message is done when the iteration comes back for the next one. */
export class Feed implements Consumer {
  readonly filters: Set<string>
  /** Until somebody iterates, messages that a handler or a listener takes are not kept here, too. */
  eager = false
  dropped = 0
  readonly #buffer = new Fifo<Buffered>()
  readonly #onDrop: (message: Message) => void
  #bufferedQos0 = 0
  #readers: { resolve(result: IteratorResult<Message, undefined>): void; reject(error: unknown): void }[] = []
  /** Of the messages that readers have. */
  #current: Receipt[] = []
  #ended = false
  #error: unknown

  constructor(filters: Iterable<string>, onDrop: (message: Message) => void) {
    this.filters = new Set(filters)
    this.#onDrop = onDrop
  }

  take(message: Message, receipt: Receipt): void {
    if (this.#ended) return
    receipt.begin()
    const reader = this.#readers.shift()
    if (reader) {
      this.#current.push(receipt)
      reader.resolve({ done: false, value: message })
      return
    }
    if (message.qos === 0 && ++this.#bufferedQos0 > BUFFERED_QOS0) this.#dropOldest()
    this.#buffer.push({ message, receipt })
  }

  next(): Promise<IteratorResult<Message, undefined>> {
    this.eager = true
    this.#finishCurrent()
    const buffered = this.#buffer.shift()
    if (buffered) {
      if (buffered.message.qos === 0) this.#bufferedQos0--
      this.#current.push(buffered.receipt)
      return Promise.resolve({ done: false, value: buffered.message })
    }
    if (this.#ended) {
      const error = this.#error
      this.#error = undefined
      return error === undefined ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(error)
    }
    return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }))
  }

  /** Lets go of all that it holds: nobody will read it. */
  discard(): void {
    this.end()
    this.#finishCurrent()
    for (let held = this.#buffer.shift(); held; held = this.#buffer.shift()) held.receipt.done()
  }

  /** What is buffered can still be read; then the iteration is over, or throws `error`. */
  end(error?: unknown): void {
    if (this.#ended) return
    this.#ended = true
    this.#error = error
    const readers = this.#readers
    this.#readers = []
    for (const reader of readers) {
      if (error === undefined) reader.resolve({ done: true, value: undefined })
      else reader.reject(error)
      this.#error = undefined
    }
  }

  #finishCurrent(): void {
    const receipts = this.#current
    if (receipts.length === 0) return
    this.#current = []
    for (const receipt of receipts) receipt.done()
  }

  #dropOldest(): void {
    const oldest = this.#buffer.remove(({ message }) => message.qos === 0)
    if (!oldest) return
    this.#bufferedQos0--
    this.dropped++
    oldest.receipt.done()
    this.#onDrop(oldest.message)
  }
}

/** The answer to `subscribe`, and, where no handler was given, an async iterable of its messages. */
export class Subscription implements AsyncIterableIterator<Message, undefined> {
  /** As they were asked for. */
  readonly filters: readonly string[]
  /** For each filter the QoS granted, or 0x80 and above where the server refused it. */
  readonly reasonCodes: readonly number[]
  /** Of SUBACK (5.0). */
  readonly properties: SubackProperties
  readonly #consumer: Consumer
  readonly #unsubscribe: () => Promise<void>

  constructor(
    filters: readonly string[],
    reasonCodes: readonly number[],
    properties: SubackProperties,
    consumer: Consumer,
    unsubscribe: () => Promise<void>,
  ) {
    this.filters = filters
    this.reasonCodes = reasonCodes
    this.properties = properties
    this.#consumer = consumer
    this.#unsubscribe = unsubscribe
  }

  /** Messages of QoS 0 that were dropped because the iteration was too slow; each raised the event `drop`. */
  get dropped(): number {
    return this.#feed?.dropped ?? 0
  }

  /**
   * Ends this subscription: its handler is not called and its iteration not fed any more. The server hears of it when
   * no other subscription of this client wants the same filter. Resolves when the server has answered.
   */
  async unsubscribe(): Promise<void> {
    this.#feed?.discard()
    await this.#unsubscribe()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** The next message. Ends after `unsubscribe` and `disconnect`; throws when the client gave up reconnecting. */
  next(): Promise<IteratorResult<Message, undefined>> {
    const feed = this.#feed
    if (!feed) return Promise.reject(new TypeError('subscribe: a subscription with a handler cannot be iterated, too'))
    return feed.next()
  }

  /** Called when a `for await` loop is left: it ends the subscription. */
  async return(): Promise<IteratorResult<Message, undefined>> {
    await this.unsubscribe()
    return { done: true, value: undefined }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.unsubscribe()
  }

  get #feed(): Feed | undefined {
    return this.#consumer instanceof Feed ? this.#consumer : undefined
  }
}

/** A filter that the server granted, and how it was asked for. */
export interface Granted extends SubscriptionRequest {
  readonly properties: SubscribeProperties
}

/** The filters in force, so that they can be asked for again. */
export class Subscriptions {
  readonly #granted = new Map<string, Granted>()
  /** As they were asked for: a server that grants less today may grant it all tomorrow. */
  readonly #wanted = new Map<string, Granted>()

  get view(): ReadonlyMap<string, Granted> {
    return this.#granted
  }

  granted(request: SubscriptionRequest, properties: SubscribeProperties, qos: number): void {
    this.delete(request.filter)
    this.#wanted.set(request.filter, { ...request, properties })
    this.#granted.set(request.filter, { ...request, qos: qos as 0 | 1 | 2, properties })
  }

  delete(filter: string): void {
    this.#wanted.delete(filter)
    this.#granted.delete(filter)
  }

  /** All of them, in groups that one SUBSCRIBE can ask for: with the same properties, and not too many. */
  groups(size: number): { properties: SubscribeProperties; subscriptions: SubscriptionRequest[] }[] {
    const groups: { properties: SubscribeProperties; subscriptions: SubscriptionRequest[] }[] = []
    const open = new Map<SubscribeProperties, SubscriptionRequest[]>()
    for (const { properties, ...request } of this.#wanted.values()) {
      let subscriptions = open.get(properties)
      if (!subscriptions || subscriptions.length >= size) {
        subscriptions = []
        open.set(properties, subscriptions)
        groups.push({ properties, subscriptions })
      }
      subscriptions.push(request)
    }
    return groups
  }
}
