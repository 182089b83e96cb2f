/**
 * A server that costs little, in MQTT 3.1.1: it acknowledges messages, not before `hold` of them are there; it grants what
 * is asked for; it sends messages when it is told to. `{ url }`.
 *
 * A message on `send` tells it which (`makeMessages`). One on `numbered` begins with its number, counted from 0 on each
 * connection; the payload of any other is one of `makePayload`. Where that is not so, the connection ends.
 */

import { once } from 'node:events'
import { createServer } from 'node:net'
import { isOfPayload, joinPieces, makeMessages, makePubacks, makeSuback } from '../growth-wire.mjs'
import { handIn, takeJob } from '../work.mjs'

const { hold = 1 } = await takeJob()

const PUBLISH = 3

/** What is said to packets of other types, of which the fixed header is cut off. */
const ANSWERS = {
  1: () => Buffer.of(0x20, 2, 0, 0),
  4: () => undefined,
  8: makeSuback,
  10: (unsubscribe) => Buffer.concat([Buffer.of(0xb0, 2), unsubscribe.subarray(0, 2)]),
  12: () => Buffer.of(0xd0, 0),
  14: () => undefined,
}

const server = createServer({ noDelay: true }, serve).listen({ port: 0, host: '127.0.0.1', backlog: 4_096 })
await once(server, 'listening')
handIn({ url: `mqtt://127.0.0.1:${server.address().port}` })

function serve(socket) {
  /** What is no whole packet yet; of a PUBLISH, no whole header. */
  let rest = Buffer.alloc(0)
  /** The message whose payload is coming. */
  let message = { packetId: 0, left: 0, at: 0 }
  let numbered = 0
  let unanswered = []

  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk) => {
    let bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
    try {
      for (let taken = -1; taken !== 0 && bytes.length > 0; bytes = bytes.subarray(taken)) taken = take(bytes)
    } catch (error) {
      socket.destroy(error)
    }
    rest = bytes
    if (unanswered.length < hold) return
    socket.write(makePubacks(unanswered))
    unanswered = []
  })

  /** How many bytes were dealt with; 0 where more of them have to come. */
  function take(bytes) {
    if (message.left > 0) return takePayload(bytes)
    const header = readHeader(bytes)
    if (!header) return 0
    if (bytes[0] >> 4 === PUBLISH) return takeMessage(bytes, header)
    const { begin, end } = header
    if (bytes.length < end) return 0
    const answer = ANSWERS[bytes[0] >> 4](bytes.subarray(begin, end))
    if (answer) socket.write(answer)
    return end
  }

  function takeMessage(bytes, { begin, end }) {
    const qos = (bytes[0] >> 1) & 3
    const named = begin + 2 + (bytes.length < begin + 2 ? 0 : bytes.readUInt16BE(begin))
    const headed = named + (qos > 0 ? 2 : 0)
    if (bytes.length < headed) return 0
    const topic = bytes.latin1Slice(begin + 2, named)
    const packetId = qos > 0 ? bytes.readUInt16BE(named) : 0
    if (topic !== 'send' && topic !== 'numbered') {
      message = { packetId, left: end - headed, at: 0 }
      if (message.left === 0) finish(packetId)
      return headed
    }
    if (bytes.length < end) return 0
    if (topic === 'send') send(JSON.parse(bytes.utf8Slice(headed, end)))
    else if (bytes.readUInt32BE(headed) !== numbered++) throw new Error('a message is missing, or out of order')
    finish(packetId)
    return end
  }

  function takePayload(bytes) {
    const { packetId, left, at } = message
    const part = bytes.subarray(0, left)
    if (!isOfPayload(part, at)) throw new Error('a payload has other bytes')
    message = { packetId, left: left - part.length, at: at + part.length }
    if (message.left === 0) finish(packetId)
    return part.length
  }

  function finish(packetId) {
    if (packetId > 0) unanswered.push(packetId)
  }

  function send(order) {
    for (const piece of joinPieces(makeMessages(order))) socket.write(piece)
  }
}

/** Where the packet goes on behind its fixed header, and where it ends; undefined until that can be said. */
function readHeader(bytes) {
  let remaining = 0
  for (let at = 1; at < Math.min(5, bytes.length); at++) {
    remaining += (bytes[at] & 127) * 128 ** (at - 1)
    if (bytes[at] < 128) return { begin: at + 1, end: at + 1 + remaining }
  }
  return undefined
}
