/** From what the options say about the server to a list of endpoints, checked, without a secret in any error. */

import type { ClientOptions, Endpoint } from '../../src/index.js'

/** What the beginning of a URL, or the option `transport`, stands for. */
export interface Scheme {
  readonly transport: Endpoint['transport']
  /** Where none is given. */
  readonly port: number
  /** What the option `tls` makes of it. */
  readonly secured?: Scheme
}

/** What a host can connect over. */
export interface Reach {
  readonly schemes: ReadonlyMap<string, Scheme>
  /** The schemes, for errors. */
  readonly expected: string
  /** The scheme where the options name none. */
  readonly usual: string
}

const WSS: Scheme = { transport: 'wss', port: 443 }
const WS: Scheme = { transport: 'ws', port: 80, secured: WSS }

/** Every host has these. */
export const WEB_SOCKET_SCHEMES: ReadonlyMap<string, Scheme> = new Map([
  ['ws', WS],
  ['wss', WSS],
])

/** What EMQX, HiveMQ, AWS and the MQTT-over-WebSocket examples listen on; most others accept any path. */
const DEFAULT_PATH = '/mqtt'

/**
 * The servers that the options name, in order: `url`, then `servers`; else `host` and its like. A port or a path that
 * a URL leaves open is taken from the options `port` and `path`. `tls` always means TLS, whatever the scheme.
 */
export function resolveEndpoints(options: ClientOptions, { schemes, expected, usual }: Reach): Endpoint[] {
  const { url, servers, transport = usual, host = 'localhost', port: usualPort, path = DEFAULT_PATH, tls } = options

  // Two colons at least make an IPv6 address, perhaps with a zone (fe80::1%eth0); one is a port in the wrong place.
  if (typeof host !== 'string' || /\S\s+\S|[/?#@\\]|^[^:]*:[^:]*$|^\s*$/.test(host)) {
    throw new RangeError('host: expected a name or an address, not a URL or a port')
  }
  if (usualPort !== undefined && !(Number.isInteger(usualPort) && usualPort > 0 && usualPort < 65_536)) {
    throw new RangeError(`port: expected an integer from 1 to 65535, got ${usualPort} (${typeof usualPort})`)
  }
  if (typeof path !== 'string' || /[#\s]/.test(path)) {
    throw new RangeError('path: expected a string without white space and #')
  }

  /** Reads what follows `://`. An address with a zone, which no URL can have, comes as `host`. */
  const endpoint = (option: string, name: string, rest: string, host?: string): Endpoint => {
    const named = schemes.get(name)
    if (!named) throw new TypeError(`${option}: expected ${expected}, got ${name || 'no scheme'}`)
    const scheme = (tls && named.secured) || named
    try {
      // Engines differ on schemes they do not know: older Chromium puts the host of mqtt:// into the path. So every
      // URL is read as http. That hides port 80, which is http's own; a second look as https shows it.
      const { hostname, port, pathname, search, hash, username, password } = new URL(`http://${rest}`)
      const shownPort = port || new URL(`https://${rest}`).port
      // `http:///path` would take "path" for the host; an @ in the path is that of a password with an unescaped slash.
      if ('/\\'.includes(rest[0] as string) || shownPort === '0' || hash || pathname.includes('@')) throw new Error()
      const server = {
        transport: scheme.transport,
        host: (host ?? hostname).replaceAll('[', '').replaceAll(']', '').trim(),
        port: Number(shownPort || usualPort || scheme.port),
        // A mere `/` is what `URL` objects make of no path, and hardly ever where a broker listens.
        path: (pathname === '/' ? path.replace(/^\/?/, '/') : pathname) + search,
        username: decodeURIComponent(username) || undefined,
        password: decodeURIComponent(password) || undefined,
      }
      // The query stays out of the label: signed URLs and tokens live there.
      return { ...server, label: webSocketUrl(server).split('?')[0] as string }
    } catch {
      // The engine's own error is not kept as a cause: it holds the URL, and with it the password.
      throw new TypeError(`${option}: expected ${name}://user:password@host:port, each part by encodeURIComponent`)
    }
  }
  const fromUrl = (option: string, given: Exclude<typeof url, undefined>): Endpoint => {
    const text = String((given as URL | null)?.href ?? given)
    const at = text.indexOf('://')
    const name = text.slice(0, Math.max(0, at)).trim().toLowerCase()
    // Anything else is not shown: there is no telling where a password would be.
    const shown = [...name].every((letter) => letter >= 'a' && letter <= 'z') ? name : ''
    return endpoint(option, shown, text.slice(at + 3))
  }

  const endpoints = Array.from(servers ?? [], (server, at) => fromUrl(`servers[${at}]`, server))
  if (url !== undefined) endpoints.unshift(fromUrl('url', url))
  if (endpoints.length > 0) return endpoints
  if (servers !== undefined) throw new RangeError('servers: expected at least one URL')
  return [endpoint('transport', transport, 'localhost', host)]
}

/** The URL that a WebSocket is opened with. It never carries credentials: MQTT has its own place for them. */
export function webSocketUrl({ transport, host, port, path }: Omit<Endpoint, 'label'>): string {
  return `${transport}://${host.includes(':') ? `[${host}]` : host}:${port}${path}`
}
