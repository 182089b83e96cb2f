/** A server that takes many connections: CONNACK for each CONNECT, PINGRESP for PINGREQ, and nothing else. `{ url }`. */

import { createServer } from 'node:net'
import { handIn, takeJob } from '../work.mjs'

const { connections } = await takeJob()

const CONNACKS = { 4: Buffer.from([0x20, 2, 0, 0]), 5: Buffer.from([0x20, 3, 0, 0, 0]) }
const PINGRESP = Buffer.from([0xd0, 0])
/** Where CONNECT says its version: behind the fixed header of two bytes and the name `MQTT`. */
const VERSION_AT = 8

const server = createServer({ noDelay: true }, (socket) => {
  socket.once('data', (chunk) => {
    // Shorter than 130 bytes, it comes in one piece and has one byte of Remaining Length.
    const connack = chunk[0] === 0x10 && chunk.length === 2 + chunk[1] && CONNACKS[chunk[VERSION_AT]]
    if (!connack) return socket.destroy()
    socket.write(connack)
    socket.on('data', ([first]) => first === 0xc0 && socket.write(PINGRESP))
  })
  socket.on('error', () => {})
})
// The backlog is as long as the system lets it be.
server.listen({ port: 0, host: '127.0.0.1', backlog: connections }, () => {
  handIn({ url: `mqtt://127.0.0.1:${server.address().port}` })
})
