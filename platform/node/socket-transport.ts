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

/**
 * Takes over a connected socket. To be called in the same turn in which it connected, so that nothing it says is
 * missed; data flows from the next turn on, when all who wait for `open` have run.
 */
export function socketTransport(socket: Socket, endpoint: Endpoint, handlers: TransportHandlers): Transport {
  let state: 'open' | 'closing' | 'ended' = 'open'
  let failure: Error | undefined
  let full = false
  let heard = false
  let closeTimer: NodeJS.Timeout | undefined

  const onData = (chunk: Buffer): void => {
    if (state === 'open') handlers.data(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength))
  }

  const onFirstData = (chunk: Buffer): void => {
    heard = true
    socket.off('data', onFirstData)
    socket.on('data', onData)
    const mistake = wrongProtocol(endpoint, chunk)
    if (mistake === undefined) {
      onData(chunk)
    } else {
      failure = mistake
      socket.destroy()
    }
  }

  const onDrain = (): void => {
    if (!full) return
    full = false
    handlers.drain()
  }

  const onError = (error: Error): void => {
    failure ??= lost(endpoint, error, heard)
  }

  const end = (): void => {
    if (state === 'ended') return
    if (state === 'open' && !heard) failure ??= unheard(endpoint)
    // Our own end came first: how the peer took it does not matter any more.
    const error = state === 'closing' && socket.writableFinished ? undefined : failure
    release()
    handlers.close(error)
  }

  const release = (): void => {
    state = 'ended'
    clearTimeout(closeTimer)
    socket.off('data', onFirstData).off('data', onData).off('drain', onDrain).off('error', onError).off('close', end)
    // It may still fail on its way out; an error that nobody listens to would end the process.
    socket.on('error', ignore)
  }

  socket.on('data', onFirstData).on('drain', onDrain).on('error', onError).on('close', end)

  return {
    send(bytes) {
      if (state !== 'open') return false
      socket.write(bytes)
      // The stream's own "drain" follows, as its mark is below ours.
      full ||= socket.writableLength > HIGH_WATER
      return !full
    },
    pause() {
      if (state === 'open') socket.pause()
    },
    resume() {
      if (state === 'open') socket.resume()
    },
    close() {
      if (state !== 'open') return
      state = 'closing'
      // Without reading, the peer's end is not seen.
      socket.resume()
      socket.end()
      closeTimer = setTimeout(() => {
        if (!socket.writableFinished) failure ??= unflushed(endpoint)
        socket.destroy()
        end()
      }, CLOSE_PATIENCE)
    },
    destroy() {
      if (state === 'ended') return
      release()
      socket.destroy()
    },
  }
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
