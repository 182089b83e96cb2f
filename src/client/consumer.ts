/** One that messages go to: a handler, or a buffer that is read by iteration. */

import { Fifo } from '../session/fifo.js'
import type { Message, Receipt } from './messages.js'
import { Pending } from './pending.js'

/** Messages of QoS 0 that a buffer holds before the oldest is dropped. QoS 1 and 2 are bounded by their acks. */
export const BUFFERED_QOS0 = 1_000

/** Called for each message. While a promise that it returned is pending, the message counts as being worked on. */
export type MessageHandler = (message: Message) => unknown

type Next = IteratorResult<Message, undefined>

interface Buffered {
  message: Message
  receipt: Receipt
}

/** A buffered message is done when the iteration comes back for the next one. */
export class Consumer {
  /** What it is to get; when none is left, it ends. */
  readonly filters: Set<string>
  readonly handler: MessageHandler | undefined
  dropped = 0
  readonly #onDrop: (message: Message) => void
  readonly #buffer = new Fifo<Buffered>()
  #bufferedQos0 = 0
  #iterated = false
  #readers: Pending<Next>[] = []
  /** Of the messages that readers have. */
  #current: Receipt[] = []
  #ended = false
  #error: unknown

  constructor(filters: readonly string[], handler: MessageHandler | undefined, onDrop: (message: Message) => void) {
    this.filters = new Set(filters)
    this.handler = handler
    this.#onDrop = onDrop
  }

  /** Whether it takes a message that others have taken already. A buffer does not until somebody iterates. */
  get eager(): boolean {
    return this.#iterated || this.handler !== undefined
  }

  take(message: Message, receipt: Receipt): void {
    const { handler } = this
    if (handler) {
      receipt.call(() => handler(message))
      return
    }
    if (this.#ended) return
    receipt.begin()
    const reader = this.#readers.shift()
    if (reader) reader.resolve(this.#read({ message, receipt }))
    else {
      if (message.qos === 0 && ++this.#bufferedQos0 > BUFFERED_QOS0) this.#dropOldest()
      this.#buffer.push({ message, receipt })
    }
  }

  next(): Promise<Next> {
    this.#iterated = true
    this.#finishCurrent()
    const reader = new Pending<Next>()
    const buffered = this.#buffer.shift()
    if (buffered) {
      if (buffered.message.qos === 0) this.#bufferedQos0--
      reader.resolve(this.#read(buffered))
    } else if (this.#ended) this.#finish(reader)
    else this.#readers.push(reader)
    return reader.promise
  }

  /** What is buffered can still be read; then the iteration is over, or throws `error`. */
  end(error?: unknown): void {
    if (this.#ended) return
    this.#ended = true
    this.#error = error
    for (const reader of this.#readers.splice(0)) this.#finish(reader)
  }

  /** Ends it, and lets go of all that it holds: nobody will read it. */
  discard(): void {
    this.end()
    this.#finishCurrent()
    for (let held = this.#buffer.shift(); held; held = this.#buffer.shift()) held.receipt.done()
  }

  #read({ message, receipt }: Buffered): Next {
    this.#current.push(receipt)
    return { done: false, value: message }
  }

  /** The error is told once. */
  #finish(reader: Pending<Next>): void {
    if (this.#error === undefined) reader.resolve({ done: true, value: undefined })
    else reader.reject(this.#error)
    this.#error = undefined
  }

  #finishCurrent(): void {
    for (const receipt of this.#current.splice(0)) receipt.done()
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
