/** Has the application's authenticator answer the session, whenever it comes to it, and the session hear of it. */

import type { SessionEvent } from '../session/events.js'
import { ask } from './ask.js'
import type { AuthenticationData, Authenticator } from './authenticator.js'
import type { CancelSignal } from './cancel.js'
import { authenticationError } from './failures.js'
import type { Parts } from './parts.js'
import { encodeText } from './text.js'

type Step = Extract<SessionEvent, { type: 'challenge' | 'verify' }>

export class Authentication {
  readonly #parts: Parts
  #authenticator: Authenticator | undefined
  /** The last step, until the application has answered it. */
  #working: object | undefined

  constructor(parts: Parts) {
    this.#parts = parts
    this.#authenticator = parts.settings.enhancedAuth
  }

  /** Whether it is the application that has to go on. */
  get working(): boolean {
    return this.#working !== undefined
  }

  get method(): string | undefined {
    return this.#authenticator?.method
  }

  /** The data of CONNECT. */
  async begin(): Promise<AuthenticationData> {
    const authenticator = this.#authenticator
    try {
      return authenticator && checked('start', await this.#work(() => authenticator.start()))
    } catch (error) {
      throw authenticationError(error)
    }
  }

  /**
   * Once more, on the connection that there is; it ends if the server refuses. `authenticator` takes the place of the one
   * before, for good. `accepted` is called before anything else happens.
   */
  renew(authenticator = this.#authenticator, signal?: CancelSignal, accepted: () => void = () => {}): Promise<void> {
    return ask(
      this.#parts,
      signal,
      (tag) => {
        if (this.#parts.session.reauthenticate(tag, this.#parts.platform.now())) this.#authenticator = authenticator
      },
      accepted,
    )
  }

  /** The session waits for the application. */
  async hear(step: Step): Promise<void> {
    const { session, platform, connection } = this.#parts
    const { exchange } = step
    try {
      if (step.type === 'challenge') {
        const answer = await this.#work(() => this.#answer(step))
        session.authenticate(exchange, answer, platform.now())
      } else {
        await this.#work(() => (this.#authenticator as Authenticator).finish?.(step.data))
        session.verified(exchange, platform.now())
      }
    } catch (error) {
      session.refuse(exchange, authenticationError(error))
    }
    connection.update()
  }

  async #work<T>(work: () => T): Promise<Awaited<T>> {
    const working = {}
    this.#working = working
    try {
      return await work()
    } finally {
      if (this.#working === working) this.#working = undefined
    }
  }

  async #answer({ data, anew }: Extract<Step, { type: 'challenge' }>): Promise<AuthenticationData> {
    const authenticator = this.#authenticator as Authenticator
    const first = anew ? checked('start', await authenticator.start()) : undefined
    return anew && data === undefined ? first : checked('next', await authenticator.next(data))
  }
}

function checked(step: string, data: unknown): AuthenticationData {
  return data === undefined ? undefined : encodeText(`enhancedAuth.${step}`, data as Uint8Array)
}
