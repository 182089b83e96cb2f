/** Certificates for tests: a CA, a server, a client, and servers whose certificates are wrong; made once per checkout. */

import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
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
}

type Signer = Pick<Certificate, 'cert' | 'key'>

const LOCALHOST: SubjectAltNameEntry[] = [
  { type: 2, value: 'localhost' },
  { type: 7, ip: '127.0.0.1' },
  { type: 7, ip: '::1' },
]

/** Made again when what is made below changes its name here, and with each `npm ci`. */
const DIRECTORY = fileURLToPath(new URL('../../node_modules/.cache/emqtt-test-certificates-1', import.meta.url))

const NAMES = ['ca', 'server', 'client', 'expired', 'wrongHost', 'selfSigned'] as const

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
  return Object.fromEntries(entries) as unknown as Certificates
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
  await Promise.all([
    issue('server', 'localhost', { ca, names: LOCALHOST }),
    issue('client', 'test-client', { ca, names: [{ type: 2, value: 'test-client' }] }),
    issue('expired', 'localhost', { ca, names: LOCALHOST, from: 2020, until: 2021 }),
    issue('wrongHost', 'elsewhere.example', { ca, names: [{ type: 2, value: 'elsewhere.example' }] }),
    issue('selfSigned', 'localhost', { names: LOCALHOST }),
  ])
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
    notBeforeDate: new Date(Date.UTC(from, 0)),
    notAfterDate: new Date(Date.UTC(until, 0)),
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
