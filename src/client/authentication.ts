/** Has the application's authenticator answer the session, whenever it comes to it, and the session hear of it. */

import type { SessionEvent } from '../session/events.js'
import type { AuthenticationData, Authenticator } from './authenticator.js'
import { authenticationError } from './failures.js'
import type { Parts } from './parts.js'
import { encodeText } from './text.js'

type Step = Extract<SessionEvent, { type: 'challenge' | 'verify' }>

export class Authentication {
  readonly #parts: Parts
  #authenticator: Authenticator | undefined
  /** Steps that the application has not answered yet. */
  #working = 0

  constructor(parts: Parts) {
    this.#parts = parts
    this.#authenticator = parts.settings.enhancedAuth
  }

  /** Whether it is the application that has to go on. */
  get working(): boolean {
    return this.#working > 0
  }

  get method(): string | undefined {
    return this.#authenticator?.method
  }

  /** The first data of an exchange. `authenticator` takes the place of the one before, for good. */
  async begin(authenticator?: Authenticator): Promise<AuthenticationData> {
    this.#authenticator = authenticator ?? this.#authenticator
    try {
      return checked('start', await this.#authenticator?.start())
    } catch (error) {
      throw authenticationError(error)
    }
  }

  /** The session waits for the application. Where that answers at once, so does this. */
  async hear(step: Step): Promise<void> {
    const { session, platform, connection } = this.#parts
    const { exchange } = step
    this.#working++
    try {
      if (step.type === 'challenge') {
        const answer = await this.#answer(step)
        session.authenticate(exchange, answer, platform.now())
      } else {
        await this.#authenticator?.finish?.(step.data)
        session.verified(exchange, platform.now())
      }
    } catch (error) {
      session.refuse(exchange, authenticationError(error))
    } finally {
      this.#working--
      connection.update()
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
