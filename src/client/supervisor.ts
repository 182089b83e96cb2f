/** Keeps the client connected, from `connect` to the end: when to attempt it, again after a loss, and when to give up. */

import type { Connack } from '../codec/packets/connack.js'
import type { DisconnectProperties } from '../codec/packets/disconnect.js'
import { NO_PROPERTIES } from '../codec/property-list.js'
import type { MqttError } from '../errors.js'
import type { SessionEvent } from '../session/events.js'
import { Attempts } from './attempts.js'
import type { Authentication } from './authentication.js'
import { Cancel, type CancelSignal } from './cancel.js'
import { Expiry } from './expiry.js'
import { asError, closedError, credentialsRenewed, cutAgain, disconnectError, notConnected } from './failures.js'
import type { Inbox } from './inbox.js'
import type { Credentials } from './options.js'
import type { Parts } from './parts.js'
import { Pending, within } from './pending.js'
import { fraction, nextDelay, STABLE_AFTER, stableAfterCut } from './reconnect.js'
import type { ClientStatus, ConnectResult, DisconnectEvent } from './results.js'
import type { Servers } from './servers.js'
import type { Storage } from './storage.js'
import type { Endpoint } from './transport.js'

/** How many connections in a row have to be cut, each before long, to be taken for more than an accident. */
const TOLD_CUTS = 3

/** How long a connection whose place another takes waits for what the server has still to answer, ms. */
const ANSWER_PATIENCE = 1_000

/** What the server said at the end of a connection. */
type LastWord = Pick<DisconnectEvent, 'reasonCode' | 'properties'>

const SILENCE: LastWord = { reasonCode: undefined, properties: NO_PROPERTIES }

export class Supervisor {
  /** From `connecting`, the first connection, on: `connected` and `reconnecting` in turn. */
  status: ClientStatus = 'idle'
  clientId: string
  connack: ConnectResult | undefined
  readonly #parts: Parts
  readonly #inbox: Inbox
  readonly #servers: Servers
  readonly #attempts: Attempts
  readonly #expiry: Expiry
  /** From `connect` to the end that follows: aborted when the application does not want the connection any more. */
  #life = new Cancel()
  /** Who waits for `connect`: each lets go of its signal as soon as it is answered. */
  readonly #connecting: Pending<ConnectResult>[] = []
  #closing: Promise<void> | undefined
  #connectedAt = 0
  /** Attempts in a row, none of which led to a stable connection. */
  #attempted = 0
  /** Connections in a row that were cut, each before long. */
  #cuts = 0
  /** The attempt that waits for its time. */
  #planned: { error: Error; delay: number; cancel: () => void } | undefined
  /** What the host says. */
  #offline = false
  #unwatch: (() => void) | undefined

  constructor(parts: Parts, inbox: Inbox, servers: Servers, authentication: Authentication) {
    this.#parts = parts
    this.#inbox = inbox
    this.#servers = servers
    this.#attempts = new Attempts(parts, servers, authentication)
    this.#expiry = new Expiry(parts, authentication, (fresh) => void this.#replace(fresh))
    this.clientId = parts.settings.connect.clientId
  }

  /** Where the last attempt went. */
  get endpoint(): Endpoint | undefined {
    return this.#attempts.endpoint
  }

  /** Whether the client takes no calls: it ends or has ended. */
  get over(): boolean {
    const { status } = this
    return status === 'closing' || status === 'closed' || status === 'stopped'
  }

  connect(signal: CancelSignal | undefined): Promise<ConnectResult> {
    if (this.status === 'connected') return Promise.resolve(this.connack as ConnectResult)
    if (this.status === 'idle' || this.status === 'closed') this.#begin()
    const pending = new Pending<ConnectResult>(signal, { cancel: () => void this.end(signal?.reason) })
    this.#connecting.push(pending)
    return pending.promise
  }

  /** Ends the connection in order, and the connecting. Who waits hears `reason`, or that the client is closed. */
  async end(reason?: unknown, reasonCode = 0, properties: DisconnectProperties = NO_PROPERTIES): Promise<void> {
    if (!this.over) this.#closing = this.#close(reason ?? closedError(), reasonCode, properties)
    await this.#closing
    await this.#parts.connection.close()
    await this.#parts.storage?.close()
  }

  /** What the session tells of the connection. */
  hear(event: Extract<SessionEvent, { type: 'connected' | 'refused' | 'disconnected' | 'failed' }>): void {
    const { connection, settings } = this.#parts
    switch (event.type) {
      case 'connected':
        this.#connected(event.connack)
        return
      case 'refused':
        this.#attempts.refused(event.connack, this.#proven)
        return
      case 'disconnected': {
        const { reasonCode, properties } = event.packet
        void connection.close()
        this.#settle(STABLE_AFTER)
        const referred = this.#servers.refer(this.endpoint as Endpoint, reasonCode, properties.serverReference)
        const error = disconnectError(event.packet, settings.freshCredentials, referred)
        this.#ended(error, { reasonCode, properties }, referred)
        return
      }
      case 'failed':
        // A peer that broke the protocol, or failed to prove itself, is told before it is left; a silent one is not waited for.
        if (event.error.phase === 'session') connection.destroy()
        else void connection.close()
        if (this.status === 'connected') this.#settle(STABLE_AFTER)
        this.#ended(event.error)
    }
  }

  /** The network connection is gone, without our doing, and without a word of the server's. */
  lost(error: Error): void {
    let told = error
    if (this.status === 'connected') {
      const { platform, settings } = this.#parts
      const stable = stableAfterCut(settings.reconnect)
      if (platform.now() - this.#connectedAt >= stable) this.#cuts = 0
      this.#settle(this.#cuts < TOLD_CUTS ? STABLE_AFTER : stable)
      if (++this.#cuts >= TOLD_CUTS) told = cutAgain(error, this.#cuts)
    }
    this.#ended(told)
  }

  #ended(error: Error, ended = SILENCE, referred = false): void {
    const { events } = this.#parts
    if (this.status !== 'connected') {
      this.#attempts.opening?.reject(notConnected(this.endpoint as Endpoint, error))
      return
    }
    this.#leave()
    this.#retry(events.named(error), ended, referred)
  }

  /** From `connected` to `reconnecting`. */
  #leave(): void {
    this.#inbox.handOut()
    this.#expiry.stop()
    this.status = 'reconnecting'
  }

  /** After a connection that was stable for so long, ms, attempts and references are counted anew. */
  #settle(after: number): void {
    if (this.#parts.platform.now() - this.#connectedAt < after) return
    this.#attempted = 0
    this.#servers.settle()
  }

  /** Whether a connection was made before. */
  get #proven(): boolean {
    return this.status === 'reconnecting'
  }

  /** Ends the connection in order, so that no will is published, and makes another with credentials that live longer. */
  async #replace(fresh: Credentials): Promise<void> {
    const { platform, session, connection, events, storage } = this.#parts
    const life = this.#life
    const { connack } = this
    // Where the server keeps no session, what it has not answered would go out as new: then the less, the better.
    await within(platform, ANSWER_PATIENCE, () => undefined, connection.answered()).catch(() => {})
    if (this.connack !== connack || this.status !== 'connected') return
    const error = events.named(credentialsRenewed())
    this.#settle(STABLE_AFTER)
    this.#attempts.ahead = fresh
    session.disconnect(0, NO_PROPERTIES)
    connection.update()
    if (storage) await storage.idle()
    if (this.connack !== connack || this.status !== 'connected') return
    const closed = connection.close()
    this.#leave()
    this.#tell(error, 0)
    if (!life.aborted) events.emit('reconnecting', { attempt: this.#attempted + 1, delay: 0, error })
    // Before the server has seen the end of this one, another would take its session over.
    await closed
    if (!life.aborted) await this.#connect()
  }

  #begin(): void {
    const { platform, session, settings } = this.#parts
    if (settings.connect.cleanStart) session.reset()
    this.#life = new Cancel()
    this.status = 'connecting'
    this.#attempted = 0
    this.#cuts = 0
    this.#offline = false
    this.#unwatch = platform.watch((online) => this.#notice(online))
    if (this.#parts.storage) void this.#openStorage(this.#parts.storage)
    else void this.#connect()
  }

  async #openStorage(storage: Storage): Promise<void> {
    const life = this.#life
    const { settings, events } = this.#parts
    try {
      await storage.open(settings.connect.cleanStart, settings.connectTimeout)
    } catch (thrown) {
      const error = events.named(asError(thrown))
      if (!life.aborted) this.#finish(error, error)
      return
    }
    if (!life.aborted) await this.#connect()
  }

  /** The machine or the page may have slept, or the network is back or another one; or else it is gone. */
  #notice(online: boolean): void {
    const { connection } = this.#parts
    const planned = this.#planned
    if (!online && this.#offline) return
    this.#offline = !online
    this.#expiry.check()
    // With a delay of 0 it is about to begin.
    if (planned) {
      const { error, delay, cancel } = planned
      if (delay === 0) return
      cancel()
      // Offline, it is the same attempt, at another time.
      this.#attempted = online ? 0 : this.#attempted - 1
      this.#retry(error, undefined, online)
    } else if (online) {
      // When the network goes, a connection may outlive a short gap, and an attempt fails by itself.
      this.#attempted = 0
      connection.probe()
      // A first attempt is left alone: somebody waits for it.
      if (this.#proven) this.#attempts.restart()
    }
  }

  async #connect(): Promise<void> {
    const { events, settings } = this.#parts
    const life = this.#life
    try {
      await this.#attempts.begin(this.clientId, this.#proven, life)
    } catch (thrown) {
      if (life.aborted) return
      const error = events.named(asError(thrown))
      if (this.status === 'connecting' && !settings.retryFirst) this.#finish(error, error)
      else this.#retry(error)
    }
  }

  #connected({ sessionPresent, reasonCode, properties }: Connack): void {
    const { platform, settings, events, metrics, connection } = this.#parts
    this.connack = { sessionPresent, reasonCode, properties }
    this.clientId = properties.assignedClientIdentifier ?? this.clientId
    events.name = settings.name ?? this.clientId
    this.status = 'connected'
    this.#connectedAt = platform.now()
    metrics.connections++
    metrics.connackTime = this.#connectedAt - connection.openedAt
    this.#expiry.start(this.#attempts.expiresAt)
    this.#attempts.opening?.resolve()
    const waiting = this.#connecting.splice(0)
    for (const pending of waiting) pending.resolve(this.connack)
    if (waiting.length > 0) this.#inbox.hold()
    events.emit('connect', this.connack)
  }

  /**
   * Plans the next attempt, or gives up. `ended` is what the server said, where a connection has ended. `urgent`: without
   * delay; a server that names another one wants us there now.
   */
  #retry(error: Error, ended?: LastWord, urgent = false): void {
    const { platform, events } = this.#parts
    const life = this.#life
    const attempt = this.#attempted + 1
    const planned = this.#nextDelay(attempt, error)
    // Each client finds out at a time of its own that its server is silent: they do not come back together.
    const now = urgent || (error as MqttError).code === 'KEEP_ALIVE_TIMEOUT'
    const delay = planned !== false && now ? 0 : planned
    if (ended) this.#tell(error, delay, ended)
    if (life.aborted) return
    if (delay === false) {
      this.#finish(error, error)
      return
    }
    this.#attempted = attempt
    events.emit('reconnecting', { attempt, delay, error })
    if (life.aborted) return
    const cancel = platform.setTimer(() => {
      this.#planned = undefined
      void this.#connect()
    }, delay)
    this.#planned = { error, delay, cancel }
  }

  /** A connection has ended. `delay`: until the next attempt, or that there is none. */
  #tell(error: Error | undefined, delay: number | false, ended = SILENCE): void {
    const retry = delay !== false
    this.#parts.events.emit('disconnect', { error, ...ended, retry, delay: retry ? delay : undefined })
  }

  #nextDelay(attempt: number, error: Error): number | false {
    const { platform, settings, events } = this.#parts
    try {
      return nextDelay(settings.reconnect, attempt, error, () => fraction(platform), this.#offline, this.#proven)
    } catch (thrown) {
      // The application's policy failed: nobody can say that it wants to go on.
      events.raise(thrown)
      return false
    }
  }

  async #close(reason: unknown, reasonCode: number, properties: DisconnectProperties): Promise<void> {
    const { session, connection, storage } = this.#parts
    const connected = this.status === 'connected'
    this.#inbox.handOut()
    this.status = 'closing'
    this.#release(reason)
    session.disconnect(reasonCode, properties)
    connection.update()
    // DISCONNECT leaves behind what it follows.
    if (storage) await storage.idle()
    await connection.close()
    if (storage) await storage.close()
    if (connected) this.#tell(undefined, false)
    this.#finish(reason)
  }

  /** Nothing more will happen. `error` is why the client gave up, if it did. */
  #finish(reason: unknown, error?: Error): void {
    const { connection, subscriptions, events, storage } = this.#parts
    this.status = 'closed'
    this.#release(reason)
    connection.rest()
    void storage?.close()
    subscriptions.end(error)
    for (const pending of this.#connecting.splice(0)) pending.reject(reason)
    events.emit('close', { error })
  }

  /** No connection is planned any more, and who waits for one hears `reason`. */
  #release(reason: unknown): void {
    const { session, connection } = this.#parts
    this.#planned?.cancel()
    this.#planned = undefined
    this.#attempts.ahead = undefined
    this.#expiry.stop()
    session.detach(() => reason as MqttError)
    connection.abandon(reason)
    connection.update()
    this.#life.abort(reason)
    this.#unwatch?.()
    this.#unwatch = undefined
  }
}
