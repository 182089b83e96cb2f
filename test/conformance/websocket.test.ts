/** MQTT over WebSocket (chapter 6): the sub-protocol, the kind of frames, and packets that keep to no frame. */

import { createServer, type Server } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { Client } from '../../platform/node/index.js'
import { encodePacket, PacketReader } from '../../src/codec/index.js'
import { listen } from '../platform/servers.js'

/** What the client asked for, and in which kind of frames it spoke. */
interface Seen {
  protocols: string[]
  binary: boolean[]
}

let http: Server
let close: () => Promise<void>
let url: string
beforeEach(async () => {
  http = createServer()
  const server = await listen(http)
  close = server.close
  url = `ws://127.0.0.1:${server.port}/mqtt`
})
afterEach(() => close())

for (const [name, protocolVersion] of [
  ['5.0', 5],
  ['3.1.1', 4],
] as const) {
  /** A server that accepts every CONNECT, and sends what it has to say by `speak`. */
  function serve(speak: (socket: WebSocket, bytes: Uint8Array) => void): Seen {
    const seen: Seen = { protocols: [], binary: [] }
    const handleProtocols = (offered: Set<string>): string => {
      seen.protocols.push(...offered)
      return 'mqtt'
    }
    new WebSocketServer({ server: http, handleProtocols }).on('connection', (socket) => {
      const reader = new PacketReader({ protocolVersion })
      socket.on('message', (data, binary) => {
        seen.binary.push(binary)
        for (const { type } of reader.push(new Uint8Array(data as Buffer)))
          if (type === 'connect') speak(socket, answers())
      })
    })
    return seen
  }

  /** CONNACK and two messages, one of them longer than a byte can say. */
  function answers(): Uint8Array {
    const payload = new TextEncoder().encode('x'.repeat(200))
    return Buffer.concat([
      encodePacket({ type: 'connack' }, protocolVersion),
      encodePacket({ type: 'publish', topic: 'a', payload }, protocolVersion),
      encodePacket({ type: 'publish', topic: 'b' }, protocolVersion),
    ])
  }

  async function topicsHeard(): Promise<string[]> {
    const client = new Client({ url, protocolVersion, reconnect: false })
    const topics: string[] = []
    const both = new Promise<void>((resolve, reject) => {
      client.on('message', ({ topic }) => void (topics.push(topic) === 2 && resolve()))
      client.on('close', ({ error }) => reject(error))
    })
    both.catch(() => {})
    await client.connect()
    await both
    await client.disconnect()
    return topics
  }

  describe(`${name}: over WebSocket`, () => {
    test('the client offers the sub-protocol mqtt [MQTT-6.0.0-3]', async () => {
      const seen = serve((socket, bytes) => socket.send(bytes))
      await topicsHeard()
      expect(seen.protocols).toEqual(['mqtt'])
    })

    test('the client sends binary frames alone [MQTT-6.0.0-1]', async () => {
      const seen = serve((socket, bytes) => socket.send(bytes))
      await topicsHeard()
      expect(seen.binary.length).toBeGreaterThan(0)
      expect(new Set(seen.binary)).toEqual(new Set([true]))
    })

    test('each packet of a frame is taken [MQTT-6.0.0-2]', async () => {
      serve((socket, bytes) => socket.send(bytes))
      expect(await topicsHeard()).toEqual(['a', 'b'])
    })

    test('a frame may hold several packets, or a piece of one [MQTT-6.0.0-2]', async () => {
      serve((socket, bytes) => {
        // The first frame ends within the second packet, the next ones are of a byte each.
        socket.send(bytes.subarray(0, 20))
        for (const byte of bytes.subarray(20)) socket.send(Uint8Array.of(byte))
      })
      expect(await topicsHeard()).toEqual(['a', 'b'])
    })
  })
}
