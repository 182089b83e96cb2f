/** Messages to the server: what is in flight, what waits for its turn, and what goes out again and how. */

import { measurePublish } from '../codec/packet.js'
import type { Ack, AckProperties } from '../codec/packets/acks.js'
import type { Publish } from '../codec/packets/publish.js'
import { NO_PROPERTIES } from '../codec/property-list.js'
import type { ProtocolVersion } from '../codec/protocol.js'
import { protocolError, reasonName, reasonSymbol } from '../codec/reason.js'
import { type MqttError, outOfRange, type ProtocolError, RefusedError } from '../errors.js'
import { OutboundAliases } from './aliases.js'
import type { Output } from './events.js'
import { Fifo } from './fifo.js'
import { refusePublish, type Theirs } from './limits.js'
import type { PacketIds } from './packet-ids.js'

/** A message of QoS 1 or 2 from `publish` to the last acknowledgement, or one of QoS 0 that waits. */
interface Entry {
  packet: Publish
  /** Bytes on the wire. */
  readonly size: number
  tag: unknown
  /** What the server still has to answer: PUBLISH, or (QoS 2) PUBREL. */
  phase: 'publish' | 'pubrel'
  sentAt: number
  /** Whether it takes a place in the send window of this connection (§4.9). */
  counted: boolean
}

/**
 * Exchanges of QoS 2 at once with a 3.x server, which cannot say how many it takes, unless `maxInflight` says so. Seen
 * with mosquitto 2.0 as it comes: of 500 at once it acknowledges all and drops all but 20; and while it holds 20, it
 * drops messages of QoS 1 as well.
 */
const UNTOLD_QOS2 = 16

/** Packet Identifiers that a full window leaves to SUBSCRIBE and UNSUBSCRIBE. */
const SPARE_IDS = 35

export interface OutboundSettings {
  readonly version: ProtocolVersion
  /** Infinity where the application did not say. */
  readonly maxInflight: number
  /** ms; Infinity is never */
  readonly retryInterval: number
}

export class Outbound {
  readonly #output: Output
  readonly #settings: OutboundSettings
  readonly #ids: PacketIds
  /** By Packet Identifier. Its order is the order of sending again [MQTT-4.6.0-1]: PUBREC moves an entry to the end. */
  readonly #inflight: Map<number, Entry>
  readonly #waiting = new Fifo<Entry>()
  #waitingQos0 = 0
  /** What was in flight on the last connection and was not sent again on this one, because its window is smaller. */
  readonly #unsent = new Fifo<Entry>()
  #theirs: Theirs | undefined
  #aliases = new OutboundAliases(0)
  #window = 0
  #windowUsed = 0
  readonly #qos2Window: number
  #qos2Used = 0
  /** Not later than the time at which the first entry in flight wants to be sent again. */
  #retryAt = Infinity

  /** `inflight` is made by the caller, because `ids` has to look into it. */
  constructor(output: Output, settings: OutboundSettings, inflight: Map<number, Entry>, ids: PacketIds) {
    this.#output = output
    this.#settings = settings
    this.#inflight = inflight
    this.#ids = ids
    this.#qos2Window = settings.version < 5 && settings.maxInflight === Infinity ? UNTOLD_QOS2 : Infinity
  }

  get inflight(): number {
    return this.#inflight.size
  }

  get queued(): number {
    return this.#waiting.size
  }

  /** The send window in force: the smaller of `maxInflight` and the server's Receive Maximum. */
  get window(): number {
    return this.#window
  }

  get deadline(): number {
    return this.#theirs && this.#inflight.size > 0 ? this.#retryAt : Infinity
  }

  /**
   * Takes a message over: sends it if it may go at once, else keeps it in line. Throws, and keeps nothing, when the
   * message is malformed or above a limit of the server. True if it was sent.
   */
  publish(packet: Publish, tag: unknown, now: number): boolean {
    const { topicAlias, subscriptionIdentifiers } = packet.properties
    // A caller's alias would be stored with the message, and outlive its connection.
    if (topicAlias !== undefined)
      throw outOfRange('publish.properties.topicAlias', 'none: it is given where the server takes it', topicAlias)
    // [MQTT-3.3.4-6]
    if (subscriptionIdentifiers !== undefined)
      throw outOfRange('publish.properties.subscriptionIdentifiers', 'none from a client', subscriptionIdentifiers)
    // Any valid id has the same size; the real one is taken when it is sent.
    if (packet.qos > 0) packet.packetId = 1
    const size = measurePublish(packet, this.#settings.version)
    const theirs = this.#theirs
    if (theirs) {
      const error = refusePublish(packet, size, theirs)
      if (error) throw error
      if (packet.qos === 0 && this.#waitingQos0 === 0) {
        this.#output.packets.push(this.#aliases.apply(packet, size, theirs.maximumPacketSize))
        return true
      }
    }
    const entry: Entry = { packet, size, tag, phase: 'publish', sentAt: now, counted: false }
    if (theirs && packet.qos > 0 && this.#waiting.size === 0 && this.#mayStart(packet)) {
      this.#start(entry, theirs, now)
      return true
    }
    if (packet.qos === 0) this.#waitingQos0++
    this.#waiting.push(entry)
    return false
  }

  /** A connection is up. `resumed`: the server has our session and knows our Packet Identifiers. */
  connected(theirs: Theirs, resumed: boolean, now: number): void {
    this.#theirs = theirs
    this.#aliases = new OutboundAliases(theirs.topicAliasMaximum)
    this.#window = Math.min(theirs.receiveMaximum, this.#settings.maxInflight, 65_535 - SPARE_IDS)
    this.#windowUsed = 0
    this.#qos2Used = 0
    this.#retryAt = Infinity
    this.#unsent.clear()
    if (!resumed) this.#startAnew()
    for (const entry of this.#inflight.values()) {
      entry.counted = false
      if (entry.phase === 'publish') this.#unsent.push(entry)
      else {
        // §4.9 does not ask that it takes a place in the new window; the server's own books may.
        this.#count(entry)
        this.#sendPubrel(entry, now)
      }
    }
    this.pump(now)
  }

  lost(): void {
    this.#theirs = undefined
  }

  puback(ack: Ack): void {
    const entry = this.#answered(ack, 'publish', 1)
    if (!entry) {
      // In 3.x a message that was sent again gets two answers; in 5.0 none is [MQTT-4.4.0-1].
      if (this.#settings.version === 5) throw unknownId(ack)
      return
    }
    this.#complete(entry, ack)
  }

  pubrec(ack: Ack, now: number): void {
    const { packetId, reasonCode } = ack
    const known = this.#inflight.get(packetId)
    if (!known) {
      // [MQTT-4.3.3-4] PUBREL answers a PUBREC below 0x80 only.
      if (reasonCode >= 0x80) return
      // §3.6.2.1: 0x92 says that we do not know it, and lets the server finish.
      this.#output.ack('pubrel', packetId, this.#settings.version === 5 ? 0x92 : 0, NO_PROPERTIES)
      return
    }
    const entry = this.#answered(ack, known.phase, 2) as Entry
    if (reasonCode >= 0x80) {
      this.#complete(entry, ack)
      return
    }
    entry.phase = 'pubrel'
    this.#inflight.delete(packetId)
    this.#inflight.set(packetId, entry)
    this.#sendPubrel(entry, now)
  }

  pubcomp(ack: Ack): void {
    const entry = this.#answered(ack, 'pubrel', 2)
    // Without an entry it answers our PUBREL 0x92.
    if (entry) this.#complete(entry, ack)
  }

  /** Sends what waits, as far as the window and the Packet Identifiers go. */
  pump(now: number): void {
    const theirs = this.#theirs
    if (!theirs) return
    for (let entry = this.#unsent.peek(); entry && this.#hasRoom(entry.packet); entry = this.#unsent.peek()) {
      this.#unsent.shift()
      const error = refusePublish(entry.packet, entry.size, theirs)
      if (error) {
        this.#inflight.delete(entry.packet.packetId as number)
        this.#release(entry, () => error)
        continue
      }
      this.#count(entry)
      // [MQTT-3.3.1-1] DUP is 1 when a PUBLISH is sent again.
      this.#transmit(entry, true, now)
    }
    for (let next = this.#waiting.peek(); next; next = this.#waiting.peek()) {
      if (next.packet.qos > 0 && !this.#mayStart(next.packet)) return
      this.#waiting.shift()
      const error = refusePublish(next.packet, next.size, theirs)
      if (next.packet.qos === 0) this.#waitingQos0--
      if (error) this.#release(next, () => error)
      else if (next.packet.qos > 0) this.#start(next, theirs, now)
      else {
        this.#output.packets.push(this.#aliases.apply(next.packet, next.size, theirs.maximumPacketSize))
        this.#output.events.push({ type: 'sent', tag: next.tag })
      }
    }
  }

  /** True when the connection has to be given up: an answer is overdue and 5.0 forbids to ask again on it. */
  tick(now: number): boolean {
    if (!this.#theirs || now < this.#retryAt || this.#inflight.size === 0) return false
    const { version, retryInterval } = this.#settings
    this.#retryAt = Infinity
    for (const entry of this.#inflight.values()) {
      if (entry.phase === 'publish' && !entry.counted) continue
      if (entry.sentAt + retryInterval <= now) {
        if (version === 5) return true
        if (entry.phase === 'pubrel') this.#sendPubrel(entry, now)
        else this.#transmit(entry, true, now)
      }
      this.#retryAt = Math.min(this.#retryAt, entry.sentAt + retryInterval)
    }
    return false
  }

  /** Nobody waits for `tag` any more. What was not sent yet is not sent; what was sent is completed. True if it was not sent. */
  cancel(tag: unknown): boolean {
    const entry = this.#waiting.remove((waiting) => waiting.tag === tag)
    if (entry?.packet.qos === 0) this.#waitingQos0--
    for (const inflight of this.#inflight.values()) if (inflight.tag === tag) inflight.tag = undefined
    return entry !== undefined
  }

  /** No further connection is planned: whoever waits hears of it, while messages of QoS 1 and 2 stay in the session. */
  detach(error: () => MqttError): void {
    for (const entry of this.#inflight.values()) this.#release(entry, error)
    const staying: Entry[] = []
    for (let entry = this.#waiting.shift(); entry; entry = this.#waiting.shift()) {
      this.#release(entry, error)
      if (entry.packet.qos > 0) staying.push(entry)
    }
    this.#waitingQos0 = 0
    this.#waiting.unshift(staying)
  }

  /** The application wants a new session: what `detach` left of the old one is dropped. */
  reset(): void {
    this.#inflight.clear()
    const staying: Entry[] = []
    for (let entry = this.#waiting.shift(); entry; entry = this.#waiting.shift()) {
      if (entry.tag !== undefined) staying.push(entry)
    }
    this.#waiting.unshift(staying)
  }

  #release(entry: Entry, error: () => MqttError): void {
    if (entry.tag !== undefined) this.#output.events.push({ type: 'rejected', tag: entry.tag, error: error() })
    entry.tag = undefined
  }

  /** The server has no session: what it did not answer is sent as a new message, what it did is done. */
  #startAnew(): void {
    const owed: Entry[] = []
    for (const [packetId, entry] of this.#inflight) {
      if (entry.phase === 'publish') owed.push(entry)
      // With PUBREC the server became the owner of the message: to send it again could double it (§4.3.3).
      else this.#acknowledge(entry, packetId, 0, NO_PROPERTIES)
    }
    this.#inflight.clear()
    this.#waiting.unshift(owed)
  }

  #hasRoom({ qos }: Publish): boolean {
    return this.#windowUsed < this.#window && (qos < 2 || this.#qos2Used < this.#qos2Window)
  }

  #mayStart(packet: Publish): boolean {
    return this.#hasRoom(packet) && this.#unsent.size === 0 && !this.#ids.exhausted
  }

  /** Takes a place in the windows of this connection. */
  #count(entry: Entry): void {
    entry.counted = true
    this.#windowUsed++
    if (entry.packet.qos === 2) this.#qos2Used++
  }

  #start(entry: Entry, theirs: Theirs, now: number): void {
    const packetId = this.#ids.take()
    entry.packet.packetId = packetId
    this.#inflight.set(packetId, entry)
    this.#count(entry)
    this.#expectAnswer(entry, now)
    this.#output.packets.push(this.#aliases.apply(entry.packet, entry.size, theirs.maximumPacketSize))
  }

  #transmit(entry: Entry, dup: boolean, now: number): void {
    this.#expectAnswer(entry, now)
    this.#output.packets.push(dup ? { ...entry.packet, dup } : entry.packet)
  }

  #sendPubrel(entry: Entry, now: number): void {
    this.#expectAnswer(entry, now)
    this.#output.ack('pubrel', entry.packet.packetId as number, 0, NO_PROPERTIES)
  }

  #expectAnswer(entry: Entry, now: number): void {
    entry.sentAt = now
    if (this.#retryAt === Infinity) this.#retryAt = now + this.#settings.retryInterval
  }

  /** The entry that `ack` is about; throws when it is not what the entry waits for. */
  #answered(ack: Ack, phase: Entry['phase'], qos: 1 | 2): Entry | undefined {
    const entry = this.#inflight.get(ack.packetId)
    if (!entry) return undefined
    if (entry.packet.qos !== qos || entry.phase !== phase || (phase === 'publish' && !entry.counted)) {
      throw protocolError(
        `${ack.type}.packetId: ${ack.packetId} is a message of QoS ${entry.packet.qos} that waits for another answer`,
      )
    }
    return entry
  }

  #complete(entry: Entry, ack: Ack): void {
    const { packetId, reasonCode, properties } = ack
    this.#inflight.delete(packetId)
    if (entry.counted) {
      this.#windowUsed--
      if (entry.packet.qos === 2) this.#qos2Used--
    }
    // A PUBCOMP 0x92 ends an exchange whose message the server had already taken.
    if (reasonCode >= 0x80 && ack.type !== 'pubcomp') this.#release(entry, () => refused(entry.packet, ack))
    else this.#acknowledge(entry, packetId, reasonCode, properties)
  }

  #acknowledge(entry: Entry, packetId: number, reasonCode: number, properties: AckProperties): void {
    if (entry.tag === undefined) return
    this.#output.events.push({ type: 'acknowledged', tag: entry.tag, packetId, reasonCode, properties })
  }
}

function refused({ topic }: Publish, { type, reasonCode, properties }: Ack): RefusedError {
  const name = reasonName(reasonCode, type)
  const why = properties.reasonString === undefined ? '' : `: ${properties.reasonString}`
  return new RefusedError(`the server refused the message for ${JSON.stringify(topic)}: ${name}${why}`, {
    code: reasonSymbol(reasonCode, type),
    phase: 'session',
    reasonCode,
  })
}

function unknownId({ type, packetId }: Ack): ProtocolError {
  return protocolError(`${type}.packetId: ${packetId} answers no message of ours`)
}

export type { Entry }
