/** A TCP connection: the name is resolved, the addresses are tried, and the socket comes back connected. */

import { connect, isIP, type Socket, type TcpNetConnectOpts } from 'node:net'
import type { CancelSignal, ClientOptions, Endpoint } from '../../src/index.js'
import { cancellable } from '../shared/cancellable.js'
import { connectError, optionsError, stalled } from './connect-errors.js'

/** Resolves with a connected socket that has no listener of ours; rejects with a `ConnectError` or the signal's reason. */
export function dialTcp(endpoint: Endpoint, options: ClientOptions, signal: CancelSignal): Promise<Socket> {
  const { host, port } = endpoint
  let phase: 'resolve' | 'tcp' = isIP(host) === 0 ? 'resolve' : 'tcp'
  return cancellable<Socket>(signal, (resolve, reject) => {
    const onLookup = (): void => {
      phase = 'tcp'
    }
    const onConnect = (): void => {
      socket.off('lookup', onLookup).off('error', onError)
      resolve(socket)
    }
    const onError = (error: Error): void => reject(connectError(endpoint, 'tcp', error))
    const socket = begin({ noDelay: true, ...options.tcp, host, port }, endpoint)
    socket.once('lookup', onLookup).once('connect', onConnect).once('error', onError)
    return () =>
      socket.off('lookup', onLookup).off('connect', onConnect).off('error', onError).on('error', ignore).destroy()
  }).catch((error: unknown) => {
    throw stalled(endpoint, phase, error, signal)
  })
}

function begin(options: TcpNetConnectOpts, endpoint: Endpoint): Socket {
  try {
    return connect(options)
  } catch (error) {
    throw optionsError(endpoint, 'tcp', error)
  }
}

function ignore(): void {}
