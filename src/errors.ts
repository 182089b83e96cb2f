/** Every error of this package, and the one test that tells them from others. */

/** Where in the life of a connection something failed. */
export type ErrorPhase =
  | 'options'
  | 'credentials'
  | 'authentication'
  | 'resolve'
  | 'tcp'
  | 'tls'
  | 'websocket'
  | 'connack'
  | 'session'
  | 'codec'
  | 'store'
  | 'closed'

/** What an `MqttError` is made of, beside its sentence. */
export interface MqttErrorDetails {
  /** A POSIX name (`ECONNREFUSED`), `ETIMEDOUT`, an OpenSSL name, or a name of MQTT's own (`NOT_AUTHORIZED`). */
  code: string
  phase: ErrorPhase
  /** The Reason Code (§2.4 of MQTT 5.0) or, from a 3.x server, the CONNACK return code; absent where none was sent. */
  reasonCode?: number | undefined
  /** Whether trying the same thing again can succeed without a change by the application. */
  retryable?: boolean
  cause?: unknown
}

const BRAND = Symbol.for('emqtt.MqttError')

/** The base of all errors of this package. The message ends with what to do about it. */
export class MqttError extends Error {
  override readonly name: string = 'MqttError'
  readonly code: string
  readonly phase: ErrorPhase
  readonly reasonCode: number | undefined
  readonly retryable: boolean
  /** The `name` of the client that it happened to, where there is one. */
  client: string | undefined
  declare readonly cause?: unknown

  constructor(message: string, details: MqttErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = details.code
    this.phase = details.phase
    this.reasonCode = details.reasonCode
    this.retryable = details.retryable ?? false
    this.client = undefined
    Object.defineProperty(this, BRAND, { value: true })
  }
}

/** The connection could not be made: `phase` says how far it came, `code` and `cause` say why. */
export class ConnectError extends MqttError {
  override readonly name = 'ConnectError'
}

/** The peer broke the protocol. `reasonCode` is what MQTT 5.0 names for it (§4.13): 0x81, 0x82, 0x95 and so on. */
export class ProtocolError extends MqttError {
  override readonly name = 'ProtocolError'
  declare readonly reasonCode: number

  constructor(message: string, reasonCode: number, code: string) {
    super(message, { code, phase: 'codec', reasonCode, retryable: true })
  }
}

/** The server did not answer within `ackTimeout`. */
export class AckTimeoutError extends MqttError {
  override readonly name = 'AckTimeoutError'
}

/** The server answered with a Reason Code of 0x80 or above, or said in CONNACK that it would. */
export class RefusedError extends MqttError {
  override readonly name = 'RefusedError'
  declare readonly reasonCode: number
}

/** The connection ended, and with it what was waiting for it. */
export class ConnectionLostError extends MqttError {
  override readonly name = 'ConnectionLostError'
}

/**
 * Whether `value` is an error of this package, of any copy of it: an application may hold the ESM and the CJS build
 * at once, where `instanceof` fails.
 */
export function isMqttError(value: unknown): value is MqttError {
  return typeof value === 'object' && value !== null && BRAND in value
}

/** What a value looks like in an error, short, and never more than its beginning. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)
  if (typeof value === 'function') return 'a function'
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (typeof value === 'object' && value !== null) return value.constructor?.name ?? 'an object'
  return typeof value === 'bigint' ? `${value}n` : String(value)
}

/** The caller gave a value of the wrong type. Never called with a secret as `got`. */
export function wrongType(field: string, expected: string, got: unknown): TypeError {
  return new TypeError(`${field}: expected ${expected}, got ${describe(got)}`)
}

/** The caller gave a value of the right type and outside its range. */
export function outOfRange(field: string, expected: string, got: unknown): RangeError {
  return new RangeError(`${field}: expected ${expected}, got ${describe(got)}`)
}
