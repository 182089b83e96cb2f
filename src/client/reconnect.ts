/** Whether, and when, to connect again: each reason to fail is classified, each delay is random below a growing cap. */

import { type ErrorPhase, isMqttError } from '../errors.js'
import type { ReconnectOptions, ReconnectPolicy } from './options.js'
import type { Platform } from './transport.js'

/** A connection that lived this long, ms, starts the back-off anew. */
export const STABLE_AFTER = 5_000

export const RECONNECT: Required<ReconnectOptions> = {
  maxAttempts: Infinity,
  minDelay: 1_000,
  maxDelay: 30_000,
  retryFirst: false,
}

/**
 * The same, ms, once several in a row were cut without a word. Of two clients with one client id each lives as long as the other
 * waits: neither may start anew for that, or they would take turns for ever, the faster the longer the other waits.
 */
export function stableAfterCut(options: Required<ReconnectOptions> | ReconnectPolicy): number {
  const { maxDelay } = typeof options === 'function' ? RECONNECT : options
  return STABLE_AFTER + 2 * maxDelay
}

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

/** Not authorized: what servers say, too, while that which checks credentials is out of order. */
const UNSURE = 0x87

/** How far an attempt comes before the server has heard of MQTT. */
const ON_THE_WAY: readonly ErrorPhase[] = ['resolve', 'tcp', 'tls', 'websocket']

/**
 * Whether to try again after a Reason Code of CONNACK or DISCONNECT. `code` is of 5.0, also for a 3.x return code.
 * `proven`: a connection was made before, with the same settings.
 */
export function mayRetry(code: number, freshCredentials: boolean, proven = false): boolean {
  return AGAIN.includes(code) || (freshCredentials && CREDENTIALS.includes(code)) || (proven && code === UNSURE)
}

/**
 * Whether the reason of a failure may pass without a change by the application. What was right on the way to the server
 * when a connection was made before, somebody may put right again: a certificate, a path of a proxy, a listener.
 */
export function mayPass(error: unknown, proven: boolean): boolean {
  return !isMqttError(error) || error.retryable || (proven && ON_THE_WAY.includes(error.phase))
}

/** From 0 to 1. */
export function fraction(platform: Platform): number {
  return platform.random(3).reduce((sum, byte) => (sum + byte) / 256, 0)
}

/**
 * The delay in ms before attempt number `attempt` (from 1), or false to give up. `random` is from 0 to 1. While the host
 * says that it is offline, the longest: an attempt would be in vain, but a host is wrong at times (a VPN, a local server).
 */
export function nextDelay(
  options: Required<ReconnectOptions> | ReconnectPolicy,
  attempt: number,
  error: Error,
  random: () => number,
  offline?: boolean,
  proven = false,
): number | false {
  if (typeof options === 'function') return options(attempt, error)
  const { maxAttempts, minDelay, maxDelay } = options
  if (attempt > maxAttempts || !mayPass(error, proven)) return false
  if (offline) return maxDelay
  // Full jitter: clients that lost one server together do not come back together.
  return random() * Math.min(maxDelay, minDelay * 2 ** Math.min(attempt - 1, 30))
}
