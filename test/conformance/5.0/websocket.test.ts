/** MQTT 5.0, §6: packets over a WebSocket, between a client and a server on loopback. */

import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { Client } from '../../../platform/node/index.js'
import { encodePacket, type Packet, type PacketInput, PacketReader } from '../../../src/codec/index.js'
import type { ClientOptions } from '../../../src/index.js'
import { concat } from '../../codec/support/wire.js'
import { listen } from '../../platform/servers.js'

const encoded = (packet: PacketInput): Uint8Array => encodePacket(packet, 5)
const CONNACK = encoded({ type: 'connack' })

/** A client that begins to connect, and the server's end: the upgrade request, and the frames as they come. */
class Meeting {
  readonly client: Client
  readonly connecting: Promise<unknown>
  /** Whether each frame so far was binary. */
  readonly binary: boolean[] = []
  readonly request: IncomingMessage
  readonly socket: WebSocket
  readonly #reader = new PacketReader()
  readonly #packets: Packet[] = []
  #arrived = (): void => {}

  constructor(client: Client, connecting: Promise<unknown>, socket: WebSocket, request: IncomingMessage) {
    this.client = client
    this.connecting = connecting
    this.socket = socket
    this.request = request
    socket.on('message', (data, isBinary) => {
      this.binary.push(isBinary)
      this.#packets.push(...this.#reader.push(new Uint8Array(data as Buffer)))
      this.#arrived()
    })
  }

  /** The next packet of the client, which has to be of this type. */
  async next(type: Packet['type']): Promise<void> {
    while (this.#packets.length === 0) await new Promise<void>((arrived) => (this.#arrived = arrived))
    expect(this.#packets.shift()?.type).toBe(type)
  }

  async accept(): Promise<void> {
    await this.next('connect')
    this.socket.send(CONNACK)
    await this.connecting
  }
}

const cleanup: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const clean of cleanup.splice(0)) await clean()
})

async function meet(options: ClientOptions = {}): Promise<Meeting> {
  const http = createServer()
  const server = new WebSocketServer({ server: http, perMessageDeflate: false })
  const { port, close } = await listen(http)
  const client = new Client({ protocolVersion: 5, url: `ws://127.0.0.1:${port}/mqtt`, reconnect: false, ...options })
  cleanup.push(() => client.stop(), close)
  const connection = once(server, 'connection')
  const connecting = client.connect()
  connecting.catch(() => {})
  const [socket, request] = (await connection) as [WebSocket, IncomingMessage]
  return new Meeting(client, connecting, socket, request)
}

test('5.0: packets leave in binary frames [MQTT-6.0.0-1]', async () => {
  const meeting = await meet()
  await meeting.accept()
  await meeting.client.publish('t', 'text, and in a binary frame all the same')
  await meeting.next('publish')
  await meeting.client.disconnect()
  await meeting.next('disconnect')
  expect(new Set(meeting.binary)).toEqual(new Set([true]))
})

test('5.0: a frame that is not binary ends the network connection [MQTT-6.0.0-1]', async () => {
  const meeting = await meet()
  await meeting.accept()
  const messages: unknown[] = []
  meeting.client.on('message', (message) => messages.push(message))
  const disconnected = new Promise<{ error: unknown }>((told) => meeting.client.on('disconnect', told as never))
  const gone = once(meeting.socket, 'close')
  // As bytes it would be a PUBLISH.
  const text = new TextDecoder().decode(encoded({ type: 'publish', topic: 't' }))
  meeting.socket.send(text)
  meeting.socket.send(encoded({ type: 'publish', topic: 'late' }))
  expect(await disconnected).toMatchObject({ error: { name: 'ProtocolError' } })
  await gone
  expect(messages).toEqual([])
})

test('5.0: a packet may be in many frames, and many packets in one [MQTT-6.0.0-2]', async () => {
  const meeting = await meet()
  await meeting.next('connect')
  for (const byte of CONNACK) meeting.socket.send(Uint8Array.of(byte))
  await meeting.connecting
  const got: string[] = []
  const all = new Promise<void>((done) =>
    meeting.client.on('message', (message) => {
      got.push(message.topic)
      if (got.length === 5) done()
    }),
  )
  const packets = ['a', 'b', 'c', 'd', 'e'].map((topic) => encoded({ type: 'publish', topic, payload: CONNACK }))
  const bytes = concat(packets)
  // Three and a half packets in one frame, the rest of the fourth in another, the fifth in two.
  const cuts = [0, 31, 36, 40, bytes.length]
  for (const [at, start] of cuts.slice(0, -1).entries()) meeting.socket.send(bytes.subarray(start, cuts[at + 1]))
  await all
  expect(got).toEqual(['a', 'b', 'c', 'd', 'e'])
})

test('5.0: the client offers the sub-protocol "mqtt" [MQTT-6.0.0-3]', async () => {
  const { request } = await meet()
  const offered = request.headers['sec-websocket-protocol']?.split(',').map((name) => name.trim())
  expect(offered).toContain('mqtt')
})
