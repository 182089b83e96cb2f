/** Looks for secrets in all that comes out of a client: in texts, and in bytes however they are printed. */

import { inspect } from 'node:util'
import type { ClientEvents, CoreClient } from '../../src/index.js'

const EVENTS: readonly (keyof ClientEvents)[] = [
  'connect',
  'disconnect',
  'reconnecting',
  'resubscribe',
  'message',
  'redirect',
  'drop',
  'discard',
  'error',
  'close',
  'packetsend',
  'packetreceive',
]

/** The forms in which a secret may be seen. */
function formsOf(secret: string | Uint8Array): string[] {
  const bytes = Buffer.from(secret)
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0'))
  const list = [...bytes].join(',')
  const entries = [...bytes].map((byte, at) => `"${at}":${byte}`).join(',')
  const escaped = JSON.stringify(bytes.toString()).slice(1, -1)
  const encoded = encodeURIComponent(bytes.toString())
  return [bytes.toString(), escaped, encoded, bytes.toString('base64'), hex.join(''), hex.join(' '), list, entries]
}

/** All that anybody could print of a value, without white space between numbers. */
export function everythingOf(value: unknown): string {
  const options = { depth: Infinity, showHidden: true, maxArrayLength: null, maxStringLength: null }
  const texts = [inspect(value), inspect(value, { ...options, breakLength: Infinity }), json(value)]
  if (typeof value !== 'object' || value === null) texts.push(String(value))
  for (let error = value; error instanceof Error; error = error.cause) texts.push(String(error), `${error.stack}`)
  return texts.map((text) => `${text}\n${text.replace(/,\s+/g, ',')}`).join('\n')
}

function json(value: unknown): string {
  try {
    return JSON.stringify(value) ?? ''
  } catch (error) {
    return String(error)
  }
}

/** The secrets that are in what came out. */
export function leaks(output: string, secrets: readonly (string | Uint8Array)[]): string[] {
  return secrets.flatMap((secret) => formsOf(secret).filter((form) => output.includes(form)))
}

/** Collects all events of a client, and in the end the client itself. */
export function listen(client: CoreClient): () => string {
  const heard: string[] = []
  for (const name of EVENTS) client.on(name, (event) => void heard.push(name, everythingOf(event)))
  return () =>
    [...heard, everythingOf(client), everythingOf(client.info), everythingOf(client.metrics()), `${client}`].join('\n')
}
