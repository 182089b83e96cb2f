/** What the core asks of a host: a byte stream, a clock, one timer, randomness, and a turn to flush in. */

import type { CancelSignal } from './cancel.js'
import type { ClientOptions } from './options.js'

/** One network connection. Only `connection.ts` holds one. */
export interface Transport {
  /**
   * Hands bytes over, in order. They belong to the transport from now on and are never written again.
   * False when the peer reads slower than we write: `drain` follows once it caught up. `more` follow in the same turn,
   * and may leave together with these.
   */
  send(bytes: Uint8Array, more?: boolean): boolean
  /** Stops reading from the peer, where the host can (a browser cannot); what was read already may still arrive. */
  pause(): void
  resume(): void
  /** Ends gracefully: what was sent is flushed first; no data comes any more. `close` follows, at the latest after 2 s. */
  close(): void
  /** Frees everything at once, without flushing. No handler is called any more. */
  destroy(): void
}

/**
 * Called by a transport, never before all who wait for the promise of `open` have run; what the peer said by then is
 * kept for them. `close` is called once and last, with an `MqttError` if the end was not orderly.
 */
export interface TransportHandlers {
  /** A chunk as it came. It is a plain `Uint8Array` that nobody writes to again. */
  data(chunk: Uint8Array): void
  drain(): void
  close(error?: Error): void
}

/** Where to connect to, taken apart from a URL or from options, and checked. */
export interface Endpoint {
  readonly transport: 'tcp' | 'tls' | 'ws' | 'wss'
  /** A name, an IPv4 or an IPv6 address (without brackets). */
  readonly host: string
  readonly port: number
  /** Path and query of a WebSocket; empty for TCP and TLS. */
  readonly path: string
  /** As decoded from the URL. */
  readonly username?: string | undefined
  readonly password?: string | undefined
  /** For errors and logs: the URL without credentials. */
  readonly label: string
}

/** A host. `platform/node` and `platform/browser` each make one; tests make one with virtual time. */
export interface Platform {
  /** The servers that the options name, in order; throws `TypeError` or `RangeError` that names the bad option. */
  endpoints(options: ClientOptions): readonly Endpoint[]
  /**
   * Opens a network connection. Rejects with a `ConnectError` whose `phase` is how far it came.
   * When `signal` aborts, the attempt is given up, everything is freed, and the promise rejects with its reason.
   */
  open(
    endpoint: Endpoint,
    options: ClientOptions,
    handlers: TransportHandlers,
    signal: CancelSignal,
  ): Promise<Transport>
  /** Milliseconds of a clock that never goes back and that counts the time in which the machine slept. */
  now(): number
  /** The time of day: ms since 1970, UTC. */
  wallClock(): number
  /** Calls `callback` once after `ms`, however many; returns what cancels it. A timer keeps a Node process alive. */
  setTimer(callback: () => void, ms: number): () => void
  /** Calls `callback` after the current run of the application's code, soon: `setImmediate`, or a microtask. */
  defer(callback: () => void): void
  /** Fresh random bytes of cryptographic quality. */
  random(size: number): Uint8Array
  /**
   * Tells, until what it returns is called, whatever makes a look at the connection worth while. `changed(true)`: the
   * machine or the page may have slept, or the network is back or another one. `changed(false)`: the network is gone; also
   * at once, if it is gone already. Too often does no harm.
   */
  watch(changed: (online: boolean) => void): () => void
}
