/** A web server with the page that measures, and a small server of MQTT behind its WebSocket: `{ url }`. */

import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { WebSocketServer } from 'ws'
import { makeChunks, SmallServer } from '../small-server.mjs'
import { handIn, takeJob } from '../work.mjs'

/** What a page loads beside `page.js`, by the client that is measured in it. Nothing else is served. */
const CLIENTS = {
  emqtt: '../../dist/umd/emqtt.min.js',
  'MQTT.js': '../node_modules/mqtt/dist/mqtt.min.js',
  'paho-mqtt': '../node_modules/paho-mqtt/paho-mqtt-min.js',
  limit: '../page/bare.js',
}
const FILES = {
  '/page.js': '../page/page.js',
  ...Object.fromEntries(Object.entries(CLIENTS).map(([name, file]) => [`/client/${name}`, file])),
}
/** Bytes of a frame of the server's, and what may wait to be sent. */
const FRAME = 4_096
const WAITING = 1 << 20

const { qos, size } = await takeJob()
const perChunk = Math.ceil(FRAME / (size + 20))
// As many as there are Packet Identifiers.
const shape = { version: 4, topic: 'bench/topic', qos, size, chunks: Math.floor(65_535 / perChunk), perChunk }
const chunks = makeChunks(shape)
let server = new SmallServer(() => {})
let [sending, sent] = [false, 0]

const listening = createServer(async ({ url = '/' }, response) => {
  const { pathname, searchParams } = new URL(url, 'http://page')
  if (pathname === '/heard') return response.end(JSON.stringify(server.heard))
  if (pathname === '/stop') {
    sending = false
    return response.end(String(sent))
  }
  if (pathname in FILES) {
    response.setHeader('content-type', 'text/javascript; charset=utf-8')
    return response.end(await readFile(fileURLToPath(new URL(FILES[pathname], import.meta.url))))
  }
  response.setHeader('content-type', 'text/html; charset=utf-8')
  const client = searchParams.get('client')
  if (pathname !== '/') return response.writeHead(pathname === '/favicon.ico' ? 204 : 404).end()
  const scripts = [`/client/${client}`, '/page.js'].map((file) => `<script src="${file}"></script>`)
  response.end(`<!doctype html><title>bench</title>${scripts.join('')}`)
})

new WebSocketServer({ server: listening, perMessageDeflate: false }).on('connection', (socket) => {
  server = new SmallServer((bytes) => socket.send(bytes.slice()))
  socket.on('message', (bytes) => server.receive(bytes))
  server.subscribed = () => {
    sending = true
    send()
  }
  /** As fast as it is read; at QoS 1 no Packet Identifier comes again before it is acknowledged. */
  const send = () => {
    const all = shape.chunks * shape.perChunk
    while (
      sending &&
      socket.bufferedAmount < WAITING &&
      (qos === 0 || sent + shape.perChunk - server.heard.puback <= all)
    ) {
      socket.send(chunks[(sent / shape.perChunk) % shape.chunks])
      sent += shape.perChunk
    }
    if (sending && socket.readyState === socket.OPEN) setImmediate(send)
  }
})

listening.listen(0, '127.0.0.1')
await once(listening, 'listening')
handIn({ url: `http://127.0.0.1:${listening.address().port}` })
