import { Journal } from '../../src/session/journal.js'
import { recordCodec } from '../../src/session/record-codec.js'
/** A session with a store, and a model of a server: the process dies at any step, and another goes on with the records. */

import { encodePacket, type Packet, PacketReader } from '../../src/codec/index.js'
import type { ProtocolVersion } from '../../src/codec/protocol.js'
import { MqttError } from '../../src/errors.js'
import type { Batch } from '../../src/session/journal.js'
import { Kept } from '../../src/session/kept.js'
import type { Delivery } from '../../src/session/records.js'
import { Session } from '../../src/session/session.js'
import { ModelServer, Wire } from './back-to-back.js'
import { UNLIMITED } from './unlimited.js'

export interface Sent {
  qos: 1 | 2
  payload: string
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

export class CrashRun {
  readonly server: ModelServer
  /** Messages of the client, and of the server, in order. */
  readonly published: Sent[] = []
  readonly served: Sent[] = []
  /** Payloads that the client was told of as accepted. */
  readonly accepted = new Set<string>()
  /** Messages that the client's application got. */
  readonly log: Sent[] = []
  /** How often a process died before it was written that a message of the server of QoS 2 had come. */
  readonly unsettled = new Map<string, number>()
  /** How often the server lost the session. */
  losses = 0
  readonly #version: ProtocolVersion
  readonly #receiveMaximum: number
  readonly #window: number
  #session!: Session
  #kept!: Kept
  #records = new Map<string, Uint8Array>()
  /** The write under way. */
  #batch: Batch | undefined
  /** Packets that wait for the write under way, and for the one behind it. */
  #held: [Packet[], Packet[]] = [[], []]
  #up = new Wire()
  #down = new Wire()
  #atServer = new PacketReader()
  #atClient = new PacketReader()
  #working: { delivery: Delivery; payload: string }[] = []
  /** Messages of QoS 2 that this process got, and whose PUBREC is not written, by Packet Identifier. */
  readonly #open = new Map<number, string>()

  constructor(version: ProtocolVersion, receiveMaximum: number, window: number) {
    this.#version = version
    this.#receiveMaximum = receiveMaximum
    this.#window = window
    this.server = new ModelServer(version, receiveMaximum)
    this.server.window = window
    this.#start(false)
  }

  publish(qos: 1 | 2): void {
    const payload = `${this.published.length}`
    this.published.push({ qos, payload })
    const packet = { type: 'publish' as const, dup: false, qos, retain: false, topic: 'up', packetId: undefined }
    this.#session.publish({ ...packet, properties: {}, payload: encoder.encode(payload) }, payload, 0, true)
    this.#collect()
  }

  serve(qos: 1 | 2): void {
    const message = { qos, payload: `${this.served.length}` }
    this.served.push(message)
    this.server.publish(message)
    this.#collect()
  }

  up(size: number): void {
    for (const packet of this.#atServer.push(this.#up.take(size))) this.server.receive(packet)
    this.#collect()
  }

  down(size: number): void {
    for (const packet of this.#atClient.push(this.#down.take(size))) this.#session.receive(packet, 0)
    this.#collect()
  }

  answer(count: number): void {
    this.server.answer(count)
    this.#collect()
  }

  settle(which: number): void {
    const [work] = this.#working.splice(which % Math.max(1, this.#working.length), 1)
    if (work) this.#session.settle(work.delivery, 0, {}, 0)
    this.#collect()
  }

  /** The write under way ends, or else the next one begins. */
  write(outcome: 'done' | 'failed' | 'failed, and there'): void {
    const batch = this.#batch
    if (!batch) {
      this.#batch = this.#kept.takeBatch()
      this.#held = [[...this.#held[0], ...this.#held[1]], []]
      if (!this.#batch) this.#pass()
      return
    }
    this.#batch = undefined
    if (outcome !== 'failed') this.#apply(batch)
    if (outcome === 'done') this.#kept.stored(batch, 0)
    else this.#kept.unstored(batch, () => new MqttError('full', { code: 'FULL', phase: 'store' }))
    this.#pass()
    this.#collect()
  }

  /** The network connection breaks, and there is another one. */
  reconnect(keepSession: boolean): void {
    this.#session.closed()
    this.#connect(keepSession)
  }

  /** The process dies, and there is another one; `written`: the write under way had come through. */
  crash(written: boolean, keepSession: boolean): void {
    if (written && this.#batch) this.#apply(this.#batch)
    for (const payload of this.#open.values()) this.unsettled.set(payload, (this.unsettled.get(payload) ?? 0) + 1)
    this.#start(keepSession)
  }

  /** Lets everything be written, arrive and be answered; fails when that has no end. */
  finish(): void {
    for (let round = 0; round < 10_000; round++) {
      const moved = this.#up.size + this.#down.size + this.#working.length
      for (let n = 0; n < 4; n++) this.write('done')
      this.up(this.#up.size)
      this.answer(1_000)
      this.down(this.#down.size)
      while (this.#working.length > 0) this.settle(0)
      const { inflight, queued } = this.#session
      const { changed } = this.#kept
      const idle = moved + this.#up.size + this.#down.size + inflight + queued === 0
      if (idle && this.server.idle && !changed && !this.#batch) {
        // What a write that failed left for the next one.
        this.write('done')
        this.write('done')
        return
      }
    }
    throw new Error('there is no end to it')
  }

  /** What the store has in the end, but for exchanges that are over. */
  get left(): string[] {
    return [...this.#records.keys()].filter((key) => !key.startsWith('p'))
  }

  /** How often each message of this QoS came to the application. */
  times(qos: 1 | 2): Map<string, number> {
    const times = new Map<string, number>()
    for (const each of this.log) if (each.qos === qos) times.set(each.payload, (times.get(each.payload) ?? 0) + 1)
    return times
  }

  #start(keepSession: boolean): void {
    const version = this.#version
    this.#session = new Session({
      version,
      ackTimeout: 1e9,
      retryInterval: Number.POSITIVE_INFINITY,
      maxInflight: version === 5 ? 65_535 : this.#receiveMaximum,
      retryCalls: true,
      forcePing: false,
      autoAck: true,
      outbox: UNLIMITED,
      journal: new Journal(recordCodec),
    })
    this.#kept = this.#session.keptBy((...parts) => new Kept(...parts))
    this.#batch = undefined
    this.#working = []
    this.#open.clear()
    this.#kept.load(new Map(this.#records), 0)
    this.#connect(keepSession)
  }

  #connect(keepSession: boolean): void {
    const version = this.#version
    if (!keepSession) this.losses++
    this.#held = [[], []]
    this.#up = new Wire()
    this.#down = new Wire()
    this.#atServer = new PacketReader({ protocolVersion: version })
    this.#atClient = new PacketReader({ protocolVersion: version })
    this.#session.open({
      type: 'connect',
      protocolVersion: version,
      clientId: 'c',
      cleanStart: version === 3 && !keepSession,
      bridgeMode: false,
      keepAlive: 0,
      will: undefined,
      username: undefined,
      password: undefined,
      properties: version === 5 ? { receiveMaximum: this.#window } : {},
    })
    this.#session.takePackets()
    this.server.connect(keepSession)
    this.#collect()
  }

  #apply({ changes }: Batch): void {
    for (const [key, value] of changes) {
      if (value) this.#records.set(key, value)
      else this.#records.delete(key)
      if (value && key.startsWith('r')) this.#open.delete(Number(key.slice(1)))
    }
  }

  #pass(): void {
    for (const packet of this.#held[0]) this.#up.put(encodePacket(packet, this.#version))
    this.#held[0] = []
  }

  #collect(): void {
    const packets = this.#session.takePackets()
    if (this.#kept.changed) this.#held[1].push(...packets)
    else if (this.#batch) this.#held[0].push(...packets)
    else for (const packet of packets) this.#up.put(encodePacket(packet, this.#version))
    for (const packet of this.server.take()) this.#down.put(encodePacket(packet, this.#version))
    for (const event of this.#session.takeEvents()) {
      if (event.type === 'failed') throw event.error
      if (event.type === 'accepted') this.accepted.add(event.tag as string)
      if (event.type !== 'message') continue
      const payload = decoder.decode(event.packet.payload)
      this.log.push({ qos: event.packet.qos as 1 | 2, payload })
      if (!event.delivery) throw new Error('expected QoS 1 or 2')
      this.#working.push({ delivery: event.delivery, payload })
      if (event.delivery.qos === 2) this.#open.set(event.delivery.packetId, payload)
    }
  }
}
