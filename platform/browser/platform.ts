/** A browser as a host of the core: WebSockets only, and errors that say what the browser keeps to itself. */

import type { ClientOptions, Endpoint, Platform } from '../../src/index.js'
import { ConnectError } from '../../src/index.js'
import { createClock } from '../shared/clock.js'
import { resolveEndpoints, webSocketUrl } from '../shared/endpoint.js'
import { random } from '../shared/random.js'
import { setTimer } from '../shared/timer.js'
import { openWebSocket, subProtocol, type WebSocketConstructor } from '../shared/websocket.js'

/** What is asked of the page; a worker has it, too. */
export interface Page {
  /** Null where the host has no WebSocket, as when a page is rendered on a server. */
  WebSocket: WebSocketConstructor | null
  location?: { readonly protocol: string } | undefined
  navigator?: { readonly onLine?: boolean } | undefined
}

export function createBrowserPlatform(page: Page): Platform {
  const secure = page.location?.protocol === 'https:'
  return {
    endpoints: (options) => checked(options, resolveEndpoints(options, secure ? 'wss' : 'ws')),

    open(endpoint, options, handlers, signal) {
      const { WebSocket } = page
      const protocol = subProtocol(options)
      const create = () => {
        if (WebSocket === null) throw failure(endpoint, 'NO_WEBSOCKET', false, 'this host has no WebSocket')
        try {
          return new WebSocket(webSocketUrl(endpoint), [protocol])
        } catch (error) {
          throw explain(page, endpoint, protocol, error)
        }
      }
      return openWebSocket(endpoint, protocol, create, () => explain(page, endpoint, protocol), handlers, signal)
    },

    now: createClock(),
    setTimer,
    // Not the bare function: it must not be called as a method of another object.
    defer: (callback) => queueMicrotask(callback),
    random,
  }
}

/** Refuses what a browser cannot do, instead of leaving it out silently. */
function checked(options: ClientOptions, endpoints: Endpoint[]): Endpoint[] {
  for (const { transport, label } of endpoints) {
    if (transport === 'ws' || transport === 'wss') continue
    const option = options.url !== undefined ? 'url' : options.servers !== undefined ? 'servers' : 'transport'
    throw new TypeError(`${option}: browsers have only WebSocket; expected ws or wss, got ${label}`)
  }
  if (typeof options.tls === 'object')
    throw new TypeError('tls: a browser has its own certificates; expected a boolean')
  const { headers, agent } = options.webSocket ?? {}
  if (headers !== undefined || agent !== undefined) {
    throw new TypeError(
      'webSocket: a browser allows neither headers nor an agent; put a token into the query or the password',
    )
  }
  return endpoints
}

/** A page may not know why a WebSocket failed, lest it scan networks. So we rule out what we can, and list the rest. */
function explain(page: Page, endpoint: Endpoint, protocol: string, cause?: unknown): ConnectError {
  const plain = endpoint.transport === 'ws'
  if (plain && page.location?.protocol === 'https:' && !isLoopback(endpoint.host)) {
    return failure(
      endpoint,
      'MIXED_CONTENT',
      false,
      'a page from https may open wss:// only: use wss://, or load the page from http://',
      cause,
    )
  }
  if (page.navigator?.onLine === false) {
    return failure(endpoint, 'OFFLINE', true, 'the browser is offline: check the network', cause)
  }
  const certificate = plain
    ? ''
    : `; whether the browser trusts its certificate (open ${endpoint.label.replace('wss', 'https')} in a tab)`
  const advice = `the browser does not say why. Look at its console, and check that the broker listens for WebSockets ${plain ? 'without' : 'with'} TLS on that port and path and speaks the sub-protocol "${protocol}"${certificate}; firewalls; and the page's Content-Security-Policy (connect-src)`
  return failure(endpoint, 'WEBSOCKET_FAILED', true, advice, cause)
}

function failure(endpoint: Endpoint, code: string, retryable: boolean, advice: string, cause?: unknown): ConnectError {
  const message = `Cannot connect to ${endpoint.label}: ${advice} (${code})`
  return new ConnectError(message, { code, phase: 'websocket', retryable, cause })
}

/** Browsers take the machine itself for safe, without TLS, too. */
function isLoopback(host: string): boolean {
  return /^(localhost|.*\.localhost|127\..*|::1)$/.test(host)
}
