/** One MQTT session: packets and the time go in; packets, events and one deadline come out. No I/O, no clock. */

import type { Packet } from '../codec/packet.js'
import type { Ack, AckProperties } from '../codec/packets/acks.js'
import type { Connack } from '../codec/packets/connack.js'
import type { Connect } from '../codec/packets/connect.js'
import type { DisconnectProperties } from '../codec/packets/disconnect.js'
import type { Publish } from '../codec/packets/publish.js'
import type { Subscribe } from '../codec/packets/subscribe.js'
import type { Unsubscribe } from '../codec/packets/unsubscribe.js'
import { NO_PROPERTIES } from '../codec/property-list.js'
import { protocolError } from '../codec/reason.js'
import { type MqttError, ProtocolError } from '../errors.js'
import { Authentication } from './authentication.js'
import { Calls, type Resumption } from './calls.js'
import type { SessionEvent } from './events.js'
import { connectionLost, failed, refusedBy } from './failures.js'
import { Inbound } from './inbound.js'
import { KeepAlive } from './keepalive.js'
import { Link, NONE, type SessionSettings } from './link.js'
import { Outbound } from './outbound.js'
import type { Delivery, Exchange } from './records.js'

export type { SessionSettings }

export class Session {
  readonly #link: Link
  readonly #outbound: Outbound
  readonly #inbound: Inbound
  readonly #calls: Calls
  readonly #authentication: Authentication
  /** That of the network connection; undefined whenever there is none that may be used. */
  #connect: Connect | undefined
  #again: readonly Resumption[] = []
  /** What came behind a CONNACK whose server has still to prove itself. */
  #early: Packet[] = []
  #quiet = false
  #listening = true

  constructor(settings: SessionSettings) {
    this.#link = new Link(settings)
    this.#outbound = new Outbound(this.#link)
    this.#inbound = new Inbound(this.#link)
    this.#calls = new Calls(this.#link)
    this.#authentication = new Authentication(this.#link)
  }

  /** The time, of the clock that `now` is of, at which `tick` wants to be called; Infinity is never. */
  get deadline(): number {
    const deadline = Math.min(this.#calls.deadline, this.#outbound.expiry)
    if (!this.connected) return deadline
    return Math.min(deadline, this.#link.keepAlive.deadline, this.#outbound.deadline, this.#authentication.deadline)
  }

  get connected(): boolean {
    return this.#link.theirs !== undefined
  }

  /** Whether something is to come from the server that somebody waits for. */
  get awaits(): boolean {
    return !this.connected || this.#outbound.inflight > 0 || this.#calls.awaited || this.#authentication.running
  }

  /** Whether nothing of the server's is to be taken in for now: it has still to prove who it is. */
  get verifying(): boolean {
    return this.#authentication.verifying
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

  /** Whether a message of QoS 0 goes at once. */
  get sendsAtOnce(): boolean {
    return this.#outbound.sendsAtOnce
  }

  takePackets(): Packet[] {
    const { packets } = this.#link
    this.#link.packets = NONE
    return packets
  }

  takeEvents(): SessionEvent[] {
    const { events } = this.#link
    if (events.length > 0) this.#link.events = []
    return events
  }

  /**
   * A network connection was made: CONNECT is the first packet on it [MQTT-3.1.0-1]. `again` is asked for before
   * anything else is sent if the server turns out to have no session.
   */
  open(connect: Connect, again: readonly Resumption[] = []): void {
    this.#connect = connect
    this.#again = again
    this.#listening = true
    this.#inbound.opened(connect)
    this.#authentication.opened(connect.properties.authenticationMethod)
    this.#link.send(connect)
  }

  /** The network connection is gone, however it went. */
  closed(): void {
    this.#end()
    this.#link.packets = NONE
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
   * sent; else it waits, and for QoS 0 the event `sent` follows. For QoS 1 and 2 `acknowledged` or `rejected` follows, or
   * with `untilAccepted` `accepted` instead of the former.
   */
  publish(packet: Publish, tag: unknown, now: number, untilAccepted = false): boolean {
    this.#link.now = now
    return this.#outbound.publish(packet, tag, untilAccepted)
  }

  /** Opens it to what keeps it in a store: that comes with the store, so that who has none does not ship it. */
  keptBy<T>(make: (link: Link, outbound: Outbound, inbound: Inbound) => T): T {
    return make(this.#link, this.#outbound, this.#inbound)
  }

  /** `answered` or `rejected` follows. The Packet Identifier is set here. */
  call(packet: Subscribe | Unsubscribe, tag: unknown, now: number): void {
    this.#link.now = now
    this.#calls.add(packet, tag)
  }

  /** `pong` or `rejected` follows. */
  ping(tag: unknown, now: number): void {
    this.#link.now = now
    if (this.connected) this.#calls.ping(tag)
    else this.#link.reject({ tag }, connectionLost)
  }

  /** Asks the server for a sign of life, soon; without one, `failed` follows. Does nothing where that makes no sense. */
  probe(now: number): void {
    this.#link.now = now
    if (this.connected && this.#link.keepAlive.probe(now)) this.#calls.ping()
  }

  /** Starts a re-authentication (§4.12.1) by a `challenge`; `authenticated` or `rejected` follows. False if it cannot. */
  reauthenticate(tag: unknown, now: number): boolean {
    this.#link.now = now
    return this.#authentication.ask(tag)
  }

  /** The answer to `challenge`. One to what is over is dropped. */
  authenticate(exchange: Exchange, data: Uint8Array | undefined, now: number): void {
    this.#link.now = now
    this.#authentication.answer(exchange, data)
  }

  /** The answer to `verify`: the server is who it should be. */
  verified(exchange: Exchange, now: number): void {
    this.#link.now = now
    const connack = this.#authentication.verified(exchange)
    if (!connack) return
    this.#accept(connack)
    for (const packet of this.#early.splice(0)) this.receive(packet, now)
  }

  /** The answer to `challenge` or `verify` that ends the connection. */
  refuse(exchange: Exchange, error: MqttError): void {
    if (!this.#authentication.refuse(exchange, error)) return
    this.#link.send({ type: 'disconnect', reasonCode: 0x80, properties: NO_PROPERTIES })
    this.fail(error)
  }

  /** Nobody waits for `tag` any more. */
  cancel(tag: unknown): void {
    this.#calls.cancel(tag)
    this.#outbound.cancel(tag)
  }

  /** The application is done with a message. */
  settle(delivery: Delivery, reasonCode: number, properties: AckProperties, now: number): void {
    this.#link.now = now
    this.#inbound.settle(delivery, reasonCode, properties)
  }

  /** PUBACK or PUBREC by Packet Identifier: what `settle` takes. Throws RangeError when no message waits for it. */
  unsettled(type: 'puback' | 'pubrec', packetId: number): Delivery {
    return this.#inbound.unsettled(type, packetId)
  }

  /** Sends what `autoAck: 'never'` leaves to the caller. Throws RangeError when it is not due. */
  release(
    type: 'pubrel' | 'pubcomp',
    packetId: number,
    reasonCode: number,
    properties: AckProperties,
    now: number,
  ): void {
    this.#link.now = now
    if (type === 'pubrel') this.#outbound.pubrel(packetId, reasonCode, properties)
    else this.#inbound.pubcomp(packetId, reasonCode, properties)
  }

  /** The application wants to be left alone: no PINGREQ is sent meanwhile, unless `forcePing`. */
  quieten(quiet: boolean): void {
    this.#quiet = quiet
    this.#link.keepAlive.quiet = quiet
  }

  /** Whether the network is read: while it is not, silence proves nothing. */
  listen(listening: boolean, now: number): void {
    this.#listening = listening
    this.#link.keepAlive.listen(listening, now)
  }

  /** Ends the connection in order. Nothing is sent after it [MQTT-3.14.4-1]. */
  disconnect(reasonCode: number, properties: DisconnectProperties): void {
    // Only 5.0 can say why; in 3.x DISCONNECT means that all is well and drops the Will.
    if (this.connected && (this.#link.settings.version === 5 || reasonCode === 0))
      this.#link.answer({ type: 'disconnect', reasonCode, properties })
    this.#end()
  }

  /** Bytes came; they need not be a whole packet. */
  alive(): void {
    this.#link.keepAlive.alive()
  }

  receive(packet: Packet, now: number): void {
    if (!this.#connect) return
    this.#link.now = now
    this.#link.keepAlive.heard(now)
    try {
      if (this.#connect.properties.requestProblemInformation === false) refuseProblemInformation(packet)
      if (this.connected) this.#receive(packet)
      else if (this.verifying) this.#early.push(packet)
      else if (packet.type === 'connack') this.#connack(packet, this.#connect)
      else if (packet.type === 'auth') this.#authentication.receive(packet)
      else throw unexpected('connack', packet)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.fail(error)
    }
  }

  /** The connection cannot go on. [MQTT-4.13.1-1] In 5.0 a peer that broke the protocol is told so. */
  fail(error: MqttError): void {
    if (!this.#connect) return
    if (this.#link.settings.version === 5 && error instanceof ProtocolError)
      this.#link.send({ type: 'disconnect', reasonCode: error.reasonCode, properties: NO_PROPERTIES })
    this.#link.events.push({ type: 'failed', error })
    this.#authentication.closed(() => error)
    this.#end()
  }

  /** To be called when `deadline` has come; calling it early does no harm. */
  tick(now: number): void {
    const { keepAlive, settings } = this.#link
    this.#link.now = now
    this.#calls.tick()
    this.#outbound.expire()
    if (!this.connected) return
    const error = this.#authentication.tick()
    if (error) this.fail(error)
    else if (keepAlive.expired(now)) {
      this.fail(failed('KEEP_ALIVE_TIMEOUT', 'the server did not answer a PINGREQ in time; the network may be down'))
    } else if (this.#outbound.tick()) {
      this.fail(failed('RETRY_TIMEOUT', `the server left a message unacknowledged for ${settings.retryInterval} ms`))
    } else if (now >= keepAlive.deadline) this.#calls.ping()
  }

  /** From here on nothing is sent on this network connection. */
  #end(): void {
    this.#connect = undefined
    this.#early = []
    this.#link.theirs = undefined
    this.#calls.lost(connectionLost)
    this.#authentication.closed(connectionLost)
  }

  #receive(packet: Packet): void {
    switch (packet.type) {
      case 'publish':
        this.#inbound.publish(packet)
        return
      case 'pubrel':
        this.#inbound.pubrel(packet)
        return
      case 'pingresp':
        this.#calls.pong()
        return
      case 'auth':
        this.#authentication.receive(packet)
        return
      case 'puback':
      case 'pubrec':
      case 'pubcomp':
        this.#outbound.answer(packet)
        break
      case 'suback':
      case 'unsuback':
        this.#calls.answer(packet)
        break
      case 'connack':
        // A second CONNACK breaks the protocol; as mosquitto 2.0 sends it, it refuses a re-authentication.
        if (packet.reasonCode < 0x80 || !this.#authentication.running) throw unexpected('none but the first', packet)
        this.fail(refusedBy('the server refused the re-authentication', packet))
        return
      default:
        if (packet.type !== 'disconnect' || this.#link.settings.version < 5)
          throw unexpected('a packet that a server may send now', packet)
        // [MQTT-4.12.1-2] That is also how a server refuses a re-authentication.
        this.#authentication.closed(() => refusedBy('the server disconnected', packet))
        this.#link.events.push({ type: 'disconnected', packet })
        this.#end()
        return
    }
    // An answer came, and with it room for what waits. First the calls, or a full queue of messages would take each
    // Packet Identifier that becomes free.
    this.#calls.pump()
    this.#outbound.pump()
  }

  #connack(connack: Connack, { cleanStart }: Connect): void {
    if (connack.reasonCode !== 0) {
      this.#link.events.push({ type: 'refused', connack })
      this.#end()
      return
    }
    // [MQTT-3.2.2-2] A clean start has no session to be present.
    if (connack.sessionPresent && cleanStart)
      throw protocolError('connack.sessionPresent: expected 0 after Clean Start, got 1')
    if (this.#authentication.accepted(connack)) this.#accept(connack)
  }

  /** The connection may be used. */
  #accept(connack: Connack): void {
    const link = this.#link
    const { version, ackTimeout, forcePing } = link.settings
    const { sessionPresent, properties } = connack
    const { cleanStart, keepAlive } = this.#connect as Connect
    link.theirs = properties
    // [MQTT-3.2.2-21] The server's Keep Alive replaces ours.
    const interval = (properties.serverKeepAlive ?? keepAlive) * 1000
    link.keepAlive = new KeepAlive(interval, ackTimeout, forcePing, link.now)
    link.keepAlive.quiet = this.#quiet
    link.keepAlive.listen(this.#listening, link.now)
    // 3.1 cannot say whether there is a session: what we asked for has to do.
    const resumed = version === 3 ? !cleanStart : sessionPresent
    link.events.push({ type: 'connected', connack, resumed })
    if (!resumed) this.#inbound.forget()
    // 3.1 cannot say that a session is present, so what it may have lost is asked for again.
    if (!resumed || version === 3 || this.#calls.owing) this.#calls.resume(this.#again, properties)
    this.#calls.pump()
    this.#outbound.connected(properties, resumed)
  }
}

/** [MQTT-3.1.2-29] Where our CONNECT wants none, only PUBLISH, CONNACK and DISCONNECT may have it. */
function refuseProblemInformation(packet: Packet): void {
  const { type, properties = NO_PROPERTIES } = packet as Ack
  const quiet = (properties.reasonString ?? properties.userProperties) === undefined
  if (!quiet && !['publish', 'connack', 'disconnect'].includes(type))
    throw protocolError(`${type}.properties: expected no problem information (our CONNECT), got some`)
}

function unexpected(expected: string, { type }: Packet): ProtocolError {
  return protocolError(`packet: expected ${expected}, got ${type}`)
}
