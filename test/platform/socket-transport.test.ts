/** What a transport over a socket of Node asks of the socket. */

import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { expect, test } from 'vitest'
import { SocketTransport } from '../../platform/node/socket-transport.js'
import type { Endpoint } from '../../src/index.js'

const ENDPOINT: Endpoint = { transport: 'tcp', host: 'h', port: 1, path: '', label: 'mqtt://h:1' }

test('bytes that more follow leave with those in one system call, and what comes later in its own', () => {
  const calls: number[][] = []
  const socket = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      calls.push([chunk.length])
      done()
    },
    writev(chunks, done) {
      calls.push(chunks.map(({ chunk }) => (chunk as Buffer).length))
      done()
    },
  })
  const transport = new SocketTransport(socket as Socket, ENDPOINT, { data() {}, drain() {}, close() {} })
  expect(transport.send(new Uint8Array(3), true)).toBe(true)
  // Above what may wait, if it waited.
  expect(transport.send(new Uint8Array(300_000), true)).toBe(true)
  expect(transport.send(new Uint8Array(5))).toBe(true)
  expect(calls).toEqual([[3, 300_000, 5]])
  expect(transport.send(new Uint8Array(6))).toBe(true)
  expect(calls).toEqual([[3, 300_000, 5], [6]])
  transport.destroy()
})
