/** `emqtt/scram`: proves to a server that one has the password, and has it prove the same, without sending it. */

import type { Authenticator } from '../../src/index.js'
import { createScram, type ScramCredentials, type ScramMechanism } from './scram.js'

export { isMqttError, MqttError } from '../../src/index.js'
export type { Authenticator, ScramCredentials, ScramMechanism }

/**
 * An authenticator for the option `enhancedAuth` of one client (5.0 only):
 * `scram('SCRAM-SHA-256', { username, password })`.
 *
 * It needs Web Crypto, which browsers have only on pages from https or localhost. A server that does not prove that it
 * knows the password too, or that asks for less than 4096 or more than 10 000 000 iterations, is refused. Errors of an
 * exchange are an `MqttError` of phase `authentication` whose `code` begins with `SCRAM_`.
 *
 * @throws {TypeError} or {RangeError} that names what is wrong: `mechanism`, `username` or `password`
 */
export function scram(mechanism: ScramMechanism, credentials: ScramCredentials): Authenticator {
  return createScram(mechanism, credentials)
}
