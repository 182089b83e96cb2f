/** One MQTT session: packets and the time go in; packets, events and one deadline come out. No I/O, no clock. */

import { measurePacket, type Packet } from '../codec/packet.js'
import type { AckProperties } from '../codec/packets/acks.js'
import type { Connack } from '../codec/packets/connack.js'
import type { Connect } from '../codec/packets/connect.js'
import type { Disconnect, DisconnectProperties } from '../codec/packets/disconnect.js'
import type { Publish } from '../codec/packets/publish.js'
import type { Subscribe } from '../codec/packets/subscribe.js'
import type { Unsubscribe } from '../codec/packets/unsubscribe.js'
import { NO_PROPERTIES } from '../codec/property-list.js'
import type { ProtocolVersion } from '../codec/protocol.js'
import { protocolError } from '../codec/reason.js'
import { MqttError, ProtocolError } from '../errors.js'
import { InboundAliases } from './aliases.js'
import { Calls, connectionLost, type Resumption } from './calls.js'
import { Output, type SessionEvent } from './events.js'
import { type Delivery, Inbound } from './inbound.js'
import { KeepAlive } from './keepalive.js'
import { oursOf, theirsOf } from './limits.js'
import { type Entry, Outbound } from './outbound.js'
import { PacketIds } from './packet-ids.js'

export interface SessionSettings {
  readonly version: ProtocolVersion
  /** ms to wait for SUBACK, UNSUBACK and PINGRESP. */
  readonly ackTimeout: number
  /** ms to wait for the answer to PUBLISH and PUBREL; Infinity is for ever. */
  readonly retryInterval: number
  readonly maxInflight: number
  readonly retryCalls: boolean
  readonly forcePing: boolean
}

/** `opening` is from CONNECT to CONNACK; `closed` is whenever there is no network connection that may be used. */
type Phase = 'closed' | 'opening' | 'open'

/** Reason Codes of 5.0 that a client's DISCONNECT may carry for an error (§3.14.2.1). */
const DISCONNECT_CODES = [0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99]

export class Session {
  readonly #settings: SessionSettings
  readonly #output = new Output()
  readonly #ids: PacketIds
  readonly #outbound: Outbound
  readonly #inbound: Inbound
  readonly #calls: Calls
  #phase: Phase = 'closed'
  #connect: Connect | undefined
  #again: readonly Resumption[] = []
  #keepAlive: KeepAlive
  /** Bytes that the server takes in a packet. */
  #maximumPacketSize = Infinity
  #aliases = new InboundAliases(0)

  constructor(settings: SessionSettings) {
    this.#settings = settings
    this.#calls = new Calls(this.#output, settings)
    const inflight = new Map<number, Entry>()
    this.#ids = new PacketIds(inflight, this.#calls)
    this.#outbound = new Outbound(this.#output, settings, inflight, this.#ids)
    this.#inbound = new Inbound(this.#output, settings.version)
    this.#keepAlive = new KeepAlive(0, 0, false)
  }

  /** The time, of the clock that `now` is of, at which `tick` wants to be called; Infinity is never. */
  get deadline(): number {
    return Math.min(this.#keepAlive.deadline, this.#calls.deadline, this.#outbound.deadline)
  }

  get connected(): boolean {
    return this.#phase === 'open'
  }

  /** Messages of QoS 1 and 2 sent and not fully acknowledged. */
  get inflight(): number {
    return this.#outbound.inflight
  }

  /** Messages that wait to be sent. */
  get queued(): number {
    return this.#outbound.queued
  }

  /** The send window in force; 0 before the first connection. */
  get window(): number {
    return this.#outbound.window
  }

  takePackets(): Packet[] {
    const { packets } = this.#output
    if (packets.length > 0) this.#output.packets = []
    return packets
  }

  takeEvents(): SessionEvent[] {
    const { events } = this.#output
    if (events.length > 0) this.#output.events = []
    return events
  }

  /**
   * A network connection was made: CONNECT is the first packet on it [MQTT-3.1.0-1]. `again` is asked for before
   * anything else is sent if the server turns out to have no session.
   */
  open(connect: Connect, again: readonly Resumption[] = []): void {
    this.#phase = 'opening'
    this.#connect = connect
    this.#again = again
    const ours = oursOf(connect)
    this.#aliases = new InboundAliases(ours.topicAliasMaximum)
    this.#inbound.opened(ours.receiveMaximum)
    this.#output.packets.push(connect)
  }

  /** The network connection is gone, however it went. */
  closed(): void {
    this.#end()
    this.#output.packets = []
  }

  /** No further connection is planned: all who wait hear `error`. Messages of QoS 1 and 2 stay for the next one. */
  detach(error: () => MqttError): void {
    this.#calls.abandonAll(error)
    this.#outbound.detach(error)
  }

  /** Drops what `detach` left: the application starts a new session. */
  reset(): void {
    this.#outbound.reset()
    this.#inbound.forget()
  }

  /**
   * Takes a message over. Throws TypeError, RangeError or, above a limit of the server, RefusedError. True if it was
   * sent; else it waits, and for QoS 0 the event `sent` follows. For QoS 1 and 2 `acknowledged` or `rejected` follows.
   */
  publish(packet: Publish, tag: unknown, now: number): boolean {
    const sent = this.#outbound.publish(packet, tag, now)
    if (sent) this.#keepAlive.sent(now)
    return sent
  }

  /** `answered` or `rejected` follows. The Packet Identifier is set here. */
  call(packet: Subscribe | Unsubscribe, tag: unknown, now: number): void {
    const pending = this.#output.packets.length
    this.#calls.add(packet, tag, this.#ids, now)
    this.#sent(pending, now)
  }

  /** `pong` or `rejected` follows. */
  ping(tag: unknown, now: number): void {
    if (!this.connected) {
      this.#output.events.push({ type: 'rejected', tag, error: connectionLost('PINGREQ could be sent') })
      return
    }
    this.#calls.ping(tag, now)
    this.#keepAlive.pinged(now)
  }

  /** Nobody waits for `tag` any more. True when it concerned a message that will not be sent. */
  cancel(tag: unknown): boolean {
    this.#calls.cancel(tag)
    return this.#outbound.cancel(tag)
  }

  /** The application is done with a message. */
  settle(delivery: Delivery, reasonCode: number, properties: AckProperties, now: number): void {
    const pending = this.#output.packets.length
    this.#inbound.settle(delivery, reasonCode, properties)
    this.#sent(pending, now)
  }

  /** Ends the connection in order. Nothing is sent after it [MQTT-3.14.4-1]. */
  disconnect(reasonCode: number, properties: DisconnectProperties): void {
    // Only 5.0 can say why; in 3.x DISCONNECT means that all is well and drops the Will.
    if (this.#phase === 'open' && (this.#settings.version === 5 || reasonCode === 0)) {
      const packet: Disconnect = { type: 'disconnect', reasonCode, properties }
      // [MQTT-3.14.2-3] [MQTT-3.14.2-4] Properties that make it too large are left out; 3.x has none.
      const fits = this.#settings.version === 5 && measurePacket(packet, 5) <= this.#maximumPacketSize
      this.#output.packets.push(fits ? packet : { ...packet, properties: NO_PROPERTIES })
    }
    this.#end()
  }

  /** Bytes came; they need not be a whole packet. */
  alive(): void {
    this.#keepAlive.received()
  }

  receive(packet: Packet, now: number): void {
    if (this.#phase === 'closed') return
    const pending = this.#output.packets.length
    try {
      this.#receive(packet, now)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.fail(error)
    }
    this.#sent(pending, now)
  }

  /** The connection cannot go on. [MQTT-4.13.1-1] In 5.0 a peer that broke the protocol is told so. */
  fail(error: MqttError): void {
    if (this.#phase === 'closed') return
    if (this.#settings.version === 5 && error instanceof ProtocolError) {
      const reasonCode = DISCONNECT_CODES.includes(error.reasonCode) ? error.reasonCode : 0x82
      this.#output.packets.push({ type: 'disconnect', reasonCode, properties: NO_PROPERTIES })
    }
    this.#output.events.push({ type: 'failed', error })
    this.#end()
  }

  /** To be called when `deadline` has come; calling it early does no harm. */
  tick(now: number): void {
    this.#calls.tick(now)
    if (this.#phase !== 'open') return
    if (this.#keepAlive.expired(now)) {
      this.fail(dead('KEEP_ALIVE_TIMEOUT', 'the server did not answer a PINGREQ in time; the network may be down'))
    } else if (this.#outbound.tick(now)) {
      this.fail(
        dead('RETRY_TIMEOUT', `the server left a message unacknowledged for ${this.#settings.retryInterval} ms`),
      )
    } else if (this.#keepAlive.pingDue(now)) {
      this.#calls.ping(undefined, now)
      this.#keepAlive.pinged(now)
    }
  }

  /** Tells the keep-alive if there are more packets to send than the `pending` of before. */
  #sent(pending: number, now: number): void {
    if (this.#output.packets.length > pending) this.#keepAlive.sent(now)
  }

  /** An answer came, and with it room for what waits. */
  #pump(now: number): void {
    // First the calls, or a full queue of messages would take each Packet Identifier that becomes free.
    this.#calls.pump(this.#ids, now)
    this.#outbound.pump(now)
  }

  /** From here on nothing is sent on this network connection. */
  #end(): void {
    this.#phase = 'closed'
    this.#keepAlive = new KeepAlive(0, 0, false)
    this.#inbound.lost()
    this.#outbound.lost()
    this.#calls.lost(() => connectionLost('the answer came'))
  }

  #receive(packet: Packet, now: number): void {
    if (this.#phase === 'opening') {
      if (packet.type !== 'connack') throw unexpected(packet, 'CONNACK')
      this.#connack(packet, now)
      return
    }
    switch (packet.type) {
      case 'publish':
        this.#publish(packet)
        return
      case 'puback':
        this.#outbound.puback(packet)
        this.#pump(now)
        return
      case 'pubrec':
        this.#outbound.pubrec(packet, now)
        this.#pump(now)
        return
      case 'pubrel':
        this.#inbound.pubrel(packet)
        return
      case 'pubcomp':
        this.#outbound.pubcomp(packet)
        this.#pump(now)
        return
      case 'suback':
      case 'unsuback':
        this.#calls.answer(packet)
        this.#pump(now)
        return
      case 'pingresp':
        this.#calls.pong(now)
        return
      case 'disconnect':
        if (this.#settings.version < 5) throw unexpected(packet, 'nothing of the kind in MQTT 3.x')
        this.#output.events.push({ type: 'disconnected', packet })
        this.#end()
        return
      default:
        throw unexpected(packet, 'a packet that a server may send now')
    }
  }

  #connack(connack: Connack, now: number): void {
    const connect = this.#connect as Connect
    if (connack.reasonCode !== 0) {
      this.#output.events.push({ type: 'refused', connack })
      this.#end()
      return
    }
    // [MQTT-3.2.2-2] A clean start has no session to be present.
    if (connack.sessionPresent && connect.cleanStart) {
      throw protocolError('connack.sessionPresent: expected 0 after Clean Start, got 1')
    }
    this.#phase = 'open'
    const theirs = theirsOf(connack)
    // 3.1 cannot say whether there is a session: what we asked for has to do.
    const resumed = this.#settings.version === 3 ? !connect.cleanStart : connack.sessionPresent
    // [MQTT-3.2.2-21] The server's Keep Alive replaces ours.
    const keepAlive = connack.properties.serverKeepAlive ?? connect.keepAlive
    this.#keepAlive = new KeepAlive(keepAlive * 1000, this.#settings.ackTimeout, this.#settings.forcePing)
    this.#keepAlive.start(now)
    this.#output.events.push({ type: 'connected', connack, resumed })
    if (!resumed) this.#inbound.forget()
    // 3.1 cannot say that a session is present, so what it may have lost is asked for again.
    if (!resumed || this.#settings.version === 3 || this.#calls.owing) this.#calls.resume(this.#again, theirs, now)
    this.#maximumPacketSize = theirs.maximumPacketSize
    this.#inbound.connected(theirs.maximumPacketSize)
    this.#calls.connected(theirs, this.#ids, now)
    this.#outbound.connected(theirs, resumed, now)
  }

  #publish(packet: Publish): void {
    this.#aliases.resolve(packet)
    if (packet.qos === 0) {
      this.#output.events.push({ type: 'message', packet, delivery: undefined })
      return
    }
    const delivery = this.#inbound.receive(packet)
    if (delivery) this.#output.events.push({ type: 'message', packet, delivery })
  }
}

function unexpected({ type }: Packet, expected: string): ProtocolError {
  return protocolError(`${type}: expected ${expected}`)
}

function dead(code: string, message: string): MqttError {
  return new MqttError(message, { code, phase: 'session', retryable: true })
}
