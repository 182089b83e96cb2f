/** From what the options say about the server to a list of endpoints, checked, without a secret in any error. */

import type { ClientOptions, Endpoint } from '../../src/index.js'

type TransportKind = Endpoint['transport']

const TRANSPORT_OF_SCHEME: ReadonlyMap<string, TransportKind> = new Map([
  ['mqtt', 'tcp'],
  ['tcp', 'tcp'],
  ['mqtts', 'tls'],
  ['ssl', 'tls'],
  ['tls', 'tls'],
  ['ws', 'ws'],
  ['wss', 'wss'],
])

const SCHEMES = [...TRANSPORT_OF_SCHEME.keys()].join(', ')

/** The scheme that stands for a transport in a label, and its port. */
const NAME_OF: Record<TransportKind, string> = { tcp: 'mqtt', tls: 'mqtts', ws: 'ws', wss: 'wss' }
const PORT_OF: Record<TransportKind, number> = { tcp: 1883, tls: 8883, ws: 80, wss: 443 }

/** What EMQX, HiveMQ, AWS and the MQTT-over-WebSocket examples listen on; most others accept any path. */
const DEFAULT_PATH = '/mqtt'

/**
 * The servers that the options name, in order: `url`, then `servers`; else `host` and its like. A port or a path that
 * a URL leaves open is taken from the options `port` and `path`. `tls` always means TLS, whatever the scheme.
 */
export function resolveEndpoints(options: ClientOptions, defaultTransport: TransportKind): Endpoint[] {
  const { url, servers } = options
  if (servers !== undefined && !Array.isArray(servers)) throw new TypeError('servers: expected an array of URLs')
  if (url === undefined && servers === undefined) return [fromParts(options, defaultTransport)]
  if (url === undefined && servers?.length === 0) throw new RangeError('servers: expected at least one URL, got none')
  const endpoints = (servers ?? []).map((server, at) => fromUrl(`servers[${at}]`, server, options))
  if (url !== undefined) endpoints.unshift(fromUrl('url', url, options))
  return endpoints
}

/** The URL that a WebSocket is opened with. It never carries credentials: MQTT has its own place for them. */
export function webSocketUrl(endpoint: Endpoint): string {
  return `${endpoint.transport}://${bracketed(endpoint.host)}:${endpoint.port}${endpoint.path}`
}

function fromUrl(option: string, given: unknown, options: ClientOptions): Endpoint {
  const text = hrefOf(option, given)
  const [, scheme, rest] = /^([a-z][a-z\d+.-]*):\/\/(.*)$/is.exec(text) ?? []
  if (scheme === undefined || rest === undefined) {
    // Nothing of it is shown: without a scheme there is no telling where a password would be.
    throw new TypeError(
      `${option}: expected scheme://host:port with a scheme of ${SCHEMES}; a mere host goes into "host"`,
    )
  }
  const named = TRANSPORT_OF_SCHEME.get(scheme.toLowerCase())
  if (named === undefined) throw new TypeError(`${option}: expected one of ${SCHEMES}, got "${scheme}"`)

  // Engines differ on schemes they do not know: older Chromium puts the host of mqtt:// into the path. So every URL is
  // read as http. That hides port 80, which is http's own; a second look as https shows it.
  const parsed = parse(option, 'http', rest)
  const port = parsed.port || parse(option, 'https', rest).port
  const transport = withTls(named, options)
  const path = isWebSocket(transport) ? webSocketPath(option, parsed, options) : noPath(option, scheme, parsed)
  return endpoint(
    transport,
    unbracketed(parsed.hostname),
    port === '' ? options.port : Number(port),
    path,
    {
      username: decodeCredential(option, 'user name', parsed.username),
      password: decodeCredential(option, 'password', parsed.password),
    },
    port === '' ? 'port' : option,
  )
}

function fromParts(options: ClientOptions, defaultTransport: TransportKind): Endpoint {
  const { host = 'localhost', transport = defaultTransport } = options
  if (!Object.hasOwn(NAME_OF, transport))
    throw new TypeError(`transport: expected tcp, tls, ws or wss, got "${String(transport)}"`)
  const kind = withTls(transport, options)
  return endpoint(
    kind,
    checkedHost(host),
    options.port,
    isWebSocket(kind) ? (optionPath(options) ?? DEFAULT_PATH) : '',
    {},
    'port',
  )
}

function endpoint(
  transport: TransportKind,
  host: string,
  givenPort: number | undefined,
  path: string,
  credentials: Pick<Endpoint, 'username' | 'password'>,
  portOption: string,
): Endpoint {
  const port = givenPort ?? PORT_OF[transport]
  if (typeof port !== 'number') throw new TypeError(`${portOption}: expected a number, got a ${typeof port}`)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new RangeError(`${portOption}: expected a port of 1 to 65535, got ${port}`)
  }
  // The query stays out of the label: signed URLs and tokens live there.
  const label = `${NAME_OF[transport]}://${bracketed(host)}:${port}${path.replace(/\?.*/s, '')}`
  return { transport, host, port, path, ...credentials, label }
}

function hrefOf(option: string, given: unknown): string {
  const href = typeof given === 'object' && given !== null && 'href' in given ? given.href : given
  if (typeof href !== 'string')
    throw new TypeError(`${option}: expected a string or a URL, got ${href === null ? 'null' : typeof href}`)
  return href.trim()
}

function parse(option: string, scheme: 'http' | 'https', rest: string): URL {
  try {
    // `http:///path` would take "path" for the host.
    if (/^([/\\?#]|$)/.test(rest)) throw new Error('no host')
    return new URL(`${scheme}://${rest}`)
  } catch {
    // The engine's own error is not kept as a cause: it holds the URL, and with it the password.
    throw new TypeError(
      `${option}: not a URL; expected scheme://host:port with a port of 1 to 65535. In a user name or password, write / ? # @ : % as %2F %3F %23 %40 %3A %25`,
    )
  }
}

/**
 * An explicit path is kept; none, or a mere `/`, which is what `URL` objects make of none, is the option `path` or
 * else `/mqtt`, since the root is hardly ever where a broker listens. For the root, say `path: '/'`.
 */
function webSocketPath(option: string, url: URL, options: ClientOptions): string {
  if (url.hash !== '') throw new TypeError(`${option}: a WebSocket URL has no fragment; write # as %23`)
  const path = url.pathname === '/' ? (optionPath(options) ?? DEFAULT_PATH) : url.pathname
  return path + url.search
}

function noPath(option: string, scheme: string, url: URL): string {
  if (url.pathname === '/' && url.search === '' && url.hash === '') return ''
  // Ignoring it would hide a typing error, the worst of which is a password with an unescaped slash: its beginning
  // would be looked up in the DNS as a host.
  throw new TypeError(`${option}: ${scheme}:// takes no path or query; in a password, write / ? # as %2F %3F %23`)
}

function optionPath({ path }: ClientOptions): string | undefined {
  if (path === undefined) return undefined
  if (typeof path !== 'string') throw new TypeError(`path: expected a string, got a ${typeof path}`)
  if (/[#\s]/.test(path)) throw new RangeError('path: expected no white space and no #')
  return path.startsWith('/') ? path : `/${path}`
}

function checkedHost(host: unknown): string {
  if (typeof host !== 'string') throw new TypeError(`host: expected a string, got a ${typeof host}`)
  const name = unbracketed(host.trim())
  if (name === '') throw new RangeError('host: expected a name or an address, got an empty string')
  if (/[/?#@\\\s]/.test(name)) throw new RangeError('host: expected a name or an address; a URL goes into "url"')
  // Two colons at least make an IPv6 address, perhaps with a zone (fe80::1%eth0); one is a port in the wrong place.
  if (name.includes(':') && !/^[\da-f]*:[\da-f:.]*:[\da-f:.]*(%.+)?$/i.test(name)) {
    throw new RangeError(`host: expected a name or an address, got "${name}"; a port goes into "port"`)
  }
  return name
}

function decodeCredential(option: string, what: string, encoded: string): string | undefined {
  if (encoded === '') return undefined
  try {
    return decodeURIComponent(encoded)
  } catch {
    throw new RangeError(`${option}: the ${what} holds a % that is no escape of UTF-8; write % as %25`)
  }
}

function withTls(transport: TransportKind, { tls }: ClientOptions): TransportKind {
  if (tls === undefined || tls === false) return transport
  if (tls !== true && (typeof tls !== 'object' || tls === null))
    throw new TypeError('tls: expected a boolean or an object')
  return isWebSocket(transport) ? 'wss' : 'tls'
}

function isWebSocket(transport: TransportKind): boolean {
  return transport === 'ws' || transport === 'wss'
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

function unbracketed(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
}
