/** A small server in a process of its own, over TCP: `{ url, control }`. To `control` one says `next`, or asks `heard`. */

import { once } from 'node:events'
import { createServer } from 'node:net'
import { makeChunks, SmallServer } from '../small-server.mjs'
import { handIn, takeJob } from '../work.mjs'

const chunks = makeChunks(await takeJob())
let server = new SmallServer(() => {})
let deliver = (/** @type {Uint8Array} */ _bytes) => {}

const mqtt = await listen((socket) => {
  deliver = (bytes) => void socket.write(bytes)
  server = new SmallServer((bytes) => deliver(bytes.slice()))
  socket.on('data', (bytes) => server.receive(bytes))
})
const control = await listen((socket) => {
  socket.on('data', (word) => {
    if (word.toString() === 'heard') socket.write(JSON.stringify(server.heard))
    else for (const chunk of chunks) deliver(chunk)
  })
})
handIn({ url: `mqtt://127.0.0.1:${mqtt}`, control })

async function listen(serve) {
  const listening = createServer({ noDelay: true }, (socket) => serve(socket.on('error', () => {}))).listen(
    0,
    '127.0.0.1',
  )
  await once(listening, 'listening')
  return listening.address().port
}
