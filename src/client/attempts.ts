/** Attempts to connect: at each server in turn, from the credentials to CONNACK, all of it within `connectTimeout`. */

import type { Connack } from '../codec/packets/connack.js'
import { isMqttError } from '../errors.js'
import { connectionLost } from '../session/failures.js'
import type { Authentication } from './authentication.js'
import { Cancel, type CancelSignal, onAbort } from './cancel.js'
import { connectPacket } from './credentials.js'
import { connackError, connectTimeout, type WaitedFor } from './failures.js'
import type { Credentials } from './options.js'
import type { Parts } from './parts.js'
import { Pending, unlessAborted } from './pending.js'
import { mayPass } from './reconnect.js'
import type { Servers } from './servers.js'
import type { Endpoint } from './transport.js'

/** An attempt that takes longer than this, ms, begins anew when the network changes. */
const STALE_AFTER = 10_000

export class Attempts {
  /** Where the last one went. */
  endpoint: Endpoint | undefined
  /** Credentials for the next one. */
  ahead: Credentials | undefined
  /** When those of the last one expire. */
  expiresAt: number | undefined
  /** Waits for CONNACK: whoever hears of that, or of an end before it, settles it. */
  opening: Pending<void> | undefined
  readonly #parts: Parts
  readonly #servers: Servers
  readonly #authentication: Authentication
  #restart: (() => void) | undefined

  constructor(parts: Parts, servers: Servers, authentication: Authentication) {
    this.#parts = parts
    this.#servers = servers
    this.#authentication = authentication
  }

  /**
   * Resolves when a server has accepted; rejects with why none did, and when `life` aborts. `proven`: a connection was made
   * before.
   */
  async begin(clientId: string, proven: boolean, life: CancelSignal): Promise<void> {
    let failure: unknown
    const endpoints = this.#servers.all()
    for (let endpoint = endpoints.shift(); endpoint; endpoint = endpoints.shift()) {
      try {
        await this.#attempt(endpoint, clientId, proven, life)
        return
      } catch (error) {
        if (life.aborted) throw error
        endpoints.unshift(...this.#servers.referred())
        // While one server may be back later, the others' reasons to give up do not count.
        if (!isMqttError(failure) || !mayPass(failure, proven)) failure = error
      }
    }
    throw failure
  }

  /** CONNACK came, and says no. */
  refused(connack: Connack, proven: boolean): void {
    const { version, freshCredentials } = this.#parts.settings
    const endpoint = this.endpoint as Endpoint
    this.#servers.refer(endpoint, connack.reasonCode, connack.properties.serverReference)
    this.opening?.reject(connackError(connack, version, endpoint, freshCredentials, proven))
  }

  /** Gives the one under way up, if it waits for the network for long already. */
  restart(): void {
    this.#restart?.()
  }

  async #attempt(endpoint: Endpoint, clientId: string, proven: boolean, life: CancelSignal): Promise<void> {
    const { platform, settings, connection, subscriptions } = this.#parts
    const { version, connect, connectTimeout: ms } = settings
    let waitingFor: WaitedFor = 'credentials'
    const opening = new Pending<void>()
    const cancel = new Cancel()
    const release = onAbort(life, (reason) => cancel.abort(reason))
    const stopTimer = platform.setTimer(() => {
      const { working } = this.#authentication
      cancel.abort(connectTimeout(endpoint, ms, working ? 'authentication' : waitingFor))
    }, ms)
    this.endpoint = endpoint
    const ahead = this.ahead
    this.ahead = undefined
    try {
      // In 5.0 our own reconnects want the session back; in 3.x Clean Session also says what the server keeps.
      const cleanStart = connect.cleanStart && !(version === 5 && proven)
      const { packet, expiresAt } = await unlessAborted(
        connectPacket(settings, endpoint, clientId, cleanStart, this.#authentication, ahead),
        cancel,
      )
      this.expiresAt = expiresAt
      waitingFor = 'network'
      const begun = platform.now()
      this.#restart = () => {
        // A fresh one is left alone: events come in bursts.
        const stale = platform.now() - begun > STALE_AFTER
        if (stale && !this.#authentication.working) cancel.abort(connectionLost())
      }
      this.opening = opening
      await connection.open(endpoint, packet, subscriptions.resumptions(), cancel)
      waitingFor = 'connack'
      await unlessAborted(opening.promise, cancel)
    } catch (error) {
      // A server that refused is left in order: DISCONNECT, if there is one to send, has to reach it.
      if (cancel.aborted) connection.destroy()
      else void connection.close()
      throw error
    } finally {
      // They hold all of the attempt. By now there may be those of another one.
      if (this.opening === opening) this.#restart = this.opening = undefined
      release()
      stopTimer()
    }
  }
}
