/** The client: promises and events over a session, connecting and connecting again, messages to those who want them. */

import { measurePacket } from '../codec/packet.js'
import type { AckProperties } from '../codec/packets/acks.js'
import type { Connack } from '../codec/packets/connack.js'
import type { Connect } from '../codec/packets/connect.js'
import type { DisconnectProperties } from '../codec/packets/disconnect.js'
import type { Publish } from '../codec/packets/publish.js'
import type { SubackProperties } from '../codec/packets/suback.js'
import type { Subscribe, SubscribeProperties, SubscriptionRequest } from '../codec/packets/subscribe.js'
import type { UnsubscribeProperties } from '../codec/packets/unsubscribe.js'
import { NO_PROPERTIES } from '../codec/property-list.js'
import type { ProtocolVersion, QoS } from '../codec/protocol.js'
import { checkTopicFilter } from '../codec/topic.js'
import { isMqttError, type MqttError, outOfRange, RefusedError, wrongType } from '../errors.js'
import type { Resumption } from '../session/calls.js'
import type { SessionEvent } from '../session/events.js'
import type { Delivery } from '../session/inbound.js'
import { Session } from '../session/session.js'
import { Cancel, unlessAborted } from './cancel.js'
import { Connection } from './connection.js'
import { Emitter, type Listener, type ListenOptions, watcher } from './emitter.js'
import {
  asError,
  closedError,
  connackError,
  connectTimeout,
  credentialsError,
  disconnectError,
  notConnected,
  subscribeError,
} from './failures.js'
import { Message, Receipt } from './messages.js'
import type { ClientOptions, PublishProperties } from './options.js'
import { Pending } from './pending.js'
import { nextDelay, STABLE_AFTER } from './reconnect.js'
import type { ClientEvents, ConnectResult, PublishResult, UnsubscribeResult } from './results.js'
import { Router } from './router.js'
import { type Settings, settle } from './settings.js'
import {
  type Consumer,
  Feed,
  type Granted,
  HandlerConsumer,
  type MessageHandler,
  Subscription,
  Subscriptions,
} from './subscriptions.js'
import { encodeText } from './text.js'
import type { CancelSignal, Endpoint, Platform } from './transport.js'

export type ClientStatus = 'idle' | 'connecting' | 'connected' | 'reconnecting' | 'closing' | 'closed' | 'stopped'

export interface PublishOptions {
  /** Default 0. */
  qos?: QoS
  /** Whether the server keeps it for those who subscribe later. Default false. */
  retain?: boolean
  /** 5.0 only. */
  properties?: PublishProperties
  /** Stops the waiting; a message of QoS 1 or 2 that was sent already is still delivered. */
  signal?: CancelSignal
}

export interface SubscribeOptions {
  /** The highest QoS at which the server may send. Default 0. */
  qos?: QoS
  /** Whether our own messages are left out (5.0). Default false. */
  noLocal?: boolean
  /** Whether `retain` says what the publisher said (5.0). Default false. */
  retainAsPublished?: boolean
  /** Retained messages are sent: 0 always, 1 for a new subscription only, 2 never (5.0). Default 0. */
  retainHandling?: 0 | 1 | 2
  /** 5.0 only. */
  properties?: SubscribeProperties
  signal?: CancelSignal
}

/** A filter, or one with options of its own. */
export type FilterInput = string | ({ filter: string } & Omit<SubscribeOptions, 'properties' | 'signal'>)

/** What `client.info` shows. */
export interface ClientInfo {
  readonly name: string
  readonly clientId: string
  readonly status: ClientStatus
  readonly protocolVersion: ProtocolVersion
  /** The server's URL, without credentials; undefined before the first attempt. */
  readonly server: string | undefined
  /** Messages that wait to be sent. */
  readonly queued: number
  /** Messages of QoS 1 and 2 that were sent and are not fully acknowledged. */
  readonly inflight: number
  /** The smaller of `maxInflight` and the server's Receive Maximum; 0 before the first connection. */
  readonly maxInflight: number
  /** What the server said in CONNACK. */
  readonly connack: ConnectResult | undefined
}

interface Answer {
  reasonCodes: readonly number[]
  properties: SubackProperties
}

/** Who waits for a message of QoS 0: nobody, until it turns out that it has to wait. */
interface Qos0Tag {
  pending: Pending<PublishResult> | undefined
}

/** What an `error` listener throws has nowhere to go. */
const NOBODY = watcher(() => {})

/** Filters in one SUBSCRIBE when subscriptions are made again. */
const GROUP = 64

/** An MQTT client. It connects when `connect` is called, and keeps connected until `disconnect`. */
export class Client {
  readonly #platform: Platform
  readonly #settings: Settings
  readonly #endpoints: readonly Endpoint[]
  readonly #session: Session
  readonly #connection: Connection
  readonly #emitter = new Emitter<ClientEvents>((error) => this.#raise(error))
  readonly #router = new Router<Consumer>()
  readonly #subscriptions = new Subscriptions()
  readonly #feeds = new Set<Feed>()
  #status: ClientStatus = 'idle'
  /** From `connect` to the end that follows: aborted when the application does not want the connection any more. */
  #life = new Cancel()
  /** Who waits for `connect`. */
  #connecting: Pending<ConnectResult> | undefined
  /** CONNECT was sent, CONNACK has not come. */
  #opening: Pending<void> | undefined
  #closing: Promise<void> | undefined
  #clientId: string
  #endpoint: Endpoint | undefined
  #connack: ConnectResult | undefined
  /** Whether this `connect` has had a connection. */
  #established = false
  #connectedAt = 0
  #attempts = 0
  #cancelRetry: (() => void) | undefined
  /** Messages that came right behind the first CONNACK, held back for a turn. */
  #held: { packet: Publish; delivery: Delivery | undefined }[] | undefined
  #cancelHeld: (() => void) | undefined
  readonly #signal: CancelSignal | undefined
  #forgetSignal: () => void = () => {}

  /**
   * Checks the options and does nothing else yet.
   *
   * @throws {TypeError} or {RangeError} that names the option, what was expected and what came
   */
  constructor(options: ClientOptions, platform: Platform) {
    this.#platform = platform
    this.#settings = settle(options, (size) => platform.random(size))
    this.#endpoints = platform.endpoints(options)
    this.#clientId = this.#settings.connect.clientId
    this.#session = new Session(this.#settings)
    this.#connection = new Connection(this.#session, platform, options, {
      event: (event) => this.#onSessionEvent(event),
      lost: (error) => this.#onLost(error),
      sent: () => this.#listening('packetsend'),
      received: () => this.#listening('packetreceive'),
    })
    const { signal } = options
    this.#signal = signal
    if (signal) {
      const abort = (): void => void this.#end(signal.reason, 0, {})
      if (signal.aborted) this.#status = 'closed'
      else {
        signal.addEventListener('abort', abort)
        this.#forgetSignal = () => signal.removeEventListener('abort', abort)
      }
    }
  }

  /** The client id in force: as given, generated, or assigned by the server (§3.2.2.3.7). */
  get clientId(): string {
    return this.#clientId
  }

  /** The option `name`, or the client id. */
  get name(): string {
    return this.#settings.name ?? this.#clientId
  }

  get status(): ClientStatus {
    return this.#status
  }

  get info(): ClientInfo {
    return {
      name: this.name,
      clientId: this.#clientId,
      status: this.#status,
      protocolVersion: this.#settings.version,
      server: this.#endpoint?.label,
      queued: this.#session.queued,
      inflight: this.#session.inflight,
      maxInflight: this.#session.window,
      connack: this.#connack,
    }
  }

  /** The filters in force, with the options that were granted. They are made again where a server lost the session. */
  get subscriptions(): ReadonlyMap<string, Granted> {
    return this.#subscriptions.view
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
    if (this.#signal?.aborted || this.#status === 'stopped' || this.#status === 'closing') return this.#refuse()
    if (this.#status === 'connected' && this.#connack) return Promise.resolve(this.#connack)
    if (this.#status === 'idle' || this.#status === 'closed') this.#begin()
    this.#connecting ??= new Pending()
    const { promise } = this.#connecting
    if (!signal) return promise
    return unlessAborted(promise, signal).catch((error) => {
      if (signal.aborted && this.#connecting?.promise === promise) void this.#end(signal.reason, 0, {})
      throw error
    })
  }

  /**
   * Publishes a message. At QoS 0 it resolves when it is in the send buffer, which leaves at the end of the turn,
   * and waits while the network is slower than we are; at QoS 1 and 2 when the
   * exchange with the server is complete, through as many connections as it takes. Without a connection the message
   * waits for one. The payload must not be changed until then.
   *
   * @throws {TypeError} or {RangeError} for a topic, payload, QoS or property that MQTT does not allow
   * @throws {RefusedError} when the server refuses it, or said in CONNACK that it would
   * @throws {ConnectionLostError} when the client is disconnected, or (QoS 0) loses the connection before it was sent
   */
  publish(topic: string, payload: string | Uint8Array, options: PublishOptions = {}): Promise<PublishResult> {
    if (this.#isOver()) return this.#refuse()
    const { qos = 0, retain = false, properties = NO_PROPERTIES, signal } = options
    try {
      const bytes = encodeText('publish.payload', payload)
      const packet: Publish = {
        type: 'publish',
        dup: false,
        qos,
        retain,
        topic,
        packetId: undefined,
        properties,
        payload: bytes,
      }
      if (signal?.aborted) return Promise.reject(signal.reason)
      if (qos === 0) return this.#publishQos0(packet, signal)
      const pending = new Pending<PublishResult>(signal, this.#cancel)
      this.#session.publish(packet, pending, this.#platform.now())
      this.#connection.update()
      return pending.promise
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
    const several = Array.isArray(filters)
    const subscriptions = (several ? filters : [filters]).map((input) => requestOf(input, options))
    const names = subscriptions.map(({ filter }) => filter)
    const { properties = NO_PROPERTIES, signal } = options
    const consumer = this.#consumer(names, handler)
    for (const filter of names) this.#router.add(filter, consumer)
    try {
      const packet: Subscribe = { type: 'subscribe', packetId: 1, properties, subscriptions }
      const answer = await this.#call(packet, signal, ({ reasonCodes }) => {
        subscriptions.forEach((request, index) => {
          const code = reasonCodes[index] as number
          if (code < 0x80) this.#subscriptions.granted(request, properties, code)
          else this.#drop(request.filter, consumer)
        })
      })
      const [reasonCode] = answer.reasonCodes
      if (!several && reasonCode !== undefined && reasonCode >= 0x80) {
        throw subscribeError(names[0] as string, reasonCode, answer.properties.reasonString, this.#settings.version)
      }
      return new Subscription(names, answer.reasonCodes, answer.properties, consumer, () => this.#leave(consumer))
    } catch (error) {
      for (const filter of names) this.#drop(filter, consumer)
      throw error
    }
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
    const names = typeof filters === 'string' ? [filters] : [...filters]
    const { properties = NO_PROPERTIES, signal } = options
    // Those of now: who subscribes while the answer is awaited asks the server again, behind this.
    const leaving = names.map((filter) => this.#router.holders(filter))
    const { reasonCodes, properties: answered } = await this.#call(
      { type: 'unsubscribe', packetId: 1, filters: names, properties },
      signal,
      ({ reasonCodes }) => {
        names.forEach((filter, index) => {
          if ((reasonCodes[index] ?? 0) >= 0x80) return
          this.#subscriptions.delete(filter)
          for (const consumer of leaving[index] as Consumer[]) this.#drop(filter, consumer)
        })
      },
    )
    return { properties: answered, reasonCodes: this.#settings.version === 5 ? reasonCodes : names.map(() => 0) }
  }

  /**
   * Sends PINGREQ. Resolves with the time until PINGRESP, ms.
   *
   * @throws {AckTimeoutError} when none comes within `ackTimeout`
   * @throws {ConnectionLostError} without a connection
   */
  ping(options: { signal?: CancelSignal } = {}): Promise<number> {
    const pending = new Pending<number>(options.signal, this.#cancel)
    if (!options.signal?.aborted) {
      this.#session.ping(pending, this.#platform.now())
      this.#connection.update()
    }
    return pending.promise
  }

  /**
   * Ends the connection in order, and the connecting. Resolves when DISCONNECT was handed to the network and the
   * connection is closed. What still waits for an answer is rejected; handlers stay for a later `connect`.
   *
   * @param options.reasonCode Default 0; 4 asks the server to publish the will (§3.14.2.1; in 3.x, DISCONNECT is left out)
   */
  async disconnect(options: { reasonCode?: number; properties?: DisconnectProperties } = {}): Promise<void> {
    const { reasonCode = 0, properties = {} } = options
    measurePacket({ type: 'disconnect', reasonCode, properties }, 5)
    const { sessionExpiryInterval: expiry } = properties
    if (expiry && !this.#settings.connect.properties.sessionExpiryInterval) {
      // §3.14.2.2.2
      throw outOfRange('disconnect.properties.sessionExpiryInterval', '0, as in CONNECT', expiry)
    }
    await this.#end(undefined, reasonCode, properties)
  }

  /** Disconnects and removes all listeners and subscriptions: the client cannot be used any more. */
  async stop(): Promise<void> {
    await this.disconnect()
    this.#status = 'stopped'
    this.#forgetSignal()
    this.#emitter.clear()
    this.#router.clear()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /** Calls `listener` for each event `name`; returns what removes it. What a listener throws becomes an `error` event. */
  on<K extends keyof ClientEvents>(name: K, listener: Listener<ClientEvents[K]>, options?: ListenOptions): () => void {
    return this.#emitter.on(name, listener, options)
  }

  /** Like `on`, for the next event only. */
  once<K extends keyof ClientEvents>(
    name: K,
    listener: Listener<ClientEvents[K]>,
    options?: ListenOptions,
  ): () => void {
    return this.#emitter.once(name, listener, options)
  }

  // Connecting.

  #begin(): void {
    if (this.#settings.connect.cleanStart) this.#session.reset()
    if (this.#status === 'closed') this.#life = new Cancel()
    this.#status = 'connecting'
    this.#established = false
    this.#attempts = 0
    void this.#tryServers()
  }

  async #tryServers(): Promise<void> {
    const life = this.#life
    let failure: unknown
    for (const endpoint of this.#endpoints) {
      try {
        await this.#attempt(endpoint, life)
        return
      } catch (error) {
        if (life.aborted) return
        // While one server may be back later, the others' reasons to give up do not count.
        if (!isMqttError(failure) || !failure.retryable) failure = error
      }
    }
    const error = this.#named(asError(failure))
    const { reconnect } = this.#settings
    const final = !this.#established && !(typeof reconnect === 'object' && reconnect.retryFirst)
    if (final) this.#finish(error)
    else this.#retry(error)
  }

  async #attempt(endpoint: Endpoint, life: Cancel): Promise<void> {
    const { connectTimeout: timeout } = this.#settings
    let phase: 'credentials' | 'tcp' | 'connack' = 'credentials'
    const opening = new Pending<void>()
    const cancel = new Cancel()
    const unfollow = cancel.follow(life)
    const stopTimer = this.#platform.setTimer(() => cancel.abort(connectTimeout(endpoint, timeout, phase)), timeout)
    this.#endpoint = endpoint
    try {
      const connect = await unlessAborted(this.#connectPacket(endpoint), cancel)
      phase = 'tcp'
      this.#opening = opening
      await this.#connection.open(endpoint, connect, this.#resumptions(), cancel)
      phase = 'connack'
      await unlessAborted(opening.promise, cancel)
    } catch (error) {
      // A server that refused is left in order: DISCONNECT, if there is one to send, has to reach it.
      if (cancel.aborted) this.#connection.destroy()
      else void this.#connection.close()
      throw error
    } finally {
      if (this.#opening === opening) this.#opening = undefined
      unfollow()
      stopTimer()
    }
  }

  async #connectPacket(endpoint: Endpoint): Promise<Connect> {
    const { connect, version } = this.#settings
    const [username, password] = await Promise.all([this.#credential('username'), this.#credential('password')])
    const secret = password ?? endpoint.password
    const packet: Connect = {
      ...connect,
      clientId: this.#clientId,
      // In 5.0 our own reconnects want the session back; in 3.x Clean Session also says what the server keeps.
      cleanStart: connect.cleanStart && !(version === 5 && this.#established),
      username: (username as string | undefined) ?? endpoint.username,
      password: secret === undefined ? undefined : encodeText('password', secret),
    }
    measurePacket(packet, version)
    return packet
  }

  async #credential(field: 'username' | 'password'): Promise<string | Uint8Array | undefined> {
    const value = this.#settings[field]
    if (typeof value !== 'function') return value
    let given: unknown
    try {
      given = await value()
    } catch (error) {
      throw credentialsError(field, error)
    }
    if (given === undefined || typeof given === 'string' || given instanceof Uint8Array) return given
    // What it is may be a secret in another form.
    throw new TypeError(
      `${field}: expected the function to give a string${field === 'password' ? ' or a Uint8Array' : ''}`,
    )
  }

  #resumptions(): Resumption[] {
    return this.#subscriptions.groups(GROUP).map(({ properties, subscriptions }) => ({
      packet: { type: 'subscribe', packetId: 1, properties, subscriptions },
      tag: (packet) => {
        const pending = new PendingCall(({ reasonCodes }) => this.#onResubscribed(packet, reasonCodes))
        pending.promise.catch((error) => {
          // Refused without being asked: the server said in CONNACK that it takes no such filter.
          if (error instanceof RefusedError)
            for (const { filter } of packet.subscriptions) this.#subscriptions.delete(filter)
          this.#raise(error)
        })
        return pending
      },
    }))
  }

  #onResubscribed({ subscriptions, properties }: Subscribe, reasonCodes: readonly number[]): void {
    const results = subscriptions.map((request, index) => {
      const { filter } = request
      const reasonCode = reasonCodes[index] as number
      if (reasonCode < 0x80) this.#subscriptions.granted(request, properties, reasonCode)
      else {
        this.#subscriptions.delete(filter)
        this.#raise(subscribeError(filter, reasonCode, undefined, this.#settings.version))
      }
      return { filter, reasonCode }
    })
    this.#emitter.emit('resubscribe', { results })
  }

  #onConnected(connack: Connack): void {
    const { sessionPresent, reasonCode, properties } = connack
    this.#connack = { sessionPresent, reasonCode, properties }
    this.#clientId = properties.assignedClientIdentifier ?? this.#clientId
    this.#status = 'connected'
    this.#established = true
    this.#connectedAt = this.#platform.now()
    this.#opening?.resolve()
    this.#opening = undefined
    if (this.#connecting) {
      this.#connecting.resolve(this.#connack)
      this.#connecting = undefined
      this.#held = []
      this.#cancelHeld = this.#platform.setTimer(() => this.#handOutHeld(), 0)
    }
    this.#emitter.emit('connect', this.#connack)
  }

  #onLost(error: Error, reasonCode?: number, properties: DisconnectProperties = {}): void {
    if (this.#opening) {
      this.#opening.reject(notConnected(this.#endpoint as Endpoint, error))
      return
    }
    if (this.#status !== 'connected') return
    this.#handOutHeld()
    if (this.#platform.now() - this.#connectedAt >= STABLE_AFTER) this.#attempts = 0
    const life = this.#life
    const named = this.#named(error)
    this.#status = 'reconnecting'
    const delay = this.#nextDelay(named)
    this.#emitter.emit('disconnect', {
      error: named,
      reasonCode,
      properties,
      retry: delay !== false,
      delay: delay === false ? undefined : delay,
    })
    if (life.aborted) return
    if (delay === false) this.#finish(named)
    else this.#retryIn(delay, named)
  }

  #retry(error: Error): void {
    const delay = this.#nextDelay(error)
    if (delay === false) this.#finish(error)
    else this.#retryIn(delay, error)
  }

  #nextDelay(error: Error): number | false {
    try {
      return nextDelay(this.#settings.reconnect, this.#attempts + 1, error, () => {
        const [a = 0, b = 0, c = 0] = this.#platform.random(3)
        return (a * 65_536 + b * 256 + c) / 16_777_216
      })
    } catch (thrown) {
      // The application's policy failed: nobody can say that it wants to go on.
      this.#raise(thrown)
      return false
    }
  }

  #retryIn(delay: number, error: Error): void {
    const life = this.#life
    this.#attempts++
    this.#emitter.emit('reconnecting', { attempt: this.#attempts, delay, error })
    if (life.aborted) return
    this.#cancelRetry = this.#platform.setTimer(() => void this.#tryServers(), delay)
  }

  // Ending.

  /** `reason` is undefined when the application called `disconnect`. */
  #end(reason: unknown, reasonCode: number, properties: DisconnectProperties): Promise<void> {
    if (this.#status === 'idle' || this.#status === 'closed' || this.#status === 'stopped') {
      if (this.#status === 'idle') this.#finish(undefined, reason)
      return this.#connection.close()
    }
    this.#closing ??= this.#close(reason, reasonCode, properties).finally(() => {
      this.#closing = undefined
    })
    return this.#closing
  }

  async #close(reason: unknown, reasonCode: number, properties: DisconnectProperties): Promise<void> {
    const connected = this.#status === 'connected'
    this.#handOutHeld()
    this.#status = 'closing'
    const why = reason ?? closedError()
    this.#session.detach(() => why as MqttError)
    this.#session.disconnect(reasonCode, properties)
    this.#connection.update()
    this.#life.abort(why)
    this.#cancelRetry?.()
    await this.#connection.close()
    if (connected) {
      this.#emitter.emit('disconnect', {
        error: undefined,
        reasonCode: undefined,
        properties: {},
        retry: false,
        delay: undefined,
      })
    }
    this.#finish(undefined, reason)
  }

  /** Nothing more will happen. `error` is why the client gave up; `reason` is the application's own. */
  #finish(error: Error | undefined, reason?: unknown): void {
    this.#status = 'closed'
    this.#cancelRetry?.()
    this.#life.abort(error ?? reason ?? closedError())
    const why = reason ?? error ?? closedError()
    this.#session.detach(() => why as MqttError)
    this.#connection.update()
    this.#connection.rest()
    for (const feed of this.#feeds) {
      feed.end(error)
      for (const filter of feed.filters) this.#drop(filter, feed)
    }
    this.#connecting?.reject(why)
    this.#connecting = undefined
    this.#emitter.emit('close', { error })
  }

  #isOver(): boolean {
    return this.#status === 'closing' || this.#status === 'closed' || this.#status === 'stopped'
  }

  /** A call after the end. */
  #refuse(): Promise<never> {
    return Promise.reject(this.#signal?.aborted ? this.#signal.reason : this.#named(closedError()))
  }

  // The session's events.

  #onSessionEvent(event: SessionEvent): void {
    switch (event.type) {
      case 'message':
        if (this.#held) this.#held.push(event)
        else this.#deliver(event.packet, event.delivery)
        return
      case 'acknowledged': {
        const { packetId, reasonCode, properties } = event
        ;(event.tag as Pending<PublishResult>).resolve({ packetId, reasonCode, properties })
        return
      }
      case 'sent': {
        const { pending } = event.tag as Qos0Tag
        this.#connection.flushed().then(
          (result) => pending?.resolve(result),
          (error) => pending?.reject(error),
        )
        return
      }
      case 'answered':
        ;(event.tag as Pending<Answer>).resolve(event)
        return
      case 'pong':
        ;(event.tag as Pending<number>).resolve(event.roundTrip)
        return
      case 'rejected': {
        const tag = event.tag as Pending<unknown> | Qos0Tag
        const pending = tag instanceof Pending ? tag : tag.pending
        pending?.reject(this.#named(event.error))
        return
      }
      case 'connected':
        this.#onConnected(event.connack)
        return
      case 'refused':
        this.#opening?.reject(
          connackError(event.connack, this.#settings.version, this.#endpoint as Endpoint, this.#hasFreshCredentials()),
        )
        return
      case 'disconnected': {
        const error = disconnectError(event.packet, this.#hasFreshCredentials())
        void this.#connection.close()
        this.#onLost(error, event.packet.reasonCode, event.packet.properties)
        return
      }
      case 'failed':
        // A peer that broke the protocol is told why before it is left; one that is silent is not waited for.
        if (event.error.name === 'ProtocolError') void this.#connection.close()
        else this.#connection.destroy()
        this.#onLost(event.error)
        return
    }
  }

  #hasFreshCredentials(): boolean {
    return typeof this.#settings.password === 'function' || typeof this.#settings.username === 'function'
  }

  #handOutHeld(): void {
    const held = this.#held
    this.#cancelHeld?.()
    this.#held = undefined
    for (const { packet, delivery } of held ?? []) this.#deliver(packet, delivery)
  }

  #deliver(packet: Publish, delivery: Delivery | undefined): void {
    const receipt = new Receipt(
      delivery && ((reasonCode, properties) => this.#settle(delivery, reasonCode, properties)),
      this.#settings.autoAck,
      (error) => this.#raise(error),
    )
    const message = new Message(packet, receipt)
    const consumers = this.#router.match(packet.topic)
    let taken = this.#emitter.has('message')
    if (taken) this.#emitter.emit('message', message, receipt)
    for (const consumer of consumers) {
      if (!consumer.eager) continue
      taken = true
      this.#hand(message, receipt, consumer)
    }
    if (!taken) for (const consumer of consumers) this.#hand(message, receipt, consumer)
    receipt.done()
  }

  #hand(message: Message, receipt: Receipt, consumer: Consumer): void {
    try {
      consumer.take(message, receipt)
    } catch (error) {
      receipt.fail(error)
    }
  }

  #settle(delivery: Delivery, reasonCode: number, properties: AckProperties): void {
    const { version } = this.#settings
    // 3.x acknowledges without a Reason Code.
    const code = version === 5 ? reasonCode : 0
    measurePacket(
      { type: delivery.qos === 1 ? 'puback' : 'pubrec', packetId: delivery.packetId, reasonCode: code, properties },
      version,
    )
    this.#session.settle(delivery, code, properties, this.#platform.now())
    this.#connection.updateSoon()
  }

  // Small steps of the calls.

  #publishQos0(packet: Publish, signal: CancelSignal | undefined): Promise<PublishResult> {
    const tag: Qos0Tag = { pending: undefined }
    if (this.#session.publish(packet, tag, this.#platform.now())) {
      this.#connection.update()
      const flushed = this.#connection.flushed()
      return signal ? unlessAborted(flushed, signal) : flushed
    }
    tag.pending = new Pending(signal, () => this.#session.cancel(tag))
    return tag.pending.promise
  }

  /** `answered` runs before anything else can happen to the connection. */
  #call(
    packet: Parameters<Session['call']>[0],
    signal: CancelSignal | undefined,
    answered: (answer: Answer) => void,
  ): Promise<Answer> {
    if (this.#isOver()) return this.#refuse()
    const pending = new PendingCall(answered, signal, this.#cancel)
    if (!signal?.aborted) {
      this.#session.call(packet, pending, this.#platform.now())
      this.#connection.update()
    }
    return pending.promise
  }

  readonly #cancel = (tag: unknown): void => {
    this.#session.cancel(tag)
  }

  #consumer(filters: readonly string[], handler: MessageHandler | undefined): Consumer {
    if (handler !== undefined && typeof handler !== 'function')
      throw wrongType('subscribe.handler', 'a function', handler)
    if (handler) return new HandlerConsumer(filters, handler)
    const feed = new Feed(filters, (message) => this.#emitter.emit('drop', message))
    this.#feeds.add(feed)
    return feed
  }

  /** `consumer` gets nothing for `filter` any more. */
  #drop(filter: string, consumer: Consumer): void {
    this.#router.delete(filter, consumer)
    consumer.filters.delete(filter)
    if (consumer.filters.size > 0) return
    consumer.end()
    if (consumer instanceof Feed) this.#feeds.delete(consumer)
  }

  async #leave(consumer: Consumer): Promise<void> {
    const filters = [...consumer.filters]
    for (const filter of filters) this.#drop(filter, consumer)
    const unwanted = filters.filter(
      (filter) => this.#subscriptions.view.has(filter) && this.#router.holders(filter).length === 0,
    )
    if (unwanted.length > 0 && !this.#isOver()) await this.unsubscribe(unwanted)
  }

  #listening(name: 'packetsend' | 'packetreceive'): ((packet: ClientEvents[typeof name]) => void) | undefined {
    return this.#emitter.has(name) ? (packet) => void this.#emitter.emit(name, packet) : undefined
  }

  #raise(thrown: unknown): void {
    if (this.#raising) return
    this.#raising = true
    this.#emitter.emit('error', this.#named(asError(thrown)), NOBODY)
    this.#raising = false
  }

  #raising = false

  #named<T>(error: T): T {
    if (isMqttError(error)) error.client ??= this.name
    return error
  }
}

class PendingCall extends Pending<Answer> {
  readonly #answered: (answer: Answer) => void

  constructor(answered: (answer: Answer) => void, signal?: CancelSignal, cancelled?: (tag: unknown) => void) {
    super(signal, cancelled)
    this.#answered = answered
  }

  override resolve(answer: Answer): void {
    this.#answered(answer)
    super.resolve(answer)
  }
}

function requestOf(input: FilterInput, options: SubscribeOptions): SubscriptionRequest {
  const own = typeof input === 'string' ? { filter: input } : input
  if (typeof own !== 'object' || own === null) throw wrongType('subscribe.filter', 'a string or { filter }', input)
  checkTopicFilter(own.filter, 'subscribe.filter')
  const { qos = 0, noLocal = false, retainAsPublished = false, retainHandling = 0 } = { ...options, ...own }
  return { filter: own.filter, qos, noLocal, retainAsPublished, retainHandling }
}
