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

/** Close codes of RFC 6455, §7.4.1: normal, going away, and a close frame without a code. */
const ORDERLY = [1000, 1001, 1005]

/** [MQTT-6.0.0-3] The sub-protocol is `mqtt`; what it was before the standard, MQTT 3.1 still says. */
export function subProtocol({ protocolVersion }: ClientOptions): string {
  return protocolVersion === 3 ? 'mqttv3.1' : 'mqtt'
}

/**
 * Waits until the socket that `create` begins is open. `explain` makes the error of a failure out of what the host
 * gives, which in a browser is nothing.
 */
export async function openWebSocket(
  endpoint: Endpoint,
  protocol: string,
  create: () => WebSocketLike,
  explain: (cause: unknown) => Error,
  handlers: TransportHandlers,
  signal: CancelSignal,
): Promise<Transport> {
  const socket = await cancellable<WebSocketLike>(signal, (resolve, reject) => {
    const opening = create()
    // A browser would give blobs, which are read asynchronously. `ws` gives views of what it read: nothing is copied.
    if (opening.binaryType === 'blob') opening.binaryType = 'arraybuffer'
    opening.onopen = () => {
      if (opening.protocol !== protocol) return reject(wrongSubProtocol(endpoint, protocol, opening.protocol))
      // `ws` may have the first bytes already; they wait until the handlers of the transport are in place.
      opening.pause?.()
      resolve(opening)
    }
    opening.onerror = (event) => reject(explain(event.error))
    opening.onclose = () => reject(explain(undefined))
    return () => abandon(opening)
  })
  const transport = webSocketTransport(socket, endpoint, handlers)
  // It starts to flow in a later turn, when all who wait for our promise have run.
  socket.resume?.()
  return transport
}

/** The server did not choose MQTT. Browsers and `ws` mostly see to it themselves, and then say so in their own way. */
export function wrongSubProtocol(endpoint: Endpoint, asked: string, chosen: string): ConnectError {
  return new ConnectError(
    `${endpoint.label} accepts WebSockets but chose ${chosen === '' ? 'no sub-protocol' : `the sub-protocol "${chosen}"`} where "${asked}" was asked for: check that the path is the one of its MQTT listener`,
    { code: 'WEBSOCKET_SUBPROTOCOL', phase: 'websocket', retryable: false },
  )
}

function webSocketTransport(socket: WebSocketLike, endpoint: Endpoint, handlers: TransportHandlers): Transport {
  let state: 'open' | 'closing' | 'ended' = 'open'
  let failure: Error | undefined
  let paused = false
  // What came while paused. A browser cannot be told to stop reading: there the server's window is the bound.
  let held: Uint8Array[] = []
  let full = false
  let closeTimer: ReturnType<typeof setTimeout> | undefined
  let drainTimer: ReturnType<typeof setTimeout> | undefined

  const release = (): void => {
    state = 'ended'
    full = false
    held = []
    clearTimeout(closeTimer)
    clearTimeout(drainTimer)
    forget(socket)
  }

  const end = (error: Error | undefined): void => {
    while (state === 'open' && held.length > 0) handlers.data(held.shift() as Uint8Array)
    if (state === 'ended') return
    release()
    handlers.close(error)
  }

  const startClosing = (code: number): void => {
    if (state !== 'open') return
    state = 'closing'
    // Without reading, the peer's close frame is not seen.
    socket.resume?.()
    socket.close(code)
    closeTimer = setTimeout(() => {
      const unsent = socket.bufferedAmount
      abandon(socket)
      end(
        failure ??
          (unsent > 0 ? lost(endpoint, 'ETIMEDOUT', 'the server did not take the last bytes within 2 s') : undefined),
      )
    }, CLOSE_PATIENCE)
  }

  const drained = (): void => {
    if (!full || socket.bufferedAmount > LOW_WATER) return
    full = false
    handlers.drain()
  }

  const poll = (): void => {
    drained()
    if (full) drainTimer = setTimeout(poll, DRAIN_POLL)
  }

  socket.onopen = null
  socket.onmessage = ({ data }) => {
    if (state !== 'open') return
    if (typeof data === 'string') {
      // [MQTT-6.0.0-1] Packets come in binary frames; after any other the network connection must be closed.
      failure = new ProtocolError(
        `${endpoint.label} sent a WebSocket text frame, and MQTT uses binary ones only: is it an MQTT server?`,
        0x81,
        'MALFORMED_PACKET',
      )
      return startClosing(1003)
    }
    const chunk = ArrayBuffer.isView(data)
      ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      : new Uint8Array(data as ArrayBuffer)
    if (paused || held.length > 0) held.push(chunk)
    else handlers.data(chunk)
  }
  socket.onerror = ({ error }) => {
    const { code, message } = (error ?? {}) as { code?: string; message?: string }
    failure ??= lost(endpoint, code ?? 'ECONNRESET', message ?? 'the WebSocket failed', error)
    startClosing(1002)
  }
  socket.onclose = ({ code, reason }) => {
    end(failure ?? (state === 'closing' || ORDERLY.includes(code) ? undefined : closedWith(endpoint, code, reason)))
  }

  return {
    send(bytes) {
      if (state !== 'open') return false
      socket.send(bytes, drained)
      if (full || socket.bufferedAmount <= HIGH_WATER) return !full
      full = true
      // `ws` calls back when bytes were written; a browser has to be asked.
      if (socket.pause === undefined) poll()
      return !full
    },
    pause() {
      if (state !== 'open') return
      paused = true
      socket.pause?.()
    },
    resume() {
      if (state !== 'open') return
      paused = false
      while (state === 'open' && !paused && held.length > 0) handlers.data(held.shift() as Uint8Array)
      if (state === 'open' && !paused) socket.resume?.()
    },
    close: () => startClosing(1000),
    destroy() {
      if (state === 'ended') return
      release()
      abandon(socket)
    },
  }
}

function closedWith(endpoint: Endpoint, code: number, reason: string): ConnectionLostError {
  if (code === 1006) return lost(endpoint, 'ECONNRESET', 'it ended without a WebSocket close frame (1006)')
  const said = reason === '' ? '' : `, ${JSON.stringify(reason)}`
  return lost(endpoint, `WEBSOCKET_CLOSE_${code}`, `the server closed the WebSocket with code ${code}${said}`)
}

function lost(endpoint: Endpoint, code: string, what: string, cause?: unknown): ConnectionLostError {
  const details = { code, phase: 'websocket', retryable: true, cause } as const
  return new ConnectionLostError(`The connection to ${endpoint.label} is lost: ${what}`, details)
}

function abandon(socket: WebSocketLike): void {
  forget(socket)
  if (socket.terminate !== undefined) socket.terminate()
  else socket.close()
}

function forget(socket: WebSocketLike): void {
  socket.onopen = null
  socket.onmessage = null
  socket.onclose = null
  // `ws` is an EventEmitter: an error that nobody listens to would end the process.
  socket.onerror = ignore
}

function ignore(): void {}
