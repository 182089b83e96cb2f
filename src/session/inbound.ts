/** Messages from the server: each is delivered as its QoS says, and acknowledged in the order of arrival. */

import { measurePacket } from '../codec/packet.js'
import type { AckProperties, Pubrel } from '../codec/packets/acks.js'
import type { Publish } from '../codec/packets/publish.js'
import { NO_PROPERTIES } from '../codec/property-list.js'
import type { ProtocolVersion } from '../codec/protocol.js'
import { protocolError, violation } from '../codec/reason.js'
import type { Output } from './events.js'
import { Fifo } from './fifo.js'

/** A message of QoS 1 or 2 that the application has and that is not fully acknowledged. Opaque to the client. */
export interface Delivery {
  readonly packetId: number
  readonly qos: 1 | 2
  /** The network connection, by number, on which it came last. */
  connection: number
  settled: boolean
  /** PUBREC was sent (QoS 2). */
  answered: boolean
  reasonCode: number
  properties: AckProperties
}

export class Inbound {
  readonly #output: Output
  readonly #version: ProtocolVersion
  /** Messages of QoS 2 from PUBLISH to PUBREL, by the server's Packet Identifier; a part of the session (§4.1). */
  readonly #held = new Map<number, Delivery>()
  /** What this connection still has to answer, in order of arrival [MQTT-4.6.0-2] [MQTT-4.6.0-3]. */
  readonly #unanswered = new Fifo<Delivery>()
  #connection = 0
  #receiveMaximum = 65_535
  /** Bytes that the server takes in a packet. */
  #maximumPacketSize = Infinity
  /** The server's use of our Receive Maximum (§4.9). */
  #outstanding = 0

  constructor(output: Output, version: ProtocolVersion) {
    this.#output = output
    this.#version = version
  }

  opened(receiveMaximum: number): void {
    this.#receiveMaximum = receiveMaximum
    this.#outstanding = 0
  }

  connected(maximumPacketSize: number): void {
    this.#maximumPacketSize = maximumPacketSize
  }

  /** The network connection ended: what was not answered on it, the server sends again on the next one. */
  lost(): void {
    this.#connection++
    this.#unanswered.clear()
  }

  /** The server has no session: its Packet Identifiers start anew. */
  forget(): void {
    this.#held.clear()
  }

  /** Takes in a PUBLISH of QoS 1 or 2; undefined when the application has it already. */
  receive(packet: Publish): Delivery | undefined {
    const packetId = packet.packetId as number
    const held = packet.qos === 2 ? this.#held.get(packetId) : undefined
    if (held) {
      // [MQTT-4.3.3-10] A PUBLISH that comes again before PUBREL is answered, and not delivered a second time.
      this.#again(held)
      return undefined
    }
    this.#count()
    const delivery: Delivery = {
      packetId,
      qos: packet.qos as 1 | 2,
      connection: this.#connection,
      settled: false,
      answered: false,
      reasonCode: 0,
      properties: NO_PROPERTIES,
    }
    if (packet.qos === 2) this.#held.set(packetId, delivery)
    this.#unanswered.push(delivery)
    return delivery
  }

  /** The application is done with a message: PUBACK or PUBREC follows once all that came before it are done, too. */
  settle(delivery: Delivery, reasonCode: number, properties: AckProperties): void {
    if (delivery.settled) return
    delivery.settled = true
    delivery.reasonCode = reasonCode
    delivery.properties = properties
    if (delivery.connection === this.#connection) this.#answer()
  }

  pubrel({ packetId }: Pubrel): void {
    const held = this.#held.get(packetId)
    if (held && !held.answered) {
      throw protocolError(`pubrel.packetId: ${packetId} came before our PUBREC`)
    }
    // §4.9: PUBCOMP gives a server room also where its PUBLISH was of an older connection and took none of this one's.
    // It may so be ahead of its quota, by as many exchanges as it could resume.
    if (this.#outstanding > -this.#receiveMaximum) this.#outstanding--
    if (!held) {
      // The server may ask again for what is complete: it did not get our PUBCOMP. (§3.6.2.1, 0x92)
      this.#output.ack('pubcomp', packetId, this.#version === 5 ? 0x92 : 0, NO_PROPERTIES)
      return
    }
    this.#held.delete(packetId)
    // [MQTT-4.3.3-11] PUBREL is answered with PUBCOMP.
    this.#output.ack('pubcomp', packetId, 0, NO_PROPERTIES)
  }

  #again(held: Delivery): void {
    const here = held.connection === this.#connection
    if (here && !held.answered) return
    if (!here) {
      this.#count()
      held.connection = this.#connection
    }
    this.#unanswered.push(held)
    this.#answer()
  }

  #count(): void {
    // §4.9: more than our Receive Maximum at once is the server's error. 3.x has no such limit.
    if (this.#version === 5 && this.#outstanding >= this.#receiveMaximum) {
      throw violation(
        0x93,
        `publish: expected at most ${this.#receiveMaximum} unacknowledged messages, the Receive Maximum of our CONNECT`,
      )
    }
    this.#outstanding++
  }

  #answer(): void {
    for (let next = this.#unanswered.peek(); next?.settled; next = this.#unanswered.peek()) {
      this.#unanswered.shift()
      if (next.qos === 1) {
        this.#outstanding--
        this.#ack('puback', next)
        continue
      }
      next.answered = true
      this.#ack('pubrec', next)
      if (next.reasonCode < 0x80) continue
      // A PUBREC that refuses ends the exchange (§4.3.3).
      this.#outstanding--
      this.#held.delete(next.packetId)
    }
  }

  #ack(type: 'puback' | 'pubrec', { packetId, reasonCode, properties }: Delivery): void {
    // [MQTT-3.4.2-2] [MQTT-3.4.2-3] [MQTT-3.5.2-2] [MQTT-3.5.2-3] Properties that make it too large are left out.
    const fits =
      properties === NO_PROPERTIES ||
      measurePacket({ type, packetId, reasonCode, properties }, this.#version) <= this.#maximumPacketSize
    this.#output.ack(type, packetId, reasonCode, fits ? properties : NO_PROPERTIES)
  }
}
