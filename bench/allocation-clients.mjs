/** Whose allocations are counted: each connects in memory or over a socket, and then passes bursts of messages. */

import { once } from 'node:events'
import { MemorySocket, MemoryStream } from './memory-socket.mjs'

/** What all of a case have in common. Chunks of so many messages are what comes from a broker that is busy. */
const SHAPE = { version: 5, topic: 'bench/topic', size: 16, chunks: 10, perChunk: 100 }
export const BURST = SHAPE.chunks * SHAPE.perChunk
const PAYLOAD = new Uint8Array(SHAPE.size).fill(0x61)

/** The shape of the messages that a peer is to send. */
export function shapeOf(qos) {
  return { ...SHAPE, qos }
}

/**
 * By the name in a job. Each gives `received` the payloads that come, and gives what publishes one, and its link to the
 * server where that is in memory.
 */
export const CLIENTS = { emqtt: connectOurs, 'MQTT.js': connectMqttJs, limit: connectNothing }

async function connectOurs({ over, url, qos }, received) {
  const inMemory = over === 'memory'
  // The build for browsers takes any WebSocket.
  if (inMemory) globalThis.WebSocket = MemorySocket
  const { connect } = await import(inMemory ? '../dist/browser/index.js' : '../dist/node/index.js')
  const client = await connect(inMemory ? 'ws://memory' : url, { protocolVersion: 5, keepAlive: 0 })
  const options = { qos }
  await client.subscribe(SHAPE.topic, options, (message) => received(message.payload))
  return {
    link: MemorySocket.last,
    publish: () => client.publish(SHAPE.topic, PAYLOAD, options),
  }
}

async function connectMqttJs({ over, url, qos }, received) {
  const { default: mqtt } = await import('mqtt')
  const link = over === 'memory' ? new MemoryStream() : undefined
  const options = { protocolVersion: 5, keepalive: 0, reconnectPeriod: 0 }
  const client = link ? new mqtt.MqttClient(() => link, options) : mqtt.connect(url, options)
  await once(client, 'connect')
  const publishOptions = { qos }
  await client.subscribeAsync(SHAPE.topic, publishOptions)
  client.on('message', (_topic, payload) => received(payload))
  return { link, publish: () => client.publishAsync(SHAPE.topic, Buffer.from(PAYLOAD.buffer), publishOptions) }
}

/** No client, only what an application is handed all the same: a promise and its result, or a message with what is in it. */
async function connectNothing({ qos }, received) {
  const deliver = (chunk) => {
    const length = chunk.length / SHAPE.perChunk
    for (let at = 0; at < chunk.length; at += length) received(new Handed(chunk, at, at + length, qos).payload)
  }
  let packetId = 0
  const publish = () =>
    Promise.resolve(
      qos === 0 ? HANDED_OVER : { packetId: ++packetId & 0xffff, reasonCode: 0, properties: NO_PROPERTIES },
    )
  return { link: { deliver }, publish }
}

const NO_PROPERTIES = {}
const HANDED_OVER = { packetId: undefined, reasonCode: 0, properties: NO_PROPERTIES }

/** The fields of a message. */
class Handed {
  constructor(chunk, at, end, qos) {
    this.topic = Buffer.prototype.latin1Slice.call(chunk, at + 4, at + 4 + SHAPE.topic.length)
    this.payload = chunk.slice(end - SHAPE.size, end)
    this.qos = qos
    this.retain = false
    this.dup = false
    this.packetId = qos === 0 ? undefined : chunk[at + 5]
    this.properties = NO_PROPERTIES
  }
}
