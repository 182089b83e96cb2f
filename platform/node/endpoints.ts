/** What Node can connect over: TCP and TLS, which have no path, beside the WebSockets. */

import type { ClientOptions, Endpoint } from '../../src/index.js'
import { resolveEndpoints, type Scheme, WEB_SOCKET_SCHEMES } from '../shared/endpoint.js'

const TLS: Scheme = { transport: 'tls', port: 8883 }
const TCP: Scheme = { transport: 'tcp', port: 1883, secured: TLS }

const SCHEMES = new Map([
  ['mqtt', TCP],
  ['tcp', TCP],
  ['mqtts', TLS],
  ['ssl', TLS],
  ['tls', TLS],
  ...WEB_SOCKET_SCHEMES,
])

const REACH = { schemes: SCHEMES, expected: `one of ${[...SCHEMES.keys()].join(', ')}`, usual: 'tcp' }

/** What was asked for last, and the answer: thousands of clients of one process mostly name one server. */
let last: { readonly asked: readonly unknown[]; readonly endpoints: readonly Endpoint[] } | undefined

/** Those who name the same server by a URL share its endpoint; unless there is a password or a key, which is not kept. */
export function nodeEndpoints(options: ClientOptions): readonly Endpoint[] {
  const { url, servers, transport, host, port, path, tls } = options
  if (typeof url !== 'string' || servers || typeof tls === 'object') return readEndpoints(options)
  const asked = [url, transport, host, port, path, tls]
  if (last && asked.every((value, at) => value === last?.asked[at])) return last.endpoints
  const endpoints = readEndpoints(options)
  if (endpoints.every(({ username, password }) => (username ?? password) === undefined)) last = { asked, endpoints }
  return endpoints
}

function readEndpoints(options: ClientOptions): Endpoint[] {
  const { url, servers, tls } = options
  if (tls === null || !['undefined', 'boolean', 'object'].includes(typeof tls)) {
    throw new TypeError('tls: expected a boolean or an object')
  }
  const endpoints = resolveEndpoints(options, REACH).map(withoutPath)
  refusePath('url', url)
  servers?.forEach((server, at) => {
    refusePath(`servers[${at}]`, server)
  })
  return endpoints
}

/** For a stream the path is of no use, and it is not in the label. */
function withoutPath(endpoint: Endpoint): Endpoint {
  const name = { tcp: 'mqtt', tls: 'mqtts', ws: undefined, wss: undefined }[endpoint.transport]
  if (name === undefined) return endpoint
  const [, , authority] = endpoint.label.split('/', 3)
  return { ...endpoint, path: '', label: `${name}://${authority}` }
}

/**
 * Ignoring a path would hide a typing error, the worst of which is a password with an unescaped slash: its beginning
 * would be looked up in the DNS as a host.
 */
function refusePath(option: string, given: ClientOptions['url']): void {
  const text = (typeof given === 'object' ? given.href : (given ?? '')).trim()
  const at = text.indexOf('://')
  const scheme = text.slice(0, Math.max(0, at))
  if (SCHEMES.get(scheme.toLowerCase())?.transport.startsWith('ws') !== false) return
  const rest = text.slice(at + 3, text.endsWith('/') ? -1 : undefined)
  if (rest === '' || ['/', '\\', '?', '#'].some((sign) => rest.includes(sign))) {
    throw new TypeError(`${option}: ${scheme}:// takes no path or query; in a password, write / ? # as %2F %3F %23`)
  }
}
