/** The errors of a client's connection: what went wrong and what to do, from the reason that the server gave. */

import type { Connack } from '../codec/packets/connack.js'
import type { Disconnect } from '../codec/packets/disconnect.js'
import type { ProtocolVersion } from '../codec/protocol.js'
import { reasonCodeOfReturnCode, reasonName, reasonSymbol, returnCodeName } from '../codec/reason.js'
import { ConnectError, ConnectionLostError, describe, isMqttError, RefusedError } from '../errors.js'
import { retryAfter } from './reconnect.js'
import type { Endpoint } from './transport.js'

const ADVICE: ReadonlyMap<number, string> = new Map([
  [0x84, 'choose another protocolVersion'],
  [0x85, 'choose another clientId'],
  [0x86, 'check username and password'],
  [0x87, 'check username and password, and what the server allows them'],
  [0x8a, 'ask whoever runs the server'],
  [0x8c, 'choose another authenticationMethod'],
  [0x8e, 'another client has connected with the same clientId: give each its own'],
  [0x95, 'send smaller packets'],
  [0x9a, 'do not set retain in the will'],
  [0x9b, 'lower the QoS of the will'],
  [0x9d, 'connect to the server that serverReference names'],
])

/** CONNACK refused. `freshCredentials`: the next attempt brings others. */
export function connackError(
  { reasonCode, properties }: Connack,
  version: ProtocolVersion,
  endpoint: Endpoint,
  freshCredentials: boolean,
): ConnectError {
  const code = version === 5 ? reasonCode : reasonCodeOfReturnCode(reasonCode)
  const name = version === 5 ? reasonName(reasonCode, 'connack') : returnCodeName(reasonCode)
  return new ConnectError(
    `${endpoint.label} refused the connection: ${sentence(name, code, properties.reasonString)}`,
    {
      code: reasonSymbol(code, 'connack'),
      phase: 'connack',
      reasonCode,
      retryable: mayRetry(code, freshCredentials),
    },
  )
}

/** The server sent DISCONNECT. */
export function disconnectError(
  { reasonCode, properties }: Disconnect,
  freshCredentials: boolean,
): ConnectionLostError {
  const name = reasonName(reasonCode, 'disconnect')
  return new ConnectionLostError(`the server disconnected: ${sentence(name, reasonCode, properties.reasonString)}`, {
    code: reasonSymbol(reasonCode, 'disconnect'),
    phase: 'session',
    reasonCode,
    retryable: reasonCode === 0 || mayRetry(reasonCode, freshCredentials),
  })
}

/** SUBACK or UNSUBACK refused the only filter that was asked for. */
export function subscribeError(
  filter: string,
  reasonCode: number,
  reasonString: string | undefined,
  version: ProtocolVersion,
): RefusedError {
  const name = version === 5 ? reasonName(reasonCode, 'suback') : 'Failure'
  return new RefusedError(
    `the server refused the subscription to ${JSON.stringify(filter)}: ${sentence(name, reasonCode, reasonString)}`,
    {
      code: reasonSymbol(reasonCode, 'suback'),
      phase: 'session',
      reasonCode,
    },
  )
}

export function connectTimeout(endpoint: Endpoint, ms: number, phase: 'credentials' | 'tcp' | 'connack'): ConnectError {
  const waitedFor = { credentials: 'username or password', tcp: 'a network connection', connack: 'CONNACK' }[phase]
  return new ConnectError(
    `${endpoint.label} gave no connection within ${ms} ms (connectTimeout): still waiting for ${waitedFor}; check host and port, or raise connectTimeout`,
    { code: 'ETIMEDOUT', phase, retryable: true },
  )
}

export function credentialsError(field: string, cause: unknown): ConnectError {
  return new ConnectError(`${field}: the function that was asked for it failed; see cause`, {
    code: 'CREDENTIALS_FAILED',
    phase: 'credentials',
    retryable: true,
    cause,
  })
}

/** The connection ended before CONNACK. A transport that knows why has said what to do. */
export function notConnected(endpoint: Endpoint, cause: Error): ConnectError {
  if (cause instanceof ConnectError) return cause
  if (isMqttError(cause) && cause.phase !== 'session' && cause.phase !== 'codec')
    return new ConnectError(cause.message, { ...cause, cause })
  return new ConnectError(
    `${endpoint.label} ended the connection before CONNACK: ${cause.message}; check that it is an MQTT server and takes this protocolVersion`,
    { code: isMqttError(cause) ? cause.code : 'CONNECTION_CLOSED', phase: 'connack', retryable: true, cause },
  )
}

/** Why the client does not take a call, or ended one, after `disconnect` or `stop`. */
export function closedError(): ConnectionLostError {
  return new ConnectionLostError(
    'the client is disconnected; a message of QoS 1 or 2 that was accepted is sent by the next connect(), unless that is a clean start',
    { code: 'CLOSED', phase: 'closed' },
  )
}

/** Anything that was thrown, as an error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(`something that is no error was thrown: ${describe(thrown)}`)
}

function mayRetry(reasonCode: number, freshCredentials: boolean): boolean {
  const retry = retryAfter(reasonCode)
  return retry === 'again' || (retry === 'credentials' && freshCredentials)
}

function sentence(name: string, reasonCode: number, reasonString: string | undefined): string {
  const advice = ADVICE.get(reasonCode)
  return `${name}${reasonString === undefined ? '' : ` (${reasonString})`}${advice === undefined ? '' : `; ${advice}`}`
}
