/** Connections in memory with a server at the other end: a WebSocket, and a stream of Node. They allocate as little as they can. */

import { Duplex } from 'node:stream'
import { SmallServer } from './small-server.mjs'

/** As much of a WebSocket as our build for browsers uses: `globalThis.WebSocket = MemorySocket`, before it is loaded. */
export class MemorySocket {
  /** The last that was made. @type {MemorySocket} */
  static last
  binaryType = 'arraybuffer'
  bufferedAmount = 0
  onopen = () => {}
  onmessage = (/** @type {{ data: Uint8Array }} */ _event) => {}
  onerror = () => {}
  onclose = (/** @type {{ code: number, reason: string }} */ _event) => {}
  server = new SmallServer(later((bytes) => this.deliver(bytes)))

  /**
   * @param {string} url
   * @param {string[]} protocols
   */
  constructor(url, protocols) {
    this.url = url
    this.protocol = protocols[0]
    MemorySocket.last = this
    queueMicrotask(() => this.onopen())
  }

  /** @param {Uint8Array} bytes */
  send(bytes) {
    this.server.receive(bytes)
  }

  /** From the server. @param {Uint8Array} bytes */
  deliver(bytes) {
    this.onmessage({ data: bytes })
  }

  close() {
    queueMicrotask(() => this.onclose?.({ code: 1000, reason: '' }))
  }
}

/** What was written in one turn reaches the server in the next, as one chunk: as over a socket, but without a copy for each. */
export class MemoryStream extends Duplex {
  server = new SmallServer(later((bytes) => this.deliver(bytes)))
  #written = new Uint8Array(1 << 20)
  #size = 0
  #pass = () => {
    this.server.receive(this.#written, this.#size)
    this.#size = 0
  }

  /** From the server. @param {Uint8Array} bytes */
  deliver(bytes) {
    this.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))
  }

  _write(chunk, _encoding, written) {
    this.#written.set(chunk, this.#size)
    if (this.#size === 0) setImmediate(this.#pass)
    this.#size += chunk.length
    written()
  }

  _read() {}
}

/** What a server answers is heard in a later turn. @param {(bytes: Uint8Array) => void} hear */
function later(hear) {
  const waiting = []
  const next = () => hear(waiting.shift())
  return (bytes) => {
    waiting.push(bytes.slice())
    setImmediate(next)
  }
}
