/** The CONNECT of an attempt: as set, with the user name and the password of now. */

import { isBytes } from '../codec/fields.js'
import { measurePacket } from '../codec/packet.js'
import type { Connect } from '../codec/packets/connect.js'
import type { Authentication } from './authentication.js'
import { credentialsError, notConnected } from './failures.js'
import type { Credentials } from './options.js'
import type { Settings } from './settings.js'
import { encodeText } from './text.js'
import type { Endpoint } from './transport.js'

/** March 1973. A time before it was meant in seconds. */
const FIRST_MS = 100_000_000_000

/** `ahead`: what was asked for already. With the packet comes the time at which its credentials expire. */
export async function connectPacket(
  settings: Settings,
  endpoint: Endpoint,
  clientId: string,
  cleanStart: boolean,
  authentication: Authentication,
  ahead?: Credentials,
): Promise<{ packet: Connect; expiresAt: number | undefined }> {
  const [{ username, password, expiresAt }, authenticationData] = await Promise.all([
    ahead ?? askCredentials(settings),
    authentication.begin().catch((error) => {
      throw notConnected(endpoint, error)
    }),
  ])
  const secret = password ?? endpoint.password
  const packet: Connect = {
    ...settings.connect,
    clientId,
    cleanStart,
    username: username ?? endpoint.username,
    password: secret === undefined ? undefined : encodeText('password', secret),
    properties: { ...settings.connect.properties, authenticationMethod: authentication.method, authenticationData },
  }
  measurePacket(packet, settings.version)
  return { packet, expiresAt }
}

type Secret = string | Uint8Array | undefined

/** What the application gives now, checked. */
export async function askCredentials({ credentials, username, password }: Settings): Promise<Credentials> {
  if (credentials) return checked(await asked('credentials', credentials))
  const [name, secret] = await Promise.all([credential('username', username), credential('password', password)])
  return { username: name as string, password: secret as Secret } as Credentials
}

async function credential(field: string, value: Secret | (() => Secret | Promise<Secret>)): Promise<Secret> {
  if (typeof value !== 'function') return value
  const given = await asked(field, value)
  if (given === undefined || typeof given === 'string' || isBytes(given)) return given
  // What it is may be a secret in another form.
  throw new TypeError(`${field}: expected the function to give a string`)
}

async function asked<T>(field: string, give: () => T): Promise<Awaited<T>> {
  try {
    return await give()
  } catch (error) {
    throw credentialsError(field, error)
  }
}

const FIELDS: Readonly<Record<string, readonly [expected: string, fits: (value: unknown) => boolean]>> = {
  username: ['a string', (value) => typeof value === 'string'],
  password: ['a string or bytes', (value) => typeof value === 'string' || isBytes(value)],
  expiresAt: [
    'ms since 1970 (what is in seconds, times 1 000)',
    (value) => typeof value === 'number' && value >= FIRST_MS,
  ],
}

/** Nothing of what came is shown but names and types: it may be a secret in the wrong place. */
function checked(given: unknown): Credentials {
  if (typeof given !== 'object' || given === null)
    throw new TypeError('credentials: expected the function to give { username, password, expiresAt }')
  for (const [name, value] of Object.entries(given)) {
    const [expected, fits] = (Object.hasOwn(FIELDS, name) && FIELDS[name]) || ['no such field', () => false]
    if (value !== undefined && !fits(value))
      throw new TypeError(`credentials.${name}: expected ${expected}, got ${typeof value}`)
  }
  return given
}
