/** Bounds of SECURITY.md that lie outside of the core: in SCRAM and in the WebSocket of Node. */

import { createHash } from 'node:crypto'
import { createServer } from 'node:net'
import { expect, it } from 'vitest'
import { Client } from '../../platform/node/index.js'
import { scram } from '../../platform/scram/index.js'
import { failure } from '../client/bench.js'
import { listening } from '../integration/servers.js'

it('SCRAM with more than 10 000 000 iterations is refused before the first', async () => {
  const authenticator = scram('SCRAM-SHA-256', { username: 'u', password: 'p' })
  for (const iterations of ['10000001', '2147483648', '9'.repeat(60_000)]) {
    const nonce = Buffer.from((await authenticator.start()) as Uint8Array)
      .toString()
      .split('r=')[1]
    const next = authenticator.next(Buffer.from(`r=${nonce}x,s=c2FsdA==,i=${iterations}`))
    const error = await failure(Promise.resolve(next))
    expect(error).toMatchObject({ code: 'SCRAM_ITERATIONS' })
    expect(error.message.length).toBeLessThan(200)
  }
})

it('a WebSocket message in more than 262 144 parts ends the connection', async () => {
  await using server = await listening(
    createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', (request) => {
        const key = /sec-websocket-key: (\S+)/i.exec(request.toString())?.[1]
        const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
        socket.write(
          `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
        )
        // A binary frame that goes on, and then on and on by a byte.
        socket.write(Buffer.of(0x02, 1, 0x20))
        socket.write(Buffer.alloc(3 * 300_000, Buffer.of(0x00, 1, 0xff)))
      })
    }),
  )
  const client = new Client({ url: `ws://127.0.0.1:${server.port}`, reconnect: false, connectTimeout: 15_000 })
  expect(await failure(client.connect())).toMatchObject({ code: 'WS_ERR_TOO_MANY_BUFFERED_PARTS' })
  await client.stop()
})
