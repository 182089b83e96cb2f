/** What the server says in an exchange of SCRAM (RFC 5802 §7), read strictly. */

import { MqttError } from '../../src/index.js'

/** Fewer iterations than this are too cheap to guess against (RFC 5802 §5.1, RFC 7677 §4). */
export const FEWEST_ITERATIONS = 4096
/** More than this, some seconds of work, is what a hostile server would ask for. */
export const MOST_ITERATIONS = 10_000_000

export interface ServerFirst {
  readonly nonce: string
  /** Base64. */
  readonly salt: string
  readonly iterations: number
}

// A printable is any of ASCII but the comma; base64 comes in fours.
const BASE64 = '(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?'
const EXTENSIONS = '(?:,[A-Za-z]=[^\\0,]+)*'
const SERVER_FIRST = new RegExp(`^r=([!-+\\--~]+),s=(${BASE64}),i=([1-9]\\d*)${EXTENSIONS}$`)
const SERVER_FINAL = new RegExp(`^v=(${BASE64})${EXTENSIONS}$`)

/** An error of the exchange. Trying again helps only where the server says that it lacked resources. */
export function scramError(code: string, message: string, retryable = false, cause?: unknown): MqttError {
  return new MqttError(message, { code, phase: 'authentication', retryable, cause })
}

export function readServerFirst(message: string, clientNonce: string): ServerFirst {
  refuseServerError(message)
  // What comes first under this name says that the message cannot be understood without knowing it (RFC 5802 §5.1).
  if (message.startsWith('m=')) {
    throw scramError(
      'SCRAM_EXTENSION',
      'the server demands an extension of SCRAM (m=) that nobody knows; check its settings',
    )
  }
  const [, nonce, salt, digits] = SERVER_FIRST.exec(message) ?? []
  if (!nonce || !salt || !digits) throw badMessage('its first message to be r=nonce,s=salt,i=iterations')
  // Otherwise it would be the answer to another exchange, recorded or rerouted.
  if (!nonce.startsWith(clientNonce) || nonce === clientNonce) {
    throw scramError(
      'SCRAM_SERVER_NONCE',
      'the server did not add to our nonce, as who knows this exchange would; it may not be the server that you mean',
    )
  }
  const iterations = Number(digits)
  if (iterations < FEWEST_ITERATIONS || iterations > MOST_ITERATIONS) {
    throw scramError(
      'SCRAM_ITERATIONS',
      `iterations: expected ${FEWEST_ITERATIONS} to ${MOST_ITERATIONS} from the server, got ${digits.slice(0, 20)}; store the password there with such a count`,
    )
  }
  return { nonce, salt, iterations }
}

/** The server's signature, in base64. */
export function readServerFinal(message: string): string {
  refuseServerError(message)
  const signature = SERVER_FINAL.exec(message)?.[1]
  if (!signature) throw badMessage('its last message to be v=signature')
  return signature
}

export function badMessage(expected: string): MqttError {
  return scramError(
    'SCRAM_MESSAGE',
    `the server broke SCRAM: expected ${expected}; check that it speaks this mechanism`,
  )
}

/** `e=` may stand for the server's last message (RFC 5802 §7); some send it instead of the first. */
function refuseServerError(message: string): void {
  const error = /^e=([^,]+)/.exec(message)?.[1]
  if (error === undefined) return
  // It is the server's own text, so that it is shown only as far as it is a name.
  const name = /^[\w.-]{1,40}$/.test(error) ? error : 'other-error'
  throw scramError(
    'SCRAM_SERVER_ERROR',
    `the server ended SCRAM with ${name}; check the user name, the password and the mechanism`,
    name === 'no-resources',
  )
}
