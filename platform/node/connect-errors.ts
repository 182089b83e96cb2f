/** What a failed attempt to connect means, as a table: from the codes of Node and OpenSSL to a sentence of advice. */

import type { CancelSignal, Endpoint, ErrorPhase } from '../../src/index.js'
import { ConnectError } from '../../src/index.js'

interface Explanation {
  advice: string
  /** False where the same attempt cannot succeed later without somebody changing something. */
  retryable: boolean
}

/** The fields that errors of Node carry. */
interface SystemError extends Error {
  code?: string
  syscall?: string
  /** What OpenSSL says, without the numbers around it. */
  reason?: string
  /** What the parser of HTTP stumbled over. */
  rawPacket?: Uint8Array
  errors?: SystemError[]
}

const passing = (advice: string): Explanation => ({ advice, retryable: true })
const lasting = (advice: string): Explanation => ({ advice, retryable: false })

const UNTRUSTED = lasting(
  'its certificate is signed by nobody we trust: if that is intended, give its CA as tls.ca (PEM text, not a path)',
)
const NOT_TLS = lasting(
  'it does not speak TLS on this port: use the TLS port (often 8883, or 443 for wss), or mqtt:// or ws://',
)
const CLIENT_CERTIFICATE = lasting('it wants a client certificate that it trusts: give it as tls.cert and tls.key')
const CLOSED_AT_ONCE = passing(
  'the server closed the connection at once: check that this port speaks the protocol that the URL names',
)
const FORBIDDEN = lasting('the system forbids it: check firewalls and permissions')
const NO_COMMON_VERSION = lasting('it has no TLS version in common with us: check tls.minVersion and tls.maxVersion')
// https://docs.openssl.org/3.0/man3/SSL_CTX_set_security_level: they sign with SHA-1, which only level 0 allows.
const OLD_VERSION = lasting(
  'OpenSSL allows TLS 1.0 and 1.1 only with tls.ciphers "DEFAULT:@SECLEVEL=0": better have the server take TLS 1.2',
)
const NO_ROUTE = passing('there is no route to it: check the network')

export const EXPLANATIONS: Readonly<Record<string, Explanation>> = {
  ENOTFOUND: passing('no host has that name: check its spelling and the DNS'),
  EAI_AGAIN: passing('the DNS does not answer: check the network'),
  ECONNREFUSED: passing('nothing listens there: check that the broker runs, and on this port'),
  ECONNRESET: CLOSED_AT_ONCE,
  EPIPE: CLOSED_AT_ONCE,
  ETIMEDOUT: passing('no answer: check the address, and firewalls on the way'),
  EHOSTUNREACH: NO_ROUTE,
  ENETUNREACH: NO_ROUTE,
  EADDRINUSE: passing('the local address or port is in use: check tcp.localPort'),
  EADDRNOTAVAIL: lasting('this machine has no such local address: check tcp.localAddress and tcp.family'),
  EACCES: FORBIDDEN,
  EPERM: FORBIDDEN,
  EMFILE: passing('this process has too many files open: raise its limit'),

  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  CERT_UNTRUSTED: UNTRUSTED,
  CERT_HAS_EXPIRED: lasting('its certificate has expired: it must be renewed there (or the clock here is wrong)'),
  CERT_NOT_YET_VALID: lasting('its certificate is not valid yet: check the clocks of both'),
  CERT_REVOKED: lasting('its certificate was revoked: it must be replaced there'),
  UNABLE_TO_GET_CRL: lasting('tls.crl has no list of the CA that signed its certificate: add it'),
  CRL_HAS_EXPIRED: lasting('the list in tls.crl is out of date: give a newer one'),
  ERR_TLS_CERT_ALTNAME_INVALID: lasting(
    'its certificate is for another name: connect by a name that it bears, or set tls.servername',
  ),
  ERR_SSL_WRONG_VERSION_NUMBER: NOT_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NOT_TLS,
  ERR_SSL_UNSUPPORTED_PROTOCOL: NO_COMMON_VERSION,
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: NO_COMMON_VERSION,
  ERR_SSL_LEGACY_SIGALG_DISALLOWED_OR_UNSUPPORTED: OLD_VERSION,
  ERR_SSL_NO_PROTOCOLS_AVAILABLE: lasting(
    'tls.minVersion and tls.maxVersion leave no version that OpenSSL allows; TLS 1.0 and 1.1 need tls.ciphers "DEFAULT:@SECLEVEL=0", too',
  ),
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: lasting('it speaks none of tls.ALPNProtocols: check port and names'),
  ERR_SSL_TLSV1_UNRECOGNIZED_NAME: lasting('it has no host of that name (SNI): check the host, or set tls.servername'),
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: lasting(
    'it refuses the handshake: it may want a client certificate (tls.cert and tls.key), or other ciphers or versions',
  ),
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: CLIENT_CERTIFICATE,
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: CLIENT_CERTIFICATE,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: CLIENT_CERTIFICATE,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED: CLIENT_CERTIFICATE,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: CLIENT_CERTIFICATE,
  ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE: CLIENT_CERTIFICATE,
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: CLIENT_CERTIFICATE,
}

const PASS_PHRASE = 'tls.key is encrypted, and tls.passphrase is missing or wrong'

/** What Node and OpenSSL refuse in their own words only, before anything is sent. */
const REFUSALS: Record<string, string> = {
  ERR_OSSL_BAD_DECRYPT: PASS_PHRASE,
  ERR_OSSL_EVP_BAD_DECRYPT: PASS_PHRASE,
  ERR_OSSL_CRYPTO_INTERRUPTED_OR_CANCELLED: PASS_PHRASE,
  ERR_MISSING_PASSPHRASE: PASS_PHRASE,
  ERR_OSSL_X509_KEY_VALUES_MISMATCH: 'tls.key is not the key of tls.cert',
  ERR_OSSL_PEM_NO_START_LINE: 'tls.cert and tls.key take PEM text, not paths',
  // A wrong pass phrase, too, in one of some hundred cases: what it makes of the key then ends as the right one would.
  ERR_OSSL_UNSUPPORTED: 'tls.key is not readable: it takes PEM text, not a path, and tls.passphrase has to open it',
  'mac verify failure': 'tls.passphrase does not open tls.pfx',
  ERR_SSL_NO_CIPHER_MATCH: 'OpenSSL knows none of tls.ciphers',
}

/** What to think of a server that takes part in none of the steps any more, by the step. */
const STALLED = {
  resolve: 'the DNS does not answer: check the network',
  tcp: 'no answer: check the address, and firewalls on the way',
  tls: 'it takes the connection, but does not answer in TLS: check that this port speaks TLS',
  websocket: 'it takes the connection, but does not answer the WebSocket upgrade: check port and path',
}

/** How the names of OpenSSL's certificate errors begin, which are no POSIX names and no `ERR_…` of Node. */
const CERTIFICATE = /^(CERT_|CRL_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|HOSTNAME_MISMATCH|INVALID_|ERR_TLS_CERT)/

/** The error for an attempt that failed while `phase` was under way. Node's own error becomes its cause. */
export function connectError(endpoint: Endpoint, phase: ErrorPhase, thrown: unknown): ConnectError {
  const { cause, tried } = unwrapped(thrown)
  const code = cause.code ?? 'UNKNOWN'
  // An agent hands the options on to TLS, and what that throws comes as if the network had failed.
  if (code.startsWith('ERR_INVALID_')) return optionsError(endpoint, 'tls', cause)
  const { advice, retryable } = explain(code, phase, cause)
  const message = `Cannot connect to ${endpoint.label}${tried}: ${advice} (${code})`
  return new ConnectError(message, { code, phase: phaseOf(cause, code, phase), retryable, cause })
}

/** The error for options that `net`, `tls` or `ws` refuse before anything is sent. */
export function optionsError(endpoint: Endpoint, which: string, thrown: unknown): ConnectError {
  const { code = 'ERR_INVALID_ARG_VALUE', message } = thrown as SystemError
  // What came may be a pass phrase, as a number for instance: then the cause, which shows it, is left out, too.
  const said = beforeSecrets(message, endpoint)
  const text = `Cannot connect to ${endpoint.label}: the options "${which}" are refused: ${REFUSALS[code] ?? REFUSALS[message] ?? said} (${code})`
  const cause = said === message ? thrown : undefined
  return new ConnectError(text, { code, phase: 'options', retryable: false, cause })
}

/** The sentence up to a value that came, or to the query of the URL, where signatures and tokens live. */
function beforeSecrets(message: string, { path }: Endpoint): string {
  const [said = ''] = message.split('. Received ', 1)
  const query = path.indexOf('?')
  return (query < 0 ? said : said.replaceAll(path.slice(query), '?…')).split(' Received ', 1)[0] as string
}

/**
 * When `connectTimeout` ended an attempt, the error that says how far it came, which only we know; its cause has the
 * time. Anything else stays what it is.
 */
export function stalled(
  endpoint: Endpoint,
  phase: keyof typeof STALLED,
  error: unknown,
  signal: CancelSignal,
): unknown {
  if (error !== signal.reason || !(error instanceof ConnectError) || error.code !== 'ETIMEDOUT') return error
  const { code, retryable } = error
  const message = `Cannot connect to ${endpoint.label} within connectTimeout: ${STALLED[phase]} (${code})`
  return new ConnectError(message, { code, phase, retryable, cause: error })
}

/** The error for a server that answers the WebSocket upgrade with an ordinary HTTP response. */
export function httpError(endpoint: Endpoint, status: number): ConnectError {
  const advice = httpAdvice(endpoint, status)
  return new ConnectError(`Cannot connect to ${endpoint.label}: HTTP status ${status}: ${advice}`, {
    code: `HTTP_${status}`,
    phase: 'websocket',
    // Overload, and a proxy whose server is being restarted, pass.
    retryable: status >= 500 || status === 408 || status === 425 || status === 429,
  })
}

function httpAdvice({ transport, path }: Endpoint, status: number): string {
  if (status === 401 || status === 403) {
    return 'it wants credentials in the upgrade request: give them as webSocket.headers'
  }
  if (status === 404) return `it has nothing at the path "${path.split('?')[0]}": check the path of its MQTT listener`
  if (status === 407) return 'the proxy wants credentials: give them to webSocket.agent'
  if (status >= 300 && status < 400) return 'it wants us elsewhere: use the URL that it redirects to'
  if (status >= 500) return 'it, or the proxy before it, is in trouble'
  const orTls = status === 400 && transport === 'ws' ? ', and whether it wants TLS (wss://)' : ''
  return `it speaks HTTP there but no WebSocket: check port and path${orTls}`
}

/** Happy eyeballs throws one error for all addresses: the first stands for all, and the message names each. */
function unwrapped(thrown: unknown): { cause: SystemError; tried: string } {
  const error = thrown as SystemError
  const [first, ...others] = error.errors ?? []
  if (first === undefined) return { cause: error, tried: '' }
  const addresses = [first, ...others].map((each) => each.message.replace('connect ', ''))
  return { cause: first, tried: ` (${addresses.join(', ')})` }
}

function explain(code: string, phase: ErrorPhase, cause: SystemError): Explanation {
  // OpenSSL 3.2 named the alerts anew.
  const known = EXPLANATIONS[code.replace('SSL/TLS_ALERT', 'SSLV3_ALERT')]
  if (code === 'ECONNRESET' && phase === 'tls') {
    return passing(
      'the server broke off the TLS handshake: check that this port speaks TLS, and whether it wants a client certificate that it trusts (tls.cert and tls.key)',
    )
  }
  if (code === 'ECONNRESET' && phase === 'websocket') {
    return passing(
      'the server closed the connection at once: check that port and path are those of a WebSocket listener, and whether it wants TLS (wss://) or not',
    )
  }
  if (known !== undefined) return known
  if (CERTIFICATE.test(code)) return lasting(`its certificate is not accepted: ${cause.reason ?? cause.message}`)
  // What OpenSSL says to bytes that are no TLS begins like that: an alert.
  if (code.startsWith('HPE_') && cause.rawPacket?.[0] === 0x15) return lasting('it speaks TLS there: use wss://')
  if (code.startsWith('HPE_'))
    return lasting('it does not speak HTTP there: for MQTT without WebSocket use mqtt:// or mqtts://')
  if (code.startsWith('ERR_SSL_')) return lasting(`the TLS handshake failed: ${cause.reason ?? cause.message}`)
  return passing(cause.message)
}

function phaseOf({ syscall }: SystemError, code: string, phase: ErrorPhase): ErrorPhase {
  if (syscall === 'getaddrinfo' || code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'resolve'
  if (syscall === 'connect' || syscall === 'bind') return 'tcp'
  // With an `http.Agent` of the user's, TLS is a part of the WebSocket's step.
  if (code.startsWith('ERR_SSL_') || CERTIFICATE.test(code)) return 'tls'
  return phase
}
