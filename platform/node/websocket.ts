/** A WebSocket in Node: the connection is made as for TCP and TLS, then `ws` upgrades it. */

import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { PeerCertificate } from 'node:tls'
import type { CancelSignal, ClientOptions, Endpoint, Transport, TransportHandlers } from '../../src/index.js'
import { webSocketUrl } from '../shared/endpoint.js'
import { openWebSocket, subProtocol, type WebSocketLike, wrongSubProtocol } from '../shared/websocket.js'
import { connectError, httpError, optionsError, stalled } from './connect-errors.js'
import { dialTcp } from './tcp.js'
import { dialTls, tlsOptions } from './tls.js'

/** The largest MQTT packet (§2.1.4: 5 bytes of header and 268 435 455 more), since servers put one into a frame. */
const MAX_FRAME = 268_435_460

/** Of a frame in parts, each of which costs some hundred bytes beside its own: the largest packet in parts of 1 KiB. */
const MAX_PARTS = 262_144

/** What `ws` adds to the standard interface and is used here. */
interface NodeWebSocket extends WebSocketLike {
  on(event: 'open', listener: () => void): unknown
  on(event: 'unexpected-response', listener: (request: ClientRequest, response: IncomingMessage) => void): unknown
}

export async function openNodeWebSocket(
  endpoint: Endpoint,
  options: ClientOptions,
  handlers: TransportHandlers,
  signal: CancelSignal,
): Promise<Transport> {
  const { agent, headers } = options.webSocket ?? {}
  const { default: WebSocket } = await import('isomorphic-ws')
  // An agent makes its own connections, for instance through a proxy.
  const socket = agent === undefined ? await dial(endpoint, options, signal) : undefined
  const settings = {
    ...(agent === undefined
      ? { createConnection: () => socket }
      : { ...(await agentOptions(endpoint, options)), agent }),
    headers,
    perMessageDeflate: false,
    maxPayload: MAX_FRAME,
    maxFragments: MAX_PARTS,
    maxBufferedChunks: MAX_PARTS,
  }
  const protocol = subProtocol(options)
  // What fails may be the proxy then.
  const way = agent === undefined ? endpoint : { ...endpoint, label: `${endpoint.label} through webSocket.agent` }
  let status: number | undefined

  const create = (): WebSocketLike => {
    try {
      const opening = new WebSocket(webSocketUrl(endpoint), [protocol], settings) as NodeWebSocket
      // It may have the first bytes already; they wait until all who wait for our promise have run.
      opening.on('open', () => opening.pause?.())
      opening.on('unexpected-response', (_request, response) => {
        status = response.statusCode
        opening.terminate?.()
      })
      return opening
    } catch (error) {
      throw optionsError(endpoint, 'webSocket', error)
    }
  }

  const explain = (cause: unknown): Error => {
    if (status !== undefined) return httpError(way, status)
    const { message = '', code } = (cause ?? {}) as NodeJS.ErrnoException
    if (message.includes('subprotocol')) return wrongSubProtocol(way, protocol)
    if (code !== undefined) return connectError(way, 'websocket', cause)
    return connectError(way, 'websocket', Object.assign(new Error(message, { cause }), { code: 'WEBSOCKET_HANDSHAKE' }))
  }

  try {
    const transport = await openWebSocket(endpoint, protocol, create, explain, handlers, signal)
    transport.resume()
    return transport
  } catch (error) {
    // `ws` lets go of a socket that it was given in the middle of the handshake, but does not always close it.
    socket?.destroy()
    // What an agent was doing, nobody else can tell.
    throw agent === undefined ? stalled(endpoint, 'websocket', error, signal) : error
  }
}

/** What an agent needs for TLS. One for a proxy may hold the certificate against another name than the server's. */
async function agentOptions(endpoint: Endpoint, options: ClientOptions): Promise<object> {
  const { checkServerIdentity } = await import('node:tls')
  const settings = tlsOptions(endpoint, options)
  const name = settings.servername || endpoint.host
  return {
    checkServerIdentity: (_: string, certificate: PeerCertificate) => checkServerIdentity(name, certificate),
    ...settings,
  }
}

function dial(endpoint: Endpoint, options: ClientOptions, signal: CancelSignal): Promise<Socket> {
  return endpoint.transport === 'wss' ? dialTls(endpoint, options, signal) : dialTcp(endpoint, options, signal)
}
