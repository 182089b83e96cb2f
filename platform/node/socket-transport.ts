/** A transport over a connected socket of Node, plain or TLS. */

import type { Socket } from 'node:net'
import type { Endpoint, Transport, TransportHandlers } from '../../src/index.js'
import { ConnectionLostError } from '../../src/index.js'
import { connectError } from './connect-errors.js'

/**
 * How much may wait in our memory before `send` says false. Well above a flush of 64 KiB: at the 16 KiB that a stream
 * itself goes by, every flush would have to wait for `drain` although the kernel took it all.
 */
const HIGH_WATER = 256 * 1024

/** How long the peer has to take the last bytes and to end, too, ms. */
const CLOSE_PATIENCE = 2000

/** What to think of a server that ends the connection before it said anything. */
const UNHEARD = {
  tcp: ', before the server said anything: it may want TLS there (mqtts://) or WebSocket (ws://)',
  // Its refusal of our certificate, when our own bytes met the closed connection before its alert was read.
  tls: ', right after the TLS handshake: it may want a client certificate (tls.cert and tls.key)',
}

/** Whose a socket is: so the listeners are the same functions for all sockets, 0.25 KiB less for each. */
const OWNER = Symbol('transport')

type OwnedSocket = Socket & { [OWNER]?: SocketTransport }

/**
 * Takes over a connected socket. To be made in the same turn in which it connected, so that nothing it says is missed;
 * data flows from the next turn on, when all who wait for `open` have run.
 */
export class SocketTransport implements Transport {
  readonly #socket: OwnedSocket
  readonly #endpoint: Endpoint
  readonly #handlers: TransportHandlers
  #state: 'open' | 'closing' | 'ended' = 'open'
  #failure: Error | undefined
  #full = false
  #heard = false
  #closeTimer: NodeJS.Timeout | undefined

  constructor(socket: OwnedSocket, endpoint: Endpoint, handlers: TransportHandlers) {
    this.#socket = socket
    this.#endpoint = endpoint
    this.#handlers = handlers
    socket[OWNER] = this
    socket.on('data', onData).on('drain', onDrain).on('error', onError).on('close', onClose)
  }

  send(bytes: Uint8Array, more = false): boolean {
    if (this.#state !== 'open') return false
    const socket = this.#socket
    // One system call for all of them: with two for a header and its payload, 16 KiB cost half as much CPU again.
    if (more && socket.writableCorked === 0) socket.cork()
    socket.write(bytes)
    if (more) return true
    socket.uncork()
    // The stream's own "drain" follows, as its mark is below ours.
    this.#full ||= socket.writableLength > HIGH_WATER
    return !this.#full
  }

  pause(): void {
    if (this.#state === 'open') this.#socket.pause()
  }

  resume(): void {
    if (this.#state === 'open') this.#socket.resume()
  }

  close(): void {
    const socket = this.#socket
    if (this.#state !== 'open') return
    this.#state = 'closing'
    // Without reading, the peer's end is not seen.
    socket.resume()
    socket.end()
    this.#closeTimer = setTimeout(() => {
      if (!socket.writableFinished) this.#failure ??= unflushed(this.#endpoint)
      socket.destroy()
      this.end()
    }, CLOSE_PATIENCE)
  }

  destroy(): void {
    if (this.#state === 'ended') return
    this.#release()
    this.#socket.destroy()
  }

  hear(chunk: Buffer): void {
    if (!this.#heard) {
      this.#heard = true
      const mistake = wrongProtocol(this.#endpoint, chunk)
      if (mistake !== undefined) {
        this.#failure = mistake
        this.#socket.destroy()
        return
      }
    }
    if (this.#state === 'open') this.#handlers.data(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength))
  }

  drained(): void {
    if (!this.#full) return
    this.#full = false
    this.#handlers.drain()
  }

  failed(error: Error): void {
    this.#failure ??= lost(this.#endpoint, error, this.#heard)
  }

  end(): void {
    if (this.#state === 'ended') return
    if (this.#state === 'open' && !this.#heard) this.#failure ??= unheard(this.#endpoint)
    // Our own end came first: how the peer took it does not matter any more.
    const error = this.#state === 'closing' && this.#socket.writableFinished ? undefined : this.#failure
    this.#release()
    this.#handlers.close(error)
  }

  #release(): void {
    const socket = this.#socket
    this.#state = 'ended'
    clearTimeout(this.#closeTimer)
    socket.off('data', onData).off('drain', onDrain).off('error', onError).off('close', onClose)
    // It may still fail on its way out; an error that nobody listens to would end the process.
    socket.on('error', ignore)
  }
}

function onData(this: OwnedSocket, chunk: Buffer): void {
  this[OWNER]?.hear(chunk)
}

function onDrain(this: OwnedSocket): void {
  this[OWNER]?.drained()
}

function onError(this: OwnedSocket, error: Error): void {
  this[OWNER]?.failed(error)
}

function onClose(this: OwnedSocket): void {
  this[OWNER]?.end()
}

/** The first bytes show who is there: no MQTT packet of a server looks like a TLS alert or like HTTP. */
function wrongProtocol(endpoint: Endpoint, chunk: Uint8Array): ConnectionLostError | undefined {
  const [first, second] = chunk
  const speaks =
    first === 0x15 && second === 0x03
      ? 'TLS: use mqtts://'
      : first === 0x48 && second === 0x54
        ? `HTTP: use ${endpoint.transport === 'tls' ? 'wss' : 'ws'}://, or the port of its MQTT listener`
        : undefined
  if (speaks === undefined) return undefined
  const details = { code: 'WRONG_PROTOCOL', phase: endpoint.transport as 'tcp' | 'tls', retryable: false }
  return new ConnectionLostError(`${endpoint.label} does not speak MQTT on this port but ${speaks}`, details)
}

function lost(endpoint: Endpoint, error: NodeJS.ErrnoException, heard: boolean): ConnectionLostError {
  const phase = endpoint.transport as 'tcp' | 'tls'
  if (error.code?.startsWith('ERR_SSL_')) {
    // In TLS 1.3 we count as connected before the server has looked at our certificate: its refusal comes here.
    const { message, code, retryable } = connectError(endpoint, phase, error)
    return new ConnectionLostError(message, { code, phase, retryable, cause: error })
  }
  const details = { code: error.code ?? 'UNKNOWN', phase, retryable: true, cause: error }
  return new ConnectionLostError(
    `The connection to ${endpoint.label} is lost: ${error.message}${heard ? '' : UNHEARD[phase]}`,
    details,
  )
}

/** An end in order is no answer to CONNECT: nobody would know what to do about it. */
function unheard(endpoint: Endpoint): ConnectionLostError {
  const phase = endpoint.transport as 'tcp' | 'tls'
  const message = `${endpoint.label} closed the connection${UNHEARD[phase]}, or not take this protocolVersion`
  return new ConnectionLostError(message, { code: 'CONNECTION_CLOSED', phase, retryable: true })
}

function unflushed(endpoint: Endpoint): ConnectionLostError {
  const details = { code: 'ETIMEDOUT', phase: endpoint.transport as 'tcp' | 'tls', retryable: true }
  return new ConnectionLostError(`${endpoint.label} did not take our last bytes within 2 s`, details)
}

function ignore(): void {}
