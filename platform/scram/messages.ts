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
  const [nonce, salt, digits] = readAttributes(message, 'rsi') ?? []
  if (!nonce || !salt || !digits || !isPrintable(nonce) || !isBase64(salt) || !isCount(digits))
    throw badMessage('its first message to be r=nonce,s=salt,i=iterations')
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
  const [signature] = readAttributes(message, 'v') ?? []
  if (!signature || !isBase64(signature)) throw badMessage('its last message to be v=signature')
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
  const error = message.startsWith('e=') && message.slice(2).split(',', 1)[0]
  if (!error) return
  // It is the server's own text, so that it is shown only as far as it is a name.
  const name = error.length <= 40 && hasOnly(error, `${ALPHANUMERIC}_.-`) ? error : 'other-error'
  throw scramError(
    'SCRAM_SERVER_ERROR',
    `the server ended SCRAM with ${name}; check the user name, the password and the mechanism`,
    name === 'no-resources',
  )
}

const DIGITS = '0123456789'
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const ALPHANUMERIC = LETTERS + DIGITS

/**
 * The values of the attributes `names`, one letter each, that a message begins with; extensions may follow. Undefined where
 * it is no such message. Read without a regular expression, because the server wrote it.
 */
function readAttributes(message: string, names: string): string[] | undefined {
  const attributes = message.split(',')
  const fits = attributes.every((attribute, at) => {
    const name = attribute.charAt(0)
    const expected = at < names.length ? name === names[at] : name !== '' && LETTERS.includes(name)
    return expected && attribute.length > 2 && attribute[1] === '=' && !attribute.includes('\0')
  })
  return fits && attributes.length >= names.length ? attributes.map((attribute) => attribute.slice(2)) : undefined
}

/** Any of ASCII but the comma, at which attributes were parted, and white space. */
function isPrintable(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) <= 0x20 || text.charCodeAt(at) >= 0x7f) return false
  return true
}

function isBase64(text: string): boolean {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  return text.length % 4 === 0 && hasOnly(text.slice(0, text.length - padding), `${ALPHANUMERIC}+/`)
}

function isCount(text: string): boolean {
  return text[0] !== '0' && hasOnly(text, DIGITS)
}

function hasOnly(text: string, characters: string): boolean {
  for (const character of text) if (!characters.includes(character)) return false
  return true
}
