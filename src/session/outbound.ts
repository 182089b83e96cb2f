/** Messages to the server: what is in flight, what waits for its turn, and what goes out again and how. */

import { measurePublish } from '../codec/packet.js'
import type { Ack, AckProperties } from '../codec/packets/acks.js'
import type { Publish } from '../codec/packets/publish.js'
import { NO_PROPERTIES } from '../codec/property-list.js'
import { protocolError } from '../codec/reason.js'
import { describe, type MqttError, outOfRange } from '../errors.js'
import { withAlias } from './aliases.js'
import type { DiscardReason } from './events.js'
import { discarded, refusedBy } from './failures.js'
import type { InFlight } from './in-flight.js'
import { refusal, type Theirs } from './limits.js'
import type { Link } from './link.js'
import type { Outbox } from './outbox.js'
import type { Entry } from './records.js'

/**
 * Exchanges of QoS 2 at once with a 3.x server, which cannot say how many it takes, unless `maxInflight` says so. Seen
 * with mosquitto 2.0 as it comes: of 500 at once it acknowledges all and drops all but 20; and while it holds 20, it
 * drops messages of QoS 1 as well.
 */
const UNTOLD_QOS2 = 16

/** Packet Identifiers that a full window leaves to SUBSCRIBE and UNSUBSCRIBE. */
const SPARE_IDS = 35

export class Outbound {
  readonly #link: Link
  readonly #inflight: InFlight<Entry>
  readonly #waiting: Outbox
  /** Made where the server takes aliases. */
  #aliases: Map<string, number> | undefined
  /** The send window in force: the smaller of `maxInflight` and the server's Receive Maximum. */
  window = 0
  #windowUsed = 0
  #qos2Used = 0
  /** Not later than the time at which the first entry in flight wants to be sent again. */
  #retryAt = Infinity
  /** No connection is planned, and nobody waits: what is over is told of by the next one. */
  #resting = false

  constructor(link: Link) {
    this.#link = link
    this.#inflight = link.messages
    this.#waiting = link.waiting
  }

  get inflight(): number {
    return this.#inflight.size
  }

  get queued(): number {
    return this.#waiting.size - (this.#inflight.size - this.#windowUsed)
  }

  get deadline(): number {
    return this.#inflight.size > 0 ? this.#retryAt : Infinity
  }

  /** When a message that waits expires, with or without a connection. */
  get expiry(): number {
    return this.#resting ? Infinity : this.#waiting.deadline
  }

  /** Whether a message of QoS 0 goes at once. */
  get sendsAtOnce(): boolean {
    return this.#link.theirs !== undefined && this.#waiting.qos0 === 0
  }

  /**
   * Takes a message over: sends it if it may go at once, else keeps it in line. Throws, and keeps nothing, when the
   * message is malformed or above a limit of the server. True if it was sent.
   */
  publish(packet: Publish, tag: unknown, untilAccepted: boolean): boolean {
    const { qos, properties } = packet
    // A caller's alias would be stored with the message, and outlive its connection.
    if (properties.topicAlias !== undefined)
      throw outOfRange('publish.properties.topicAlias', 'none: the client gives it', properties.topicAlias)
    // [MQTT-3.3.4-6]
    if (properties.subscriptionIdentifiers !== undefined)
      throw outOfRange('publish.properties.subscriptionIdentifiers', 'none', properties.subscriptionIdentifiers)
    // Any valid id has the same size; the real one is taken when it is sent.
    if (qos > 0) packet.packetId = 1
    const size = measurePublish(packet, this.#link.settings.version)
    const { theirs, now, settings } = this.#link
    if (theirs) {
      const error = refusal(packet, size, theirs)
      if (error) throw error
      if (qos === 0 && this.sendsAtOnce) {
        this.#send(packet, size)
        return true
      }
    }
    const entry = this.#entry(packet, size, tag, now, untilAccepted)
    if (theirs && qos > 0 && !this.#link.journal && this.#waiting.size === 0 && this.#mayStart(packet)) {
      this.accept(entry)
      this.#start(entry)
      return true
    }
    if (qos === 0 && !theirs && settings.outbox.offlineQos0 === 'drop') this.#discard(entry, 'offline')
    else this.#queue(entry)
    return false
  }

  #queue(entry: Entry): void {
    this.#resting = false
    // A host may call late when somebody's time is over: that one takes nobody's room.
    this.expire()
    const gone = this.#waiting.makeRoom(entry)
    if (gone) {
      for (const older of gone) this.#discard(older, 'full')
      this.#waiting.push(entry)
      if (this.#link.journal) this.#link.journal.accept(entry)
      else this.accept(entry)
      this.pump()
    } else if (this.#link.settings.outbox.whenFull === 'reject') this.#link.reject(entry, () => discarded('full'))
    else this.#discard(entry, 'full')
  }

  #entry(
    packet: Publish,
    size: number,
    tag: unknown,
    acceptedAt: number,
    untilAccepted: boolean,
    expiry = packet.properties.messageExpiryInterval,
  ): Entry {
    const { outbox } = this.#link.settings
    const lifetime = Math.min(outbox.maxAge, (expiry ?? Infinity) * 1_000)
    const expiresAt = acceptedAt + lifetime
    return {
      packet,
      size,
      tag,
      awaits: undefined,
      asked: false,
      sentAt: 0,
      acceptedAt,
      expiresAt,
      accepted: false,
      untilAccepted,
      order: 0,
      left: false,
      turn: 0,
    }
  }

  /** From here on the message is ours to deliver. */
  accept(entry: Entry): void {
    const { tag } = entry
    entry.accepted = true
    if (!entry.untilAccepted || tag === undefined) return
    entry.tag = undefined
    this.#link.events.push({ type: 'accepted', tag, packetId: undefined, reasonCode: 0, properties: NO_PROPERTIES })
  }

  /** A message that was accepted before, by another process or by us. */
  enter(packet: Publish, acceptedAt: number): Entry {
    const { version } = this.#link.settings
    const expiry = packet.properties.messageExpiryInterval
    // It may have been stored in 5.0, and be sent in 3.1.1.
    if (version < 5) packet.properties = NO_PROPERTIES
    return this.#entry(packet, measurePublish(packet, version), undefined, acceptedAt, false, expiry)
  }

  /** What is in flight came from a store, or went back to it. */
  recount(): void {
    this.#windowUsed = this.#inflight.size
  }

  /** A message is given up. */
  #discard(entry: Entry, reason: Exclude<DiscardReason, 'refused'>): void {
    this.#link.journal?.remove(entry)
    // It never got a Packet Identifier.
    this.#link.events.push({ type: 'discarded', packet: { ...entry.packet, packetId: undefined }, reason })
    this.#link.reject(entry, () => discarded(reason))
  }

  /** Gives up what has waited too long. What had to wait behind it may be of a QoS that need not. */
  expire(): void {
    const gone = this.#waiting.expire(this.#link.now)
    for (const entry of gone) this.#discard(entry, 'expired')
    if (gone.length > 0) this.pump()
  }

  /** A connection is up. `resumed`: the server has our session and knows our Packet Identifiers. */
  connected(theirs: Theirs, resumed: boolean): void {
    // [MQTT-3.2.2-18] No alias where the server takes none.
    this.#aliases = theirs.topicAliasMaximum ? new Map() : undefined
    this.#resting = false
    this.window = Math.min(theirs.receiveMaximum ?? 65_535, this.#link.settings.maxInflight, 65_535 - SPARE_IDS)
    this.#windowUsed = 0
    this.#qos2Used = 0
    this.#retryAt = Infinity
    const owed: Entry[] = []
    for (const entry of this.#inflight.inOrder()) {
      if (entry.awaits !== 'pubcomp' && entry.awaits !== 'pubrel') {
        // [MQTT-3.3.1-1] DUP is 1 when a PUBLISH is sent again. Where the server has no session, it is a new message.
        entry.packet.dup = resumed
        entry.awaits = undefined
        if (!resumed) this.#link.journal?.restart(entry)
        owed.push(entry)
      } else if (resumed) {
        // §4.9 does not ask that it takes a place in the new window; the server's own books may.
        this.#count(entry, 1)
        if (entry.awaits === 'pubcomp') this.#transmit(entry)
      } else {
        // With PUBREC the server became the owner of the message: to send it again could double it (§4.3.3).
        this.#acknowledge(entry, 0, NO_PROPERTIES)
      }
    }
    if (!resumed) this.#inflight.clear()
    this.#waiting.owe(owed)
    this.pump()
  }

  /** PUBACK, PUBREC or PUBCOMP came. */
  answer(ack: Ack): void {
    const { type, packetId, reasonCode, properties } = ack
    const entry = this.#inflight.get(packetId)
    const again = type === 'pubrec' && (entry?.awaits === 'pubcomp' || entry?.awaits === 'pubrel')
    if (!entry) {
      // In 3.x a message that was sent again gets two answers; in 5.0 none is [MQTT-4.4.0-1].
      if (type === 'puback' && this.#link.settings.version === 5)
        throw protocolError(`puback.packetId: expected that of a message, got ${packetId}`)
      // §3.6.2.1: 0x92 says that we do not know it, and lets the server finish, whose PUBCOMP has no entry, either.
      // [MQTT-4.3.3-4] PUBREL answers a PUBREC below 0x80 only.
      if (type === 'pubrec' && reasonCode < 0x80) this.#link.release('pubrel', packetId, 0x92)
    } else if (type !== entry.awaits && !again) {
      throw protocolError(`${type}.packetId: expected ${entry.awaits ?? 'no answer'} for ${packetId}, got ${type}`)
    } else if (type === 'pubrec' && reasonCode < 0x80) {
      this.#inflight.add(entry)
      const ours = this.#link.settings.autoAck === 'never'
      // Behind PUBREL the caller may answer again, and the PUBCOMP for the first may be on its way.
      entry.asked = entry.awaits === 'pubcomp'
      if (!entry.asked) entry.awaits = ours ? 'pubrel' : 'pubcomp'
      if (!again) this.#link.journal?.proceed(entry)
      if (!ours) this.#transmit(entry)
    } else {
      this.#inflight.delete(packetId)
      this.#count(entry, -1)
      // A PUBCOMP 0x92 ends an exchange whose message the server had already taken.
      if (reasonCode < 0x80 || type === 'pubcomp') this.#acknowledge(entry, reasonCode, properties)
      else
        this.#refuse(entry, () => refusedBy(`the server refused the message for ${describe(entry.packet.topic)}`, ack))
    }
  }

  /** The caller sends PUBREL. Without a connection the next one sends it. */
  pubrel(packetId: number, reasonCode: number, properties: AckProperties): void {
    const entry = this.#inflight.get(packetId)
    if (entry?.awaits !== 'pubrel' && !entry?.asked)
      throw outOfRange('pubrel.packetId', "that of a PUBREC (autoAck: 'never')", packetId)
    entry.asked = false
    entry.awaits = 'pubcomp'
    this.#link.journal?.proceed(entry)
    if (this.#link.theirs) this.#transmit(entry, reasonCode, properties)
  }

  /** Sends what waits, as far as the window and the Packet Identifiers go. */
  pump(): void {
    const { theirs, now } = this.#link
    if (!theirs) return
    for (let entry = this.#waiting.peek(); entry; entry = this.#waiting.peek()) {
      const { packet, size } = entry
      const late = this.#waiting.late(now)
      if (packet.qos > 0 && !late && !(entry.accepted && this.#mayStart(packet))) return
      this.#waiting.shift()
      if (late) {
        this.#discard(entry, 'expired')
        continue
      }
      const error = refusal(packet, size, theirs)
      if (error) {
        if (packet.dup) this.#inflight.delete(packet.packetId as number)
        this.#refuse(entry, () => error)
      } else if (packet.qos > 0) this.#start(entry)
      else {
        this.#send(aged(entry, now), size)
        this.#link.events.push({ type: 'sent', tag: entry.tag })
      }
    }
  }

  /** True when the connection has to be given up: an answer is overdue and 5.0 forbids to ask again on it. */
  tick(): boolean {
    const { now, settings } = this.#link
    if (now < this.deadline) return false
    this.#retryAt = Infinity
    for (const entry of this.#inflight.inOrder()) {
      if (!entry.awaits || entry.awaits === 'pubrel') continue
      if (entry.sentAt + settings.retryInterval <= now) {
        if (settings.version === 5) return true
        entry.packet.dup = true
        this.#transmit(entry)
      }
      this.#retryAt = Math.min(this.#retryAt, entry.sentAt + settings.retryInterval)
    }
    return false
  }

  /** Nobody waits for `tag` any more. What was not sent yet is not sent; what was sent is completed. */
  cancel(tag: unknown): void {
    for (const entry of this.#inflight.all()) if (entry.tag === tag) entry.tag = undefined
    const entry = this.#waiting.cancel(tag)
    if (!entry) return
    // The write that was to make it accepted may be under way.
    entry.tag = undefined
    this.#link.journal?.remove(entry)
  }

  /** No further connection is planned: whoever waits hears of it, while messages of QoS 1 and 2 stay in the session. */
  detach(error: () => MqttError): void {
    this.#resting = true
    for (const entry of this.#inflight.inOrder()) this.#link.reject(entry, error)
    this.#waiting.keep((entry) => {
      entry.left = true
      this.#link.reject(entry, error)
      return entry.packet.qos > 0
    })
  }

  /** The application wants a new session: what `detach` left of the old one is dropped. */
  reset(): void {
    const { journal } = this.#link
    for (const entry of this.#inflight.all()) journal?.remove(entry)
    this.#inflight.clear()
    this.recount()
    this.#waiting.keep((entry) => {
      if (entry.left) journal?.remove(entry)
      return !entry.left
    })
  }

  #mayStart({ qos }: Publish): boolean {
    const { ids, settings } = this.#link
    if (this.#windowUsed >= this.window || ids.exhausted) return false
    return qos < 2 || settings.version === 5 || settings.maxInflight < Infinity || this.#qos2Used < UNTOLD_QOS2
  }

  /** Takes or gives back a place in the windows of this connection. */
  #count({ packet }: Entry, step: 1 | -1): void {
    this.#windowUsed += step
    if (packet.qos === 2) this.#qos2Used += step
  }

  /** Sends a PUBLISH of QoS 1 or 2, for the first time on this connection. */
  #start(entry: Entry): void {
    const { packet } = entry
    if (!packet.dup) {
      packet.packetId = this.#link.ids.take()
      this.#inflight.add(entry)
      this.#link.journal?.proceed(entry)
    }
    entry.awaits = packet.qos === 1 ? 'puback' : 'pubrec'
    this.#count(entry, 1)
    this.#transmit(entry)
  }

  /** Sends what the server has to answer next: PUBLISH or, after PUBREC, PUBREL. */
  #transmit(entry: Entry, reasonCode = 0, properties?: AckProperties): void {
    const { now, settings } = this.#link
    entry.sentAt = now
    if (this.#retryAt === Infinity) this.#retryAt = now + settings.retryInterval
    if (entry.awaits === 'pubcomp')
      this.#link.release('pubrel', entry.packet.packetId as number, reasonCode, properties)
    else this.#send(aged(entry, now), entry.size)
  }

  #send(packet: Publish, size: number): void {
    const aliases = packet.dup ? undefined : this.#aliases
    this.#link.send(aliases ? withAlias(packet, size, aliases, this.#link.theirs as Theirs) : packet)
  }

  /** The server does not take the message. */
  #refuse(entry: Entry, error: () => MqttError): void {
    const { journal, events } = this.#link
    journal?.remove(entry)
    if (entry.tag === undefined) events.push({ type: 'discarded', packet: entry.packet, reason: 'refused' })
    else this.#link.reject(entry, error)
  }

  #acknowledge(entry: Entry, reasonCode: number, properties: Ack['properties']): void {
    const { tag, packet } = entry
    const packetId = packet.packetId as number
    this.#link.journal?.remove(entry)
    if (tag !== undefined) this.#link.events.push({ type: 'acknowledged', tag, packetId, reasonCode, properties })
  }
}

/**
 * As it is to be sent now: its Message Expiry Interval has run while it waited, as it does in a server [MQTT-3.3.2-6]. It
 * ends at 1, because mosquitto takes 0 for never: what is sent again has to be sent [MQTT-4.4.0-1], and need not last.
 */
function aged({ packet, acceptedAt }: Entry, now: number): Publish {
  const { messageExpiryInterval } = packet.properties
  // With a store it may be another process that accepted it, before the clock was put back.
  const waited = Math.max(0, Math.floor((now - acceptedAt) / 1_000))
  if (!messageExpiryInterval || waited === 0) return packet
  const left = Math.max(1, messageExpiryInterval - waited)
  return { ...packet, properties: { ...packet.properties, messageExpiryInterval: left } }
}
