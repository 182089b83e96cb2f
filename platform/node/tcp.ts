/** A TCP connection: the name is resolved, the addresses are tried, and the socket comes back connected. */

import { connect, type Socket, type TcpNetConnectOpts } from 'node:net'
import type { CancelSignal, ClientOptions, Endpoint } from '../../src/index.js'
import { cancellable } from '../shared/cancellable.js'
import { connectError, optionsError } from './connect-errors.js'

/** Resolves with a connected socket that has no listener of ours; rejects with a `ConnectError` or the signal's reason. */
export function dialTcp(endpoint: Endpoint, options: ClientOptions, signal: CancelSignal): Promise<Socket> {
  const { host, port } = endpoint
  return cancellable(signal, (resolve, reject) => {
    const onConnect = (): void => {
      socket.off('error', onError)
      resolve(socket)
    }
    const onError = (error: Error): void => reject(connectError(endpoint, 'tcp', error))
    const socket = begin({ noDelay: true, ...options.tcp, host, port }, endpoint)
    socket.once('connect', onConnect).once('error', onError)
    return () => socket.off('connect', onConnect).off('error', onError).on('error', ignore).destroy()
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
