/** The errors of a client's connection: what went wrong and what to do, from the reason that the server gave. */

import type { Connack } from '../codec/packets/connack.js'
import type { Disconnect } from '../codec/packets/disconnect.js'
import type { ProtocolVersion } from '../codec/protocol.js'
import { reasonCodeOfReturnCode, reasonName, reasonSymbol, returnCodeName } from '../codec/reason.js'
import {
  ConnectError,
  ConnectionLostError,
  describe,
  isMqttError,
  type MqttError,
  type MqttErrorDetails,
  type RefusedError,
} from '../errors.js'
import { refused } from '../session/failures.js'
import { mayRetry } from './reconnect.js'
import type { Endpoint } from './transport.js'

/** What an attempt to connect waits for. */
export type WaitedFor = 'credentials' | 'network' | 'connack' | 'authentication'

const ADVICE: ReadonlyMap<number, string> = new Map([
  [0x84, 'choose another protocolVersion'],
  [0x85, 'choose another clientId'],
  [0x86, 'check username and password'],
  [0x87, 'check username and password, and what they allow'],
  [0x8c, 'choose another enhancedAuth'],
  [0x8e, 'another client uses the same clientId: give each its own'],
  [0x95, 'send smaller packets'],
  [0x9a, 'change the will'],
  [0x9b, 'change the will'],
  [0x9d, 'connect to the server that serverReference names'],
])

/** CONNACK refused. `freshCredentials`: the next attempt brings others. `proven`: those of the last connection were good. */
export function connackError(
  { reasonCode, properties }: Connack,
  version: ProtocolVersion,
  { label }: Endpoint,
  freshCredentials: boolean,
  proven = false,
): ConnectError {
  const code = version === 5 ? reasonCode : reasonCodeOfReturnCode(reasonCode)
  const name = version === 5 ? reasonName(reasonCode, 'connack') : returnCodeName(reasonCode)
  return new ConnectError(sentence(`${label} refused the connection`, name, code, properties.reasonString), {
    code: reasonSymbol(code, 'connack'),
    phase: 'connack',
    reasonCode,
    retryable: mayRetry(code, freshCredentials, proven),
  })
}

/** The server sent DISCONNECT. `referred`: it named another server, and that is where the next attempt goes. */
export function disconnectError(
  { reasonCode, properties }: Disconnect,
  freshCredentials: boolean,
  referred = false,
): ConnectionLostError {
  const name = reasonName(reasonCode, 'disconnect')
  return new ConnectionLostError(sentence('the server disconnected', name, reasonCode, properties.reasonString), {
    code: reasonSymbol(reasonCode, 'disconnect'),
    phase: 'session',
    reasonCode,
    retryable: referred || reasonCode < 0x80 || mayRetry(reasonCode, freshCredentials),
  })
}

/** SUBACK refused a filter. */
export function subscribeError(
  filter: string,
  reasonCode: number,
  reasonString: string | undefined,
  version: ProtocolVersion,
): RefusedError {
  const name = version === 5 ? reasonName(reasonCode, 'suback') : 'Failure'
  const what = `the server refused the subscription to ${JSON.stringify(filter)}`
  return refused(reasonCode, sentence(what, name, reasonCode, reasonString), 'suback')
}

/** The authenticator failed, or does not take the server for who it should be. */
export function authenticationError(cause: unknown): MqttError {
  if (isMqttError(cause)) return cause
  const details = { code: 'AUTHENTICATION_FAILED', phase: 'authentication', retryable: true, cause } as const
  return new ConnectError('enhancedAuth: the authenticator failed; see cause', details)
}

/**
 * `connectTimeout` is over. On the way to the network, Node's transports make it an error that says how far they came; in
 * a browser, all of it is the WebSocket's.
 */
export function connectTimeout({ label, transport }: Endpoint, ms: number, waitedFor: WaitedFor): ConnectError {
  const what =
    { network: 'network connection', connack: 'CONNACK', authentication: 'answer of enhancedAuth' }[
      waitedFor as 'network'
    ] ?? waitedFor
  const phase = waitedFor !== 'network' ? waitedFor : transport.startsWith('ws') ? 'websocket' : 'tcp'
  return new ConnectError(`${label}: no ${what} within ${ms} ms (connectTimeout); check host and port, or raise it`, {
    code: 'ETIMEDOUT',
    phase,
    retryable: true,
  })
}

export function credentialsError(field: string, cause: unknown): ConnectError {
  const details = { code: 'CREDENTIALS_FAILED', phase: 'credentials', retryable: true, cause } as const
  return new ConnectError(`${field}: the function that gives it failed; see cause`, details)
}

export function credentialsExpired(): ConnectError {
  const details = { code: 'CREDENTIALS_EXPIRED', phase: 'credentials', retryable: true } as const
  return new ConnectError('credentials: they have expired already; check expiresAt, and the clock here', details)
}

/** No failure: another connection takes the place of this one. */
export function credentialsRenewed(): ConnectionLostError {
  const details = { code: 'CREDENTIALS_RENEWED', phase: 'credentials', retryable: true } as const
  return new ConnectionLostError('the credentials expire soon: the client connects again with others', details)
}

/** The connection was cut, as those before it were, soon after CONNACK. In 3.x, that is all that one hears of a session taken over. */
export function cutAgain(error: Error, times: number): ConnectionLostError {
  const { code, phase, retryable } = isMqttError(error)
    ? error
    : ({ code: 'CONNECTION_CLOSED', phase: 'session', retryable: true } as const)
  return new ConnectionLostError(
    `${error.message}, ${times} times in a row: another client may use the same clientId, or the server may not take what is sent`,
    { code, phase, retryable, cause: error },
  )
}

/** The connection ended before CONNACK. A transport that knows why has said what to do. */
export function notConnected({ label }: Endpoint, cause: Error): ConnectError {
  if (cause instanceof ConnectError) return cause
  const details: MqttErrorDetails = { code: 'CONNECTION_CLOSED', phase: 'connack', retryable: true, cause }
  if (isMqttError(cause)) {
    if (cause.phase !== 'session' && cause.phase !== 'codec') {
      return new ConnectError(cause.message, { ...cause, cause })
    }
    details.code = cause.code
  }
  return new ConnectError(
    `${label} ended the connection before CONNACK: ${cause.message}; check that it is an MQTT server and takes this protocolVersion`,
    details,
  )
}

/** Why the client does not take a call, or ended one, after `disconnect` or `stop`. */
export function closedError(): ConnectionLostError {
  return new ConnectionLostError(
    'the client is disconnected; what it accepted at QoS 1 and 2 is sent by the next connect(), unless that is a clean start',
    { code: 'CLOSED', phase: 'closed' },
  )
}

/** Anything that was thrown, as an error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(`no error, but thrown: ${describe(thrown)}`)
}

/** What happened, the server's reason, and what to do. */
function sentence(what: string, name: string, reasonCode: number, reasonString: string | undefined): string {
  const advice = ADVICE.get(reasonCode)
  return `${what}: ${name}${reasonString === undefined ? '' : ` (${reasonString})`}${advice ? `; ${advice}` : ''}`
}
