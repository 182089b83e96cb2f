/** Each codec's way from a packet to its bytes, in an array of their own: that is what all of them can give. */

import { createRequire } from 'node:module'
import { encodePacket } from '../../dist/codec/index.js'
import { toMqttPacket, toU8Packet } from './packets.mjs'

const require = createRequire(import.meta.url)

/** By the name of the contender: from the version and our packet to what is encoded again and again, and how. */
export const ENCODERS = {
  emqtt: (protocolVersion) => ({
    prepare: (packet) => packet,
    encode: (packet) => encodePacket(packet, protocolVersion),
  }),

  /** `writeToStream` gives pieces instead: writers.mjs. */
  'mqtt-packet': (protocolVersion) => {
    const { generate } = require('mqtt-packet')
    const options = { protocolVersion }
    return { prepare: toMqttPacket, encode: (packet) => generate(packet, options) }
  },

  'u8-mqtt': async (protocolVersion) => {
    const { MQTTClient } = await import(`u8-mqtt/esm/node/v${protocolVersion}.js`)
    const { encode_pkt } = MQTTClient.prototype.mqtt_ctx
    return { prepare: toU8Packet, encode: (packet) => encode_pkt(packet.type, packet) }
  },

  /** What is possible at all: the bytes are there, and are copied. */
  limit: (protocolVersion) => ({
    prepare: (packet) => encodePacket(packet, protocolVersion),
    encode: (bytes) => Buffer.from(bytes),
  }),
}
