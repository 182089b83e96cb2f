/** Messages from the session to those who want them, each with a receipt that acknowledges it in the end. */

import { measurePacket } from '../codec/packet.js'
import type { AckProperties } from '../codec/packets/acks.js'
import type { Publish } from '../codec/packets/publish.js'
import { NO_PROPERTIES } from '../codec/property-list.js'
import { Fifo } from '../session/fifo.js'
import type { Delivery } from '../session/records.js'
import type { Load } from './backlog.js'
import type { Consumer } from './consumer.js'
import { type Desk, Message, Receipt } from './messages.js'
import type { Parts } from './parts.js'

export class Inbox implements Desk {
  readonly automatic: boolean
  readonly #parts: Parts
  /** Messages that are held back: while the client is paused, and right behind the first CONNACK. */
  readonly #held = new Fifo<[Message, Receipt]>()
  #holding = false
  #handingOut = false
  #cancelTimer: (() => void) | undefined

  constructor(parts: Parts) {
    this.#parts = parts
    this.automatic = parts.settings.autoAck === true
  }

  /** Holds back what comes for a turn, so that handlers can be attached after `await client.connect()`. */
  hold(): void {
    this.#holding = true
    this.#cancelTimer = this.#parts.platform.setTimer(() => this.handOut(), 0)
  }

  /** Hands out what was held back, unless the client is paused. */
  handOut(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#holding = false
    // A handler resumed the client: others have still to get the message that it got.
    if (this.#handingOut) return
    this.#handingOut = true
    // One by one: a handler may pause the client.
    while (!this.#parts.backlog.paused) {
      const held = this.#held.shift()
      if (!held) break
      this.#deliver(...held)
    }
    this.#handingOut = false
  }

  receive(packet: Publish, delivery: Delivery | undefined): void {
    const { backlog } = this.#parts
    const receipt = new Receipt(this, delivery)
    const message = new Message(packet, receipt)
    if (!backlog.add(packet, receipt)) this.drop(message)
    else if (this.#holding || backlog.paused || this.#held.size > 0) this.#held.push([message, receipt])
    else this.#deliver(message, receipt)
  }

  /** A message of QoS 0 that there is no room for. */
  drop(message: Message): void {
    this.#parts.metrics.messagesDropped++
    this.#parts.events.emit('drop', message)
  }

  #deliver(message: Message, receipt: Receipt): void {
    const { events, subscriptions } = this.#parts
    const consumers = subscriptions.match(message.topic)
    const eager = consumers.every(isEager) ? consumers : consumers.filter(isEager)
    const listeners = events.listeners('message')
    for (const listener of listeners) receipt.call(listener, message)
    for (const consumer of listeners.length > 0 || eager.length > 0 ? eager : consumers) consumer.take(message, receipt)
    receipt.done()
  }

  /** PUBACK or PUBREC, by the application's word or because all have done with the message. */
  acknowledge(delivery: Delivery, reasonCode: number, properties: AckProperties): void {
    const { settings, session, connection } = this.#parts
    const { version } = settings
    const { qos, packetId } = delivery
    // 3.x acknowledges without a Reason Code.
    const code = version === 5 ? reasonCode : 0
    // What says nothing but the Packet Identifier is valid.
    if (code !== 0 || properties !== NO_PROPERTIES)
      measurePacket({ type: qos === 1 ? 'puback' : 'pubrec', packetId, reasonCode: code, properties }, version)
    session.settle(delivery, code, properties, connection.now)
    connection.updateSoon()
  }

  finished(load: Load): void {
    const { backlog, connection } = this.#parts
    if (backlog.remove(load)) connection.updateSoon()
  }

  raise(error: unknown): void {
    this.#parts.events.raise(error)
  }
}

function isEager({ eager }: Consumer): boolean {
  return eager
}
