/** A peer that answers CONNECT, acknowledges each PUBLISH of QoS 1 at once, and does nothing else. 5.0. */

import { createServer } from 'node:net'

const CONNACK = Buffer.from([0x20, 3, 0, 0, 0])

const server = createServer({ noDelay: true }, (socket) => {
  let rest = Buffer.alloc(0)
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    rest = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
    const answers = []
    for (let size = sizeOf(rest); size > 0 && rest.length >= size; size = sizeOf(rest)) {
      const type = rest[0] >> 4
      if (type === 1) answers.push(CONNACK)
      if (type === 3) {
        const body = 1 + lengthBytes(rest)
        const id = body + 2 + rest.readUInt16BE(body)
        answers.push(Buffer.from([0x40, 2, rest[id], rest[id + 1]]))
      }
      rest = rest.subarray(size)
    }
    if (answers.length > 0) socket.write(Buffer.concat(answers))
  })
})
server.listen(0, '127.0.0.1', () => process.send(server.address().port))

/** Bytes of the packet that begins here; 0 while its length is not there. */
function sizeOf(bytes) {
  const count = lengthBytes(bytes)
  if (count === 0) return 0
  let length = 0
  for (let at = count; at > 0; at--) length = length * 128 + (bytes[at] & 127)
  return 1 + count + length
}

/** Of Remaining Length; 0 while its end is not there. */
function lengthBytes(bytes) {
  for (let at = 1; at <= 4 && at < bytes.length; at++) if (bytes[at] < 128) return at
  return 0
}
