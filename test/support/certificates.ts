/** Certificates for tests: a CA, a server, a client, and servers whose certificates are wrong; made once per checkout. */

import { createPrivateKey, webcrypto, X509Certificate } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { X509CrlGenerator, X509CrlReason } from '@peculiar/x509'
import { generate, type SubjectAltNameEntry } from 'selfsigned'

/** A certificate and its key as PEM, and as files for brokers that want paths. */
export interface Certificate {
  readonly cert: string
  readonly key: string
  readonly certFile: string
  readonly keyFile: string
}

export interface Certificates {
  /** It signed the others. As an option of a client: `tls: { ca: certificates.ca.cert }`. */
  readonly ca: Certificate
  /** For localhost, 127.0.0.1 and ::1. */
  readonly server: Certificate
  /** For a client; its common name is `test-client`. */
  readonly client: Certificate
  /** As `server`, and expired in 2021. */
  readonly expired: Certificate
  /** Valid, for `elsewhere.example` only. */
  readonly wrongHost: Certificate
  /** For localhost, signed by itself. */
  readonly selfSigned: Certificate
  /** As `server`, and on the CA's list of those that it has taken back. */
  readonly revoked: Certificate
  /** That list, as PEM. */
  readonly crl: string
}

type Signer = Pick<Certificate, 'cert' | 'key'>

const LOCALHOST: SubjectAltNameEntry[] = [
  { type: 2, value: 'localhost' },
  { type: 7, ip: '127.0.0.1' },
  { type: 7, ip: '::1' },
]

/** Made again when what is made below changes its name here, and with each `npm ci`. */
const DIRECTORY = fileURLToPath(new URL('../../node_modules/.cache/emqtt-test-certificates-2', import.meta.url))

const NAMES = ['ca', 'server', 'client', 'expired', 'wrongHost', 'selfSigned', 'revoked'] as const

const CRL = 'ca.crl'

let loaded: Promise<Certificates> | undefined

/** The same ones for all tests, in this and in later runs. */
export function certificates(): Promise<Certificates> {
  loaded ??= load()
  return loaded
}

async function load(): Promise<Certificates> {
  if (!existsSync(DIRECTORY)) await make()
  const entries = NAMES.map((name): [string, Certificate] => {
    const certFile = join(DIRECTORY, `${name}.crt`)
    const keyFile = join(DIRECTORY, `${name}.key`)
    const [cert, key] = [readFileSync(certFile, 'utf8'), readFileSync(keyFile, 'utf8')]
    return [name, { cert, key, certFile, keyFile }]
  })
  const crl = readFileSync(join(DIRECTORY, CRL), 'utf8')
  return { ...(Object.fromEntries(entries) as Record<(typeof NAMES)[number], Certificate>), crl }
}

async function make(): Promise<void> {
  mkdirSync(dirname(DIRECTORY), { recursive: true })
  const fresh = mkdtempSync(`${DIRECTORY}-`)
  const issue = async (name: (typeof NAMES)[number], commonName: string, options: IssueOptions): Promise<Signer> => {
    const signed = await sign(commonName, options)
    writeFileSync(join(fresh, `${name}.crt`), signed.cert)
    writeFileSync(join(fresh, `${name}.key`), signed.key)
    return signed
  }

  const ca = await issue('ca', 'emqtt test CA', {})
  const [revoked] = await Promise.all([
    issue('revoked', 'localhost', { ca, names: LOCALHOST }),
    issue('server', 'localhost', { ca, names: LOCALHOST }),
    issue('client', 'test-client', { ca, names: [{ type: 2, value: 'test-client' }] }),
    issue('expired', 'localhost', { ca, names: LOCALHOST, from: 2020, until: 2021 }),
    issue('wrongHost', 'elsewhere.example', { ca, names: [{ type: 2, value: 'elsewhere.example' }] }),
    issue('selfSigned', 'localhost', { names: LOCALHOST }),
  ])
  writeFileSync(join(fresh, CRL), await revoke(revoked, ca))
  try {
    // At one stroke, since other test files make them at the same time; the first one's are used by all.
    renameSync(fresh, DIRECTORY)
  } catch (error) {
    rmSync(fresh, { recursive: true })
    if (!existsSync(DIRECTORY)) throw error
  }
}

interface IssueOptions {
  /** Absent: signed by itself. */
  ca?: Signer
  /** Absent: it is a CA. */
  names?: SubjectAltNameEntry[]
  /** Years. */
  from?: number
  until?: number
}

async function sign(commonName: string, { ca, names, from = 2024, until = 2100 }: IssueOptions): Promise<Signer> {
  const made = await generate([{ name: 'commonName', value: commonName }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: newYear(from),
    notAfterDate: newYear(until),
    extensions:
      names === undefined
        ? [
            { name: 'basicConstraints', cA: true, critical: true },
            { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
          ]
        : [
            { name: 'basicConstraints', cA: false, critical: true },
            { name: 'keyUsage', digitalSignature: true, critical: true },
            { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
            { name: 'subjectAltName', altNames: names },
          ],
    ...(ca === undefined ? {} : { ca }),
  })
  return { cert: made.cert, key: made.private }
}

async function revoke(revoked: Signer, ca: Signer): Promise<string> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const signingKey = await webcrypto.subtle.importKey(
    'pkcs8',
    createPrivateKey(ca.key).export({ type: 'pkcs8', format: 'der' }),
    algorithm,
    false,
    ['sign'],
  )
  const { serialNumber } = new X509Certificate(revoked.cert)
  const list = await X509CrlGenerator.create({
    issuer: new X509Certificate(ca.cert).subject,
    thisUpdate: newYear(2024),
    nextUpdate: newYear(2100),
    entries: [{ serialNumber, revocationDate: newYear(2024), reason: X509CrlReason.keyCompromise }],
    signingAlgorithm: algorithm,
    signingKey,
  })
  // OpenSSL knows it by this name only.
  return list.toString('pem').replace(/(BEGIN|END) CRL/g, '$1 X509 CRL')
}

function newYear(year: number): Date {
  return new Date(Date.UTC(year, 0))
}
