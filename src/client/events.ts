/** The events of a client, and its errors, which all bear its name. */

import { isMqttError } from '../errors.js'
import { Emitter } from './emitter.js'
import { asError } from './failures.js'
import type { ClientEvents } from './results.js'

const NOBODY = { failed: () => {} }

export class Events extends Emitter<ClientEvents> {
  /** Of the client. */
  name: string
  #raising = false

  constructor(name: string) {
    super()
    this.name = name
  }

  failed(error: unknown): void {
    this.raise(error)
  }

  /** Emits `error`. What a listener of it throws has nowhere to go. */
  raise(thrown: unknown): void {
    if (this.#raising) return
    this.#raising = true
    this.emit('error', this.named(asError(thrown)), NOBODY)
    this.#raising = false
  }

  named<E>(error: E): E {
    if (isMqttError(error)) error.client ??= this.name
    return error
  }
}
