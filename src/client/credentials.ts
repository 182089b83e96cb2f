/** The CONNECT of an attempt: as set, with the user name and the password of now. */

import { isBytes } from '../codec/fields.js'
import { measurePacket } from '../codec/packet.js'
import type { Connect } from '../codec/packets/connect.js'
import type { Authentication } from './authentication.js'
import { credentialsError, notConnected } from './failures.js'
import type { Settings } from './settings.js'
import { encodeText } from './text.js'
import type { Endpoint } from './transport.js'

export async function connectPacket(
  settings: Settings,
  endpoint: Endpoint,
  clientId: string,
  cleanStart: boolean,
  authentication: Authentication,
): Promise<Connect> {
  const [username, password, authenticationData] = await Promise.all([
    credential('username', settings.username),
    credential('password', settings.password),
    authentication.begin().catch((error) => {
      throw notConnected(endpoint, error)
    }),
  ])
  const secret = password ?? endpoint.password
  const packet: Connect = {
    ...settings.connect,
    clientId,
    cleanStart,
    username: (username as string | undefined) ?? endpoint.username,
    password: secret === undefined ? undefined : encodeText('password', secret),
    properties: { ...settings.connect.properties, authenticationMethod: authentication.method, authenticationData },
  }
  measurePacket(packet, settings.version)
  return packet
}

type Secret = string | Uint8Array | undefined

async function credential(field: string, value: Secret | (() => Secret | Promise<Secret>)): Promise<Secret> {
  if (typeof value !== 'function') return value
  let given: Secret
  try {
    given = await value()
  } catch (error) {
    throw credentialsError(field, error)
  }
  if (given === undefined || typeof given === 'string' || isBytes(given)) return given
  // What it is may be a secret in another form.
  throw new TypeError(`${field}: expected the function to give a string`)
}
