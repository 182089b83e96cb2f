/** The server's side of SCRAM (RFC 5802) on node:crypto, which shares no code with the client's, for its tests. */

import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto'
import type { ScramMechanism } from '../../platform/scram/index.js'

const HASHES = { 'SCRAM-SHA-1': 'sha1', 'SCRAM-SHA-256': 'sha256', 'SCRAM-SHA-512': 'sha512' }

export interface ScramServerOptions {
  /** As it was prepared. */
  username: string
  /** As it was prepared. */
  password: string
  iterations?: number
  salt?: Uint8Array
  /** What the server adds to the client's nonce. */
  nonce?: string
}

/** One exchange. Where the client is refused, its methods throw. */
export class ScramServer {
  readonly #hash: string
  readonly #options: Required<ScramServerOptions>
  #clientFirst = ''
  #serverFirst = ''
  #nonce = ''

  constructor(mechanism: ScramMechanism, options: ScramServerOptions) {
    this.#hash = HASHES[mechanism]
    this.#options = { iterations: 4096, salt: randomBytes(16), nonce: randomBytes(12).toString('hex'), ...options }
  }

  /** Takes the client's first message, gives the server's. */
  first(data: Uint8Array | undefined): Uint8Array {
    const { username, iterations, salt, nonce } = this.#options
    const [gs2, authzid, name, clientNonce, ...more] = text(data).split(',')
    if (gs2 !== 'n' || authzid !== '' || more.length > 0) throw new Error('not the header and two attributes')
    if (!clientNonce?.startsWith('r=') || clientNonce.length < 20) throw new Error('no nonce to speak of')
    if (!/^n=([^=]|=2C|=3D)+$/.test(name ?? '')) throw new Error('not a name')
    const given = name?.slice(2).replace(/=2C/g, ',').replace(/=3D/g, '=')
    if (given !== username) throw new Error(`unknown user ${given}`)
    this.#clientFirst = `${name},${clientNonce}`
    this.#nonce = clientNonce.slice(2) + nonce
    this.#serverFirst = `r=${this.#nonce},s=${Buffer.from(salt).toString('base64')},i=${iterations}`
    return Buffer.from(this.#serverFirst)
  }

  /** Takes the client's last message, gives the server's. */
  final(data: Uint8Array | undefined): Uint8Array {
    const { password, iterations, salt } = this.#options
    const [, withoutProof = '', proof = ''] = /^(.*),p=([^,]*)$/s.exec(text(data)) ?? []
    if (withoutProof !== `c=biws,r=${this.#nonce}`) throw new Error(`unexpected ${withoutProof}`)
    const conversation = [this.#clientFirst, this.#serverFirst, withoutProof].join()
    const size = createHash(this.#hash).digest().length
    const salted = pbkdf2Sync(password, salt, iterations, size, this.#hash)
    const clientKey = this.#hmac(salted, 'Client Key')
    const signature = this.#hmac(createHash(this.#hash).update(clientKey).digest(), conversation)
    const given = Buffer.from(proof, 'base64').map((byte, at) => byte ^ (signature[at] as number))
    if (given.length !== size || !timingSafeEqual(given, clientKey)) throw new Error('the proof is wrong')
    return Buffer.from(`v=${this.#hmac(this.#hmac(salted, 'Server Key'), conversation).toString('base64')}`)
  }

  #hmac(key: Buffer, data: string): Buffer {
    return createHmac(this.#hash, key).update(data).digest()
  }
}

function text(data: Uint8Array | undefined): string {
  return Buffer.from(data ?? []).toString('utf8')
}
