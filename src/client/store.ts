/** What the core asks of a place where a session outlives its process or its page. */

/** What a store holds when it is opened. */
export interface StoredSession {
  /** All that was written and not removed since, in any order. */
  readonly entries: Iterable<readonly [key: string, value: Uint8Array]>
  /** A sentence on what was found broken, for the event `error`; undefined when nothing was. What can be read is in `entries`. */
  readonly damage?: string | undefined
  /** Whether nothing that was accepted is missing all the same: only what was cut off before. Default false. */
  readonly lossless?: boolean
}

/**
 * Keeps the state of one client's session (§4.1): what was accepted, what is in flight, what came. `emqtt/store/file` and
 * `emqtt/store/indexeddb` have one each, `keepSession` of `emqtt/store` takes one of your own; without one, a session
 * lives in memory. Keys are short and of ASCII letters and digits. What it rejects with is best an `MqttError` of phase
 * `store`; anything else becomes the `cause` of one.
 */
export interface SessionStore {
  /**
   * Takes the store for one client alone. Rejects, with the code `STORE_LOCKED`, while another process, tab or client has
   * it. Called again after `close`.
   */
  open(): Promise<StoredSession>
  /**
   * Puts each value, and removes each key whose value is undefined: all of it or, when it rejects, none. Resolves once it
   * survives the end of the process or the page. Never called before the last `write` has settled. Nobody changes the map or the
   * bytes afterwards.
   */
  write(changes: ReadonlyMap<string, Uint8Array | undefined>): Promise<void>
  /** Gives the store free for others. */
  close(): Promise<void>
}
