/** One that messages go to: a handler, or a buffer that is read by iteration. */

import { Fifo } from '../session/fifo.js'
import type { Backlog } from './backlog.js'
import type { Message, Receipt } from './messages.js'
import { Pending } from './pending.js'

/** Called for each message. While a promise that it returned is pending, the message counts as being worked on. */
export type MessageHandler = (message: Message) => unknown

type Next = IteratorResult<Message, undefined>

interface Buffered {
  message: Message
  receipt: Receipt
}

/**
 * Messages wait where a handler has as many calls pending as it may, and where the iteration has not come for them. One
 * that is read by iteration is done when the iteration comes back for the next.
 */
export class Consumer {
  /** What it is to get; when none is left, it ends. */
  readonly filters: Set<string>
  readonly handler: MessageHandler | undefined
  dropped = 0
  readonly #backlog: Backlog
  readonly #onDrop: (message: Message) => void
  /** Made with the first that waits: a handler mostly gets all at once, and there may be thousands of them. */
  #buffer: Fifo<Buffered> | undefined
  #bufferedQos0 = 0
  /** Calls of the handler that are pending. */
  #calls = 0
  #iterated = false
  /** Made with the first. */
  #readers: Pending<Next>[] | undefined
  /** Of the messages that readers have; made with the first. */
  #current: Receipt[] | undefined
  #ended = false
  #error: unknown

  constructor(
    filters: readonly string[],
    handler: MessageHandler | undefined,
    backlog: Backlog,
    onDrop: (message: Message) => void,
  ) {
    this.filters = new Set(filters)
    this.handler = handler
    this.#backlog = backlog
    this.#onDrop = onDrop
  }

  /** Whether it takes a message that others have taken already. A buffer does not until somebody iterates. */
  get eager(): boolean {
    return this.#iterated || this.handler !== undefined
  }

  take(message: Message, receipt: Receipt): void {
    if (this.#ended) return
    // Those that wait may be on their way to the handler just now.
    if (this.handler && this.#calls < this.#backlog.limits.maxMessages && !this.#buffer?.size) {
      this.#call(message, receipt)
      return
    }
    const reader = this.#readers?.shift()
    if (!reader && !this.#mayWait(message)) return
    receipt.begin()
    if (reader) reader.resolve(this.#read({ message, receipt }))
    else {
      this.#buffer ??= new Fifo()
      this.#buffer.push({ message, receipt })
    }
  }

  next(): Promise<Next> {
    this.#iterated = true
    this.#finishCurrent()
    const reader = new Pending<Next>()
    const buffered = this.#shift()
    if (buffered) reader.resolve(this.#read(buffered))
    else if (this.#ended) this.#finish(reader)
    else {
      this.#readers ??= []
      this.#readers.push(reader)
    }
    return reader.promise
  }

  /** What is buffered can still be read; then the iteration is over, or throws `error`. */
  end(error?: unknown): void {
    if (this.#ended) return
    this.#ended = true
    this.#error = error
    for (const reader of this.#readers?.splice(0) ?? []) this.#finish(reader)
  }

  /** Ends it, and lets go of all that it holds: nobody will read it. */
  discard(): void {
    this.end()
    this.#finishCurrent()
    for (let held = this.#shift(); held; held = this.#shift()) held.receipt.done()
  }

  #call(message: Message, receipt: Receipt): void {
    const handler = this.handler as MessageHandler
    if (receipt.call(handler, message, this)) this.#calls++
  }

  /** For its receipts: one of the pending calls is not any more. */
  returned(): void {
    this.#calls--
    this.#proceed()
  }

  /** Calls the handler with what waits for it. */
  #proceed(): void {
    const backlog = this.#backlog
    while (!backlog.paused && this.#calls < backlog.limits.maxMessages) {
      const buffered = this.#shift()
      if (!buffered) return
      this.#call(buffered.message, buffered.receipt)
      buffered.receipt.done()
    }
    if (backlog.paused) backlog.wait(() => this.#proceed())
  }

  #shift(): Buffered | undefined {
    const buffered = this.#buffer?.shift()
    if (buffered?.message.qos === 0) this.#bufferedQos0--
    return buffered
  }

  #read({ message, receipt }: Buffered): Next {
    this.#current ??= []
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
    for (const receipt of this.#current?.splice(0) ?? []) receipt.done()
  }

  /** Whether there is room for a message; that of QoS 0 may have to be made. */
  #mayWait(message: Message): boolean {
    const { maxMessages, overflow } = this.#backlog.limits
    if (message.qos > 0) return true
    if (++this.#bufferedQos0 <= maxMessages || overflow === 'wait') return true
    this.#bufferedQos0--
    this.dropped++
    if (overflow === 'drop-newest') {
      this.#onDrop(message)
      return false
    }
    const oldest = this.#buffer?.remove((buffered) => buffered.message.qos === 0) as Buffered
    oldest.receipt.done()
    this.#onDrop(oldest.message)
    return true
  }
}
