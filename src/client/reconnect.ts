/** Whether, and when, to connect again: each reason to fail is classified, each delay is random below a growing cap. */

import { isMqttError } from '../errors.js'
import type { ReconnectOptions, ReconnectPolicy } from './options.js'

/** A connection that lived this long, ms, starts the back-off anew. */
export const STABLE_AFTER = 5_000

/** Reason Codes after which the same attempt may succeed later; any other that the server gives is final. */
const AGAIN = [
  0x80, // Unspecified error
  0x88, // Server unavailable
  0x89, // Server busy
  0x8b, // Server shutting down
  0x8d, // Keep Alive timeout
  0x93, // Receive Maximum exceeded
  0x96, // Message rate too high
  0x97, // Quota exceeded
  0x98, // Administrative action: brokers that move clients to another node say so
  0x9c, // Use another server
  0x9f, // Connection rate exceeded
  0xa0, // Maximum connect time
]

/** Bad User Name or Password, Not authorized: a fresh token may help. */
const CREDENTIALS = [0x86, 0x87]

/** Whether to try again after a Reason Code of CONNACK or DISCONNECT. `code` is of 5.0, also for a 3.x return code. */
export function mayRetry(code: number, freshCredentials: boolean): boolean {
  return AGAIN.includes(code) || (freshCredentials && CREDENTIALS.includes(code))
}

/**
 * The delay in ms before attempt number `attempt` (from 1), or false to give up. `random` is from 0 to 1. While the host
 * says that it is offline, the longest: an attempt would be in vain, but a host is wrong at times (a VPN, a local server).
 */
export function nextDelay(
  options: ReconnectOptions | ReconnectPolicy,
  attempt: number,
  error: Error,
  random: () => number,
  offline?: boolean,
): number | false {
  if (typeof options === 'function') return options(attempt, error)
  const { maxAttempts = Infinity, minDelay = 1_000, maxDelay = 30_000 } = options
  if (attempt > maxAttempts || (isMqttError(error) && !error.retryable)) return false
  if (offline) return maxDelay
  // Full jitter: clients that lost one server together do not come back together.
  return random() * Math.min(maxDelay, minDelay * 2 ** Math.min(attempt - 1, 30))
}
