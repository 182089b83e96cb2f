/** Enhanced authentication (§4.12): whose turn it is in an exchange. What the exchange says is the application's. */

import { measurePacket } from '../codec/packet.js'
import type { Auth } from '../codec/packets/auth.js'
import type { Connack } from '../codec/packets/connack.js'
import { protocolError } from '../codec/reason.js'
import { describe, type MqttError } from '../errors.js'
import { connectionLost, failed, timedOut } from './failures.js'
import { refusal } from './limits.js'
import type { Link } from './link.js'
import type { Exchange } from './records.js'

export class Authentication {
  readonly #link: Link
  /** The Authentication Method of CONNECT. */
  #method: string | undefined
  #exchange: Exchange | undefined
  /** By when a re-authentication has to be over; that of CONNECT is the client's `connectTimeout`. */
  deadline = Infinity

  constructor(link: Link) {
    this.#link = link
  }

  /** Whether the server is to be heard no further for now. */
  get verifying(): boolean {
    return this.#exchange?.connack !== undefined
  }

  get running(): boolean {
    return this.#exchange !== undefined
  }

  /** CONNECT was sent. */
  opened(method: string | undefined): void {
    this.#method = method
    this.#exchange = method === undefined ? undefined : { tag: undefined, asked: true, ours: false }
  }

  /** CONNACK accepted us. True when the connection may be used at once, else `verified` has to be waited for. */
  accepted(connack: Connack): boolean {
    const { authenticationMethod, authenticationData: data } = connack.properties
    this.#checkMethod('connack', authenticationMethod)
    if (!this.#exchange) return true
    // It would leave the application with a challenge and a verdict at once.
    if (!this.#exchange.asked) throw protocolError('connack: expected none before our AUTH, got one')
    this.#exchange.connack = connack
    this.#link.events.push({ type: 'verify', exchange: this.#exchange, data })
    return false
  }

  receive({ reasonCode, properties }: Auth): void {
    const { authenticationMethod, authenticationData: data } = properties
    // It is for the authenticator alone, and not for all who hear of the packet.
    if (data) properties.authenticationData = undefined
    // Success alone may leave the method out together with all else (§3.15.2.1); the decoder refuses the rest.
    if (authenticationMethod !== undefined) this.#checkMethod('auth', authenticationMethod)
    const exchange = this.#exchange
    const again = this.#link.theirs !== undefined
    if (reasonCode === 0x18 && exchange?.asked) this.#challenge(exchange, data, false)
    else if (reasonCode === 0x19 && !exchange && again) {
      // Table 3-11 has this for the client only. Some servers ask for fresh credentials so, and all we can be asked for is
      // what we would do ourselves.
      this.#challenge(this.#begin(undefined, false), data, true)
    } else if (reasonCode === 0x19 && exchange?.ours) {
      // Both begin at once: what the application works on is the answer.
      exchange.ours = false
    } else if (reasonCode === 0 && exchange?.asked && again) {
      exchange.asked = false
      this.#link.events.push({ type: 'verify', exchange, data })
    } else throw protocolError(`auth.reasonCode: expected none now, got ${reasonCode}`)
  }

  /** Starts a re-authentication: the application is asked how it begins. True unless `rejected` follows at once. */
  ask(tag: unknown): boolean {
    if (!this.#link.theirs) this.#link.reject({ tag }, connectionLost)
    else if (this.#method === undefined || this.#exchange)
      this.#link.reject({ tag }, () =>
        failed('NOT_NOW', `reauthenticate: expected ${this.#exchange ? 'no other to be under way' : 'enhancedAuth'}`),
      )
    else {
      this.#challenge(this.#begin(tag, true), undefined, true)
      return true
    }
    return false
  }

  /** What the application begins with, or answers a challenge with. */
  answer(exchange: Exchange, authenticationData: Uint8Array | undefined): void {
    if (exchange !== this.#exchange) return
    // [MQTT-4.12.1-1] [MQTT-4.12.0-5] The method of CONNECT, in each AUTH.
    const properties = { authenticationMethod: this.#method, authenticationData }
    const packet: Auth = { type: 'auth', reasonCode: exchange.ours ? 0x19 : 0x18, properties }
    const error = refusal(packet, measurePacket(packet, 5), this.#link.theirs ?? {})
    if (error) throw error
    exchange.ours = false
    exchange.asked = true
    this.#link.send(packet)
  }

  /** The application is content with the server. Gives the CONNACK that waited for it. */
  verified(exchange: Exchange): Connack | undefined {
    if (exchange !== this.#exchange) return undefined
    this.#end()
    if (exchange.tag !== undefined) this.#link.events.push({ type: 'authenticated', tag: exchange.tag })
    return exchange.connack
  }

  /** The application could not go on. True if the connection must end for it [MQTT-4.12.1-2]. */
  refuse(exchange: Exchange, error: MqttError): boolean {
    if (exchange !== this.#exchange) return false
    this.#link.reject(exchange, () => error)
    // The server does not know of it yet: the authentication in force stays.
    if (exchange.ours) this.#end()
    return !exchange.ours
  }

  /** The error of an exchange that took too long, if the connection must end for it. */
  tick(): MqttError | undefined {
    if (this.#link.now < this.deadline) return undefined
    const error = timedOut('AUTH', this.#link.settings.ackTimeout)
    return this.refuse(this.#exchange as Exchange, error) ? error : undefined
  }

  /** The network connection is gone. */
  closed(error: () => MqttError): void {
    if (this.#exchange) this.#link.reject(this.#exchange, error)
    this.#end()
  }

  /** A re-authentication. */
  #begin(tag: unknown, ours: boolean): Exchange {
    this.deadline = this.#link.now + this.#link.settings.ackTimeout
    this.#exchange = { tag, asked: false, ours }
    return this.#exchange
  }

  #end(): void {
    this.deadline = Infinity
    this.#exchange = undefined
  }

  #challenge(exchange: Exchange, data: Uint8Array | undefined, anew: boolean): void {
    exchange.asked = false
    this.#link.events.push({ type: 'challenge', exchange, data, anew })
  }

  #checkMethod(packet: string, got: string | undefined): void {
    // [MQTT-4.12.0-5] [MQTT-4.12.0-6]
    if (got !== this.#method)
      throw protocolError(
        `${packet}.properties.authenticationMethod: expected ${this.#method === undefined ? 'none' : describe(this.#method)}, got ${describe(got)}`,
      )
  }
}
