/** What we ask of the server and wait for: SUBSCRIBE, UNSUBSCRIBE and PINGREQ, each with its deadline. */

import type { Packet } from '../codec/packet.js'
import { measurePacket } from '../codec/packet.js'
import type { Suback, SubackProperties } from '../codec/packets/suback.js'
import type { Subscribe } from '../codec/packets/subscribe.js'
import type { Unsuback } from '../codec/packets/unsuback.js'
import type { Unsubscribe } from '../codec/packets/unsubscribe.js'
import type { ProtocolVersion } from '../codec/protocol.js'
import { protocolError } from '../codec/reason.js'
import { AckTimeoutError, ConnectionLostError, type MqttError } from '../errors.js'
import type { Output } from './events.js'
import { refuseSize, refuseSubscribe, type Theirs } from './limits.js'
import type { PacketIds } from './packet-ids.js'

interface Call {
  packet: Subscribe | Unsubscribe
  tag: unknown
  deadline: number
  /** Nobody waits any more; the id stays taken until the server has answered. */
  abandoned: boolean
  /** It makes subscriptions again: if the connection ends before its answer, the next one asks anew. */
  again: boolean
}

/** Subscriptions to make again where the server lost the session. */
export interface Resumption {
  packet: Subscribe
  /** Who waits for `packet`, which is this one or a part of it. */
  tag(packet: Subscribe): unknown
}

interface Ping {
  tag: unknown
  sentAt: number
  deadline: number
}

export interface CallSettings {
  readonly version: ProtocolVersion
  /** ms */
  readonly ackTimeout: number
  /** Whether a call is sent again on the next connection. */
  readonly retryCalls: boolean
}

export class Calls {
  readonly #output: Output
  readonly #settings: CallSettings
  /** Sent, by Packet Identifier, in the order of sending and so of their deadlines. */
  readonly #sent = new Map<number, Call>()
  /** Not sent on this connection yet. */
  #waiting: Call[] = []
  /** In the order of sending, which is that of the answers; one that nobody waits for keeps its place. */
  #pings: Ping[] = []
  #theirs: Theirs | undefined
  /** Resumptions that the server has not answered. */
  #owed = 0

  constructor(output: Output, settings: CallSettings) {
    this.#output = output
    this.#settings = settings
  }

  /** For `PacketIds`. */
  has(packetId: number): boolean {
    return this.#sent.has(packetId)
  }

  get size(): number {
    return this.#sent.size
  }

  /** Whether the server may lack subscriptions although it has the session: a resumption was cut short. */
  get owing(): boolean {
    return this.#owed > 0
  }

  get deadline(): number {
    let deadline = Infinity
    for (const ping of this.#pings) if (ping.deadline < deadline) deadline = ping.deadline
    for (const call of this.#sent.values()) {
      if (call.abandoned) continue
      if (call.deadline < deadline) deadline = call.deadline
      break
    }
    for (const call of this.#waiting) if (call.deadline < deadline) deadline = call.deadline
    return deadline
  }

  /** Sends `packet`, now or once there is a connection. Its Packet Identifier is set here. */
  add(packet: Subscribe | Unsubscribe, tag: unknown, ids: PacketIds, now: number): void {
    measurePacket(packet, this.#settings.version)
    const call = { packet, tag, deadline: now + this.#settings.ackTimeout, abandoned: false, again: false }
    if (this.#theirs && this.#waiting.length === 0 && !ids.exhausted) this.#send(call, this.#theirs, ids, now)
    else this.#waiting.push(call)
  }

  /** Asks for subscriptions again, before all that waits: a call that waits may be about one of them. */
  resume(resumptions: readonly Resumption[], theirs: Theirs, now: number): void {
    const deadline = now + this.#settings.ackTimeout
    const calls: Call[] = []
    for (const { packet, tag } of resumptions) {
      for (const part of this.#parts(packet, theirs)) {
        calls.push({ packet: part, tag: tag(part), deadline, abandoned: false, again: true })
      }
    }
    this.#owed = calls.length
    this.#waiting = [...calls, ...this.#waiting]
  }

  ping(tag: unknown, now: number): void {
    this.#pings.push({ tag, sentAt: now, deadline: now + this.#settings.ackTimeout })
    this.#output.packets.push({ type: 'pingreq' })
  }

  pong(now: number): void {
    const ping = this.#pings.shift()
    if (ping?.tag !== undefined) this.#output.events.push({ type: 'pong', tag: ping.tag, roundTrip: now - ping.sentAt })
  }

  connected(theirs: Theirs, ids: PacketIds, now: number): void {
    this.#theirs = theirs
    this.pump(ids, now)
  }

  /** Sends what waits, as far as there are Packet Identifiers for it. */
  pump(ids: PacketIds, now: number): void {
    if (!this.#theirs || this.#waiting.length === 0) return
    const waiting = this.#waiting
    this.#waiting = []
    for (const call of waiting) {
      if (ids.exhausted) this.#waiting.push(call)
      else this.#send(call, this.#theirs, ids, now)
    }
  }

  /** The connection is gone: calls wait for the next one, or end here. */
  lost(error: () => MqttError): void {
    this.#theirs = undefined
    const calls = [...this.#sent.values()].filter((call) => !call.abandoned && !call.again)
    this.#sent.clear()
    this.#waiting = this.#waiting.filter((call) => !call.again)
    if (this.#settings.retryCalls) this.#waiting = [...calls, ...this.#waiting]
    else for (const { tag } of calls) this.#reject(tag, error())
    for (const { tag } of this.#pings) if (tag !== undefined) this.#reject(tag, error())
    this.#pings = []
  }

  /** No further connection will be made: all that waits ends. */
  abandonAll(error: () => MqttError): void {
    this.lost(error)
    for (const { tag } of this.#waiting) this.#reject(tag, error())
    this.#waiting = []
  }

  answer(packet: Suback | Unsuback): void {
    const call = this.#sent.get(packet.packetId)
    const asked = packet.type === 'suback' ? 'subscribe' : 'unsubscribe'
    if (!call || call.packet.type !== asked) {
      throw protocolError(`${packet.type}.packetId: ${packet.packetId} answers no ${asked} of ours`)
    }
    const count = call.packet.type === 'subscribe' ? call.packet.subscriptions.length : call.packet.filters.length
    // [MQTT-3.8.4-6] [MQTT-3.11.3-2] One Reason Code for each filter; the UNSUBACK of 3.x has none.
    if (packet.reasonCodes.length !== count && !(packet.type === 'unsuback' && this.#settings.version < 5)) {
      throw protocolError(`${packet.type}.reasonCodes: expected ${count}, got ${packet.reasonCodes.length}`)
    }
    this.#sent.delete(packet.packetId)
    if (call.again) this.#owed--
    if (call.abandoned) return
    const properties: SubackProperties = packet.properties
    this.#output.events.push({ type: 'answered', tag: call.tag, reasonCodes: packet.reasonCodes, properties })
  }

  /** Nobody waits for `tag` any more. */
  cancel(tag: unknown): void {
    this.#waiting = this.#waiting.filter((call) => call.tag !== tag)
    for (const call of this.#sent.values()) if (call.tag === tag) call.abandoned = true
    for (const ping of this.#pings) if (ping.tag === tag) ping.tag = undefined
  }

  tick(now: number): void {
    for (const call of this.#sent.values()) {
      if (call.deadline > now) break
      if (call.abandoned) continue
      call.abandoned = true
      this.#timeOut(call)
    }
    for (const call of this.#waiting) if (call.deadline <= now) this.#timeOut(call)
    this.#waiting = this.#waiting.filter((call) => call.deadline > now)
    for (const ping of this.#pings) {
      if (ping.deadline > now) continue
      ping.deadline = Infinity
      if (ping.tag !== undefined) this.#reject(ping.tag, timeOut('PINGRESP', this.#settings.ackTimeout))
      ping.tag = undefined
    }
  }

  #send(call: Call, theirs: Theirs, ids: PacketIds, now: number): void {
    const { packet } = call
    const size = measurePacket(packet as Packet, this.#settings.version)
    const error =
      packet.type === 'subscribe' ? refuseSubscribe(packet, size, theirs) : refuseSize('unsubscribe', size, theirs)
    if (error) {
      if (call.again) this.#owed--
      this.#reject(call.tag, error)
      return
    }
    call.packet = { ...packet, packetId: ids.take() }
    call.deadline = now + this.#settings.ackTimeout
    this.#sent.set(call.packet.packetId, call)
    this.#output.packets.push(call.packet)
  }

  /** `packet`, or several that ask for the same, where it is too large or one of its filters would have all refused. */
  #parts(packet: Subscribe, theirs: Theirs): Subscribe[] {
    const { subscriptions } = packet
    const size = measurePacket(packet, this.#settings.version)
    if (subscriptions.length === 1 || !refuseSubscribe(packet, size, theirs)) return [packet]
    const middle = subscriptions.length >> 1
    return [subscriptions.slice(0, middle), subscriptions.slice(middle)].flatMap((part) =>
      this.#parts({ ...packet, subscriptions: part }, theirs),
    )
  }

  #timeOut({ packet, tag }: Call): void {
    this.#reject(tag, timeOut(packet.type === 'subscribe' ? 'SUBACK' : 'UNSUBACK', this.#settings.ackTimeout))
  }

  #reject(tag: unknown, error: MqttError): void {
    this.#output.events.push({ type: 'rejected', tag, error })
  }
}

function timeOut(what: string, ms: number): AckTimeoutError {
  return new AckTimeoutError(`no ${what} came within ${ms} ms (ackTimeout); try again, or raise ackTimeout`, {
    code: 'ETIMEDOUT',
    phase: 'session',
    retryable: true,
  })
}

/** The connection ended before an answer came. */
export function connectionLost(what: string): ConnectionLostError {
  return new ConnectionLostError(`the connection ended before ${what}`, {
    code: 'CONNECTION_LOST',
    phase: 'session',
    retryable: true,
  })
}
