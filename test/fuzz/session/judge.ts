/**
 * Holds each packet that a session sends against what went before: a book of its own, kept by the standard. It knows nothing
 * of the session but its packets, what came, and what the application asked for.
 */

import { encodePacket, type Packet, PacketReader } from '../../../src/codec/index.js'
import type { Ack } from '../../../src/codec/packets/acks.js'
import type { Connect } from '../../../src/codec/packets/connect.js'
import type { Publish } from '../../../src/codec/packets/publish.js'
import type { Theirs } from '../../../src/session/limits.js'
import type { SessionSettings } from '../../../src/session/session.js'
import { isSame } from '../same.js'
import { ArrivalBook } from './arrivals.js'
import { Connection, type Exchange } from './books.js'
import { type Message, numberOf } from './messages.js'

export class Judge {
  readonly settings: SessionSettings
  readonly messages: readonly Message[]
  readonly arrivals: ArrivalBook
  /** In flight; the order is that of PUBLISH and then, behind those, of PUBREC. */
  readonly #open = new Map<number, Exchange>()
  #connection: Connection | undefined

  constructor(settings: SessionSettings, messages: readonly Message[]) {
    this.settings = settings
    this.messages = messages
    this.arrivals = new ArrivalBook(settings)
  }

  /** PUBRELs that the application has to send with `autoAck: 'never'`. */
  get received(): number[] {
    const { pubrecs } = this.#connection ?? {}
    return [...this.#open.keys()].filter((id) => this.#open.get(id)?.stage === 'received' || pubrecs?.get(id))
  }

  get open(): number {
    return this.#open.size
  }

  isOpen(message: Message): boolean {
    return [...this.#open.values()].some((each) => each.message === message)
  }

  opened(connect: Connect): void {
    this.#connection = new Connection(connect)
    this.arrivals.opened()
  }

  closed(): void {
    this.#connection = undefined
  }

  /** The session gave the connection up: one DISCONNECT may follow. */
  failed(): void {
    if (this.#connection) this.#connection.theirs = undefined
  }

  /** The application starts a new session. */
  reset(): void {
    this.#open.clear()
    this.arrivals.forget()
  }

  connected(theirs: Theirs, resumed: boolean): void {
    const connection = this.#here('a connection')
    connection.theirs = theirs
    if (!resumed) {
      for (const { message, stage } of this.#open.values()) if (stage !== 'published') message.complete = true
      this.#open.clear()
      this.arrivals.forget()
    }
    connection.owed = [...this.#open].filter(([, { stage }]) => stage === 'released').map(([packetId]) => packetId)
  }

  /** The application sent PUBREL, maybe without a connection. */
  released(packetId: number): void {
    const exchange = this.#open.get(packetId)
    if (exchange) exchange.stage = 'released'
    // It goes out at once, and then is none that is owed.
    if (this.#connection?.theirs) this.#connection.pubrecs.set(packetId, 1)
    else this.#connection?.pubrecs.delete(packetId)
  }

  /** The session gives a message up because the server said that it does not take it; it may have been sent before. */
  refused(message: Message): void {
    const { theirs = {} } = this.#connection ?? {}
    const { maximumQos = 2, retainAvailable, maximumPacketSize } = theirs
    if (message.qos <= maximumQos && !(message.retain && retainAvailable === false) && maximumPacketSize === undefined)
      throw new Error(`message ${message.number}: given up, and the server takes it`)
    message.gone = true
    for (const [packetId, each] of this.#open) if (each.message === message) this.#open.delete(packetId)
  }

  /** What a session that goes on has to send at once was sent [MQTT-4.4.0-1]. */
  checkResumed(): void {
    const [due] = this.#connection?.owed ?? []
    if (due !== undefined) throw new Error(`[MQTT-4.4.0-1] PUBREL ${due} was not sent again`)
  }

  /** A packet came. True if the session may not go on with it. */
  got(packet: Packet): boolean {
    const connection = this.#connection
    if (!connection?.theirs) return false
    switch (packet.type) {
      case 'puback':
      case 'pubrec':
      case 'pubcomp':
        return this.#gotAnswer(packet, connection)
      case 'suback':
      case 'unsuback': {
        const call = connection.calls.get(packet.packetId)
        connection.calls.delete(packet.packetId)
        return call?.type !== (packet.type === 'suback' ? 'subscribe' : 'unsubscribe')
      }
      case 'publish':
      case 'pubrel':
        return this.arrivals.got(packet, connection.connect)
      case 'connect':
      case 'subscribe':
      case 'unsubscribe':
      case 'pingreq':
        return true
      default:
        return false
    }
  }

  #gotAnswer({ type, packetId, reasonCode }: Ack, connection: Connection): boolean {
    const exchange = this.#open.get(packetId)
    if (type === 'pubrec' && reasonCode < 0x80) {
      const misfit =
        exchange &&
        (exchange.message.qos !== 2 || (exchange.stage === 'published' && !connection.sent.has(exchange.message)))
      if (misfit) return true
      connection.pubrecs.set(packetId, (connection.pubrecs.get(packetId) ?? 0) + 1)
      if (!exchange) return false
      // [MQTT-4.6.0-4] PUBREL goes out again in the order of PUBREC.
      this.#open.delete(packetId)
      this.#open.set(packetId, { ...exchange, stage: exchange.stage === 'released' ? 'released' : 'received' })
      return false
    }
    if (!exchange) return type === 'puback' && this.settings.version === 5
    const { message, stage } = exchange
    const fits =
      (stage === 'published' && connection.sent.has(message) && type === (message.qos === 1 ? 'puback' : 'pubrec')) ||
      (stage === 'released' && type === 'pubcomp') ||
      (stage !== 'published' && type === 'pubrec')
    if (!fits) return true
    message.complete = true
    this.#open.delete(packetId)
    connection.window.delete(packetId)
    return false
  }

  /** The session sends a packet. Throws where it may not. */
  sent(packet: Packet): void {
    const { version } = this.settings
    const bytes = encodePacket(packet, version)
    if (!isSame(new PacketReader({ protocolVersion: version }).push(bytes), [packet]))
      throw fault('does not read as it was', packet)
    const connection = this.#here(packet.type)
    if (connection.over) throw fault('[MQTT-3.14.4-1] behind DISCONNECT', packet)
    // [MQTT-3.1.0-1] [MQTT-3.1.0-2]
    if (connection.begun === (packet.type === 'connect'))
      throw fault('CONNECT is the first packet, and comes once', packet)
    connection.begun = true
    if (packet.type === 'connect') return
    if (packet.type === 'disconnect') {
      connection.over = true
      if (version < 5 && packet.reasonCode !== 0) throw fault('3.x: DISCONNECT has no Reason Code', packet)
      return
    }
    if (packet.type === 'auth') {
      this.#auth(packet.properties.authenticationMethod, connection)
      return
    }
    const { theirs } = connection
    if (!theirs) throw fault('before CONNACK, or behind the end', packet)
    const limit = theirs.maximumPacketSize ?? Number.POSITIVE_INFINITY
    const mayShrink = 'properties' in packet && Object.keys(packet.properties).length > 0
    // An answer has a smallest form, and has to be given.
    if (bytes.length > limit && (mayShrink || packet.type === 'publish' || packet.type.endsWith('subscribe')))
      throw fault(`[MQTT-3.2.2-15] of ${bytes.length} B`, packet)
    if (packet.type === 'publish') this.#publish(packet, connection, theirs)
    else if (packet.type === 'pubrel') this.#pubrel(packet.packetId, packet.reasonCode, connection)
    else if (packet.type === 'subscribe' || packet.type === 'unsubscribe') {
      this.#checkFree(packet.packetId, connection)
      connection.calls.set(packet.packetId, packet)
    } else if (packet.type === 'puback' || packet.type === 'pubrec' || packet.type === 'pubcomp')
      this.arrivals.sent(packet)
    else if (packet.type !== 'pingreq') throw fault('is not of a client, or not now', packet)
  }

  #auth(method: string | undefined, { connect }: Connection): void {
    if (this.settings.version < 5 || method === undefined || method !== connect.properties.authenticationMethod)
      throw new Error(`[MQTT-4.12.0-5] AUTH with the method ${method}`)
  }

  #publish(packet: Publish, connection: Connection, theirs: Theirs): void {
    const { qos, dup, retain, packetId, properties } = packet
    const number = numberOf(packet.payload)
    const message = this.messages[number]
    if (!message || message.qos !== qos || message.retain !== retain)
      throw fault('is no message of the application', packet)
    if (message.complete || message.gone) throw fault('is sent when it is done with', packet)
    if (this.#resolve(packet, connection, theirs) !== message.topic) throw fault('has another topic', packet)
    const { messageExpiryInterval: left = 0 } = properties
    if (left > (message.expiry ?? 0) || (message.expiry && left === 0))
      throw fault(`lasts for ${left} s of ${message.expiry}`, packet)
    if (qos > (theirs.maximumQos ?? 2)) throw fault('[MQTT-3.2.2-11]', packet)
    if (retain && theirs.retainAvailable === false) throw fault('[MQTT-3.2.2-14]', packet)
    const line = qos === 0 ? 1 : 0
    const first = !connection.sent.has(message)
    if (first && number <= connection.last[line]) throw fault(`[MQTT-4.6.0-1] behind ${connection.last[line]}`, packet)
    if (first) connection.last[line] = number
    connection.sent.add(message)
    if (packetId === undefined) {
      message.complete = true
      return
    }
    const exchange = this.#open.get(packetId)
    if (exchange?.message === message) {
      if (exchange.stage !== 'published') throw fault('is sent again behind PUBREC [MQTT-4.3.3-5]', packet)
      if (!dup) throw fault('[MQTT-3.3.1-1] again without DUP', packet)
      if (!first && this.settings.version === 5) throw fault('[MQTT-4.4.0-1] twice on a connection', packet)
    } else {
      if (dup) throw fault('[MQTT-3.3.1-1] DUP at the first time', packet)
      if (this.isOpen(message)) throw fault('has two Packet Identifiers', packet)
      this.#checkFree(packetId, connection)
      this.#open.set(packetId, { message, stage: 'published' })
    }
    connection.window.add(packetId)
    const window = Math.min(theirs.receiveMaximum ?? 65_535, this.settings.maxInflight)
    if (connection.window.size > window) throw fault(`[MQTT-3.3.4-7] is one more than ${window}`, packet)
  }

  #resolve({ topic, properties }: Publish, { aliases }: Connection, theirs: Theirs): string | undefined {
    const { topicAlias } = properties
    if (topicAlias === undefined) return topic
    if (topicAlias > (theirs.topicAliasMaximum ?? 0)) throw new Error(`[MQTT-3.3.2-9] the Topic Alias ${topicAlias}`)
    if (topic !== '') aliases.set(topicAlias, topic)
    return aliases.get(topicAlias)
  }

  #pubrel(packetId: number, reasonCode: number, connection: Connection): void {
    const exchange = this.#open.get(packetId)
    const asked = connection.pubrecs.get(packetId) ?? 0
    if (asked > 0) connection.pubrecs.set(packetId, asked - 1)
    else if (connection.owed.length > 0) {
      const due = connection.owed.shift()
      if (due !== packetId) throw new Error(`[MQTT-4.6.0-4] PUBREL ${packetId} where ${due} is due`)
    } else if (this.settings.version === 5 || exchange?.stage !== 'released')
      throw new Error(`PUBREL ${packetId} that no PUBREC asked for`)
    if (exchange) exchange.stage = 'released'
    else if (this.settings.version === 5 && reasonCode !== 0x92)
      throw new Error(`PUBREL ${packetId} for nothing, without 0x92`)
  }

  /** [MQTT-2.2.1-3] */
  #checkFree(packetId: number, { calls }: Connection): void {
    if (this.#open.has(packetId) || calls.has(packetId)) throw new Error(`[MQTT-2.2.1-3] ${packetId} is in use`)
  }

  #here(what: string): Connection {
    if (!this.#connection) throw new Error(`${what} without a connection`)
    return this.#connection
  }
}

function fault(why: string, packet: Packet): Error {
  return new Error(`${packet.type} ${'packetId' in packet ? packet.packetId : ''}: ${why}`)
}
