/** The other direction: messages of the server, each handed out as its QoS says, and answered in the order of arrival. */

import type { Ack, Pubrel } from '../../../src/codec/packets/acks.js'
import type { Connect } from '../../../src/codec/packets/connect.js'
import type { Publish } from '../../../src/codec/packets/publish.js'
import type { SessionEvent } from '../../../src/session/events.js'
import type { Delivery } from '../../../src/session/records.js'
import type { SessionSettings } from '../../../src/session/session.js'

/** A message of QoS 1 or 2. */
interface Arrival {
  readonly packetId: number
  readonly qos: 1 | 2
  /** What the application settles; the same for each time that a message of QoS 2 comes. */
  delivery: Delivery | undefined
  settled: boolean
  answered: boolean
}

export class ArrivalBook {
  readonly #settings: SessionSettings
  /** Of QoS 2, from PUBLISH to PUBREL; a part of the session. */
  readonly #held = new Map<number, Arrival>()
  /** PUBLISH that has no PUBACK or PUBREC on this connection, in order of arrival. */
  #unanswered: Arrival[] = []
  #releases: number[] = []
  #aliases = new Map<number, string>()
  /** What is to be handed out now. */
  #due: (Arrival | undefined)[] = []
  #all: Arrival[] = []

  constructor(settings: SessionSettings) {
    this.#settings = settings
  }

  /** PUBRELs without an answer. */
  get releases(): readonly number[] {
    return this.#releases
  }

  opened(): void {
    this.#unanswered = []
    this.#releases = []
    this.#aliases = new Map()
  }

  /** The server has no session. */
  forget(): void {
    this.#held.clear()
    this.#releases = []
  }

  /** True where the server may not. */
  got(packet: Publish | Pubrel, connect: Connect): boolean {
    return packet.type === 'publish' ? this.#publish(packet, connect) : this.#pubrel(packet.packetId)
  }

  #publish({ qos, topic, packetId = 0, properties }: Publish, connect: Connect): boolean {
    const { topicAlias } = properties
    if (topicAlias !== undefined) {
      if (topicAlias > (connect.properties.topicAliasMaximum ?? 0)) return true
      if (topic !== '') this.#aliases.set(topicAlias, topic)
      else if (!this.#aliases.has(topicAlias)) return true
    }
    if (qos === 0) this.#due.push(undefined)
    else {
      const held = qos === 2 ? this.#held.get(packetId) : undefined
      const arrival = held ?? { packetId, qos, delivery: undefined, settled: false, answered: false }
      // What came before its PUBREC, on this connection, has one answer for both.
      if (!held || held.answered || !this.#unanswered.includes(held)) this.#unanswered.push(arrival)
      if (!held) this.#due.push(arrival)
      if (qos === 2) this.#held.set(packetId, arrival)
    }
    return false
  }

  #pubrel(packetId: number): boolean {
    const held = this.#held.get(packetId)
    if (held && !held.answered) return true
    if (this.#settings.autoAck !== 'never') this.#held.delete(packetId)
    // Until the application sends PUBCOMP the exchange is not complete, known or not [MQTT-4.3.3-12].
    else if (!held) this.#held.set(packetId, { packetId, qos: 2, delivery: undefined, settled: true, answered: true })
    // One that comes again has one answer of the application's for both.
    if (this.#settings.autoAck !== 'never' || !this.#releases.includes(packetId)) this.#releases.push(packetId)
    return false
  }

  /** The session refused what came: it is not handed out. */
  drop(): void {
    for (const arrival of this.#due)
      if (arrival && this.#held.get(arrival.packetId) === arrival) this.#held.delete(arrival.packetId)
    this.#due = []
  }

  /** The session hands a message out. */
  handed({ packet, delivery }: Extract<SessionEvent, { type: 'message' }>): void {
    if (this.#due.length === 0)
      throw new Error(`message ${packet.packetId}: handed out and did not come, or not now [MQTT-4.3.3-10]`)
    const arrival = this.#due.shift()
    if (arrival?.packetId !== packet.packetId)
      throw new Error(`message ${packet.packetId}: where ${arrival?.packetId} was due`)
    if ((arrival === undefined) !== (delivery === undefined)) throw new Error('a delivery where none is due, or none')
    if (packet.topic === '') throw new Error('a message without its topic')
    if (!arrival) return
    arrival.delivery = delivery
    this.#all.push(arrival)
  }

  /** Everything that came was handed out. */
  checkHanded(): void {
    if (this.#due.length > 0) throw new Error(`message ${this.#due[0]?.packetId}: came and was not handed out`)
  }

  /** The application is done with a message. */
  settled(delivery: Delivery): void {
    const at = this.#all.findIndex((each) => each.delivery === delivery)
    const [arrival] = this.#all.splice(at, 1)
    if (arrival) arrival.settled = true
  }

  /** Messages that the application has. */
  get unsettled(): Delivery[] {
    return this.#all.map(({ delivery }) => delivery as Delivery)
  }

  /** The session answers. */
  sent({ type, packetId, reasonCode }: Ack): void {
    if (type === 'pubcomp') {
      const at = this.#settings.autoAck === 'never' ? this.#releases.indexOf(packetId) : 0
      const [due] = this.#releases.splice(at, 1)
      if (due !== packetId) throw new Error(`PUBCOMP ${packetId} where ${due} is due [MQTT-4.3.3-11]`)
      this.#held.delete(packetId)
      return
    }
    const arrival = this.#unanswered.shift()
    if (arrival?.packetId !== packetId || type !== (arrival.qos === 1 ? 'puback' : 'pubrec'))
      throw new Error(`${type} ${packetId} where ${arrival?.packetId} is due [MQTT-4.6.0-2]`)
    if (!arrival.settled) throw new Error(`${type} ${packetId} for what the application is not done with`)
    arrival.answered = true
    if (reasonCode >= 0x80 && arrival.qos === 2) this.#held.delete(packetId)
  }
}
