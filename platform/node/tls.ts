/** TLS over a connected socket: the peer's certificate is verified before a byte of ours is sent. */

import { isIP, type Socket } from 'node:net'
import type { ConnectionOptions, TLSSocket } from 'node:tls'
import type { CancelSignal, ClientOptions, Endpoint, TlsOptions } from '../../src/index.js'
import { cancellable } from '../shared/cancellable.js'
import { connectError, optionsError, stalled } from './connect-errors.js'
import { dialTcp } from './tcp.js'

/** Resolves once the handshake is done and the certificate is accepted; else frees the TCP connection, too. */
export async function dialTls(endpoint: Endpoint, options: ClientOptions, signal: CancelSignal): Promise<TLSSocket> {
  // Loaded on first use, since who uses TCP only should not wait for it; and before the socket is there, since nobody
  // would listen to its errors in the meantime.
  const { connect } = await import('node:tls')
  const socket = await dialTcp(endpoint, options, signal)
  socket.on('error', ignore)
  return cancellable<TLSSocket>(signal, (resolve, reject) => {
    const secured = begin(connect, socket, endpoint, options)
    const onSecure = (): void => {
      secured.off('error', onError)
      resolve(secured)
    }
    const onError = (error: Error): void => reject(connectError(endpoint, 'tls', error))
    secured.once('secureConnect', onSecure).once('error', onError)
    return () => secured.off('secureConnect', onSecure).off('error', onError).on('error', ignore).destroy()
  }).catch((error: unknown) => {
    socket.destroy()
    throw stalled(endpoint, 'tls', error, signal)
  })
}

/** The user's settings, and the name that the certificate must bear. */
export function tlsOptions(endpoint: Endpoint, options: ClientOptions): TlsOptions {
  const { host } = endpoint
  const given = typeof options.tls === 'object' ? options.tls : {}
  // RFC 6066, §3: SNI asks for a name, without a trailing dot, and never for an address.
  return { servername: isIP(host) === 0 ? (host.endsWith('.') ? host.slice(0, -1) : host) : '', host, ...given }
}

function begin(
  connect: (options: ConnectionOptions) => TLSSocket,
  socket: Socket,
  endpoint: Endpoint,
  options: ClientOptions,
): TLSSocket {
  try {
    return connect({ ...(tlsOptions(endpoint, options) as ConnectionOptions), socket })
  } catch (error) {
    throw optionsError(endpoint, 'tls', error)
  }
}

function ignore(): void {}
