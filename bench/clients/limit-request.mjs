/** A request and its answer with two bare sockets: packets made once, in which only what differs is written. */

import { cutPackets, encodeAck, encodeConnect, encodePublish, encodeSubscribe, TYPE } from '../wire/packets.mjs'
import { dial } from '../wire/wires.mjs'

const REQUESTS = 'bench/request'
const RESPONSES = 'bench/response'
/** The identifiers of Response Topic and Correlation Data (5.0, §2.2.2.2). */
const RESPONSE_TOPIC = Buffer.from([0x08, 0, RESPONSES.length, ...Buffer.from(RESPONSES)])
const CORRELATION = Buffer.from([0x09, 0, 4, 0xfe, 0xed, 0xfa, 0xce])

/** Mosquitto keeps the order of properties, so that the answer's correlation is where it was put. */
const REQUEST = makeTemplate(REQUESTS, Buffer.concat([RESPONSE_TOPIC, CORRELATION]))
const RESPONSE = makeTemplate(RESPONSES, CORRELATION)

/** @param {{ url: string }} job */
export async function connectRequester({ url }) {
  let answered = () => {}
  const wire = await openWire(url, RESPONSES, (packet) => {
    wire.write(encodeAck(TYPE.puback, packet.readUInt16BE(RESPONSE.packetIdAt)))
    const { payload, correlation } = read(RESPONSE, packet)
    answered({ payload, correlation, qos: (packet[0] >> 1) & 3 })
  })
  return {
    ask: (number) =>
      new Promise((resolve) => {
        answered = resolve
        const correlation = Buffer.alloc(4)
        correlation.writeUInt32BE(number)
        wire.write(fill(REQUEST, (number % 65_535) + 1, correlation, Buffer.from(`question ${number}`)))
      }),
    close: async () => wire.end(),
  }
}

/** @param {{ url: string }} job */
export async function connectResponder({ url }) {
  let packetId = 0
  const wire = await openWire(url, REQUESTS, (packet) => {
    packetId = (packetId % 65_535) + 1
    const { payload, correlation } = read(REQUEST, packet)
    const ack = encodeAck(TYPE.puback, packet.readUInt16BE(REQUEST.packetIdAt))
    wire.write(Buffer.concat([ack, fill(RESPONSE, packetId, correlation, payload)]))
  })
  return { close: async () => wire.end() }
}

/** Connected and subscribed; each PUBLISH goes to `take`. */
async function openWire(url, filter, take) {
  const wire = await dial(url)
  let ready = () => {}
  const subscribed = new Promise((resolve) => {
    ready = resolve
  })
  wire.data = cutPackets((bytes, at, _body, end) => {
    const type = bytes[at] >> 4
    if (type === TYPE.connack) wire.write(encodeSubscribe(5, filter, 1))
    if (type === TYPE.suback) ready()
    if (type === TYPE.publish) take(bytes.subarray(at, end))
  })
  wire.write(encodeConnect(5, `bench-limit-${filter}`))
  await subscribed
  return wire
}

/** A PUBLISH without a payload, and where its parts are; all are shorter than 128 bytes. */
function makeTemplate(topic, properties) {
  const bytes = encodePublish({ version: 5, qos: 1, topic, payload: Buffer.alloc(0), properties })
  return { bytes, packetIdAt: 2 + 2 + topic.length, correlationAt: bytes.length - 4 }
}

function fill({ bytes, packetIdAt, correlationAt }, packetId, correlation, payload) {
  const packet = Buffer.concat([bytes, payload])
  packet[1] = packet.length - 2
  packet.writeUInt16BE(packetId, packetIdAt)
  correlation.copy(packet, correlationAt)
  return packet
}

function read({ bytes, correlationAt }, packet) {
  return { payload: packet.subarray(bytes.length), correlation: packet.subarray(correlationAt, correlationAt + 4) }
}
