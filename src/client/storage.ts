/** Keeps the session in the application's store: read at the beginning, written ahead of the wire, given back at the end. */

import type { Packet } from '../codec/packet.js'
import { describe, isMqttError, MqttError } from '../errors.js'
import type { Batch } from '../session/journal.js'
import { Kept } from '../session/kept.js'
import type { Session } from '../session/session.js'
import type { Events } from './events.js'
import { within } from './pending.js'
import type { SessionStore } from './store.js'
import type { Platform } from './transport.js'

/** The record that says whose session it is. */
const OWNER = 'owner'

/** How long a client that ends waits for its store, ms: one that never answers must not keep it for ever. */
const PATIENCE = 10_000

/** Between two writes of the same, ms, where nothing else is to be written. */
const RETRY = 5_000

/** Whose session a store keeps. */
export interface Owner {
  readonly clientId: string
  /** URLs without credentials: one of them has to be the same. */
  readonly servers: readonly string[]
}

export class Storage {
  readonly #store: SessionStore
  readonly #session: Session
  readonly #kept: Kept
  readonly #platform: Platform
  readonly #events: Events
  readonly #owner: Owner
  #opening: Promise<void> | undefined
  #closing: Promise<void> | undefined
  /** The same, for as long as anybody waits for it. */
  #closed = Promise.resolve()
  #scheduled = false
  #writing: Promise<void> | undefined
  /** Packets that leave when the write under way is done, and those that wait for the one behind it. */
  #held: [Packet[], Packet[]] = [[], []]
  #released: Packet[] = []
  /** PUBCOMP that waits until the store works again. */
  #withheld: Packet[] = []
  /** Whether something that has to be written could not be; then `error` has said so. */
  #failing = false
  #cancelRetry: (() => void) | undefined
  /** Whether it is not known yet what the store holds. */
  loading = false
  /** Something may leave now. Set by the client, before anything is written. */
  written!: () => void

  constructor(store: SessionStore, session: Session, platform: Platform, events: Events, owner: Owner) {
    this.#store = store
    this.#session = session
    this.#kept = session.keptBy((...parts) => new Kept(...parts))
    this.#platform = platform
    this.#events = events
    this.#owner = owner
  }

  /**
   * Opens the store within `ms` and takes its session up; `reset`, to drop it. Rejects with an `MqttError` of phase
   * `store`.
   */
  open(reset: boolean, ms: number): Promise<void> {
    this.loading = true
    this.#opening = this.#open(this.#closing, reset)
    this.#closing = undefined
    return this.#within(ms, 'connectTimeout', this.#opening)
  }

  /** Writes what is left and gives the store back. What fails is told by `error`. */
  close(): Promise<void> {
    if (!this.#closing) {
      this.#closing = this.#close()
      this.#closed = this.#within(PATIENCE, 'disconnect', this.#closing).catch((error) => this.#events.raise(error))
    }
    return this.#closed
  }

  /** Takes what the session wants to send; gives what may leave now: that of which all that it follows from is written. */
  admit(packets: Packet[]): Packet[] {
    const { changed } = this.#kept
    if (changed) this.#schedule()
    const last = packets.at(-1)
    if (last?.type === 'disconnect' && last.reasonCode >= 0x80) {
      // The connection fails, and what was not sent on it is sent on the next one.
      this.drop()
      return [last]
    }
    const line = changed ? this.#held[1] : this.#writing ? this.#held[0] : undefined
    if (!line && !this.#failing && this.#released.length === 0) return packets
    if (line) for (const packet of packets) line.push(packet)
    else this.#release(packets)
    const released = this.#released
    this.#released = []
    return released
  }

  /** The connection is gone, and with it what was to leave on it. */
  drop(): void {
    this.#held = [[], []]
    this.#released = []
    this.#withheld = []
  }

  /** Resolves once nothing is to be written for now, or the store takes too long for that. */
  idle(): Promise<void> {
    return this.#within(PATIENCE, 'disconnect', this.#idle()).catch(() => {})
  }

  async #idle(): Promise<void> {
    while (this.#writing || this.#scheduled) {
      this.#write()
      await this.#writing
    }
  }

  async #open(closing: Promise<void> | undefined, reset: boolean): Promise<void> {
    await closing
    const { entries, damage, lossless } = await settled(() => this.#store.open()).catch((error) => {
      throw storeError(error)
    })
    try {
      const records = new Map(entries)
      await this.#claim(records.get(OWNER))
      records.delete(OWNER)
      const broken = this.#kept.load(records, this.#platform.wallClock() - this.#platform.now())
      this.loading = false
      if (reset) this.#session.reset()
      const unreadable = broken === 0 ? undefined : `${broken} of its records cannot be read and are dropped`
      if (damage) this.#events.raise(damaged(damage, lossless))
      if (unreadable) this.#events.raise(damaged(unreadable))
      this.written()
    } catch (error) {
      this.#kept.unload()
      await this.#attempt(() => this.#store.close())
      throw storeError(error)
    }
  }

  /** Looks whose session it is, and says that it is ours from now on. */
  async #claim(record: Uint8Array | undefined): Promise<void> {
    const { clientId, servers } = this.#owner
    const ours = JSON.stringify({ clientId, servers })
    const found = record && new TextDecoder().decode(record)
    if (found === ours) return
    const theirs = found === undefined ? this.#owner : readOwner(found)
    if (theirs.clientId !== clientId) throw foreign('clientId', describe(theirs.clientId), describe(clientId))
    if (!servers.some((server) => theirs.servers.includes(server)))
      throw foreign('server', theirs.servers.join(' or '), servers.join(', '))
    await this.#store.write(new Map([[OWNER, new TextEncoder().encode(ours)]]))
  }

  #schedule(): void {
    if (this.#writing || this.#scheduled || !this.#opening) return
    this.#scheduled = true
    // Behind the application's turn: what it publishes at once is written at once.
    this.#platform.defer(() => this.#write())
  }

  #write(): void {
    this.#scheduled = false
    if (this.#writing) return
    this.#cancelRetry?.()
    const batch = this.#kept.takeBatch()
    this.#held = [this.#held[1], []]
    if (batch) this.#writing = this.#save(batch)
    else this.#pass()
  }

  async #save(batch: Batch): Promise<void> {
    try {
      await settled(() => this.#store.write(batch.changes))
      this.#failing = false
      this.#kept.stored(batch, this.#platform.now())
    } catch (cause) {
      const error = this.#events.named(storeError(cause))
      this.#kept.unstored(batch, () => error)
      // Who published hears of it. What else was to be written has nobody, and would say the same again and again.
      if (batch.changes.size > batch.accepted.length) this.#fail(error)
    }
    this.#writing = undefined
    this.#pass()
  }

  #fail(error: MqttError): void {
    if (!this.#failing) this.#events.raise(error)
    this.#failing = true
    if (this.#opening) this.#cancelRetry = this.#platform.setTimer(() => this.#schedule(), RETRY)
  }

  /** What waited for the last write may leave: also where it failed, for the connection goes on. */
  #pass(): void {
    if (!this.#failing) this.#held[0].push(...this.#withheld.splice(0))
    this.#release(this.#held[0])
    this.#held[0] = []
    // At the end nobody is told any more, and no timer is set.
    if (this.#opening) this.written()
  }

  #release(packets: readonly Packet[]): void {
    // After PUBCOMP the server uses the Packet Identifier for another message, and the store would still have it as come:
    // a process that starts from there would take that message for a double. All else costs a double at the most.
    for (const packet of packets)
      (this.#failing && packet.type === 'pubcomp' ? this.#withheld : this.#released).push(packet)
  }

  async #close(): Promise<void> {
    const opening = this.#opening
    this.#opening = undefined
    this.#cancelRetry?.()
    // Who connects again at once may publish: that is for the store as it is opened then.
    this.#kept.seal()
    const opened = await opening?.then(
      () => true,
      () => false,
    )
    if (!opened) return
    await this.#idle()
    const batch = this.#kept.takeBatch()
    if (batch) await this.#attempt(() => this.#store.write(batch.changes))
    this.#kept.unload()
    await this.#attempt(() => this.#store.close())
  }

  #within(ms: number, what: string, promise: Promise<void>): Promise<void> {
    const message = `store: it did not answer within ${ms} ms (${what}); another page or program may be in its way`
    const late = () => new MqttError(message, { code: 'STORE_TIMEOUT', phase: 'store', retryable: true })
    return within(this.#platform, ms, late, promise)
  }

  /** Nobody waits for it, so a failure is told by `error`. */
  async #attempt(act: () => Promise<void>): Promise<void> {
    await settled(act).catch((error) => this.#events.raise(storeError(error)))
  }
}

/** What the application's store throws is a rejection, too, and comes a turn later. */
async function settled<T>(act: () => Promise<T>): Promise<T> {
  return act()
}

function readOwner(text: string): Owner {
  try {
    const { clientId, servers } = JSON.parse(text)
    if (typeof clientId === 'string' && Array.isArray(servers)) return { clientId, servers }
  } catch {}
  throw damaged('it does not say whose session it is; it may be of another program, or of a later version')
}

function damaged(what: string, lossless = false): MqttError {
  return new MqttError(`store: ${what}`, { code: lossless ? 'STORE_RECOVERED' : 'STORE_DAMAGED', phase: 'store' })
}

function foreign(what: string, got: string, expected: string): MqttError {
  const message = `store: expected a session of the ${what} ${expected}, got one of ${got}; give each client a store of its own`
  return new MqttError(message, { code: 'STORE_OF_ANOTHER', phase: 'store' })
}

/** An error of the store's as one of ours. */
function storeError(cause: unknown): MqttError {
  if (isMqttError(cause)) return cause
  const message = 'store: it failed, and what was to be kept in it is not accepted; see cause'
  return new MqttError(message, { code: 'STORE_FAILED', phase: 'store', retryable: true, cause })
}
