/** One transport over the standard WebSocket interface, for browsers and for `ws` in Node. */

import type { CancelSignal, ClientOptions, Endpoint, Transport, TransportHandlers } from '../../src/index.js'
import { ConnectError, ConnectionLostError, ProtocolError } from '../../src/index.js'
import { cancellable } from './cancellable.js'

/** The part of a WebSocket that is used here. The optional methods are those that `ws` has and a browser lacks. */
export interface WebSocketLike {
  binaryType: string
  readonly bufferedAmount: number
  readonly protocol: string
  onopen: (() => void) | null
  onmessage: ((event: { data: unknown }) => void) | null
  onerror: ((event: { error?: unknown }) => void) | null
  onclose: ((event: { code: number; reason: string }) => void) | null
  send(data: Uint8Array, written?: () => void): void
  close(code?: number): void
  pause?(): void
  resume?(): void
  terminate?(): void
}

export type WebSocketConstructor = new (url: string, protocols: string[], options?: object) => WebSocketLike

/** Above the mark `send` says false; `drain` follows at a quarter of it. */
const HIGH_WATER = 512 * 1024
const LOW_WATER = HIGH_WATER / 4

/** How often a browser is asked, ms: it has no event for a buffer that emptied. Only while above the mark. */
const DRAIN_POLL = 5

/** How long the peer has to answer a close, ms. */
const CLOSE_PATIENCE = 2000

/** [MQTT-6.0.0-3] The sub-protocol is `mqtt`; what it was before the standard, MQTT 3.1 still says. */
export function subProtocol({ protocolVersion }: ClientOptions): string {
  return protocolVersion === 3 ? 'mqttv3.1' : 'mqtt'
}

/**
 * Waits until the socket that `create` begins is open. `explain` makes the error of a failure out of what the host
 * gives, which in a browser is nothing.
 */
export function openWebSocket(
  endpoint: Endpoint,
  protocol: string,
  create: () => WebSocketLike,
  explain: (cause: unknown) => Error,
  handlers: TransportHandlers,
  signal: CancelSignal,
): Promise<Transport> {
  return cancellable(signal, (resolve, reject) => {
    const socket = create()
    socket.onopen = () => {
      // Browsers and `ws` mostly see to it themselves, and then say so in their own way.
      if (socket.protocol === protocol) resolve(webSocketTransport(socket, endpoint, handlers))
      else reject(wrongSubProtocol(endpoint, protocol))
    }
    socket.onerror = (event) => reject(explain(event.error))
    socket.onclose = () => reject(explain(undefined))
    return () => abandon(socket)
  })
}

export function webSocketError(
  endpoint: Endpoint,
  code: string,
  retryable: boolean,
  advice: string,
  cause?: unknown,
): ConnectError {
  const message = `Cannot connect to ${endpoint.label}: ${advice} (${code})`
  return new ConnectError(message, { code, phase: 'websocket', retryable, cause })
}

/** The server takes WebSockets but did not choose MQTT. */
export function wrongSubProtocol(endpoint: Endpoint, protocol: string): ConnectError {
  const advice = `it did not choose the sub-protocol "${protocol}": check the path`
  return webSocketError(endpoint, 'WEBSOCKET_SUBPROTOCOL', false, advice)
}

function webSocketTransport(socket: WebSocketLike, endpoint: Endpoint, handlers: TransportHandlers): Transport {
  let state: 'open' | 'closing' | 'ended' = 'open'
  let failure: Error | undefined
  let full = false
  let closeTimer: ReturnType<typeof setTimeout> | undefined
  let drainTimer: ReturnType<typeof setTimeout> | undefined

  const lost = (code: string, what: string, cause?: unknown): Error =>
    new ConnectionLostError(`The connection to ${endpoint.label} is lost: ${what}`, {
      code,
      phase: 'websocket',
      retryable: true,
      cause,
    })

  const destroy = (): void => {
    state = 'ended'
    full = false
    clearTimeout(closeTimer)
    clearTimeout(drainTimer)
    abandon(socket)
  }

  const end = (error: Error | undefined): void => {
    if (state === 'ended') return
    destroy()
    handlers.close(error)
  }

  const startClosing = (code: number): void => {
    if (state !== 'open') return
    state = 'closing'
    // Without reading, the peer's close frame is not seen.
    socket.resume?.()
    socket.close(code)
    closeTimer = setTimeout(() => {
      const unsent =
        socket.bufferedAmount > 0 ? lost('ETIMEDOUT', 'it did not take the last bytes within 2 s') : undefined
      end(failure ?? unsent)
    }, CLOSE_PATIENCE)
  }

  /** A browser has no event for a buffer that emptied: it is asked. `ws` calls, each time bytes were written. */
  const drain = (): void => {
    clearTimeout(drainTimer)
    if (!full) return
    if (socket.bufferedAmount > LOW_WATER) {
      drainTimer = setTimeout(drain, DRAIN_POLL)
      return
    }
    full = false
    handlers.drain()
  }

  socket.onmessage = ({ data }) => {
    if (state !== 'open') return
    if (typeof data === 'string') {
      // [MQTT-6.0.0-1] Packets come in binary frames; after any other the network connection must be closed.
      failure = new ProtocolError(`${endpoint.label} sent text, not MQTT`, 0x81, 'MALFORMED_PACKET')
      // RFC 6455, §7.4.1, has 1003 for it; a page may say 1000, or a code of its own from 3000 on.
      return startClosing(socket.terminate ? 1003 : 4003)
    }
    // An ArrayBuffer, or what `ws` gives: a view of what it read.
    const { buffer = data, byteOffset, byteLength } = data as Uint8Array
    handlers.data(new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength))
  }
  // A browser tells no more than that, and `onclose` follows.
  socket.onerror = ({ error }) => {
    const { code = 'ECONNRESET', message = 'it failed' } = (error ?? {}) as { code?: string; message?: string }
    failure ??= lost(code, message, error)
    startClosing(1000)
  }
  socket.onclose = ({ code, reason }) => {
    // RFC 6455, §7.4.1: normal, going away, and a close frame without a code; 1006 is none at all.
    if (state === 'open' && ![1000, 1001, 1005].includes(code)) {
      const name = code === 1006 ? 'ECONNRESET' : `WEBSOCKET_CLOSE_${code}`
      failure = lost(name, `it closed with code ${code} ${JSON.stringify(reason)}`)
    }
    end(failure)
  }

  return {
    send(bytes) {
      if (state !== 'open') return false
      socket.send(bytes, drain)
      if (!full && socket.bufferedAmount > HIGH_WATER) {
        full = true
        drain()
      }
      return !full
    },
    // A browser reads on: to hold its bytes here would be to keep them all, while the session knows what may be dropped.
    pause() {
      if (state === 'open') socket.pause?.()
    },
    resume() {
      if (state === 'open') socket.resume?.()
    },
    close: () => startClosing(1000),
    destroy,
  }
}

/** Frees the socket at once. Its events are heard no more, but for `ws` an error without a listener would be thrown. */
function abandon(socket: WebSocketLike): void {
  socket.onopen = socket.onmessage = socket.onclose = null
  socket.onerror = () => {}
  socket.terminate?.()
  socket.close()
}
