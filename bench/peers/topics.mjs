/**
 * A server that sends many small messages of QoS 0 on many topics, as fast as they are read: `{ url, port }`. It grants
 * all filters; each PUBLISH that it gets says how many messages are to come. They are ready-made bytes, in a circle.
 */

import { createServer } from 'node:net'
import { encodePacket, PacketReader } from '../../dist/codec/index.js'
import { topicOf } from '../topics.mjs'
import { handIn, takeJob } from '../work.mjs'

/** Bytes of one write, at most. */
const CHUNK = 65_536

const { topics, messages, payload } = await takeJob()

const server = createServer({ noDelay: true }, (socket) => {
  const reader = new PacketReader({ protocolVersion: 5 })
  let circle
  const answer = {
    connect: ({ protocolVersion }) => {
      circle = makeCircle(protocolVersion, socket)
      return { type: 'connack' }
    },
    subscribe: ({ packetId, subscriptions }) => ({ type: 'suback', packetId, reasonCodes: subscriptions.map(() => 0) }),
    publish: ({ qos, packetId, payload: count }) => {
      circle.send(Number(Buffer.from(count)))
      return qos === 1 ? { type: 'puback', packetId } : undefined
    },
    pingreq: () => ({ type: 'pingresp' }),
    disconnect: () => void socket.end(),
  }
  socket.on('data', (chunk) => {
    for (const packet of reader.push(chunk)) {
      const packetBack = answer[packet.type](packet)
      if (packetBack) socket.write(encodePacket(packetBack, reader.protocolVersion))
    }
  })
  socket.on('error', () => {})
})
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address()
  handIn({ url: `mqtt://127.0.0.1:${port}`, port })
})

/** All messages, one after the other, and where each begins: what is sent goes on where the last sending ended. */
function makeCircle(protocolVersion, socket) {
  const packets = Array.from({ length: messages }, (_, at) =>
    encodePacket({ type: 'publish', topic: topicOf(at % topics), payload: Buffer.from(payload) }, protocolVersion),
  )
  const bytes = Buffer.concat(packets)
  const starts = [0]
  for (const { length } of packets) starts.push(starts.at(-1) + length)
  let at = 0
  let wanted = 0
  let stopped = false

  function write() {
    stopped = false
    while (wanted > 0 && !stopped) {
      let end = at
      const last = Math.min(packets.length, at + wanted)
      while (end < last && starts[end + 1] - starts[at] <= CHUNK) end++
      stopped = !socket.write(bytes.subarray(starts[at], starts[end]))
      wanted -= end - at
      at = end % packets.length
    }
    if (stopped) socket.once('drain', write)
  }

  return {
    send(count) {
      wanted += count
      if (!stopped) write()
    },
  }
}
