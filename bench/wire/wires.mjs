/** Both sides of TCP, TLS and WebSocket, alike: bytes in, bytes out, and whether the other side keeps up. */

import { once } from 'node:events'
import { connect, createServer } from 'node:net'

/** What may wait in our memory before `write` says false. A stream's own 16 KiB is less than one chunk of ours. */
const HIGH_WATER = 1024 * 1024

/**
 * @typedef {object} Wire
 * @property {(bytes: Uint8Array) => boolean} write False: wait until `drained` is called.
 * @property {(chunk: Uint8Array) => void} data To be set.
 * @property {() => void} drained To be set, where it is wanted.
 * @property {() => void} end
 */

/**
 * @param {'tcp' | 'tls' | 'ws'} transport
 * @param {(wire: Wire) => void} accept
 * @returns {Promise<{ url: string, ca?: string }>} With TLS, `ca` is the certificate to trust.
 */
export function listen(transport, accept) {
  return LISTENERS[transport](accept)
}

const LISTENERS = {
  async tcp(accept) {
    const options = { noDelay: true, highWaterMark: HIGH_WATER }
    const server = createServer(options, (socket) => accept(wireOfSocket(socket)))
    return { url: `mqtt://127.0.0.1:${await portOf(server.listen(0, '127.0.0.1'))}` }
  },

  async tls(accept) {
    const [tls, { generate }] = await Promise.all([import('node:tls'), import('selfsigned')])
    const extensions = [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }]
    const made = await generate([{ name: 'commonName', value: '127.0.0.1' }], { keyType: 'ec', extensions })
    const options = { cert: made.cert, key: made.private, noDelay: true, highWaterMark: HIGH_WATER }
    const server = tls.createServer(options, (socket) => accept(wireOfSocket(socket)))
    return { url: `mqtts://127.0.0.1:${await portOf(server.listen(0, '127.0.0.1'))}`, ca: made.cert }
  },

  async ws(accept) {
    const { WebSocketServer } = await import('ws')
    const options = { host: '127.0.0.1', port: 0, perMessageDeflate: false, handleProtocols: () => 'mqtt' }
    const server = new WebSocketServer(options)
    server.on('connection', (socket) => accept(wireOfWebSocket(socket)))
    return { url: `ws://127.0.0.1:${await portOf(server)}/mqtt` }
  },
}

async function portOf(server) {
  await once(server, 'listening')
  return server.address().port
}

/**
 * @param {string} url As `listen` gave it.
 * @param {string} [ca]
 * @returns {Promise<Wire>}
 */
export async function dial(url, ca) {
  const { protocol, hostname: host, port } = new URL(url)
  const options = { host, port: Number(port), noDelay: true, highWaterMark: HIGH_WATER }
  if (protocol === 'ws:') {
    const { WebSocket } = await import('ws')
    const socket = new WebSocket(url, ['mqtt'], { perMessageDeflate: false })
    await once(socket, 'open')
    return wireOfWebSocket(socket)
  }
  const socket = protocol === 'mqtts:' ? (await import('node:tls')).connect({ ...options, ca }) : connect(options)
  await once(socket, protocol === 'mqtts:' ? 'secureConnect' : 'connect')
  return wireOfSocket(socket)
}

function wireOfSocket(socket) {
  const wire = {
    write: (bytes) => socket.write(bytes),
    data: () => {},
    drained: () => {},
    end: () => socket.end(),
  }
  socket.on('error', () => {})
  socket.on('data', (chunk) => wire.data(chunk))
  socket.on('drain', () => wire.drained())
  return wire
}

function wireOfWebSocket(socket) {
  let full = false
  const written = () => {
    if (!full || socket.bufferedAmount > HIGH_WATER / 2) return
    full = false
    wire.drained()
  }
  const wire = {
    write(bytes) {
      socket.send(bytes, written)
      full ||= socket.bufferedAmount > HIGH_WATER
      return !full
    },
    data: () => {},
    drained: () => {},
    end: () => socket.close(),
  }
  socket.on('error', () => {})
  socket.on('message', (chunk) => wire.data(chunk))
  return wire
}
