/** Messages from the session to those who want them, each with a receipt that acknowledges it in the end. */

import { measurePacket } from '../codec/packet.js'
import type { AckProperties } from '../codec/packets/acks.js'
import type { Publish } from '../codec/packets/publish.js'
import type { Delivery } from '../session/records.js'
import { Message, Receipt } from './messages.js'
import type { Parts } from './parts.js'

/** As the session tells of it. */
interface Arrival {
  packet: Publish
  delivery: Delivery | undefined
}

export class Inbox {
  readonly #parts: Parts
  /** Made once, not for each message. */
  readonly #raise = (error: unknown): void => this.#parts.events.raise(error)
  /** Messages that came right behind the first CONNACK, while they are held back. */
  #held: Arrival[] | undefined
  #cancelTimer: (() => void) | undefined

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Holds back what comes for a turn, so that handlers can be attached after `await client.connect()`. */
  hold(): void {
    this.#held = []
    this.#cancelTimer = this.#parts.platform.setTimer(() => this.handOut(), 0)
  }

  /** Hands out what was held back. */
  handOut(): void {
    const held = this.#held ?? []
    this.#cancelTimer?.()
    this.#held = undefined
    for (const arrival of held) this.#deliver(arrival)
  }

  receive(arrival: Arrival): void {
    if (this.#held) this.#held.push(arrival)
    else this.#deliver(arrival)
  }

  #deliver({ packet, delivery }: Arrival): void {
    const { events, settings, subscriptions } = this.#parts
    const receipt = new Receipt(
      delivery && ((reasonCode, properties) => this.#settle(delivery, reasonCode, properties)),
      settings.autoAck,
      this.#raise,
    )
    const message = new Message(packet, receipt)
    const consumers = subscriptions.match(packet.topic)
    const eager = consumers.filter((consumer) => consumer.eager)
    const heard = events.has('message')
    if (heard) events.emit('message', message, (call) => receipt.call(call))
    for (const consumer of heard || eager.length > 0 ? eager : consumers) consumer.take(message, receipt)
    receipt.done()
  }

  #settle(delivery: Delivery, reasonCode: number, properties: AckProperties): void {
    const { settings, session, platform, connection } = this.#parts
    const { version } = settings
    const { qos, packetId } = delivery
    // 3.x acknowledges without a Reason Code.
    const code = version === 5 ? reasonCode : 0
    measurePacket({ type: qos === 1 ? 'puback' : 'pubrec', packetId, reasonCode: code, properties }, version)
    session.settle(delivery, code, properties, platform.now())
    connection.updateSoon()
  }
}
