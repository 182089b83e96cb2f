/** The browser's platform with a page made of words: what it refuses, what it explains, and how it spares the socket. */

import { getEventListeners } from 'node:events'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createBrowserPlatform, type Page } from '../../platform/browser/platform.js'
import type { WebSocketLike } from '../../platform/shared/websocket.js'
import type { ClientOptions } from '../../src/client/options.js'
import { open, Recorder } from './recorder.js'

/** A browser's WebSocket whose server is the test. It has no pause, no terminate, and no callback of `send`. */
class FakeSocket implements WebSocketLike {
  static last: FakeSocket
  binaryType = 'blob'
  bufferedAmount = 0
  protocol = ''
  onopen: (() => void) | null = null
  onmessage: ((event: { data: unknown }) => void) | null = null
  onerror: ((event: object) => void) | null = null
  onclose: ((event: { code: number; reason: string }) => void) | null = null
  readonly sent: Uint8Array[] = []
  readonly closes: (number | undefined)[] = []

  constructor(
    readonly url: string,
    readonly protocols: string[],
  ) {
    FakeSocket.last = this
  }
  send(data: Uint8Array): void {
    this.sent.push(data)
    this.bufferedAmount += data.length
  }
  close(code?: number): void {
    // https://websockets.spec.whatwg.org/#dom-websocket-close: a page has no other codes.
    if (code !== undefined && code !== 1000 && !(code >= 3000 && code <= 4999)) throw new Error('InvalidAccessError')
    this.closes.push(code)
  }
  opens(protocol = this.protocols[0] as string): void {
    this.protocol = protocol
    this.onopen?.()
  }
  fails(): void {
    this.onerror?.({})
    this.onclose?.({ code: 1006, reason: '' })
  }
  says(...bytes: number[]): void {
    this.onmessage?.({ data: Uint8Array.from(bytes).buffer })
  }
}

const page = (more: Page = {}) => createBrowserPlatform(FakeSocket, more)
const https = { location: { protocol: 'https:' } }

async function connected(handlers = new Recorder()) {
  const opening = open(page(), 'ws://h', {}, handlers)
  FakeSocket.last.opens()
  return { transport: await opening, socket: FakeSocket.last, handlers }
}

afterEach(() => {
  expect(vi.isFakeTimers() ? vi.getTimerCount() : 0).toBe(0)
  vi.useRealTimers()
})

describe('options', () => {
  test('the page says whether TLS is the default', () => {
    expect(page().endpoints({ host: 'h' })[0]).toMatchObject({ transport: 'ws', port: 80, path: '/mqtt' })
    expect(page(https).endpoints({ host: 'h' })[0]).toMatchObject({ transport: 'wss', port: 443 })
  })

  const cases: [ClientOptions, RegExp][] = [
    [{ url: 'mqtt://h' }, /^url: expected ws or wss \(browsers have only WebSocket\), got mqtt$/],
    [{ servers: ['wss://h', 'mqtts://h'] }, /^servers\[1\]: .*browsers have only WebSocket/],
    [{ transport: 'tcp' }, /^transport: .*browsers have only WebSocket/],
    [{ url: 'wss://h', tcp: { noDelay: false } }, /^tcp: only Node takes such settings$/],
    [{ url: 'wss://h', tls: { ca: 'x' } }, /^tls: only Node takes such settings$/],
    [{ url: 'wss://h', webSocket: { headers: {} } }, /^webSocket.headers: only Node takes such settings$/],
  ]
  test.each(cases)('%j is refused', (options, message) => {
    expect(() => page().endpoints(options)).toThrow(TypeError)
    expect(() => page().endpoints(options)).toThrow(message)
  })
})

describe('errors', () => {
  async function failure(url: string, more: Page = {}) {
    const opening = open(page(more), url, {}, new Recorder())
    FakeSocket.last.fails()
    return opening.then(
      () => expect.unreachable('it connected') as never,
      (error) => error,
    )
  }

  test('a failure without a reason says what it is not, and lists what to look at', async () => {
    const error = await failure('wss://h/mqtt?token=secret')
    expect(error).toMatchObject({ name: 'ConnectError', phase: 'websocket', code: 'WEBSOCKET_FAILED', retryable: true })
    expect(error.message).toMatch(
      /^Cannot connect to wss:\/\/h:443\/mqtt: .*is online, and this is no mixed content: see the console, the Content-Security-Policy \(connect-src\), and whether it listens at this port and path with TLS \(else use ws:\/\/\) and a trusted certificate \(open https:\/\/h:443\/mqtt in a tab\) for the sub-protocol "mqtt"/,
    )
    expect(error.message).not.toContain('secret')
    const { message } = await failure('ws://h')
    expect(message).toContain('without TLS (else use wss://)')
    expect(message).not.toContain('certificate')
    // It would be mixed content.
    expect((await failure('wss://h', https)).message).not.toContain('use ws://')
  })

  test('mixed content is named, and is not tried again', async () => {
    expect(await failure('ws://h', https)).toMatchObject({ code: 'MIXED_CONTENT', retryable: false })
    expect(await failure('ws://localhost', https)).toMatchObject({ code: 'WEBSOCKET_FAILED' })
    expect(await failure('ws://127.0.0.1', https)).toMatchObject({ code: 'WEBSOCKET_FAILED' })
  })

  test('offline is named', async () => {
    expect(await failure('ws://h', { navigator: { onLine: false } })).toMatchObject({
      code: 'OFFLINE',
      retryable: true,
    })
  })

  test('a constructor that throws rejects', async () => {
    class Insecure extends FakeSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols)
        throw new Error('SecurityError')
      }
    }
    const opening = open(createBrowserPlatform(Insecure, https), 'ws://h', {}, new Recorder())
    await expect(opening).rejects.toMatchObject({ code: 'MIXED_CONTENT', cause: new Error('SecurityError') })
  })

  test('a host without WebSocket rejects, and not before it is asked to connect', async () => {
    const opening = open(createBrowserPlatform(null, {}), 'ws://h', {}, new Recorder())
    await expect(opening).rejects.toMatchObject({ code: 'NO_WEBSOCKET', retryable: false })
  })

  test('a server that chose no sub-protocol is left again', async () => {
    const opening = open(page(), 'ws://h', {}, new Recorder())
    FakeSocket.last.opens('')
    await expect(opening).rejects.toMatchObject({ code: 'WEBSOCKET_SUBPROTOCOL', retryable: false })
    expect(FakeSocket.last.closes).toHaveLength(1)
    expect(FakeSocket.last.onclose).toBeNull()
  })
})

describe('the transport', () => {
  test('it asks for array buffers and hands on plain Uint8Arrays', async () => {
    const { socket, handlers } = await connected()
    expect(socket).toMatchObject({ url: 'ws://h:80/mqtt', protocols: ['mqtt'], binaryType: 'arraybuffer' })
    socket.says(1, 2)
    expect(handlers.chunks).toEqual([Uint8Array.of(1, 2)])
  })

  test('above the mark send says false, and the buffer is looked at until it emptied', async () => {
    vi.useFakeTimers()
    const { transport, socket, handlers } = await connected()
    expect(transport.send(new Uint8Array(512 * 1024))).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
    expect(transport.send(new Uint8Array(1))).toBe(false)
    expect(transport.send(new Uint8Array(1))).toBe(false)
    expect(vi.getTimerCount()).toBe(1)
    vi.advanceTimersByTime(100)
    expect(handlers.drains).toBe(0)
    socket.bufferedAmount = 0
    vi.advanceTimersByTime(100)
    expect(handlers.drains).toBe(1)
    expect(vi.getTimerCount()).toBe(0)
    expect(transport.send(new Uint8Array(1))).toBe(true)
  })

  test('what comes while paused is handed on: a browser cannot stop reading, and the core knows what may be dropped', async () => {
    const { transport, socket, handlers } = await connected()
    transport.pause()
    for (const byte of [1, 2, 3]) socket.says(byte)
    transport.resume()
    socket.says(4)
    expect([...handlers.bytes]).toEqual([1, 2, 3, 4])
  })

  test('5.0 and 3.1.1: a text frame ends the connection, with a code that a page may use [MQTT-6.0.0-1]', async () => {
    const { socket, handlers } = await connected()
    socket.onmessage?.({ data: 'hello' })
    expect(socket.closes).toEqual([4003])
    socket.onclose?.({ code: 1006, reason: '' })
    expect(handlers.closes).toMatchObject([{ name: 'ProtocolError', reasonCode: 0x81 }])
    expect(handlers.chunks).toHaveLength(0)
  })

  test('a failure ends the connection with what the server did', async () => {
    const { socket, handlers } = await connected()
    socket.fails()
    expect(handlers.closes).toMatchObject([{ name: 'ConnectionLostError', code: 'ECONNRESET', retryable: true }])
  })

  test('close waits 2 s for the server', async () => {
    vi.useFakeTimers()
    const { transport, socket, handlers } = await connected()
    transport.close()
    expect(socket.closes).toEqual([1000])
    vi.advanceTimersByTime(1999)
    expect(handlers.closes).toHaveLength(0)
    vi.advanceTimersByTime(1)
    expect(handlers.closes).toEqual([undefined])
  })

  test('destroy leaves no listener and no timer', async () => {
    vi.useFakeTimers()
    const { transport, socket, handlers } = await connected()
    transport.send(new Uint8Array(1024 * 1024))
    transport.destroy()
    expect(vi.getTimerCount()).toBe(0)
    expect([socket.onopen, socket.onmessage, socket.onclose]).toEqual([null, null, null])
    socket.says(1)
    socket.fails()
    expect(handlers.calls).toBe(0)
  })

  test('abort while it connects closes the socket', async () => {
    const controller = new AbortController()
    const opening = open(page(), 'ws://h', {}, new Recorder(), controller.signal)
    controller.abort(new Error('enough'))
    await expect(opening).rejects.toThrow('enough')
    expect(FakeSocket.last.closes).toHaveLength(1)
    FakeSocket.last.opens()
  })

  test('defer runs after the current code, and needs no this', async () => {
    const { defer } = page()
    const order: string[] = []
    defer(() => order.push('deferred'))
    order.push('now')
    await Promise.resolve()
    expect(order).toEqual(['now', 'deferred'])
  })
})

describe('what a page hears of sleep and of its network', () => {
  class Source extends EventTarget {
    get listening(): number {
      const types = ['online', 'offline', 'pageshow', 'visibilitychange', 'change']
      return types.flatMap((type) => getEventListeners(this, type)).length
    }
    says(type: string): void {
      this.dispatchEvent(new Event(type))
    }
  }

  function watched() {
    const window = new Source()
    const connection = new Source()
    const navigator = { onLine: true, connection }
    const document = { hidden: false }
    const whole = Object.assign(window, { navigator, document })
    const told: boolean[] = []
    const watch = () =>
      createBrowserPlatform(FakeSocket, whole).watch?.((online) => void told.push(online)) as () => void
    return { window, connection, navigator, document, watch, told: () => told.splice(0) }
  }

  test('the network comes, goes and changes; the page is shown and restored', () => {
    const { window, connection, navigator, watch, told } = watched()
    const stop = watch()
    expect(told(), 'nothing has changed').toEqual([])
    for (const type of ['online', 'visibilitychange', 'pageshow']) {
      window.says(type)
      expect(told(), type).toEqual([true])
    }
    connection.says('change')
    expect(told()).toEqual([true])
    navigator.onLine = false
    window.says('offline')
    connection.says('change')
    window.says('visibilitychange')
    expect(told(), 'a tab that is shown has no network for that').toEqual([false, false, false])
    stop()
  })

  test('a tab that is hidden is nothing to tell; its network is', () => {
    const { window, document, watch, told } = watched()
    const stop = watch()
    document.hidden = true
    window.says('visibilitychange')
    expect(told()).toEqual([])
    window.says('online')
    expect(told()).toEqual([true])
    stop()
  })

  test('a page without a network says so at once', () => {
    const { navigator, watch, told } = watched()
    navigator.onLine = false
    watch()()
    expect(told()).toEqual([false])
  })

  test('each watcher hears for itself, and leaves no listener', () => {
    const { window, connection, watch, told } = watched()
    const stops = [watch(), watch()]
    expect([window.listening, connection.listening]).toEqual([8, 2])
    window.says('online')
    expect(told()).toEqual([true, true])
    stops[0]?.()
    window.says('online')
    expect(told()).toEqual([true])
    stops[1]?.()
    expect([window.listening, connection.listening]).toEqual([0, 0])
    window.says('online')
    connection.says('change')
    expect(told()).toEqual([])
  })

  test('a worker, and a host without events, is watched as far as it goes', () => {
    const worker = Object.assign(new Source(), { navigator: { onLine: true } })
    const told: boolean[] = []
    const stop = createBrowserPlatform(FakeSocket, worker).watch?.((online) => void told.push(online))
    worker.says('online')
    expect(told).toEqual([true])
    stop?.()
    expect(worker.listening).toBe(0)
    createBrowserPlatform(null, {}).watch?.(() => expect.unreachable())()
  })
})
