/** What an application may give as bytes: a string, taken as UTF-8, or the bytes themselves. */

import { isBytes } from '../codec/fields.js'

const encoder = new TextEncoder()

/** Not copied where it is bytes already: they must not change until the promise of their message is settled. */
export function encodeText(field: string, value: string | Uint8Array): Uint8Array {
  if (typeof value === 'string') return encoder.encode(value)
  if (isBytes(value)) return value
  // What it is may be a secret in another form.
  throw new TypeError(`${field}: expected a string or a Uint8Array, got ${typeof value}`)
}
