/** The operations that SCRAM is made of (RFC 5802 §2.2, §3), on Web Crypto: the same in Node and in browsers. */

export type Hash = 'SHA-1' | 'SHA-256' | 'SHA-512'
type Bytes = Uint8Array<ArrayBuffer>

/** What is derived from a password, a salt and an iteration count, and costs all of the time. */
export interface Keys {
  readonly clientKey: Bytes
  readonly serverKey: Bytes
}

const BITS = { 'SHA-1': 160, 'SHA-256': 256, 'SHA-512': 512 }

export async function deriveKeys(hash: Hash, password: string, salt: Bytes, iterations: number): Promise<Keys> {
  const secret = new TextEncoder().encode(password)
  const { subtle } = crypto
  const key = await subtle.importKey('raw', secret, 'PBKDF2', false, ['deriveBits'])
  const salted = new Uint8Array(await subtle.deriveBits({ name: 'PBKDF2', hash, salt, iterations }, key, BITS[hash]))
  const [clientKey, serverKey] = await Promise.all([sign(hash, salted, 'Client Key'), sign(hash, salted, 'Server Key')])
  return { clientKey, serverKey }
}

/** HMAC. */
export async function sign(hash: Hash, key: Bytes, text: string): Promise<Bytes> {
  const { subtle } = crypto
  const imported = await subtle.importKey('raw', key, { name: 'HMAC', hash }, false, ['sign'])
  return new Uint8Array(await subtle.sign('HMAC', imported, new TextEncoder().encode(text)))
}

export async function digest(hash: Hash, bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest(hash, bytes))
}

/** 144 random bits as 24 characters, none of which is a comma. */
export function createNonce(): string {
  return toBase64(crypto.getRandomValues(new Uint8Array(18)))
}

export function xor(left: Uint8Array, right: Uint8Array): Uint8Array {
  return left.map((byte, at) => byte ^ (right[at] as number))
}

/** Takes as long whatever the first difference is, so that nobody can guess a signature byte by byte. */
export function areEqual(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false
  let difference = 0
  for (let at = 0; at < left.length; at++) difference |= (left[at] as number) ^ (right[at] as number)
  return difference === 0
}

export function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
}

/** Of text that is known to be base64. */
export function fromBase64(text: string): Bytes {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
}
