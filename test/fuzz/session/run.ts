/** A session between an application, a server and a clock, all of which do what a fuzzer says, and a judge that watches. */

import { Framer } from '../../../src/codec/framer.js'
import type { Packet, PacketInput } from '../../../src/codec/index.js'
import { FROM_SERVER } from '../../../src/codec/packet.js'
import type { Connect } from '../../../src/codec/packets/connect.js'
import { MqttError, ProtocolError, RefusedError } from '../../../src/errors.js'
import type { Resumption } from '../../../src/session/calls.js'
import type { SessionEvent } from '../../../src/session/events.js'
import type { Exchange } from '../../../src/session/records.js'
import { Session } from '../../../src/session/session.js'
import { show } from '../show.js'
import { packetOf, type Setting } from './draw.js'
import { Judge } from './judge.js'
import { type Message, numberOf } from './messages.js'
import { Peer } from './peer.js'
import { Promises } from './promises.js'

type Told = Extract<SessionEvent, { tag: unknown }>

export class Run {
  readonly setting: Setting
  readonly session: Session
  readonly judge: Judge
  readonly peer: Peer
  readonly promises = new Promises()
  readonly messages: Message[] = []
  /** Challenges and verdicts that the application owes an answer. */
  readonly exchanges: { exchange: Exchange; type: 'challenge' | 'verify' }[] = []
  /** CONNECT of the network connection, if there is one. */
  connect: Connect | undefined
  /** Whether CONNACK was sent. */
  answered = false
  /** Why the session gave up the connection. */
  failure: MqttError | undefined
  /** The application dropped its session: the next connection has a clean start. */
  anew = false
  now = 1
  #log: string[] | undefined

  constructor(setting: Setting, log?: string[]) {
    this.setting = setting
    this.session = new Session(setting.settings)
    this.judge = new Judge(setting.settings, this.messages)
    this.peer = new Peer(setting.settings.version)
    this.#log = log
  }

  /** For a reader. */
  note(line: () => string): void {
    this.#log?.push(`${this.now} ms  ${line()}`)
  }

  open(connect: Connect, again: readonly Resumption[] = []): void {
    this.note(() => `open ${show(connect)}`)
    this.connect = this.anew ? { ...connect, cleanStart: true } : connect
    this.anew = false
    this.answered = false
    this.failure = undefined
    this.exchanges.length = 0
    this.judge.opened(this.connect)
    this.peer.opened(connect.properties.receiveMaximum ?? 65_535)
    this.session.open(this.connect, again)
    this.drain()
  }

  close(): void {
    this.note(() => 'cut')
    this.connect = undefined
    this.session.closed()
    this.judge.closed()
    this.drain()
  }

  /** Whether the session would hear a packet. */
  get hears(): boolean {
    return this.connect !== undefined && !this.failure && !this.session.verifying
  }

  /** The server sends a packet. */
  receive(input: PacketInput): void {
    if (!this.hears) return
    this.#take(packetOf(input, this.setting.settings.version))
  }

  /** The server sends bytes. */
  receiveBytes(bytes: Uint8Array): void {
    const framer = new Framer(FROM_SERVER, this.setting.settings.version)
    framer.push(bytes)
    try {
      for (let packet = framer.next(); packet && this.hears; packet = framer.next()) this.#take(packet)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      if (!this.connect) return
      this.note(() => `got bytes: ${error.message}`)
      this.session.fail(error)
      this.drain()
    }
  }

  #take(packet: Packet): void {
    this.note(() => `got ${show(packet)}`)
    if (packet.type === 'connack') this.answered = true
    const mustFail = this.judge.got(packet)
    this.session.alive()
    this.session.receive(packet, this.now)
    this.drain()
    if (mustFail && !this.failure) throw new Error(`${packet.type}: the session goes on with what breaks the protocol`)
  }

  /** Lets time pass until then, and does what is due. */
  tick(now: number): void {
    this.now = Math.max(this.now, now)
    this.note(() => 'tick')
    this.session.tick(this.now)
    this.drain()
    if (this.session.deadline <= this.now) {
      // What was found by this tick may be due at once; not for ever.
      this.session.tick(this.now)
      this.drain()
      if (this.session.deadline <= this.now) throw new Error(`deadline: ${this.session.deadline} is over, and stays`)
    }
  }

  /** Takes out what the session has to send and to tell, and looks at all of it. */
  drain(): void {
    const events = this.session.takeEvents()
    const packets = this.session.takePackets()
    const connected = events.find((event) => event.type === 'connected')
    if (connected) {
      const { connack, resumed } = connected
      this.judge.connected(connack.properties, resumed)
      this.peer.connected(resumed)
    }
    for (const packet of packets) {
      this.note(() => `sent ${show(packet)}`)
      this.judge.sent(packet)
      this.peer.got(packet)
    }
    if (connected) this.judge.checkResumed()
    for (const event of events) this.#hear(event)
    if (this.failure) this.judge.arrivals.drop()
    else this.judge.arrivals.checkHanded()
    if (packets.length + events.length > 0) this.drain()
  }

  #hear(event: SessionEvent): void {
    this.note(
      () => `told ${event.type} ${'tag' in event ? event.tag : ''} ${'error' in event ? event.error.message : ''}`,
    )
    switch (event.type) {
      case 'failed':
        if (event.error instanceof ProtocolError && !this.setting.hostile)
          throw new Error(`it takes what is right for wrong: ${event.error.message}`)
        this.#fail(event.error)
        return
      case 'refused':
      case 'disconnected':
        this.#fail(new MqttError(event.type, { code: 'ENDED', phase: 'session' }))
        return
      case 'message':
        this.judge.arrivals.handed(event)
        return
      case 'discarded': {
        const message = this.messages[numberOf(event.packet.payload)] as Message
        // The server's answer that refuses it ends it, too.
        if (event.reason === 'refused' && !message.complete) this.judge.refused(message)
        message.gone = true
        return
      }
      case 'challenge':
      case 'verify':
        this.exchanges.push(event)
        return
      case 'connected':
      case 'late':
        return
      default:
        this.#settle(event)
    }
  }

  #fail(error: MqttError): void {
    if (this.failure) throw new Error('a connection ends twice')
    this.failure = error
    this.judge.failed()
    if (this.session.connected) throw new Error('a connection is in use behind its end')
  }

  #settle(event: Told): void {
    // A message of QoS 0 whose publisher waits no more, because it was accepted, is sent all the same.
    if (event.tag === undefined && event.type === 'sent') return
    const { message, name } = this.promises.settle(event.tag, event.type)
    if (event.type === 'acknowledged' && !message?.complete)
      throw new Error(`${name}: acknowledged before its last answer`)
    if (event.type === 'rejected' && !(event.error instanceof MqttError))
      throw new Error(`${name}: rejected with another error`)
    if (event.type !== 'rejected' || !message || message.complete) return
    if (event.error instanceof RefusedError) this.judge.refused(message)
    else if (!this.judge.isOpen(message)) message.unheard = true
  }
}
