/** What the application waits for: each request is settled at most once and, once the server answers all, exactly once. */

import type { Message } from './messages.js'

export interface Request {
  readonly name: string
  readonly message: Message | undefined
  /** Nobody may hear of it: it belongs to subscriptions that the next connection makes again. */
  readonly optional: boolean
}

export class Promises {
  readonly #open = new Map<string, Request>()
  #count = 0

  /** Requests that are open, by their tags. */
  get open(): ReadonlyMap<string, Request> {
    return this.#open
  }

  /** Requests that have to be settled yet. */
  get awaited(): string[] {
    return [...this.#open.values()].filter(({ optional }) => !optional).map(({ name }) => name)
  }

  /** Gives the tag of a request. */
  ask(what: string, message?: Message, optional = false): string {
    const name = `${what} ${this.#count++}`
    this.#open.set(name, { name, message, optional })
    return name
  }

  /** The session settled a request. */
  settle(tag: unknown, how: string): Request {
    const request = this.#open.get(tag as string)
    if (!request) throw new Error(`${String(tag)}: ${how}, when nobody waits for it any more`)
    this.#open.delete(tag as string)
    return request
  }

  /** Nobody waits any more. */
  forget(tag: string): void {
    this.#open.delete(tag)
  }
}
