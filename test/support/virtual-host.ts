/** A host without a network and without time: connections are in memory, the clock moves when a test says so. */

import { nodeEndpoints } from '../../platform/node/endpoints.js'
import type { CancelSignal, ClientOptions, Endpoint, Platform, Transport, TransportHandlers } from '../../src/index.js'
import { ScriptedPeer } from './scripted-peer.js'

interface Timer {
  at: number
  order: number
  callback: () => void
}

/** What the next attempts to connect meet; the last one is kept. */
export type Network = 'up' | 'hangs' | Error

export class VirtualHost implements Platform {
  /** The peers of all connections so far, in order. */
  readonly peers: ScriptedPeer[] = []
  network: Network = 'up'
  /** Whether the host says so from the start. */
  offline = false
  /** Labels of the endpoints that were tried, in order. */
  readonly attempts: string[] = []
  /** What `random` gives, byte by byte; 0.5 of the range unless a test says otherwise. */
  randomByte = 0x80
  /** How far the wall clock was set ahead, ms; below 0, back. No timer hears of it. */
  clockAhead = 0
  #now = 1_000_000
  #order = 0
  #timers: Timer[] = []
  #waiting: ((peer: ScriptedPeer) => void)[] = []
  readonly #watchers = new Set<(online: boolean) => void>()

  endpoints(options: ClientOptions): readonly Endpoint[] {
    const { url, servers } = options
    return nodeEndpoints(url || servers ? options : { ...options, url: 'mqtt://virtual:1883' })
  }

  async open(
    endpoint: Endpoint,
    _options: ClientOptions,
    handlers: TransportHandlers,
    signal: CancelSignal,
  ): Promise<Transport> {
    this.attempts.push(endpoint.label)
    if (this.network instanceof Error) throw this.network
    if (this.network === 'hangs') {
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    }
    const peer = new ScriptedPeer(endpoint, handlers)
    this.peers.push(peer)
    this.#waiting.shift()?.(peer)
    return peer.transport
  }

  now(): number {
    return this.#now
  }

  wallClock(): number {
    return 1_700_000_000_000 + this.#now + this.clockAhead
  }

  setTimer(callback: () => void, ms: number): () => void {
    const timer = { at: this.#now + ms, order: this.#order++, callback }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  defer(callback: () => void): void {
    queueMicrotask(callback)
  }

  random(size: number): Uint8Array {
    return new Uint8Array(size).fill(this.randomByte)
  }

  watch(changed: (online: boolean) => void): () => void {
    this.#watchers.add(changed)
    if (this.offline) changed(false)
    return () => void this.#watchers.delete(changed)
  }

  /** Clients that listen to what the host tells. */
  get watchers(): number {
    return this.#watchers.size
  }

  /** The host tells that something changed, and whether it is online. */
  tell(online: boolean): void {
    for (const changed of this.#watchers) changed(online)
  }

  /** The clock goes on, and nothing runs: what comes due does so with the next `advance`. */
  sleep(ms: number): void {
    this.#now += ms
  }

  /** Timers that are set: what would keep a process alive. */
  get pendingTimers(): number {
    return this.#timers.length
  }

  /** ms until the first timer, or Infinity. */
  get nextTimer(): number {
    return Math.min(...this.#timers.map(({ at }) => at - this.#now))
  }

  /** The newest peer, once there is one more than `count`. */
  async peer(count = this.peers.length): Promise<ScriptedPeer> {
    const there = this.peers[count]
    return there ?? (await new Promise((resolve) => this.#waiting.push(resolve)))
  }

  /** Moves the clock, runs what comes due in its order, and lets promises settle in between. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    await settled()
    for (let next = this.#next(end); next; next = this.#next(end)) {
      const due = next
      this.#timers = this.#timers.filter((timer) => timer !== due)
      this.#now = Math.max(this.#now, due.at)
      due.callback()
      await settled()
    }
    this.#now = end
  }

  #next(end: number): Timer | undefined {
    return this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at || a.order - b.order)[0]
  }
}

/** Lets everything that is settled take its effect. It is a turn of the event loop: no time is waited for. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
