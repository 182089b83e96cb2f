/** The client's side of SCRAM (RFC 5802, RFC 7677) as an `Authenticator`, on Web Crypto. */

import type { AuthenticationData, Authenticator } from '../../src/index.js'
import { areEqual, createNonce, deriveKeys, digest, fromBase64, type Keys, sign, toBase64, xor } from './crypto.js'
import { badMessage, readServerFinal, readServerFirst, scramError } from './messages.js'
import { prepareText } from './saslprep.js'

/** The mechanisms, as the server names them, and their hashes, as Web Crypto does. */
const HASHES = {
  'SCRAM-SHA-1': 'SHA-1',
  'SCRAM-SHA-256': 'SHA-256',
  'SCRAM-SHA-512': 'SHA-512',
} as const

/** Prefer `SCRAM-SHA-256`; `SCRAM-SHA-512` is what some brokers have beside it, `SCRAM-SHA-1` what old ones have. */
export type ScramMechanism = keyof typeof HASHES

/** Both go through SASLprep (RFC 4013), so that they mean the same however they were typed. */
export interface ScramCredentials {
  /** Or a function that is asked at each exchange. */
  username: string | (() => string | Promise<string>)
  /** Or a function that is asked at each exchange, once the server has answered. It is never sent. */
  password: string | (() => string | Promise<string>)
}

/** "n,,": no channel binding, and nobody else to act as (RFC 5802 §7). */
const HEADER = 'n,,'

/** One exchange: what was said so far, and what the server has to prove itself with. */
interface Exchange {
  readonly nonce: string
  clientFirst?: string
  signature?: Uint8Array
  proven?: boolean
}

/** `newNonce` is for tests, which compare with the examples of the standards. */
export function createScram(
  mechanism: ScramMechanism,
  { username, password }: ScramCredentials,
  newNonce: () => string = createNonce,
): Authenticator {
  const hash = HASHES[mechanism]
  if (!Object.hasOwn(HASHES, mechanism)) {
    throw new RangeError(`mechanism: expected ${Object.keys(HASHES).join(', ')}, got ${JSON.stringify(mechanism)}`)
  }
  // What is known now is checked now.
  if (typeof username !== 'function') prepare('username', username)
  if (typeof password !== 'function') prepare('password', password)

  let current: Exchange | undefined
  // Spares the server's iterations at the next exchange. It holds as long as all that it was made from stays the same.
  let known: { readonly from: string; readonly keys: Keys } | undefined

  const answerFirst = async (exchange: Exchange, clientFirst: string, message: string): Promise<Uint8Array> => {
    const { nonce, salt, iterations } = readServerFirst(message, exchange.nonce)
    const secret = await ask('password', password)
    const from = `${iterations},${salt},${secret}`
    if (known?.from !== from) known = { from, keys: await deriveKeys(hash, secret, fromBase64(salt), iterations) }
    const { clientKey, serverKey } = known.keys

    const withoutProof = `c=${btoa(HEADER)},r=${nonce}`
    const conversation = `${clientFirst},${message},${withoutProof}`
    const clientSignature = await sign(hash, await digest(hash, clientKey), conversation)
    exchange.signature = await sign(hash, serverKey, conversation)
    return encode(`${withoutProof},p=${toBase64(xor(clientKey, clientSignature))}`)
  }

  const checkFinal = (exchange: Exchange, signature: Uint8Array, message: string): void => {
    if (!areEqual(fromBase64(readServerFinal(message)), signature)) {
      throw scramError(
        'SCRAM_SERVER_SIGNATURE',
        'the server did not prove that it knows the password: its signature is wrong; it may not be the server that you mean',
      )
    }
    exchange.proven = true
  }

  return {
    method: mechanism,

    async start() {
      if (!globalThis.crypto?.subtle) {
        throw scramError(
          'SCRAM_NO_WEB_CRYPTO',
          'SCRAM needs Web Crypto (crypto.subtle), which browsers have only on pages from https or localhost',
        )
      }
      const exchange: Exchange = { nonce: newNonce() }
      // At once, so that what still comes of an exchange before this one cannot touch it.
      current = exchange
      const name = (await ask('username', username)).replaceAll('=', '=3D').replaceAll(',', '=2C')
      exchange.clientFirst = `n=${name},r=${exchange.nonce}`
      return encode(HEADER + exchange.clientFirst)
    },

    async next(serverData) {
      const exchange = current
      const message = decode(serverData)
      if (exchange?.clientFirst === undefined || exchange.proven) throw badMessage('no further message of it')
      const { clientFirst, signature } = exchange
      if (signature === undefined) return answerFirst(exchange, clientFirst, message)
      // The server's last message may come before its success, and is answered with nothing.
      checkFinal(exchange, signature, message)
      return undefined
    },

    finish(serverData) {
      const exchange = current
      if (exchange?.proven && !serverData?.length) return
      if (exchange?.signature === undefined || !serverData?.length) {
        throw scramError(
          'SCRAM_SERVER_UNPROVEN',
          'the server ended SCRAM without a proof that it knows the password; it may not be the server that you mean',
        )
      }
      checkFinal(exchange, exchange.signature, decode(serverData))
    },
  }
}

/** What is wrong with a value is said without showing it. */
function prepare(field: 'username' | 'password', text: unknown): string {
  if (typeof text !== 'string') throw new TypeError(`${field}: expected a string, or a function that gives one`)
  if (text === '') throw new RangeError(`${field}: expected at least one character`)
  // RFC 5802 §5.1 takes the name for a query, and §2.2 the password for a stored string.
  return prepareText(field, text, field === 'username' ? 'query' : 'stored')
}

async function ask(field: 'username' | 'password', given: string | (() => string | Promise<string>)): Promise<string> {
  if (typeof given !== 'function') return prepare(field, given)
  let text: string
  try {
    text = await given()
  } catch (cause) {
    throw scramError('SCRAM_CREDENTIALS', `${field}: the function that gives it failed; see cause`, true, cause)
  }
  try {
    return prepare(field, text)
  } catch (cause) {
    throw scramError('SCRAM_CREDENTIALS', `${(cause as Error).message}; it came from a function`, false, cause)
  }
}

function encode(message: string): Uint8Array {
  return new TextEncoder().encode(message)
}

function decode(data: AuthenticationData): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data)
  } catch {
    throw badMessage('UTF-8')
  }
}
