/** What every transport promises (src/client/transport.ts), told by one suite against real sockets. */

import { createServer } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ClientOptions } from '../../src/client/options.js'
import type { Platform, Transport } from '../../src/client/transport.js'
import { certificates } from '../support/certificates.js'
import { nothingMoreThan, open, Recorder, resources } from './recorder.js'
import { type Kind, listen, type Peer, startServer, type TestServer } from './servers.js'

const MIB = 1024 * 1024

/** Bytes that differ at every place, so that what is lost, doubled or swapped shows. */
function pattern(length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let at = 0, state = 1; at < length; at++) {
    state = (state * 1103515245 + 12345) & 0x7fffffff
    bytes[at] = state >> 16
  }
  return bytes
}

export function transportContract(kind: Kind, platform: Platform): void {
  describe(`transport ${kind}`, () => {
    let before: string[]
    let server: TestServer
    let handlers: Recorder
    let transport: Transport | undefined

    beforeEach(async () => {
      before = resources()
      server = await startServer(kind)
      handlers = new Recorder()
    })

    // Every test ends with it: nothing is left running.
    afterEach(async () => {
      transport?.destroy()
      transport = undefined
      await server.close()
      await nothingMoreThan(before)
    })

    async function connected(options: ClientOptions = {}): Promise<{ transport: Transport; peer: Peer }> {
      transport = await open(platform, server.url, { ...server.options, ...options }, handlers)
      return { transport, peer: await server.accept() }
    }

    test('bytes arrive whole and in order, in both directions', async () => {
      const { transport, peer } = await connected()
      const out = pattern(MIB)
      const back = pattern(MIB + 7)
      transport.send(out.slice())
      peer.write(back)
      expect((await peer.read(out.length)).equals(out)).toBe(true)
      await handlers.received(back.length)
      expect(handlers.bytes.equals(back)).toBe(true)
    })

    test('many small sends arrive in order', async () => {
      const { transport, peer } = await connected()
      const all = pattern(20_000)
      for (let at = 0; at < all.length; at += 10) transport.send(all.slice(at, at + 10))
      expect((await peer.read(all.length)).equals(all)).toBe(true)
    })

    test('chunks are plain Uint8Arrays', async () => {
      const { peer } = await connected()
      peer.write(pattern(100))
      await handlers.received(100)
      for (const chunk of handlers.chunks) expect(Object.getPrototypeOf(chunk)).toBe(Uint8Array.prototype)
    })

    test('no handler is called before those who wait for open have run, and no early byte is lost', async () => {
      const hello = pattern(1000)
      const accepted = server.accept().then((peer) => peer.write(hello))
      let callsAtOpen = -1
      const opening = open(platform, server.url, server.options, handlers)
      await opening
        .then((opened) => (transport = opened))
        .then(() => {})
        .then(() => {})
        .then(() => (callsAtOpen = handlers.calls))
      expect(callsAtOpen).toBe(0)
      await accepted
      await handlers.received(hello.length)
      expect(handlers.bytes.equals(hello)).toBe(true)
    })

    test('close flushes what was sent, then calls close once, without an error', async () => {
      const { transport, peer } = await connected()
      const all = pattern(MIB)
      transport.send(all.slice())
      transport.close()
      transport.close()
      expect((await peer.read(all.length)).equals(all)).toBe(true)
      expect(await handlers.closed()).toBeUndefined()
      await peer.closed
      expect(handlers.closes).toHaveLength(1)
    })

    test('close calls close after 2 s when the peer does not answer, and says what was not taken', async () => {
      const { transport, peer } = await connected()
      peer.stopReading()
      transport.send(new Uint8Array(32 * MIB))
      const started = performance.now()
      transport.close()
      expect(await handlers.closed()).toMatchObject({ code: 'ETIMEDOUT' })
      expect(performance.now() - started).toBeGreaterThan(1900)
      expect(performance.now() - started).toBeLessThan(2900)
    })

    test('sending, pausing and closing after the end do nothing', async () => {
      const { transport, peer } = await connected()
      transport.close()
      expect(transport.send(pattern(10))).toBe(false)
      await handlers.closed()
      await peer.closed
      const { calls } = handlers
      expect(transport.send(pattern(10))).toBe(false)
      transport.pause()
      transport.resume()
      transport.close()
      transport.destroy()
      expect(handlers.calls).toBe(calls)
    })

    test('when the peer ends, close is called once, last, and without an error', async () => {
      const { peer } = await connected()
      peer.write(pattern(MIB))
      peer.end()
      expect(await handlers.closed()).toBeUndefined()
      expect(handlers.length).toBe(MIB)
      await peer.closed
      expect(handlers.closes).toHaveLength(1)
    })

    test('when the peer resets, close is called once with the reason', async () => {
      const { peer } = await connected()
      peer.reset()
      expect(await handlers.closed()).toMatchObject({
        name: 'ConnectionLostError',
        code: 'ECONNRESET',
        retryable: true,
      })
      await peer.closed
      expect(handlers.closes).toHaveLength(1)
    })

    test('after destroy no handler is called and the peer sees the end', async () => {
      const { transport, peer } = await connected()
      peer.write(pattern(MIB))
      transport.send(pattern(MIB))
      transport.destroy()
      const { calls } = handlers
      await peer.closed
      expect(handlers.calls).toBe(calls)
    })

    test('a handler may destroy the transport', async () => {
      const { transport, peer } = await connected()
      handlers.data = (chunk) => {
        handlers.chunks.push(chunk)
        transport.destroy()
      }
      peer.write(pattern(MIB))
      await peer.closed
      expect(handlers.chunks).toHaveLength(1)
      expect(handlers.closes).toHaveLength(0)
    })

    test('send says false to a peer that does not read, and drain follows when it does', async () => {
      const { transport, peer } = await connected()
      peer.stopReading()
      let sent = 0
      do sent += 65_536
      while (transport.send(pattern(65_536)) && sent < 256 * MIB)
      expect(sent).toBeLessThan(256 * MIB)
      expect(handlers.drains).toBe(0)
      peer.startReading()
      await handlers.drained()
      expect(transport.send(pattern(10))).toBe(true)
      await peer.read(sent + 10)
      expect(handlers.drains).toBe(1)
    })

    test('while paused the peer is not read past a bound, and resume loses nothing', async () => {
      const { transport, peer } = await connected()
      transport.pause()
      const all = pattern(32 * MIB)
      peer.write(all)
      transport.send(pattern(1))
      // The other direction still works, which also gives the paused one its time.
      await peer.read(1)
      expect(handlers.length).toBeLessThan(MIB)
      transport.resume()
      await handlers.received(all.length)
      expect(handlers.bytes.equals(all)).toBe(true)
    })

    test('an aborted signal rejects at once with its reason', async () => {
      const reason = new Error('no longer wanted')
      const opening = open(platform, server.url, server.options, handlers, AbortSignal.abort(reason))
      await expect(opening).rejects.toBe(reason)
      expect(handlers.calls).toBe(0)
    })

    test('abort while the name is resolved', async () => {
      const { promise, abort, signal } = attempt()
      const tcp = { lookup: () => abort() }
      const opening = open(
        platform,
        server.url.replace('127.0.0.1', 'localhost'),
        { ...server.options, tcp },
        handlers,
        signal,
      )
      await expect(opening).rejects.toBe(await promise)
    })

    test('abort while TCP connects', async () => {
      const { promise, abort, signal } = attempt()
      const lookup = (_name: string, _options: object, found: (error: null, addresses: object[]) => void) => {
        found(null, [{ address: '127.0.0.1', family: 4 }])
        abort()
      }
      const url = server.url.replace('127.0.0.1', 'localhost')
      const opening = open(platform, url, { ...server.options, tcp: { lookup } }, handlers, signal)
      await expect(opening).rejects.toBe(await promise)
    })

    test.runIf(kind !== 'tcp')('abort while the server is silent in a handshake', async () => {
      const { promise, abort, signal } = attempt()
      // The first bytes, a ClientHello or an upgrade request, are taken and never answered.
      const silent = await listen(createServer((socket) => socket.once('data', abort)))
      const url = server.url.replace(/\d+$/, String(silent.port))
      await expect(open(platform, url, server.options, handlers, signal)).rejects.toBe(await promise)
      await silent.close()
    })

    test.runIf(kind === 'wss')('abort while the server is silent in the WebSocket handshake over TLS', async () => {
      const { promise, abort, signal } = attempt()
      const { cert, key } = (await certificates()).server
      const silent = await listen(
        createTlsServer({ cert, key }, (socket) => socket.on('error', () => {}).once('data', abort)),
      )
      const url = server.url.replace(/\d+$/, String(silent.port))
      await expect(open(platform, url, server.options, handlers, signal)).rejects.toBe(await promise)
      await silent.close()
    })
  })
}

/** An attempt that is aborted later; `promise` gives the reason once that happened. */
function attempt(): { promise: Promise<Error>; abort: () => void; signal: AbortSignal } {
  const controller = new AbortController()
  const reason = new Error('no longer wanted')
  return {
    promise: new Promise((done) => controller.signal.addEventListener('abort', () => done(reason))),
    abort: () => controller.abort(reason),
    signal: controller.signal,
  }
}
