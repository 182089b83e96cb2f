/** A client's session and a model of a server, joined in memory by two streams of bytes that can be cut anywhere. */

import { encodePacket, type Packet, type PacketInput, PacketReader } from '../../src/codec/index.js'
import type { ProtocolVersion, QoS } from '../../src/codec/protocol.js'
import type { Delivery } from '../../src/session/records.js'
import { Session } from '../../src/session/session.js'
import { UNLIMITED } from './unlimited.js'

export interface Log {
  qos: QoS
  payload: string
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** What a server keeps of a session (§4.1), and what it does with the packets; no more than the tests need. */
export class ModelServer {
  /** Messages that came, each time that the server would hand them on. */
  readonly log: Log[] = []
  readonly version: ProtocolVersion
  readonly receiveMaximum: number
  /** Of the client; the server keeps to it. */
  window = 65_535
  #ids = new Set<number>()
  /** To the client: sent and not complete, in order of sending. */
  #inflight = new Map<number, { message: Log; phase: 'publish' | 'pubrel' }>()
  #queue: Log[] = []
  #lastId = 0
  /** Answers that were not sent yet. */
  #answers: PacketInput[] = []
  #out: PacketInput[] = []
  /** Ids of messages of this connection that have no final answer yet. */
  #open = new Set<number>()
  /** Ids of messages to the client that take a place in the window of this connection (§4.9). */
  #places = new Set<number>()

  constructor(version: ProtocolVersion, receiveMaximum: number) {
    this.version = version
    this.receiveMaximum = receiveMaximum
  }

  connect(keepSession: boolean): void {
    this.#answers = []
    this.#out = []
    this.#open.clear()
    this.#places.clear()
    if (!keepSession) {
      this.#ids.clear()
      this.#inflight.clear()
      this.#queue = []
    }
    this.#out.push({
      type: 'connack',
      ...(this.version > 3 && { sessionPresent: keepSession }),
      ...(this.version === 5 && { properties: { receiveMaximum: this.receiveMaximum, topicAliasMaximum: 2 } }),
    })
    // [MQTT-4.4.0-1]
    for (const [packetId, { message, phase }] of this.#inflight) {
      if (phase === 'pubrel') this.#out.push({ type: 'pubrel', packetId })
      else this.#send(packetId, message, true)
    }
    this.#pump()
  }

  publish(message: Log): void {
    this.#queue.push(message)
    this.#pump()
  }

  receive(packet: Packet): void {
    switch (packet.type) {
      case 'publish':
        this.#publish(packet.qos, packet.packetId, decoder.decode(packet.payload))
        return
      case 'pubrel':
        this.#ids.delete(packet.packetId)
        this.#answers.push({ type: 'pubcomp', packetId: packet.packetId })
        return
      case 'pubrec': {
        const entry = this.#inflight.get(packet.packetId)
        if (!entry) throw new Error('PUBREC for nothing')
        entry.phase = 'pubrel'
        this.#out.push({ type: 'pubrel', packetId: packet.packetId })
        return
      }
      case 'puback':
      case 'pubcomp':
        if (!this.#inflight.delete(packet.packetId)) throw new Error(`${packet.type} for nothing`)
        // §4.9: never above where it began; the PUBLISH may be of an older connection.
        this.#places.delete(packet.packetId)
        this.#pump()
        return
      default:
        throw new Error(`the model knows no ${packet.type}: ${JSON.stringify(packet)}`)
    }
  }

  /** Lets some answers go. */
  answer(count: number): void {
    for (const answer of this.#answers.splice(0, count)) {
      if (answer.type === 'puback' || answer.type === 'pubcomp') this.#open.delete(answer.packetId)
      this.#out.push(answer)
    }
  }

  take(): PacketInput[] {
    return this.#out.splice(0)
  }

  get idle(): boolean {
    return this.#answers.length + this.#out.length + this.#queue.length + this.#inflight.size === 0
  }

  #publish(qos: QoS, packetId = 0, payload: string): void {
    if (this.#open.has(packetId)) throw new Error(`[MQTT-2.2.1-3] the Packet Identifier ${packetId} is in use`)
    if (qos > 0) this.#open.add(packetId)
    if (this.version === 5 && this.#open.size > this.receiveMaximum) {
      throw new Error('[MQTT-3.3.4-7] the client exceeded the Receive Maximum')
    }
    if (qos < 2 || !this.#ids.has(packetId)) this.log.push({ qos, payload })
    if (qos === 2) this.#ids.add(packetId)
    if (qos > 0) this.#answers.push({ type: qos === 1 ? 'puback' : 'pubrec', packetId })
  }

  #pump(): void {
    while (this.#queue.length > 0 && this.#places.size < this.window) {
      const message = this.#queue.shift() as Log
      if (message.qos === 0) {
        this.#send(undefined, message, false)
        continue
      }
      do this.#lastId = (this.#lastId % 20) + 1
      while (this.#inflight.has(this.#lastId))
      this.#inflight.set(this.#lastId, { message, phase: 'publish' })
      this.#send(this.#lastId, message, false)
    }
  }

  #send(packetId: number | undefined, { qos, payload }: Log, dup: boolean): void {
    if (packetId !== undefined) this.#places.add(packetId)
    this.#out.push({ type: 'publish', topic: 'down', qos, packetId, dup, payload: encoder.encode(payload) })
  }
}

/** Bytes on their way. */
export class Wire {
  #bytes: number[] = []

  get size(): number {
    return this.#bytes.length
  }

  put(bytes: Uint8Array): void {
    for (const byte of bytes) this.#bytes.push(byte)
  }

  take(count: number): Uint8Array {
    return new Uint8Array(this.#bytes.splice(0, count))
  }
}

export class BackToBack {
  readonly session: Session
  readonly server: ModelServer
  /** Messages that the client's application got. */
  readonly log: Log[] = []
  /** Payloads whose exchange the session called complete. */
  readonly acknowledged: string[] = []
  now = 0
  readonly #version: ProtocolVersion
  readonly #window: number
  #up = new Wire()
  #down = new Wire()
  #atServer = new PacketReader()
  #atClient = new PacketReader()
  #unsettled: Delivery[] = []

  constructor(version: ProtocolVersion, receiveMaximum: number, window: number) {
    this.#version = version
    this.#window = window
    this.server = new ModelServer(version, receiveMaximum)
    this.server.window = window
    this.session = new Session({
      version,
      ackTimeout: 1e9,
      retryInterval: Number.POSITIVE_INFINITY,
      maxInflight: version === 5 ? 65_535 : receiveMaximum,
      retryCalls: true,
      forcePing: false,
      autoAck: true,
      outbox: UNLIMITED,
    })
    this.reconnect(false)
  }

  /** All bytes on their way are lost. */
  reconnect(keepSession: boolean): void {
    this.session.closed()
    this.#up = new Wire()
    this.#down = new Wire()
    this.#atServer = new PacketReader({ protocolVersion: this.#version })
    this.#atClient = new PacketReader({ protocolVersion: this.#version })
    const properties = this.#version === 5 ? { receiveMaximum: this.#window } : {}
    const connect = {
      type: 'connect' as const,
      protocolVersion: this.#version,
      clientId: 'c',
      // 3.1 cannot say that the session is gone: there the client has to want it so.
      cleanStart: this.#version === 3 && !keepSession,
      bridgeMode: false,
      keepAlive: 0,
      will: undefined,
      username: undefined,
      password: undefined,
      properties,
    }
    this.session.open(connect)
    this.session.takePackets()
    this.server.connect(keepSession)
    this.#collect()
  }

  publish(message: Log): void {
    const { qos, payload } = message
    const packet = { type: 'publish' as const, dup: false, qos, retain: false, topic: 'upwards', packetId: undefined }
    this.session.publish({ ...packet, properties: {}, payload: encoder.encode(payload) }, payload, this.now)
    this.#collect()
  }

  serve(message: Log): void {
    this.server.publish(message)
    this.#collect()
  }

  /** A chunk arrives at the server. */
  up(size: number): void {
    for (const packet of this.#atServer.push(this.#up.take(size))) this.server.receive(packet)
    this.#collect()
  }

  /** A chunk arrives at the client. */
  down(size: number): void {
    for (const packet of this.#atClient.push(this.#down.take(size))) this.session.receive(packet, this.now)
    this.#collect()
  }

  answer(count: number): void {
    this.server.answer(count)
    this.#collect()
  }

  /** The application is done with one of its messages. */
  settle(which: number): void {
    const [delivery] = this.#unsettled.splice(which % Math.max(1, this.#unsettled.length), 1)
    if (delivery) this.session.settle(delivery, 0, {}, this.now)
    this.#collect()
  }

  /** Lets everything arrive and be answered; fails when that has no end. */
  finish(): void {
    for (let round = 0; round < 10_000; round++) {
      const moved = this.#up.size + this.#down.size + this.#unsettled.length
      this.up(this.#up.size)
      this.answer(1_000)
      this.down(this.#down.size)
      while (this.#unsettled.length > 0) this.settle(0)
      if (moved === 0 && this.server.idle && this.#up.size + this.#down.size === 0) return
    }
    throw new Error('there is no end to it')
  }

  #collect(): void {
    for (const packet of this.session.takePackets()) this.#up.put(encodePacket(packet, this.#version))
    for (const packet of this.server.take()) this.#down.put(encodePacket(packet, this.#version))
    for (const event of this.session.takeEvents()) {
      if (event.type === 'failed') throw event.error
      if (event.type === 'rejected') throw event.error
      if (event.type === 'acknowledged') this.acknowledged.push(event.tag as string)
      if (event.type !== 'message') continue
      this.log.push({ qos: event.packet.qos, payload: decoder.decode(event.packet.payload) })
      if (event.delivery) this.#unsettled.push(event.delivery)
    }
  }
}
