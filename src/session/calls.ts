/** What we ask of the server and wait for: SUBSCRIBE, UNSUBSCRIBE and PINGREQ, each with its deadline. */

import { measurePacket } from '../codec/packet.js'
import type { Pingreq } from '../codec/packets/ping.js'
import type { Suback, SubackProperties } from '../codec/packets/suback.js'
import type { Subscribe } from '../codec/packets/subscribe.js'
import type { Unsuback } from '../codec/packets/unsuback.js'
import type { Unsubscribe } from '../codec/packets/unsubscribe.js'
import { protocolError } from '../codec/reason.js'
import type { MqttError } from '../errors.js'
import { timedOut } from './failures.js'
import { Fifo } from './fifo.js'
import { refusal, type Theirs } from './limits.js'
import type { Link } from './link.js'
import type { Call } from './records.js'

type Question = Subscribe | Unsubscribe

/** Subscriptions to make again where the server lost the session. */
export interface Resumption {
  packet: Subscribe
  /** Who waits for `packet`, which is this one or a part of it. */
  tag(packet: Subscribe): unknown
}

const ANSWERS = { subscribe: 'SUBACK', unsubscribe: 'UNSUBACK', pingreq: 'PINGRESP' }

export class Calls {
  readonly #link: Link
  /** Not sent on this connection yet. */
  readonly #waiting = new Fifo<Call>()
  /** In the order of sending, which is that of the answers; one that nobody waits for keeps its place. */
  #pings: Call<Pingreq>[] = []
  /** Not later than that of the first call. */
  #deadline = Infinity
  /** Whether the server may lack subscriptions although it has the session: a resumption was cut short. */
  owing = false

  constructor(link: Link) {
    this.#link = link
  }

  get deadline(): number {
    return this.#deadline
  }

  /** Whether somebody waits for an answer of the server. */
  get awaited(): boolean {
    return [...this.#link.calls.all(), ...this.#pings].some(({ tag }) => tag !== undefined)
  }

  /** Sends `packet`, now or once there is a connection. Its Packet Identifier is set here. */
  add(packet: Question, tag: unknown): void {
    this.#measure(packet)
    this.#waiting.push(this.#call(packet, tag))
    this.pump()
  }

  /** Asks for subscriptions again, before all that waits: a call that waits may be about one of them. */
  resume(resumptions: readonly Resumption[], theirs: Theirs): void {
    const calls = resumptions.flatMap(({ packet, tag }) =>
      this.#parts(packet, theirs).map((part) => this.#call(part, tag(part), true)),
    )
    this.owing = false
    this.#waiting.change((waiting) => [...calls, ...waiting])
  }

  ping(tag?: unknown): void {
    const ping = this.#call<Pingreq>({ type: 'pingreq' }, tag)
    this.#pings.push(ping)
    this.#link.send(ping.packet)
    this.#link.keepAlive.pinged(this.#link.now)
  }

  pong(): void {
    const ping = this.#pings.shift()
    if (ping?.tag === undefined) return
    this.#link.events.push({ type: 'pong', tag: ping.tag, roundTrip: this.#link.now - ping.since })
  }

  /** Sends what waits, as far as there are Packet Identifiers for it. */
  pump(): void {
    const { theirs, ids } = this.#link
    while (theirs && this.#waiting.size > 0 && !ids.exhausted) {
      const call = this.#waiting.shift() as Call
      if (call.tag !== undefined) this.#send(call, theirs)
    }
  }

  /** The connection is gone: calls wait for the next one, or end here. */
  lost(error: () => MqttError): void {
    const sent = this.#link.calls.inOrder()
    this.#link.calls.clear()
    const calls = [...sent, ...this.#waiting.items]
    this.owing ||= calls.some(({ again }) => again)
    const ended = this.#link.settings.retryCalls ? [] : sent.filter(({ again }) => !again)
    for (const call of [...ended, ...this.#pings]) this.#link.reject(call, error)
    this.#pings = []
    this.#waiting.change(() => calls.filter(({ tag, again }) => tag !== undefined && !again))
    this.#expire()
  }

  /** No further connection will be made: all that waits ends. */
  abandonAll(error: () => MqttError): void {
    this.lost(error)
    for (const call of this.#waiting.items) this.#link.reject(call, error)
    this.#waiting.change(() => [])
    this.#deadline = Infinity
  }

  answer(packet: Suback | Unsuback): void {
    const { type, packetId, reasonCodes } = packet
    const call = this.#link.calls.get(packetId)
    const asked = type === 'suback' ? 'subscribe' : 'unsubscribe'
    if (call?.packet.type !== asked) throw protocolError(`${type}.packetId: expected that of ${asked}, got ${packetId}`)
    const { length } = call.packet.type === 'subscribe' ? call.packet.subscriptions : call.packet.filters
    // [MQTT-3.8.4-6] [MQTT-3.11.3-1] One Reason Code for each filter; the UNSUBACK of 3.x has none.
    if (reasonCodes.length !== length && (type === 'suback' || this.#link.settings.version === 5))
      throw protocolError(`${type}.reasonCodes: expected ${length}, got ${reasonCodes.length}`)
    this.#link.calls.delete(packetId)
    const { packet: question, tag } = call
    if (tag === undefined) {
      if (question.type === 'subscribe') this.#link.events.push({ type: 'late', packet: question })
      return
    }
    const properties: SubackProperties = packet.properties
    const roundTrip = this.#link.now - call.since
    this.#link.events.push({ type: 'answered', tag, reasonCodes, properties, roundTrip })
  }

  /** Nobody waits for `tag` any more. */
  cancel(tag: unknown): void {
    for (const call of this.#all()) if (call.tag === tag) call.tag = undefined
  }

  tick(): void {
    if (this.#link.now >= this.#deadline) this.#expire()
  }

  /** Ends what is overdue, and finds the next deadline. */
  #expire(): void {
    const { ackTimeout } = this.#link.settings
    this.#deadline = Infinity
    for (const call of this.#all()) {
      if (call.tag === undefined) continue
      const deadline = call.since + ackTimeout
      if (deadline > this.#link.now) this.#deadline = Math.min(this.#deadline, deadline)
      else this.#link.reject(call, () => timedOut(ANSWERS[call.packet.type], ackTimeout))
    }
  }

  #all(): Call<Question | Pingreq>[] {
    return [...this.#link.calls.inOrder(), ...this.#waiting.items, ...this.#pings]
  }

  #call<P>(packet: P, tag: unknown, again = false): Call<P> {
    const { now, settings } = this.#link
    this.#deadline = Math.min(this.#deadline, now + settings.ackTimeout)
    return { packet, tag, since: now, again, turn: 0 }
  }

  #measure(packet: Question): number {
    return measurePacket(packet, this.#link.settings.version)
  }

  #send(call: Call, theirs: Theirs): void {
    const error = refusal(call.packet, this.#measure(call.packet), theirs)
    if (error) {
      this.#link.reject(call, () => error)
      return
    }
    const packetId = this.#link.ids.take()
    call.packet = { ...call.packet, packetId }
    call.since = this.#link.now
    this.#link.calls.add(call)
    this.#link.send(call.packet)
  }

  /** `packet`, or several that ask for the same, where it is too large or one of its filters would have all refused. */
  #parts(packet: Subscribe, theirs: Theirs): Subscribe[] {
    const { subscriptions } = packet
    const middle = subscriptions.length >> 1
    if (middle === 0 || !refusal(packet, this.#measure(packet), theirs)) return [packet]
    return [subscriptions.slice(0, middle), subscriptions.slice(middle)].flatMap((part) =>
      this.#parts({ ...packet, subscriptions: part }, theirs),
    )
  }
}
