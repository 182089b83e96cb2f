/**
 * Each codec's way from chunks of bytes, as a socket gives them, to packets. A decoder takes a chunk and hands on each
 * PUBLISH, in the codec's own words; `read` puts it into ours.
 */

import { createRequire } from 'node:module'
import { PacketReader } from '../../dist/codec/index.js'
import { fromMqttPacket, fromU8Packet } from './packets.mjs'

const require = createRequire(import.meta.url)

/** By the name of the contender: `(version, handle) => decode`, and how what `handle` gets is read. */
export const DECODERS = {
  emqtt: { open: openEmqtt, read: ({ type, packetId, ...publish }) => publish },
  'mqtt-packet': { open: openMqttPacket, read: fromMqttPacket },
  'u8-mqtt': { open: openU8, read: fromU8Packet },
  limit: { open: openLimit },
}

function openEmqtt(protocolVersion, handle) {
  const reader = new PacketReader({ protocolVersion })
  return (chunk) => {
    for (const packet of reader.push(chunk)) handle(packet)
  }
}

function openMqttPacket(protocolVersion, handle) {
  const parser = require('mqtt-packet').parser({ protocolVersion })
  parser.on('packet', handle)
  parser.on('error', (error) => {
    throw error
  })
  return (chunk) => parser.parse(chunk)
}

/** Its codec is inside the client, where each connection has one. */
async function openU8(protocolVersion, handle) {
  const { MQTTClient } = await import(`u8-mqtt/esm/node/v${protocolVersion}.js`)
  const stream = MQTTClient.prototype.mqtt_ctx.mqtt_stream()
  return (chunk) => {
    for (const packet of stream.decode(chunk)) handle(packet)
  }
}

/**
 * What is possible at all: each byte is looked at once where it is, a packet that is split is copied once, and there is
 * one object for each packet. It checks nothing, and knows only PUBLISH of QoS 0.
 */
function openLimit(protocolVersion, handle) {
  let room = Buffer.alloc(0)
  let filled = 0
  return (chunk) => {
    let at = filled > 0 ? complete(chunk) : 0
    if (filled > 0) return
    let size = sizeAt(chunk, at, chunk.length)
    for (; size > 0 && at + size <= chunk.length; size = sizeAt(chunk, at, chunk.length)) {
      handle(read(chunk, at, at + size))
      at += size
    }
    if (at === chunk.length) return
    room = Buffer.allocUnsafe(Math.max(size, LONGEST_HEADER))
    filled = chunk.copy(room, 0, at)
  }

  /** Takes from the chunk what the split packet lacks; returns how much that was. */
  function complete(chunk) {
    let at = 0
    while (at < chunk.length && sizeAt(room, 0, filled) === 0) room[filled++] = chunk[at++]
    const size = sizeAt(room, 0, filled)
    if (size === 0) return at
    if (size > room.length) room = Buffer.concat([room], size)
    const copied = chunk.copy(room, filled, at, at + size - filled)
    filled += copied
    if (filled === size) {
      handle(read(room, 0, size))
      filled = 0
    }
    return at + copied
  }

  function read(bytes, start, end) {
    let at = start + 1
    while (bytes[at++] > 127);
    const topicEnd = at + 2 + ((bytes[at] << 8) | bytes[at + 1])
    const topic = readAscii(bytes, at + 2, topicEnd)
    // The length of properties has one byte here.
    at = topicEnd + (protocolVersion === 5 ? 1 + bytes[topicEnd] : 0)
    return { topic, payload: new Uint8Array(bytes.buffer, bytes.byteOffset + at, end - at) }
  }
}

/** The first byte, and four of Remaining Length. */
const LONGEST_HEADER = 5

/** Bytes of the packet at `start`; 0 where its fixed header does not end before `end`. */
function sizeAt(bytes, start, end) {
  let remaining = 0
  for (let at = start + 1, shift = 0; at < end; at++, shift += 7) {
    remaining |= (bytes[at] & 127) << shift
    if (bytes[at] < 128) return at + 1 - start + remaining
  }
  return 0
}

/** In a loop, which is faster than the host's decoder for a short text. */
function readAscii(bytes, start, end) {
  let text = ''
  for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at])
  return text
}
