/** A message as the application gets it, and the book of who still works on it. */

import type { AckProperties } from '../codec/packets/acks.js'
import type { Publish, PublishProperties } from '../codec/packets/publish.js'
import { NO_PROPERTIES } from '../codec/property-list.js'
import type { QoS } from '../codec/protocol.js'
import type { Delivery } from '../session/records.js'
import type { Load } from './backlog.js'
import { guard } from './emitter.js'

/** An application message from the server (§3.3). */
export class Message {
  readonly topic: string
  /** Its `buffer` may hold the payloads of other messages, too. */
  readonly payload: Uint8Array
  /** The QoS with which it came: the smaller of the publisher's and of what the subscription was granted. */
  readonly qos: QoS
  /** True when the server had kept it; with `retainAsPublished`, when its publisher asked to keep it. */
  readonly retain: boolean
  /** The server says that it may have sent it before (QoS 1 and 2). */
  readonly dup: boolean
  /** Undefined at QoS 0. */
  readonly packetId: number | undefined
  /** Of 5.0 (§3.3.2.3); empty in 3.1 and 3.1.1. */
  readonly properties: PublishProperties
  readonly #receipt: Receipt | undefined

  constructor(packet: Publish, receipt: Receipt | undefined) {
    this.topic = packet.topic
    this.payload = packet.payload
    this.qos = packet.qos
    this.retain = packet.retain
    this.dup = packet.dup
    this.packetId = packet.packetId
    this.properties = packet.properties
    this.#receipt = receipt
  }

  /** The payload as UTF-8; what is not UTF-8 in it becomes U+FFFD. */
  text(): string {
    return new TextDecoder().decode(this.payload)
  }

  /** The payload as JSON. Throws a SyntaxError when it is not. */
  json<T = unknown>(): T {
    return JSON.parse(this.text())
  }

  /**
   * Acknowledges the message: PUBACK at QoS 1, PUBREC at QoS 2, sent once all messages that came before it are
   * acknowledged. Needed with `autoAck` false and 'never'; else it only happens earlier. Without effect at QoS 0, a second time,
   * and after the connection is gone (the server then sends the message again).
   *
   * @param reasonCode 0, 0x10, or 0x80 and above to refuse it (5.0 only; §3.4.2.1)
   */
  ack(reasonCode = 0, properties: AckProperties = NO_PROPERTIES): void {
    this.#receipt?.settle(reasonCode, properties)
  }
}

/** What a receipt tells of its message. */
export interface Desk {
  /** Whether a message is acknowledged without being asked to. */
  readonly automatic: boolean
  acknowledge(delivery: Delivery, reasonCode: number, properties: AckProperties): void
  /** All who got it have done with it. */
  finished(load: Load): void
  /** One of them failed. */
  raise(error: unknown): void
}

/** Who wants to hear when the promise of a call is settled. */
interface Caller {
  returned(): void
}

/** Counts those who work on a message, and acknowledges it when the last is done. */
export class Receipt implements Load {
  bytes = 0
  kept = false
  readonly #desk: Desk
  /** What the session wants back; undefined at QoS 0. */
  readonly #delivery: Delivery | undefined
  #working = 1
  #failed = false

  constructor(desk: Desk, delivery: Delivery | undefined) {
    this.#desk = desk
    this.#delivery = delivery
  }

  /** One more works on it, until `done`. */
  begin(): void {
    this.#working++
  }

  /** One has finished. */
  done(): void {
    if (--this.#working > 0) return
    // A message that its handler could not take is refused rather than sent again for ever.
    if (this.#desk.automatic) this.settle(this.#failed ? 0x80 : 0, NO_PROPERTIES)
    this.#desk.finished(this)
  }

  /** Calls a listener or a handler. While a promise that it returned is pending, it works, and the answer is true. */
  call(work: (message: Message) => unknown, message: Message, caller?: Caller): boolean {
    const going = guard(work, message, this)
    if (!going) return false
    this.begin()
    going.then(() => {
      this.done()
      caller?.returned()
    })
    return true
  }

  /** One of them did not take it. */
  failed(error: unknown): void {
    this.#failed = true
    this.#desk.raise(error)
  }

  settle(reasonCode: number, properties: AckProperties): void {
    if (this.#delivery) this.#desk.acknowledge(this.#delivery, reasonCode, properties)
  }
}
