/** TLS over real sockets: who is let in, by which certificate, name, protocol and version, and how each refusal reads. */

import { createPrivateKey } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ClientOptions, connect, type TlsOptions } from '../../platform/node/index.js'
import { type Certificates, certificates } from '../support/certificates.js'
import { type Mosquitto, startMosquitto } from '../support/mosquitto.js'
import { expectFailure } from './failures.js'
import { serveTls } from './servers.js'

const SCHEMES = ['mqtts', 'wss'] as const
const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const
const OLD_VERSIONS = ['TLSv1', 'TLSv1.1'] as const
/** OpenSSL's word for "also what is not safe any more". */
const ANYTHING = 'DEFAULT:@SECLEVEL=0'
/** Or, by chance, the key that comes of it looks whole and is not. */
const WRONG_PASS_PHRASE = /tls\.key is encrypted, and tls\.passphrase is missing or wrong|not readable.*tls\.passphrase/

let made: Certificates
let trusting: TlsOptions
beforeAll(async () => {
  made = await certificates()
  trusting = { ca: made.ca.cert }
})

async function visit(url: string, options: ClientOptions): Promise<void> {
  const client = await connect(url, options)
  await client.disconnect()
}

describe('the certificate of the server', () => {
  const wrong = [
    ['expired', 'CERT_HAS_EXPIRED', /certificate has expired: it must be renewed there/],
    ['selfSigned', 'DEPTH_ZERO_SELF_SIGNED_CERT', /signed by nobody we trust: .* give its CA as tls\.ca/],
    ['wrongHost', 'ERR_TLS_CERT_ALTNAME_INVALID', /is for another name: connect by a name that it bears/],
    ['revoked', 'CERT_REVOKED', /certificate was revoked: it must be replaced there/],
  ] as const
  for (const scheme of SCHEMES) {
    for (const [name, code, says] of wrong) {
      test(`that is ${name} is refused with an error that names which, over ${scheme}`, async () => {
        const { cert, key } = made[name]
        await using server = await serveTls({ cert, key })
        await expectFailure(
          `${scheme}://localhost:${server.port}`,
          { tls: name === 'revoked' ? { ...trusting, crl: made.crl } : trusting },
          { code, phase: 'tls', retryable: false, says, cause: { code } },
        )
      })
    }
  }

  test('that is not on the list of revoked ones is accepted; a list that its CA has no part in is not enough', async () => {
    await using server = await serveTls()
    const url = `mqtts://localhost:${server.port}`
    await visit(url, { tls: { ...trusting, crl: made.crl } })
    const { cert, key } = made.selfSigned
    await using other = await serveTls({ cert, key })
    await expectFailure(
      `mqtts://localhost:${other.port}`,
      { tls: { ca: cert, crl: made.crl } },
      {
        code: 'UNABLE_TO_GET_CRL',
        phase: 'tls',
        retryable: false,
        says: /tls\.crl has no list of the CA/,
        cause: { code: 'UNABLE_TO_GET_CRL' },
      },
    )
  })

  test('of nobody we trust is accepted when rejectUnauthorized is false, and by no other way around', async () => {
    const { cert, key } = made.selfSigned
    await using server = await serveTls({ cert, key })
    const url = `mqtts://localhost:${server.port}`
    await visit(url, { tls: { rejectUnauthorized: false } })
    await visit(url, { tls: { ca: cert } })
  })
})

describe('the name', () => {
  test('that SNI asks for and the certificate has to bear is the host, or tls.servername', async () => {
    const names: unknown[] = []
    await using server = await serveTls({}, (socket) => names.push(socket.servername))
    await visit(`mqtts://localhost:${server.port}`, { tls: trusting })
    await visit(`mqtts://127.0.0.1:${server.port}`, { tls: { ...trusting, servername: 'localhost' } })
    expect(names).toEqual(['localhost', 'localhost'])
    await expectFailure(
      `mqtts://localhost:${server.port}`,
      { tls: { ...trusting, servername: 'elsewhere.example' } },
      {
        code: 'ERR_TLS_CERT_ALTNAME_INVALID',
        phase: 'tls',
        retryable: false,
        says: /set tls\.servername/,
        cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
      },
    )
  })

  test('that the server does not know is told as that', async () => {
    await using server = await serveTls({
      SNICallback: (name, found) => found(name === 'localhost' ? null : new Error(name)),
    })
    await visit(`mqtts://localhost:${server.port}`, { tls: trusting })
    // Node's server closes; what others send, unrecognized_name, is in the table of platform/node/connect-errors.ts.
    await expectFailure(
      `mqtts://127.0.0.1:${server.port}`,
      { tls: { ...trusting, servername: 'elsewhere.example' } },
      {
        code: 'ECONNRESET',
        phase: 'tls',
        retryable: true,
        says: /broke off the TLS handshake/,
        cause: { code: 'ECONNRESET' },
      },
    )
  })
})

describe('ALPN', () => {
  test('offers what tls.ALPNProtocols says, and nothing unless told', async () => {
    const chosen: unknown[] = []
    await using server = await serveTls({ ALPNProtocols: ['mqtt'] }, (socket) => chosen.push(socket.alpnProtocol))
    await visit(`mqtts://localhost:${server.port}`, { tls: { ...trusting, ALPNProtocols: ['mqtt'] } })
    await visit(`mqtts://localhost:${server.port}`, { tls: { ...trusting, ALPNProtocols: ['x-amzn-mqtt-ca', 'mqtt'] } })
    await visit(`mqtts://localhost:${server.port}`, { tls: trusting })
    expect(chosen).toEqual(['mqtt', 'mqtt', false])
  })

  test('that a server knows nothing of does no harm', async () => {
    await using server = await serveTls()
    await visit(`mqtts://localhost:${server.port}`, { tls: { ...trusting, ALPNProtocols: ['mqtt'] } })
  })

  test.each(SCHEMES)('that the server refuses is named, over %s', async (scheme) => {
    await using server = await serveTls({ ALPNProtocols: ['h2'] })
    const code = 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL'
    await expectFailure(
      `${scheme}://localhost:${server.port}`,
      { tls: { ...trusting, ALPNProtocols: ['mqtt'] } },
      { code, phase: 'tls', retryable: false, says: /speaks none of tls\.ALPNProtocols: check/, cause: { code } },
    )
  })
})

describe('a client certificate', () => {
  let broker: Mosquitto
  beforeAll(async () => {
    broker = await startMosquitto({ mtls: true })
  })
  afterAll(() => broker[Symbol.asyncDispose]())

  /** The client's key behind the pass phrase "sesame". */
  const locked = (): string =>
    createPrivateKey(made.client.key)
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'sesame' })
      .toString()

  test('is shown to a server that asks, with its key as it is, behind a pass phrase, or both in PKCS #12', async () => {
    const names: unknown[] = []
    const seen = (socket: TLSSocket): void => void names.push(socket.getPeerCertificate().subject.CN)
    const pkcs12 = Buffer.from(PKCS12, 'base64')
    await using server = await serveTls({ requestCert: true, ca: [made.ca.cert, PKCS12_CERTIFICATE] }, seen)
    const url = `mqtts://localhost:${server.port}`
    const { cert, key } = made.client
    await visit(url, { tls: { ...trusting, cert, key } })
    await visit(url, { tls: { ...trusting, cert, key: locked(), passphrase: 'sesame' } })
    await visit(url, { tls: { ...trusting, pfx: pkcs12, passphrase: 'sesame' } })
    expect(names).toEqual(['test-client', 'test-client', 'pkcs12-client'])
  })

  test.each(VERSIONS)('that is missing is asked for by name, in %s', async (maxVersion) => {
    await expectFailure(
      broker.urls.mtls,
      { tls: { ...trusting, maxVersion } },
      {
        // OpenSSL's alert; or, when our CONNECT met the closed connection first, only that.
        code: /ALERT_(CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE)$|^(ECONNRESET|EPIPE)$/,
        phase: 'tls',
        retryable: expect.any(Boolean),
        says: /wants? a client certificate .*tls\.cert and tls\.key/,
        cause: { code: expect.any(String) },
      },
    )
  })

  for (const maxVersion of VERSIONS) {
    for (const name of ['selfSigned', 'expired'] as const) {
      test(`that is ${name} is told as one that the server does not trust, in ${maxVersion}`, async () => {
        const { cert, key } = made[name]
        await expectFailure(
          broker.urls.mtls,
          { tls: { ...trusting, cert, key, maxVersion } },
          {
            code: /ALERT_(UNKNOWN_CA|CERTIFICATE_EXPIRED)$|^(ECONNRESET|EPIPE)$/,
            phase: 'tls',
            retryable: expect.any(Boolean),
            says: /want a client certificate|wants a client certificate that it trusts/,
            cause: { code: expect.any(String) },
          },
        )
      })
    }

    test(`that a server refuses without a word is what it is told to be about, in ${maxVersion}`, async () => {
      // Node's own server sends no alert.
      await using server = await serveTls({ requestCert: true, ca: made.ca.cert })
      const { cert, key } = made.selfSigned
      await expectFailure(
        `mqtts://localhost:${server.port}`,
        { tls: { ...trusting, cert, key, maxVersion } },
        {
          code: /^(ECONNRESET|EPIPE|CONNECTION_CLOSED)$/,
          phase: 'tls',
          retryable: true,
          says: /wants? a client certificate/,
          cause: { code: expect.any(String) },
        },
      )
    })
  }

  const refusedBeforehand: [string, () => TlsOptions, RegExp][] = [
    [
      'whose key needs a pass phrase that is not given',
      () => ({ cert: made.client.cert, key: locked() }),
      WRONG_PASS_PHRASE,
    ],
    [
      'whose key needs another pass phrase',
      () => ({ cert: made.client.cert, key: locked(), passphrase: 'swordfish' }),
      WRONG_PASS_PHRASE,
    ],
    [
      'in PKCS #12 that needs another pass phrase',
      () => ({ pfx: Buffer.from(PKCS12, 'base64'), passphrase: 'swordfish' }),
      /tls\.passphrase does not open tls\.pfx/,
    ],
    [
      'with the key of another',
      () => ({ cert: made.client.cert, key: made.server.key }),
      /tls\.key is not the key of tls\.cert/,
    ],
    ['given as paths', () => ({ cert: made.client.certFile, key: made.client.keyFile }), /take PEM text, not paths/],
    [
      'whose key is given as a path',
      () => ({ cert: made.client.cert, key: made.client.keyFile }),
      /tls\.key is not readable: it takes PEM text, not a path/,
    ],
  ]
  test.each(refusedBeforehand)('%s is refused before anything is sent', async (_, options, says) => {
    const error = await expectFailure(
      broker.urls.mtls,
      { tls: { ...trusting, ...options() } },
      { code: /^ERR_/, phase: 'options', retryable: false, says, cause: { message: expect.any(String) } },
    )
    expect(`${error.stack} ${(error.cause as Error).stack}`).not.toMatch(/sesame|swordfish/)
  })

  test('whose pass phrase is no string is refused without showing it', async () => {
    const { cert } = made.client
    const error = await expectFailure(
      broker.urls.mtls,
      { tls: { ...trusting, cert, key: locked(), passphrase: 987_654 as never } },
      { code: 'ERR_INVALID_ARG_TYPE', phase: 'options', retryable: false, says: /passphrase.*string/, cause: null },
    )
    expect(String(error.stack)).not.toMatch(/987/)
  })
})

describe('the version', () => {
  const spoken: unknown[] = []
  const serve = (version: (typeof OLD_VERSIONS)[number]) =>
    serveTls({ minVersion: version, maxVersion: version, ciphers: ANYTHING }, (socket) => {
      spoken.push(socket.getProtocol())
    })

  for (const version of OLD_VERSIONS) {
    test(`${version} is spoken with a server that has no other, when it and its ciphers are allowed`, async () => {
      await using server = await serve(version)
      await visit(`mqtts://localhost:${server.port}`, { tls: { ...trusting, minVersion: version, ciphers: ANYTHING } })
      expect(spoken.pop()).toBe(version)
    })

    test(`${version} is not spoken unless allowed, and the error names what to set`, async () => {
      await using server = await serve(version)
      await expectFailure(
        `mqtts://localhost:${server.port}`,
        { tls: trusting },
        {
          code: /^ERR_SSL_/,
          phase: 'tls',
          retryable: false,
          says: /no TLS version in common with us: check tls\.minVersion/,
          cause: { code: expect.stringMatching(/^ERR_SSL_/) },
        },
      )
    })

    test(`${version} without ciphers that allow it gives an error that names them`, async () => {
      await using server = await serve(version)
      await expectFailure(
        `mqtts://localhost:${server.port}`,
        { tls: { ...trusting, minVersion: version, maxVersion: version } },
        {
          code: /^ERR_SSL_/,
          phase: 'tls',
          retryable: false,
          says: /tls\.ciphers "DEFAULT:@SECLEVEL=0"/,
          cause: { code: expect.stringMatching(/^ERR_SSL_/) },
        },
      )
    })
  }

  test('that is the newest of both is spoken', async () => {
    await using server = await serveTls({}, (socket) => spoken.push(socket.getProtocol()))
    await visit(`mqtts://localhost:${server.port}`, { tls: trusting })
    await visit(`mqtts://localhost:${server.port}`, { tls: { ...trusting, maxVersion: 'TLSv1.2' } })
    expect(spoken.splice(0)).toEqual(['TLSv1.3', 'TLSv1.2'])
  })

  test('range that is empty, and ciphers that there are none of, are named', async () => {
    await using server = await serveTls()
    const url = `mqtts://localhost:${server.port}`
    const code = 'ERR_SSL_NO_PROTOCOLS_AVAILABLE'
    await expectFailure(
      url,
      { tls: { ...trusting, minVersion: 'TLSv1.3', maxVersion: 'TLSv1.2' } },
      { code, phase: 'tls', retryable: false, says: /tls\.minVersion and tls\.maxVersion leave no/, cause: { code } },
    )
    await expectFailure(
      url,
      { tls: { ...trusting, ciphers: 'NO-SUCH-CIPHER' } },
      { code: /NO_CIPHER_MATCH/, phase: 'options', retryable: false, says: /none of tls\.ciphers/, cause: {} },
    )
  })
})

/** What Node can read and not make: `openssl pkcs12 -export`, of a certificate signed by itself, pass phrase "sesame". */
const PKCS12 = `
MIIEHAIBAzCCA9IGCSqGSIb3DQEHAaCCA8MEggO/MIIDuzCCAnIGCSqGSIb3DQEHBqCCAmMwggJfAgEAMIICWAYJKoZIhvcNAQcBMFcGCSqGSI
b3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgEaR5DIKWNtwICCAAwDAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEJgEMMnrTO5rgZEPANf9L5eA
ggHwrB8kqDmb21ZPCFELH0SusV68A3mn+5FpE6A15pr8sJFvI/FZMbQP6QHV2kaG6HtyYqtmc9dKqE0PU8ROWpMoT1N6YG6tXzgydXzyefHrs3
JE9BkC71g0nr9PjpyhHbBXDmM8ZqMzE+9V0VNHj4JepOGHQHrrQA9TosAZ8BdkIO27W6C9heA3hszxteQHVQBSEtIfm2+mkjHuAbCI0Cmp48bT
p4un1DenvY+DQTOZOdOK7iBNFedUxW6yAOW3AxMsa7PuzlPFEUKtLnGkUhefSdP+WtboO232uC+Q697yZCdJ2Yli0X9kwZ4mzBVx7Tg6aqblkX
qUH/losiv6AuBLimSJVuZM+OsWhTpUGNIGQ2DJZ4sGMj6w0CUjq9xSKGMFwF2upt6w8aIakFj8PKYd0lAjloqDme9p76LNqd0rkFib3MeiVDbf
DZnbBYTeGkTglqLQuh5KZ9QcIjsxCMjgLHS/Jhq2CjIDOMNFCncgYQte+s1LwQAR9xxGETbTCS8Rjt4+jGF+ylcAy4avK6puf15dqSZLxZX8H8
e6gzZOip4YQ9+akyAUYU5oYTt2uaH/og9i+qgd5EJuoXRtduAFOPvAsrbCUQWBoWZV9YzxykDPibbio08Y1NP6CL2GPYaOjm5oFdYw51sqJ6Pn
3gFIWzCCAUEGCSqGSIb3DQEHAaCCATIEggEuMIIBKjCCASYGCyqGSIb3DQEMCgECoIHvMIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDD
AcBAiTgkER8wTlEAICCAAwDAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEGZNoqAgOrjbb9Er5gWa+KcEgZCiRS8Gir2WiZUjVcH+y4muRs6t
C0MIzUiBECC77eRtyJqHmDNqql3NLm1xJQgfY1fiC02rN8VLaagDPVHzemL4fVInOUP9Jqt/uWie6S4X9MWuNWOi/Ok8a6tgHGld1KKIEmLz2x
1ZF1cbKl9KsfZic5993VVR6OrnYNBAnwGnTeZxcaE/osQEAZ+O3xcCFOQxJTAjBgkqhkiG9w0BCRUxFgQUvjcYzwHNmOXA8z4oJIYzAqWpoPUw
QTAxMA0GCWCGSAFlAwQCAQUABCDWhj3bbfgBLqqWCXEou02+I1pknyyCPoN4Py3yQclwFwQIP4fKHItIRIICAggA`

const PKCS12_CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBhzCCAS2gAwIBAgIUces/VRco4zgZgvE1T9/Cvo8LjpgwCgYIKoZIzj0EAwIw
GDEWMBQGA1UEAwwNcGtjczEyLWNsaWVudDAgFw0yNjExMjIxNDUzMzVaGA8yMTI2
MTAyOTE0NTMzNVowGDEWMBQGA1UEAwwNcGtjczEyLWNsaWVudDBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABGavPSsJQCKlWX+K17nL2dg6Q9XABSwgmw45QxmxcGbi
TH47+mMnV07W/XmIw2bE4gCKPU8rimMtUZvUJvoPen+jUzBRMB0GA1UdDgQWBBST
GQrEtTuHPk2gVU7PXCaYx5UyDjAfBgNVHSMEGDAWgBSTGQrEtTuHPk2gVU7PXCaY
x5UyDjAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIHYHoRE9DJhD
PF/xKD3gIz/F9LLTgnrqCEIBIOhkX0MrAiEA89aZhcZm0HMwSrmQYGMNg1qrPZIW
NXlqxURc+inDwiI=
-----END CERTIFICATE-----
`
