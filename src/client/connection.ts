/** Joins the session to a network connection, and to the clock. The only place that holds a transport. */

import { Writer } from '../codec/bytes.js'
import { Copies } from '../codec/copies.js'
import { Framer } from '../codec/framer.js'
import type { Packet } from '../codec/packet.js'
import { FROM_SERVER, writePacket } from '../codec/packet.js'
import type { Connect } from '../codec/packets/connect.js'
import { NO_PROPERTIES } from '../codec/property-list.js'
import { violation } from '../codec/reason.js'
import { ConnectionLostError, ProtocolError } from '../errors.js'
import type { Resumption } from '../session/calls.js'
import type { SessionEvent } from '../session/events.js'
import { connectionLost, failed } from '../session/failures.js'
import type { Session } from '../session/session.js'
import type { Backlog } from './backlog.js'
import type { CancelSignal } from './cancel.js'
import type { Events } from './events.js'
import type { ClientMetrics } from './metrics.js'
import type { ClientOptions } from './options.js'
import { Pending } from './pending.js'
import type { PublishResult } from './results.js'
import type { Storage } from './storage.js'
import type { Endpoint, Platform, Transport, TransportHandlers } from './transport.js'

/** Bytes that are sent at once instead of at the end of the turn. */
const FULL = 65_536

/** Bytes after which the events of a chunk are given out before the rest of it is read: a frame may hold millions. */
const SLICE = 65_536

/** What a packet costs beside its bytes, in a slice; and while the server has still to prove itself. */
const COST = 64
const EARLY_COST = 1_024

/** Answers that a server may leave unread: more than it can need, with every Packet Identifier in use both ways, twice. */
const MOST_UNREAD = 262_144

/** A timer that comes this much later than asked, ms, says that the machine slept or the page was held up. */
const LATE = 10_000

/** How a PUBLISH of QoS 0 ends: nobody answers it. */
export const HANDED_OVER: PublishResult = Object.freeze({
  packetId: undefined,
  reasonCode: 0,
  properties: NO_PROPERTIES,
})

const DONE = Promise.resolve(HANDED_OVER)

export interface ConnectionHooks {
  /** Who hears of each packet. */
  readonly events: Events
  /** Who counts them. */
  readonly metrics: ClientMetrics
  /** How far the application is behind. */
  readonly backlog: Backlog
  /** Where the session is kept, if it is. */
  readonly storage: Storage | undefined
  /** The session tells something. */
  told(event: SessionEvent): void
  /** The network connection ended without our doing. */
  lost(error: Error): void
}

export class Connection {
  readonly #session: Session
  readonly #platform: Platform
  readonly #options: ClientOptions
  readonly #hooks: ConnectionHooks
  #transport: Transport | undefined
  /** Transports whose orderly end is awaited. */
  #ending: Map<Transport, Pending<void>> | undefined
  #writer = new Writer()
  #framer = new Framer(FROM_SERVER)
  #flushScheduled = false
  /** When the flush was scheduled, or the events that are given out were taken. */
  #turn = 0
  #congested = false
  /** What came behind a CONNACK whose server has still to prove itself, bytes. */
  #early = 0
  /** Answers that were written since the server stopped reading. */
  #unread = 0
  /** Whether the network is read. */
  #reading = true
  /** When CONNECT was sent. */
  openedAt = 0
  /** Settled once the transport takes more again. */
  #drained: Pending<PublishResult> | undefined
  /** Settled once the session has no message left to send, or nobody will send it. */
  #emptied: Pending<void> | undefined
  /** Settled once no answer of the server is awaited, or it is not the server's to give any more. */
  #answered: Pending<void> | undefined
  #dispatching = false
  #cancelTimer: (() => void) | undefined
  #timerAt = Infinity

  constructor(session: Session, platform: Platform, options: ClientOptions, hooks: ConnectionHooks) {
    this.#session = session
    this.#platform = platform
    this.#options = options
    this.#hooks = hooks
  }

  /**
   * The time, read once for all messages that leave in one flush, and for all that are given out together: to read it
   * costs a sixth of a publish at QoS 0, and as much as an acknowledgement.
   */
  get now(): number {
    return this.#flushScheduled || this.#dispatching ? this.#turn : this.#platform.now()
  }

  /** Makes a network connection and sends what `connect` gives. Rejects with a ConnectError, or the signal's reason. */
  async open(endpoint: Endpoint, connect: Connect, again: readonly Resumption[], signal: CancelSignal): Promise<void> {
    const handlers: TransportHandlers = {
      data: (chunk) => {
        if (this.#transport === transport) this.#receive(chunk)
      },
      drain: () => {
        if (this.#transport !== transport) return
        this.#congested = false
        this.#unread = 0
        this.#drained?.resolve(HANDED_OVER)
        this.#drained = undefined
      },
      close: (error) => {
        const why = error ?? failed('CONNECTION_CLOSED', 'the server closed the connection', ConnectionLostError)
        this.#closed(transport, why)
      },
    }
    const { metrics } = this.#hooks
    const begun = this.#platform.now()
    // No handler is called before this is set: so `TransportHandlers` promises.
    const transport: Transport = await this.#platform.open(endpoint, this.#options, handlers, signal)
    if (signal.aborted) {
      transport.destroy()
      throw signal.reason
    }
    this.#writer = new Writer()
    const { protocolVersion, properties } = connect
    this.#framer = new Framer(FROM_SERVER, protocolVersion, properties.maximumPacketSize, new Copies())
    this.#congested = false
    this.#early = this.#unread = 0
    this.#reading = true
    this.#transport = transport
    this.openedAt = this.#platform.now()
    metrics.handshakeTime = this.openedAt - begun
    this.#session.open(connect, again)
    this.update()
  }

  /** Carries out what the session wants: to be called after everything that was done to it. */
  update(): void {
    this.#write()
    if (this.#dispatching) return
    this.#dispatching = true
    try {
      for (let events = this.#session.takeEvents(); events.length > 0; events = this.#session.takeEvents()) {
        this.#turn = this.#platform.now()
        for (const event of events) this.#hooks.told(event)
        this.#write()
      }
    } finally {
      this.#dispatching = false
    }
    if (this.#emptied && this.#session.inflight + this.#session.queued === 0 && !this.#hooks.storage?.loading) {
      this.#emptied.resolve()
      this.#emptied = undefined
    }
    // Asked for only where it matters: it looks at every call under way, and this runs for every chunk and message.
    if (this.#answered && !this.#session.awaits) this.#settle()
    this.#regulate()
    this.#setTimer()
  }

  /** Like `update`, but while events are given out it waits until that is over: the acks of a chunk leave together. */
  updateSoon(): void {
    if (!this.#dispatching) this.update()
  }

  /**
   * Resolves once what was written so far is handed over. It leaves at the end of the turn, together with what follows
   * (waiting for that would cost a loop of `await publish` a system call each); where the network is slower than we
   * are, it waits for the network. Rejects when the connection ends before.
   */
  flushed(): Promise<PublishResult> {
    if (!this.#congested) return DONE
    this.#drained ??= new Pending()
    return this.#drained.promise
  }

  /** Resolves once all messages that the session took over are sent and acknowledged; rejects by `abandon`. */
  emptied(): Promise<void> {
    this.#emptied ??= new Pending()
    const { promise } = this.#emptied
    this.update()
    return promise
  }

  /** Resolves once the server has answered all that was sent, or the connection is gone. */
  answered(): Promise<void> {
    this.#answered ??= new Pending()
    const { promise } = this.#answered
    this.update()
    return promise
  }

  /** Nobody will send what the session still has. */
  abandon(reason: unknown): void {
    this.#emptied?.reject(reason)
    this.#emptied = undefined
  }

  /** Has the server show soon that it lives; unless its answer would have to wait for much that we wrote before. */
  probe(): void {
    if (!this.#congested) this.#session.probe(this.#platform.now())
    this.update()
  }

  /** Flushes, and ends the network connection. Resolves when nothing is left of it, nor of those before. */
  async close(): Promise<void> {
    const transport = this.#transport
    if (transport) {
      this.#flush()
      this.#release()
      this.#ending ??= new Map()
      this.#ending.set(transport, new Pending())
      transport.close()
    }
    await Promise.all([...(this.#ending?.values() ?? [])].map(({ promise }) => promise))
  }

  /** Ends the network connection at once. */
  destroy(): void {
    const transport = this.#transport
    this.#release()
    transport?.destroy()
  }

  /** Stops the timer of a session that is not used any more. */
  rest(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#timerAt = Infinity
  }

  #receive(chunk: Uint8Array): void {
    const now = this.#platform.now()
    const { events, metrics, backlog } = this.#hooks
    const transport = this.#transport
    let slice = 0
    const heard = events.has('packetreceive')
    metrics.bytesReceived += chunk.length
    this.#session.alive()
    if (this.#session.verifying) this.#early += chunk.length
    try {
      this.#framer.push(chunk)
      for (let packet = this.#framer.next(); packet; packet = this.#framer.next()) {
        metrics.packetsReceived++
        // As it came: the session gives a Topic Alias its topic.
        const seen = heard && { ...packet }
        // A browser reads on, whatever it is told.
        if (this.#session.verifying) this.#early += EARLY_COST
        if (this.#early > backlog.limits.maxBytes)
          throw violation(0x97, 'packet: expected no more of them before the server has proved itself, got another')
        if (this.#unread > MOST_UNREAD)
          throw violation(0x97, 'packet: expected no more of them before our answers are read, got another')
        this.#session.receive(packet, now)
        // Behind it: a listener may answer PUBREC and PUBREL.
        if (seen) events.emit('packetreceive', seen)
        slice += COST + this.#framer.size
        if (slice > SLICE) {
          slice = 0
          this.update()
          if (this.#transport !== transport) return
        }
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.#session.fail(error)
    }
    this.update()
  }

  #write(): void {
    const { events, metrics, storage } = this.#hooks
    const taken = this.#session.takePackets()
    const packets = storage ? storage.admit(taken) : taken
    if (packets.length === 0 || !this.#transport) return
    for (const packet of packets) {
      writePacket(this.#writer, packet, this.#framer.version)
      forgetSecrets(packet)
      if (isAnswer(packet)) this.#unread++
    }
    metrics.packetsSent += packets.length
    // Told of when all are written: what a listener sends comes behind them.
    if (events.has('packetsend')) for (const packet of packets) events.emit('packetsend', packet)
    // What leaves now ends with a slab: a burst takes no more writes than slabs.
    if (this.#writer.size >= FULL) this.#flush(false)
    if (!this.#flushScheduled) {
      this.#flushScheduled = true
      this.#turn = this.#platform.now()
      this.#platform.defer(() => {
        this.#flushScheduled = false
        this.#flush()
      })
    }
  }

  #flush(all = true): void {
    const transport = this.#transport
    if (!transport) return
    const chunks = this.#writer.take(all)
    let left = chunks.length
    if (left > 0) {
      for (const chunk of chunks) {
        this.#hooks.metrics.bytesSent += chunk.length
        this.#congested = !transport.send(chunk, --left > 0) || this.#congested
      }
      if (!this.#congested) this.#unread = 0
      // For long CONNECT may be all that there is to say: its slab, 1 KiB, goes with it.
      if (!this.#session.connected) this.#writer = new Writer()
    }
  }

  /**
   * Reads the network as fast as the application works. What somebody waits for may come behind the messages that there
   * is no room for, and they may not be done with before it comes: then it is read all the same.
   */
  #regulate(): void {
    const transport = this.#transport
    const { backlog } = this.#hooks
    const reading = !this.#session.verifying && (!backlog.full || (this.#session.awaits && !backlog.flooded))
    if (!transport || reading === this.#reading) return
    this.#reading = reading
    this.#session.listen(reading, this.#platform.now())
    if (reading) transport.resume()
    else transport.pause()
  }

  #closed(transport: Transport, error: Error): void {
    this.#ending?.get(transport)?.resolve()
    if (this.#ending?.delete(transport) || this.#transport !== transport) return
    this.#release()
    this.update()
    this.#hooks.lost(error)
  }

  #settle(): void {
    this.#answered?.resolve()
    this.#answered = undefined
  }

  /** Forgets the transport: from here on the session has no network connection. */
  #release(): void {
    this.#transport = undefined
    this.#drained?.reject(connectionLost())
    this.#drained = undefined
    this.#hooks.storage?.drop()
    this.#settle()
    this.#session.closed()
  }

  /** One timer for all of the session's deadlines. It is moved only to an earlier time: a late deadline costs nothing. */
  #setTimer(): void {
    const { deadline } = this.#session
    if (deadline >= this.#timerAt) return
    this.rest()
    this.#timerAt = deadline
    const wait = Math.max(0, Math.ceil(deadline - this.#platform.now()))
    this.#cancelTimer = this.#platform.setTimer(() => {
      this.#timerAt = Infinity
      const now = this.#platform.now()
      // What the server said meanwhile may be there unread: it is asked again before its silence counts.
      if (now - deadline > LATE) this.probe()
      this.#session.tick(now)
      this.update()
    }, wait)
  }
}

function isAnswer({ type }: Packet): boolean {
  return type !== 'publish' && type.startsWith('pub')
}

/** They were sent and are of no more use, least of all to who listens to `packetsend`. */
function forgetSecrets(packet: Packet): void {
  if (packet.type === 'connect') packet.username = packet.password = undefined
  else if (packet.type !== 'auth') return
  packet.properties.authenticationData = undefined
}
