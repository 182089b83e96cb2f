/** A small server in a process of its own, over TCP: `{ url, control }`. To `control` one says `next`, or asks `heard`. */

import { once } from 'node:events'
import { createServer } from 'node:net'
import { makeChunks, SmallServer } from '../small-server.mjs'
import { handIn, takeJob } from '../work.mjs'

const shape = await takeJob()
const chunks = makeChunks(shape)
const messages = shape.chunks * shape.perChunk
let server = new SmallServer(() => {})
let deliver = (/** @type {Uint8Array} */ _bytes) => {}
/** Bursts that were asked for, and that were sent. */
let [asked, sent] = [0, 0]

const mqtt = await listen((socket) => {
  deliver = (bytes) => void socket.write(bytes)
  server = new SmallServer((bytes) => deliver(bytes.slice()))
  socket.on('data', (bytes) => {
    server.receive(bytes)
    sendNext()
  })
})
const control = await listen((socket) => {
  socket.on('data', (word) => {
    if (word.toString() === 'heard') return socket.write(JSON.stringify(server.heard))
    asked++
    sendNext()
  })
})
handIn({ url: `mqtt://127.0.0.1:${mqtt}`, control })

/** Once all of the burst before are acknowledged: their Packet Identifiers come again. */
function sendNext() {
  const { puback, pubcomp } = server.heard
  if (asked === sent || (shape.qos > 0 && puback + pubcomp < sent * messages)) return
  sent++
  for (const chunk of chunks) deliver(chunk)
}

async function listen(serve) {
  const listening = createServer({ noDelay: true }, (socket) => serve(socket.on('error', () => {}))).listen(
    0,
    '127.0.0.1',
  )
  await once(listening, 'listening')
  return listening.address().port
}
