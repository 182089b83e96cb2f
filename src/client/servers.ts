/** Where to connect to: the servers that the options name, and those that a server sends its clients to (§4.11). */

import type { Events } from './events.js'
import type { ClientOptions, RedirectPolicy } from './options.js'
import type { Endpoint, Platform } from './transport.js'

/** References that are followed in a row: servers may well name each other. A function may follow more, not all. */
const MAX_HOPS = 3
const MAX_HOPS_ASKED = 20
/** Servers of one reference that count: it has room for thousands. */
const MAX_NAMED = 16

const SCHEMES = { tcp: 'mqtt', tls: 'mqtts', ws: 'ws', wss: 'wss' }

export class Servers {
  readonly #platform: Platform
  readonly #options: ClientOptions
  readonly #follow: boolean | RedirectPolicy
  readonly #events: Events
  #usual: readonly Endpoint[]
  #referred: readonly Endpoint[] = []
  #hops = 0

  constructor(platform: Platform, options: ClientOptions, follow: boolean | RedirectPolicy, events: Events) {
    this.#platform = platform
    this.#options = options
    this.#follow = follow
    this.#events = events
    this.#usual = platform.endpoints(options)
  }

  /** Those to try at an attempt, in order. */
  all(): Endpoint[] {
    const referred = this.referred()
    // What begins after a delay is not the next in a row.
    if (referred.length === 0) this.settle()
    return [...referred, ...this.#usual]
  }

  /** Those that the last reference named, once. */
  referred(): readonly Endpoint[] {
    const referred = this.#referred
    this.#referred = []
    return referred
  }

  /** References are counted anew: a connection has proved stable. */
  settle(): void {
    this.#hops = 0
  }

  /** `from` named other servers, with 0x9C for now or with 0x9D for good. True if they are tried next. */
  refer(from: Endpoint, reasonCode: number, serverReference: string | undefined): boolean {
    if (serverReference === undefined || (reasonCode !== 0x9c && reasonCode !== 0x9d)) return false
    const permanent = reasonCode === 0x9d
    const endpoints = this.#endpoints(from, serverReference)
    const servers = endpoints.map(({ label }) => label)
    const redirect = { serverReference, servers, permanent, hops: ++this.#hops }
    const followed =
      endpoints.length > 0 &&
      (typeof this.#follow === 'function'
        ? this.#hops <= MAX_HOPS_ASKED && this.#asks(() => (this.#follow as RedirectPolicy)(redirect))
        : this.#follow && this.#hops <= MAX_HOPS && endpoints.every(({ transport }) => transport === from.transport))
    if (followed) {
      this.#referred = endpoints
      if (permanent) this.#usual = this.#usual.flatMap((endpoint) => (endpoint === from ? endpoints : endpoint))
    }
    this.#events.emit('redirect', { ...redirect, followed })
    return followed
  }

  #asks(policy: () => boolean): boolean {
    try {
      return policy() === true
    } catch (error) {
      this.#events.raise(error)
      return false
    }
  }

  /** A list of `host` or `host:port`, separated by spaces; some servers send URLs. None when it cannot be read. */
  #endpoints({ transport, path, username, password }: Endpoint, serverReference: string): readonly Endpoint[] {
    const { url, ...options } = this.#options
    const servers = serverReference
      .split(' ')
      .filter(Boolean)
      .slice(0, MAX_NAMED)
      .map((server) => (server.includes('://') ? server : `${SCHEMES[transport]}://${server}${path}`))
    try {
      // Credentials of the URL are as good there as those of the options.
      return this.#platform
        .endpoints({ ...options, servers })
        .map((endpoint) => (endpoint.username === undefined ? { ...endpoint, username, password } : endpoint))
    } catch {
      return []
    }
  }
}
