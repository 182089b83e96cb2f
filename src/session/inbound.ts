/** Messages from the server: each is delivered as its QoS says, and acknowledged in the order of arrival. */

import type { AckProperties, Pubrel } from '../codec/packets/acks.js'
import type { Connect } from '../codec/packets/connect.js'
import type { Publish } from '../codec/packets/publish.js'
import { NO_PROPERTIES } from '../codec/property-list.js'
import { protocolError, violation } from '../codec/reason.js'
import { outOfRange } from '../errors.js'
import { resolveAlias } from './aliases.js'
import { Fifo } from './fifo.js'
import type { Link } from './link.js'
import type { Delivery } from './records.js'

export class Inbound {
  readonly #link: Link
  /** What this connection still has to answer, in order of arrival [MQTT-4.6.0-2] [MQTT-4.6.0-3]. */
  #unanswered = new Fifo<Delivery>()
  /** The topics of the server's aliases, made with the first. */
  #topics: Map<number, string> | undefined
  /** Network connections so far. */
  #connection = 0
  #aliasMaximum = 0
  #receiveMaximum = 0
  /** The server's use of our Receive Maximum (§4.9). */
  #outstanding = 0

  constructor(link: Link) {
    this.#link = link
  }

  /** A new network connection: what was not answered on the last one, the server sends again. */
  opened({ properties }: Connect): void {
    this.#topics = undefined
    this.#connection++
    this.#aliasMaximum = properties.topicAliasMaximum ?? 0
    this.#receiveMaximum = properties.receiveMaximum ?? 65_535
    this.#outstanding = 0
    this.#unanswered = new Fifo()
    for (const held of this.#link.held?.values() ?? []) held.released = false
  }

  /** The server has no session: its Packet Identifiers start anew. */
  forget(): void {
    for (const { packetId, answered } of this.#link.held?.values() ?? [])
      if (answered) this.#link.journal?.complete(packetId)
    this.#link.held = undefined
  }

  publish(packet: Publish): void {
    if (packet.properties.topicAlias !== undefined) {
      this.#topics ??= new Map()
      resolveAlias(packet, this.#topics, this.#aliasMaximum)
    }
    const { qos } = packet
    const delivery = qos === 0 ? undefined : this.#take(packet.packetId as number, qos)
    if (qos === 0 || delivery) this.#link.events.push({ type: 'message', packet, delivery })
  }

  /** The application is done with a message: PUBACK or PUBREC follows once all that came before it are done, too. */
  settle(delivery: Delivery, reasonCode: number, properties: AckProperties): void {
    if (delivery.ack) return
    const { packetId, qos } = delivery
    delivery.ack = { type: qos === 1 ? 'puback' : 'pubrec', packetId, reasonCode, properties }
    if (this.#link.theirs) this.#answer()
  }

  /** The first message with this Packet Identifier that waits for PUBACK or PUBREC. */
  unsettled(type: 'puback' | 'pubrec', packetId: number): Delivery {
    const qos = type === 'puback' ? 1 : 2
    const delivery = this.#unanswered.find((each) => each.packetId === packetId && each.qos === qos && !each.ack)
    if (!delivery) throw outOfRange(`${type}.packetId`, `that of a message of QoS ${qos} to acknowledge`, packetId)
    return delivery
  }

  pubrel({ packetId }: Pubrel): void {
    const held = this.#link.held?.get(packetId)
    if (held && !held.answered) throw protocolError(`pubrel.packetId: expected none before our PUBREC, got ${packetId}`)
    if (this.#link.settings.autoAck !== 'never') this.#complete(packetId, held ? 0 : 0x92)
    else if (held) held.released = true
    else this.hold(packetId, true)
  }

  /** A message of QoS 2 that the application had before: it was answered. */
  hold(packetId: number, released: boolean): void {
    const ack = { type: 'pubrec', packetId, reasonCode: 0, properties: NO_PROPERTIES } as const
    this.#keep({ packetId, qos: 2, connection: this.#connection, ack, answered: true, released })
  }

  /** The caller sends PUBCOMP. */
  pubcomp(packetId: number, reasonCode: number, properties: AckProperties): void {
    if (!this.#link.held?.get(packetId)?.released)
      throw outOfRange('pubcomp.packetId', "that of a PUBREL (autoAck: 'never')", packetId)
    if (this.#link.theirs) this.#complete(packetId, reasonCode, properties)
  }

  #complete(packetId: number, reasonCode: number, properties?: AckProperties): void {
    // §4.9: PUBCOMP gives a server room also where its PUBLISH was of an older connection and took none of this one's.
    // It may so be ahead of its quota, by as many exchanges as it could resume.
    if (this.#outstanding > -this.#receiveMaximum) this.#outstanding--
    if (this.#link.held?.delete(packetId)) this.#link.journal?.complete(packetId)
    // [MQTT-4.3.3-11] PUBREL is answered with PUBCOMP, also where the server asks again for what is complete, because
    // it did not get our PUBCOMP (§3.6.2.1, 0x92).
    this.#link.release('pubcomp', packetId, reasonCode, properties)
  }

  /** Takes in a PUBLISH of QoS 1 or 2; undefined when the application has it already. */
  #take(packetId: number, qos: 1 | 2): Delivery | undefined {
    const held = qos === 2 ? this.#link.held?.get(packetId) : undefined
    const connection = this.#connection
    if (held?.connection !== connection) this.#count()
    else if (!held.answered) return undefined
    if (held) {
      // [MQTT-4.3.3-10] A PUBLISH that comes again before PUBREL is answered, and not delivered a second time.
      held.connection = connection
      this.#unanswered.push(held)
      this.#answer()
      return undefined
    }
    const delivery: Delivery = { packetId, qos, connection, ack: undefined, answered: false, released: false }
    if (qos === 2) this.#keep(delivery)
    this.#unanswered.push(delivery)
    return delivery
  }

  #keep(delivery: Delivery): void {
    this.#link.held ??= new Map()
    this.#link.held.set(delivery.packetId, delivery)
  }

  #count(): void {
    // §4.9: more than our Receive Maximum at once is the server's error. 3.x has no such limit, but no more Packet
    // Identifiers either; there a server may send each message again on the same connection.
    if (this.#outstanding >= this.#receiveMaximum * (this.#link.settings.version === 5 ? 1 : 2))
      throw violation(
        0x93,
        `publish: expected at most ${this.#receiveMaximum} unacknowledged (our CONNECT), got another`,
      )
    this.#outstanding++
  }

  #answer(): void {
    for (let next = this.#unanswered.peek(); next?.ack; next = this.#unanswered.peek()) {
      this.#unanswered.shift()
      // A PUBREC below 0x80 does not end the exchange (§4.3.3).
      const goesOn = next.qos === 2 && next.ack.reasonCode < 0x80
      if (goesOn && !next.answered) this.#link.journal?.receive(next.packetId)
      next.answered = true
      this.#link.answer(next.ack)
      if (goesOn) continue
      this.#outstanding--
      if (next.qos === 2) this.#link.held?.delete(next.packetId)
    }
  }
}
