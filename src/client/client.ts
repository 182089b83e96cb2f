/** The client: what an application calls, each call a promise over the session. */

import { measurePacket } from '../codec/packet.js'
import type { AckProperties } from '../codec/packets/acks.js'
import type { DisconnectProperties } from '../codec/packets/disconnect.js'
import type { UnsubscribeProperties } from '../codec/packets/unsubscribe.js'
import { NO_PROPERTIES } from '../codec/property-list.js'
import { outOfRange } from '../errors.js'
import type { SessionEvent } from '../session/events.js'
import { Session } from '../session/session.js'
import { Authentication } from './authentication.js'
import type { Authenticator } from './authenticator.js'
import { Backlog } from './backlog.js'
import { type CancelSignal, onAbort } from './cancel.js'
import { Connection } from './connection.js'
import type { MessageHandler } from './consumer.js'
import type { Listener, ListenOptions } from './emitter.js'
import { Events } from './events.js'
import { Inbox } from './inbox.js'
import { type ClientMetrics, newMetrics } from './metrics.js'
import type { ClientOptions, DisconnectOptions, FilterInput, PublishOptions, SubscribeOptions } from './options.js'
import { follow, unlessAborted, type Waiter } from './pending.js'
import { Requests } from './requests.js'
import type {
  ClientEvents,
  ClientInfo,
  ClientStatus,
  ConnectResult,
  PublishResult,
  UnsubscribeResult,
} from './results.js'
import { Servers } from './servers.js'
import { checkChoice, type Settings, settle } from './settings.js'
import { Subscribing } from './subscribing.js'
import type { Subscription } from './subscription.js'
import { type Granted, Subscriptions } from './subscriptions.js'
import { Supervisor } from './supervisor.js'
import { encodeText } from './text.js'
import type { Platform } from './transport.js'

/** An MQTT client. It connects when `connect` is called, and keeps connected until `disconnect`. */
export class Client {
  readonly #platform: Platform
  readonly #settings: Settings
  readonly #signal: CancelSignal | undefined
  readonly #events: Events
  readonly #subscriptions: Subscriptions
  readonly #session: Session
  readonly #connection: Connection
  readonly #backlog: Backlog
  readonly #metrics: ClientMetrics
  readonly #authentication: Authentication
  readonly #inbox: Inbox
  readonly #supervisor: Supervisor
  readonly #requests: Requests
  readonly #subscribing: Subscribing
  readonly #forgetSignal: () => void

  /**
   * Checks the options and does nothing else yet.
   *
   * @throws {TypeError} or {RangeError} that names the option, what was expected and what came
   */
  constructor(options: ClientOptions, platform: Platform) {
    const settings = settle(options, (size) => platform.random(size))
    const backlog = new Backlog(settings.backlog)
    const metrics = newMetrics()
    const events = new Events(settings.name ?? settings.connect.clientId)
    const subscriptions = new Subscriptions(events, settings.version)
    const session = new Session(settings)
    const servers = new Servers(platform, options, settings.followServerReference, events)
    const storage = settings.keeper?.storage(session, platform, events, {
      clientId: settings.connect.clientId,
      servers: servers.all().map(({ label }) => label),
    })
    const connection = new Connection(session, platform, options, {
      storage,
      events,
      metrics,
      backlog,
      told: (event) => this.#hear(event),
      lost: (error) => this.#supervisor.lost(error),
    })
    if (storage) storage.written = () => connection.update()
    const parts = { platform, settings, events, backlog, metrics, subscriptions, session, connection, storage }
    this.#platform = platform
    this.#settings = settings
    this.#signal = options.signal
    this.#events = events
    this.#subscriptions = subscriptions
    this.#session = session
    this.#connection = connection
    this.#backlog = backlog
    this.#metrics = metrics
    this.#authentication = new Authentication(parts)
    this.#inbox = new Inbox(parts)
    this.#supervisor = new Supervisor(parts, this.#inbox, servers, this.#authentication)
    this.#requests = new Requests(parts, this.#supervisor, options.signal)
    this.#subscribing = new Subscribing(parts, this.#inbox, this.#supervisor, this.#requests)
    this.#forgetSignal = onAbort(options.signal, (reason) => void this.#supervisor.end(reason))
  }

  /** The client id in force: as given, generated, or assigned by the server (§3.2.2.3.7). */
  get clientId(): string {
    return this.#supervisor.clientId
  }

  /** The option `name`, or the client id. */
  get name(): string {
    return this.#events.name
  }

  /** Where the client is between its first `connect` and its end. */
  get status(): ClientStatus {
    return this.#supervisor.status
  }

  /** What is in force now: a copy, for logs and dashboards. It holds no secret. */
  get info(): ClientInfo {
    return {
      name: this.name,
      clientId: this.#supervisor.clientId,
      status: this.status,
      protocolVersion: this.#settings.version,
      server: this.#supervisor.endpoint?.label,
      queued: this.#session.queued,
      inflight: this.#session.inflight,
      maxInflight: this.#session.window,
      paused: this.#backlog.paused,
      connack: this.#supervisor.connack,
    }
  }

  /** The filters in force, with the options that were granted. They are made again where a server lost the session. */
  get subscriptions(): ReadonlyMap<string, Granted> {
    return this.#subscriptions.granted
  }

  /**
   * Connects. Resolves when the server has accepted; what it sends right behind is handed out a turn later, so that
   * handlers can be attached after `await`. While the client is connecting or connected already, it answers the same.
   *
   * @throws {ConnectError} when the first attempt fails (unless `reconnect.retryFirst`): `phase`, `code`, `cause` say why
   */
  connect(options: { signal?: CancelSignal } = {}): Promise<ConnectResult> {
    const { signal } = options
    if (signal?.aborted) return Promise.reject(signal.reason)
    if (this.#signal?.aborted || this.status === 'stopped' || this.status === 'closing') return this.#requests.refuse()
    return this.#supervisor.connect(signal)
  }

  /**
   * Publishes a message. At QoS 0 it resolves when it is in the send buffer, which leaves at the end of the turn, and
   * waits while the network is slower than we are; at QoS 1 and 2 when the exchange with the server is complete, through
   * as many connections as it takes. Without a connection the message waits for one. With `until: 'accepted'` it resolves
   * as soon as the message is in the queue, at QoS 1 and 2 in the session's `store`. The payload must not be changed until
   * the message is delivered.
   *
   * @throws {TypeError} or {RangeError} for a topic, payload, QoS or property that MQTT does not allow
   * @throws {RefusedError} when the server refuses it, or said in CONNACK that it would
   * @throws {ConnectionLostError} when the client is disconnected, or (QoS 0) loses the connection before it was sent
   * @throws {MqttError} `OUTBOX_FULL`, `MESSAGE_EXPIRED` or `OFFLINE`: it was never sent, by the option `outbox`
   */
  publish(topic: string, payload: string | Uint8Array, options: PublishOptions = {}): Promise<PublishResult> {
    const { qos = 0, retain = false, properties = NO_PROPERTIES, until = 'delivered', signal } = options
    try {
      const bytes = encodeText('publish.payload', payload)
      const packet = {
        type: 'publish',
        dup: false,
        qos,
        retain,
        topic,
        packetId: undefined,
        properties,
        payload: bytes,
      } as const
      checkChoice('publish.until', until, ['delivered', 'accepted'])
      return this.#requests.publish(packet, until === 'accepted', signal)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /**
   * Subscribes to one or several filters. With a handler, messages go to it; without, the result is an async iterable
   * of them. Resolves when the server has granted; messages that come before, such as retained ones, are not missed.
   *
   * @throws {RefusedError} when the server refuses the filter; with several filters look at `reasonCodes`
   * @throws {AckTimeoutError} when no SUBACK comes within `ackTimeout`
   */
  subscribe(filters: FilterInput | readonly FilterInput[], handler: MessageHandler): Promise<Subscription>
  subscribe(
    filters: FilterInput | readonly FilterInput[],
    options?: SubscribeOptions,
    handler?: MessageHandler,
  ): Promise<Subscription>
  async subscribe(
    filters: FilterInput | readonly FilterInput[],
    second: SubscribeOptions | MessageHandler = {},
    third?: MessageHandler,
  ): Promise<Subscription> {
    const handler = typeof second === 'function' ? second : third
    const options = typeof second === 'function' ? {} : second
    return this.#subscribing.subscribe(filters, options, handler)
  }

  /**
   * Ends subscriptions, of whichever call they are. Resolves when the server has answered.
   *
   * @throws {AckTimeoutError} when no UNSUBACK comes within `ackTimeout`
   */
  async unsubscribe(
    filters: string | readonly string[],
    options: { properties?: UnsubscribeProperties; signal?: CancelSignal } = {},
  ): Promise<UnsubscribeResult> {
    return this.#subscribing.unsubscribe(filters, options)
  }

  /**
   * Sends PINGREQ. Resolves with the time until PINGRESP, ms.
   *
   * @throws {AckTimeoutError} when none comes within `ackTimeout`
   * @throws {ConnectionLostError} without a connection
   */
  ping(options: { signal?: CancelSignal } = {}): Promise<number> {
    return this.#requests.ping(options.signal)
  }

  /**
   * PUBACK (§3.4) for the message with this Packet Identifier, like its `ack`. It leaves once all messages that came
   * before are acknowledged. Where the connection that the message came on is gone, the server sends the message again.
   *
   * @param reasonCode 0, 0x10, or 0x80 and above to refuse it (5.0 only)
   * @throws {RangeError} when no message of QoS 1 with this Packet Identifier waits for it
   */
  puback(packetId: number, reasonCode = 0, properties: AckProperties = NO_PROPERTIES): void {
    this.#acknowledge('puback', packetId, reasonCode, properties)
  }

  /** PUBREC (§3.5): like `puback`, for a message of QoS 2. */
  pubrec(packetId: number, reasonCode = 0, properties: AckProperties = NO_PROPERTIES): void {
    this.#acknowledge('pubrec', packetId, reasonCode, properties)
  }

  /**
   * PUBREL (§3.6), with `autoAck: 'never'`: our message of QoS 2, whose PUBREC came, is not sent again.
   *
   * @param reasonCode 0 or 0x92 (5.0 only)
   * @throws {RangeError} when no PUBREC with this Packet Identifier waits for it
   */
  pubrel(packetId: number, reasonCode = 0, properties: AckProperties = NO_PROPERTIES): void {
    this.#release('pubrel', packetId, reasonCode, properties)
  }

  /** PUBCOMP (§3.7), with `autoAck: 'never'`: the answer to the server's PUBREL. */
  pubcomp(packetId: number, reasonCode = 0, properties: AckProperties = NO_PROPERTIES): void {
    this.#release('pubcomp', packetId, reasonCode, properties)
  }

  /**
   * Delivers no message until `resume`; an iteration may still read what it has. What comes meanwhile waits,
   * unacknowledged; past `backlog` the network is not read. No PINGREQ is sent, unless `forcePing`, so that a server may
   * disconnect us after 1.5 × `keepAlive`: what it has not had acknowledged it sends again.
   */
  pause(): void {
    this.#backlog.paused = true
    this.#session.quieten(true)
    this.#connection.update()
  }

  /** Delivers what came since `pause`, in order, and goes on. */
  resume(): void {
    this.#session.quieten(false)
    this.#backlog.resume()
    this.#inbox.handOut()
    this.#connection.update()
  }

  /** What was measured since the client was made. */
  metrics(): ClientMetrics {
    return { ...this.#metrics }
  }

  /**
   * Authenticates again on the connection that there is (§4.12.1, 5.0). Resolves when the server has accepted. When it
   * fails, the connection ends [MQTT-4.12.1-2], and another one is made if that may help; unless it failed before anything
   * was sent.
   *
   * @param authenticator Takes the place of `enhancedAuth`, also for the connections to come; of the same method
   * @throws {AckTimeoutError} when it takes longer than `ackTimeout`
   */
  async reauthenticate(authenticator?: Authenticator, options: { signal?: CancelSignal } = {}): Promise<void> {
    const { method } = this.#authentication
    if (authenticator && authenticator.method !== method) {
      // [MQTT-4.12.1-1]
      throw outOfRange('reauthenticate.method', `that of enhancedAuth, ${method}`, authenticator.method)
    }
    await this.#authentication.renew(authenticator, options.signal)
  }

  /**
   * Ends the connection in order, and the connecting. Resolves when DISCONNECT was handed to the network and the
   * connection is closed. What still waits for an answer is rejected; handlers stay for a later `connect`.
   *
   * With `drain` it first waits, through as many connections as it takes, until all messages that were published are
   * delivered; new calls are refused meanwhile. When `signal` aborts, it disconnects without waiting any longer and
   * rejects with the reason.
   */
  async disconnect(options: DisconnectOptions = {}): Promise<void> {
    const { reasonCode = 0, properties = {}, drain = false, signal } = options
    measurePacket({ type: 'disconnect', reasonCode, properties }, 5)
    const { sessionExpiryInterval: expiry, serverReference } = properties as DisconnectProperties
    // §3.14.2.2.5
    if (serverReference !== undefined)
      throw outOfRange('disconnect.properties.serverReference', 'none: only a server sends it', serverReference)
    if (expiry && !this.#settings.connect.properties.sessionExpiryInterval) {
      // §3.14.2.2.2
      throw outOfRange('disconnect.properties.sessionExpiryInterval', '0, as in CONNECT', expiry)
    }
    try {
      if (drain && !this.#supervisor.over && this.status !== 'idle') {
        this.#requests.closing = true
        await unlessAborted(this.#connection.emptied(), signal)
      }
    } finally {
      await this.#supervisor.end(undefined, reasonCode, properties)
      this.#requests.closing = false
    }
  }

  /** Disconnects and removes all listeners and subscriptions: the client cannot be used any more. */
  async stop(): Promise<void> {
    await this.disconnect()
    this.#supervisor.status = 'stopped'
    this.#forgetSignal()
    this.#events.clear()
    this.#subscriptions.clear()
  }

  /** `stop`, at the end of the block of an `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /** Calls `listener` for each event `name`; returns what removes it. What a listener throws becomes an `error` event. */
  on<K extends keyof ClientEvents>(name: K, listener: Listener<ClientEvents[K]>, options?: ListenOptions): () => void {
    return this.#events.on(name, listener, options)
  }

  /** Like `on`, for the next event only. */
  once<K extends keyof ClientEvents>(
    name: K,
    listener: Listener<ClientEvents[K]>,
    options?: ListenOptions,
  ): () => void {
    return this.#events.once(name, listener, options)
  }

  /** What the session tells. */
  #hear(event: SessionEvent): void {
    if (event.type === 'message') this.#inbox.receive(event.packet, event.delivery)
    else if (event.type === 'acknowledged' || event.type === 'accepted') {
      const { packetId, reasonCode, properties } = event
      const waiter = event.tag as Waiter<PublishResult>
      waiter.resolve({ packetId, reasonCode, properties })
    } else if (event.type === 'sent') follow(this.#connection.flushed(), event.tag as Waiter<PublishResult>)
    else if (event.type === 'challenge' || event.type === 'verify') void this.#authentication.hear(event)
    else if (event.type === 'discarded') {
      this.#metrics.messagesDiscarded++
      this.#events.emit('discard', { packet: event.packet, reason: event.reason })
    } else if (event.type === 'late') this.#subscribing.disown(event.packet)
    else if (!('tag' in event)) this.#supervisor.hear(event)
    else {
      const waiter = event.tag as Waiter<typeof event>
      if (event.type === 'rejected') waiter.reject(this.#events.named(event.error))
      else waiter.resolve(event)
    }
  }

  #acknowledge(type: 'puback' | 'pubrec', packetId: number, reasonCode: number, properties: AckProperties): void {
    this.#inbox.acknowledge(this.#session.unsettled(type, packetId), reasonCode, properties)
  }

  #release(type: 'pubrel' | 'pubcomp', packetId: number, reasonCode: number, properties: AckProperties): void {
    const { version } = this.#settings
    // 3.x has no Reason Codes.
    const code = version === 5 ? reasonCode : 0
    measurePacket({ type, packetId, reasonCode: code, properties }, version)
    this.#session.release(type, packetId, code, properties, this.#platform.now())
    this.#connection.update()
  }
}
