/** A session on a bench: packets and the time are put in by hand, what comes out is looked at. */

import { encodePacket, type Packet, type PacketInput, PacketReader } from '../../src/codec/index.js'
import type { ProtocolVersion, QoS } from '../../src/codec/protocol.js'
import { MqttError } from '../../src/errors.js'
import type { Resumption } from '../../src/session/calls.js'
import type { SessionEvent } from '../../src/session/events.js'
import { Kept } from '../../src/session/kept.js'
import type { Delivery } from '../../src/session/records.js'
import { Session, type SessionSettings } from '../../src/session/session.js'
import { UNLIMITED } from '../support/unlimited.js'

export const VERSIONS = [3, 4, 5] as const

export function nameOf(version: ProtocolVersion): string {
  return { 3: '3.1', 4: '3.1.1', 5: '5.0' }[version]
}

/** A packet with all its fields, as a peer would make it. */
export function packetOf<T extends PacketInput['type']>(
  input: Extract<PacketInput, { type: T }>,
  version: ProtocolVersion,
): Extract<Packet, { type: T }> {
  const [packet] = new PacketReader({ protocolVersion: version }).push(encodePacket(input as PacketInput, version))
  return packet as Extract<Packet, { type: T }>
}

type Connack = Omit<Extract<PacketInput, { type: 'connack' }>, 'type'>
type ConnectInput = Omit<Extract<PacketInput, { type: 'connect' }>, 'type' | 'protocolVersion'>

const text = new TextDecoder()

export class Bench {
  now = 0
  readonly version: ProtocolVersion
  readonly session: Session

  constructor(version: ProtocolVersion = 5, settings: Partial<SessionSettings> = {}) {
    this.version = version
    this.session = new Session({
      version,
      ackTimeout: 30_000,
      retryInterval: Number.POSITIVE_INFINITY,
      maxInflight: 65_535,
      retryCalls: true,
      forcePing: false,
      autoAck: true,
      outbox: UNLIMITED,
      ...settings,
    })
  }

  /** What a store has to do with it. */
  get kept(): Kept {
    return this.session.keptBy((...parts) => new Kept(...parts))
  }

  /** A network connection with a CONNECT that nobody has answered. */
  open(connect: ConnectInput = {}, again: readonly Resumption[] = []): this {
    const input = { type: 'connect', protocolVersion: this.version, clientId: 'bench', ...connect } as const
    this.session.open(packetOf<'connect'>(input, this.version), again)
    return this
  }

  /** A whole connection; what CONNECT and CONNACK bring out is taken away. A session is asked for and may be there. */
  connect(connack: Connack = {}, connect: ConnectInput = {}, again: readonly Resumption[] = []): this {
    this.#held.push(...this.session.takeEvents())
    this.open({ cleanStart: false, ...connect }, again)
    const connected = this.session.takePackets()
    if (connected.length !== 1) throw new Error('expected CONNECT alone')
    this.receive({ type: 'connack', ...connack })
    const [first, ...rest] = this.session.takeEvents()
    if (first?.type !== 'connected') throw new Error(`expected a connection, got ${JSON.stringify(first)}`)
    this.#held.push(...rest)
    return this
  }

  /** The session goes on, where the version can say so. */
  resume(connack: Connack = {}, connect: ConnectInput = {}, again: readonly Resumption[] = []): this {
    return this.connect(this.version === 3 ? connack : { sessionPresent: true, ...connack }, connect, again)
  }

  cut(): this {
    this.session.closed()
    return this
  }

  receive(...inputs: PacketInput[]): this {
    for (const input of inputs) this.session.receive(packetOf(input, this.version) as Packet, this.now)
    return this
  }

  /** The text is payload and tag at once. */
  publish(qos: QoS, payload: string, more: { topic?: string; retain?: boolean; properties?: object } = {}): boolean {
    const { topic = 'topic', ...rest } = more
    const packet = packetOf<'publish'>(
      { type: 'publish', topic, qos, payload: new TextEncoder().encode(payload), ...(qos > 0 && { packetId: 9 }) },
      this.version,
    )
    return this.session.publish({ ...packet, packetId: undefined, ...rest }, payload, this.now)
  }

  subscribe(filter: string, tag: unknown = filter, properties = {}): void {
    const packet = packetOf<'subscribe'>(
      { type: 'subscribe', packetId: 1, subscriptions: [{ filter }], properties },
      this.version,
    )
    this.session.call(packet, tag, this.now)
  }

  unsubscribe(filter: string, tag: unknown = filter): void {
    const packet = packetOf<'unsubscribe'>({ type: 'unsubscribe', packetId: 1, filters: [filter] }, this.version)
    this.session.call(packet, tag, this.now)
  }

  settle(delivery: Delivery | undefined, reasonCode = 0, properties = {}): void {
    this.session.settle(delivery as Delivery, reasonCode, properties, this.now)
  }

  /** Lets time pass and does what is due then, once. */
  tick(ms: number): this {
    this.now += ms
    this.session.tick(this.now)
    return this
  }

  sent(): Packet[] {
    return this.session.takePackets()
  }

  /** What was sent, short: `publish 1 a`, `publish 1 dup a`, `pubrel 1`, `subscribe 2 filter`. */
  wire(): string[] {
    return this.sent().map(short)
  }

  #held: SessionEvent[] = []

  events(): SessionEvent[] {
    const events = [...this.#held, ...this.session.takeEvents()]
    this.#held = []
    return events
  }

  /** The events, short: `acknowledged a`, `rejected a 0x97`, `message b`. */
  news(): string[] {
    return this.events().map((event) => {
      switch (event.type) {
        case 'acknowledged':
        case 'answered':
        case 'sent':
        case 'authenticated':
        case 'pong':
          return `${event.type} ${event.tag}`
        case 'rejected':
          return `rejected ${event.tag} ${reasonOf(event.error)}`
        case 'message':
          return `message ${text.decode(event.packet.payload)}`
        case 'challenge':
        case 'verify':
          return `${event.type} ${text.decode(event.data)}${event.type === 'challenge' && event.anew ? ' anew' : ''}`.trim()
        case 'failed':
          return `failed ${reasonOf(event.error)}`
        default:
          return event.type
      }
    })
  }

  /** The messages that came, with what `settle` wants. */
  deliveries(): Delivery[] {
    return this.events().flatMap((event) => (event.type === 'message' && event.delivery ? [event.delivery] : []))
  }

  /** A PUBLISH from the server. */
  deliver(qos: QoS, packetId: number | undefined, payload: string, more: { dup?: boolean; topic?: string } = {}): this {
    const bytes = new TextEncoder().encode(payload)
    return this.receive({ type: 'publish', topic: 'topic', qos, packetId, payload: bytes, ...more })
  }
}

export function short(packet: Packet): string {
  switch (packet.type) {
    case 'publish':
      return `publish ${packet.packetId ?? '-'} ${packet.dup ? 'dup ' : ''}${text.decode(packet.payload)}`
    case 'puback':
    case 'pubrec':
    case 'pubrel':
    case 'pubcomp':
      return `${packet.type} ${packet.packetId}${packet.reasonCode === 0 ? '' : ` ${hex(packet.reasonCode)}`}`
    case 'subscribe':
      return `subscribe ${packet.packetId} ${packet.subscriptions.map(({ filter }) => filter).join(' ')}`
    case 'unsubscribe':
      return `unsubscribe ${packet.packetId} ${packet.filters.join(' ')}`
    case 'disconnect':
      return `disconnect ${hex(packet.reasonCode)}`
    case 'auth': {
      const { authenticationMethod = '-', authenticationData } = packet.properties
      return `auth ${hex(packet.reasonCode)} ${authenticationMethod} ${text.decode(authenticationData)}`.trim()
    }
    default:
      return packet.type
  }
}

function reasonOf(error: MqttError): string {
  return error.reasonCode === undefined ? error.code : hex(error.reasonCode)
}

export function hex(code: number): string {
  return `0x${code.toString(16).padStart(2, '0')}`
}

/** An error for `detach`. */
export function gone(): MqttError {
  return new MqttError('gone', { code: 'GONE', phase: 'closed' })
}
