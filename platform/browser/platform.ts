/** A browser as a host of the core: WebSockets only, and errors that say what the browser keeps to itself. */

import type { ClientOptions, Endpoint, Platform } from '../../src/index.js'
import { createClock } from '../shared/clock.js'
import { resolveEndpoints, WEB_SOCKET_SCHEMES, webSocketUrl } from '../shared/endpoint.js'
import { random } from '../shared/random.js'
import { setTimer } from '../shared/timer.js'
import { openWebSocket, subProtocol, type WebSocketConstructor, webSocketError } from '../shared/websocket.js'
import { type WatchedPage, watchPage } from './watch-page.js'

/** What is asked of the page; a worker has it, too. */
export interface Page extends WatchedPage {
  readonly location?: { readonly protocol: string }
}

/** `WebSocket` is null where the host has none, as when a page is rendered on a server. */
export function createBrowserPlatform(WebSocket: WebSocketConstructor | null, page: Page): Platform {
  const secure = page.location?.protocol === 'https:'
  const reach = {
    schemes: WEB_SOCKET_SCHEMES,
    expected: 'ws or wss (browsers have only WebSocket)',
    usual: secure ? 'wss' : 'ws',
  }

  /** A page may not know why a WebSocket failed, lest it scan networks. So we rule out what we can, and list the rest. */
  const explain = (endpoint: Endpoint, protocol: string, cause: unknown): Error => {
    const { transport, host, label } = endpoint
    const failure = (code: string, retryable: boolean, advice: string) =>
      webSocketError(endpoint, code, retryable, advice, cause)

    if (!WebSocket) return failure('NO_WEBSOCKET', false, 'this host has no WebSocket')
    const plain = transport === 'ws'
    // Browsers take the machine itself for safe, without TLS, too.
    const local = `.${host}`.endsWith('.localhost') || host.startsWith('127.') || host === '::1'
    if (plain && secure && !local) {
      return failure('MIXED_CONTENT', false, 'a page from https must use wss://')
    }
    if (page.navigator?.onLine === false) return failure('OFFLINE', true, 'the browser is offline')
    const tls = plain
      ? 'without TLS (else use wss://)'
      : `with TLS${secure ? '' : ' (else use ws://)'} and a trusted certificate (open ${label.replace('wss', 'https')} in a tab)`
    const advice = `the browser hides why, but is online, and this is no mixed content: see the console, the Content-Security-Policy (connect-src), and whether it listens at this port and path ${tls} for the sub-protocol "${protocol}"`
    return failure('WEBSOCKET_FAILED', true, advice)
  }

  return {
    endpoints(options) {
      refuseWhatBrowsersLack(options)
      return resolveEndpoints(options, reach)
    },

    open(endpoint, options, handlers, signal) {
      const protocol = subProtocol(options)
      const explained = (cause: unknown) => explain(endpoint, protocol, cause)
      const create = () => {
        try {
          const socket = new (WebSocket as WebSocketConstructor)(webSocketUrl(endpoint), [protocol])
          // Not blobs, which are read asynchronously.
          socket.binaryType = 'arraybuffer'
          return socket
        } catch (error) {
          // What it says holds the URL, and with it what is in the query.
          throw explained(endpoint.path.includes('?') ? undefined : error)
        }
      }
      return openWebSocket(endpoint, protocol, create, explained, handlers, signal)
    },

    now: createClock(),
    wallClock: () => Date.now(),
    setTimer,
    // Not the bare function: it must not be called as a method of another object.
    defer: (callback) => queueMicrotask(callback),
    random,
    watch: (changed) => watchPage(page, changed),
  }
}

/** Refuses settings that would be left out silently. */
function refuseWhatBrowsersLack({ tcp, tls, webSocket }: ClientOptions): void {
  const lacking = {
    tcp,
    tls: typeof (tls ?? true) !== 'boolean',
    'webSocket.headers': webSocket?.headers,
    'webSocket.agent': webSocket?.agent,
  }
  for (const [option, given] of Object.entries(lacking)) {
    if (given) throw new TypeError(`${option}: only Node takes such settings`)
  }
}
