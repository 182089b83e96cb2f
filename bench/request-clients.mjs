/** Who asks and who answers, with each client: the same topics, properties, payloads and QoS. */

import { once } from 'node:events'
import { connect as connectSocket } from 'node:net'
import { encodePacket } from '../dist/codec/index.js'
import { connect } from '../dist/node/index.js'

const REQUESTS = 'bench/request'
const RESPONSES = 'bench/response'

/** `request` gives `ask`, which resolves with the answer, and how many answers came; `respond` echoes. */
export const CLIENTS = {
  emqtt: { request: requestByEmqtt, respond: respondByEmqtt },
  'mqtt.js': { request: requestByMqttJs, respond: respondByMqttJs },
  sockets: { request: requestBySocket, respond: respondBySocket },
}

/** One question at a time. */
function questions(send) {
  let resolve
  let answers = 0
  return {
    ask: (number) =>
      new Promise((done) => {
        resolve = done
        send(number)
      }),
    answer(payload, correlation, qos) {
      answers++
      resolve({ payload: payload.toString(), correlation: correlation.readUInt32BE(0), qos })
    },
    answered: () => answers,
  }
}

function correlationOf(number) {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(number)
  return bytes
}

async function requestByEmqtt(url) {
  const client = await connect(url, { protocolVersion: 5 })
  const { ask, answer, answered } = questions((number) => {
    const properties = { responseTopic: RESPONSES, correlationData: correlationOf(number) }
    client.publish(REQUESTS, `question ${number}`, { qos: 1, properties })
  })
  await client.subscribe(RESPONSES, { qos: 1 }, (message) => {
    answer(Buffer.from(message.payload), Buffer.from(message.properties.correlationData), message.qos)
  })
  return { ask, answered, close: () => client.disconnect() }
}

async function respondByEmqtt(url) {
  const client = await connect(url, { protocolVersion: 5 })
  await client.subscribe(REQUESTS, { qos: 1 }, ({ payload, properties: { responseTopic, correlationData } }) => {
    client.publish(responseTopic, payload, { qos: 1, properties: { correlationData } })
  })
  return { close: () => client.disconnect() }
}

async function connectMqttJs(url) {
  const { default: mqtt } = await import('mqtt')
  // It leaves Nagle's algorithm on and has no option for it: each answer would wait 40 ms for an acknowledgement of TCP.
  const client = await mqtt.connectAsync(url, { protocolVersion: 5 })
  client.stream.setNoDelay(true)
  return client
}

async function requestByMqttJs(url) {
  const client = await connectMqttJs(url)
  const { ask, answer, answered } = questions((number) => {
    const properties = { responseTopic: RESPONSES, correlationData: correlationOf(number) }
    client.publish(REQUESTS, `question ${number}`, { qos: 1, properties })
  })
  client.on('message', (_topic, payload, { properties, qos }) => answer(payload, properties.correlationData, qos))
  await client.subscribeAsync(RESPONSES, { qos: 1 })
  return { ask, answered, close: () => client.endAsync() }
}

async function respondByMqttJs(url) {
  const client = await connectMqttJs(url)
  client.on('message', (_topic, payload, { properties: { responseTopic, correlationData } }) => {
    client.publish(responseTopic, payload, { qos: 1, properties: { correlationData } })
  })
  await client.subscribeAsync(REQUESTS, { qos: 1 })
  return { close: () => client.endAsync() }
}

/** A socket that is connected and subscribed, and hands out each packet as it came. */
async function openSocket(url, filter, take) {
  const { hostname, port } = new URL(url)
  const socket = connectSocket({ host: hostname, port: Number(port), noDelay: true })
  let held = Buffer.alloc(0)
  let answers = 0
  const ready = new Promise((resolve) => {
    socket.on('data', (chunk) => {
      held = held.length > 0 ? Buffer.concat([held, chunk]) : chunk
      // All packets here are shorter than 128 bytes: their length is one byte.
      while (held.length >= 2 && held.length >= 2 + held[1]) {
        const packet = held.subarray(0, 2 + held[1])
        held = held.subarray(2 + held[1])
        if (packet[0] >> 4 === 3) take(packet, socket)
        // CONNACK and SUBACK.
        else if (packet[0] >> 4 !== 4 && ++answers === 2) resolve()
      }
    })
  })
  const clientId = `socket-${filter}`
  socket.write(encodePacket({ type: 'connect', protocolVersion: 5, clientId, cleanStart: true, keepAlive: 0 }, 5))
  await once(socket, 'connect')
  socket.write(encodePacket({ type: 'subscribe', packetId: 1, subscriptions: [{ filter, qos: 1 }] }, 5))
  await ready
  return socket
}

/** A PUBLISH made once by the codec, and where its parts are; each sending only writes into it. */
function template(topic, properties) {
  const packet = { type: 'publish', topic, qos: 1, packetId: 1, payload: new Uint8Array(0), properties }
  const bytes = Buffer.from(encodePacket(packet, 5))
  return { bytes, packetIdAt: 2 + 2 + topic.length, correlationAt: bytes.indexOf(properties.correlationData) }
}

const MARK = Buffer.from([0xfe, 0xed, 0xfa, 0xce])
/** Mosquitto keeps the order of properties, so that the answer's correlation is where it was put. */
const REQUEST = template(REQUESTS, { responseTopic: RESPONSES, correlationData: MARK })
const RESPONSE = template(RESPONSES, { correlationData: MARK })

/** `template` with a packet id, a correlation and a payload in it. */
function fill({ bytes, packetIdAt, correlationAt }, packetId, correlation, payload) {
  const packet = Buffer.allocUnsafe(bytes.length + payload.length)
  bytes.copy(packet)
  packet[1] = packet.length - 2
  packet.writeUInt16BE(packetId, packetIdAt)
  correlation.copy(packet, correlationAt)
  payload.copy(packet, bytes.length)
  return packet
}

/** PUBACK of a PUBLISH whose packet id is at `at`. */
function puback(packet, at) {
  return Buffer.from([0x40, 2, packet[at], packet[at + 1]])
}

async function requestBySocket(url) {
  const { ask, answer, answered } = questions((number) => {
    socket.write(fill(REQUEST, (number % 65_535) + 1, correlationOf(number), Buffer.from(`question ${number}`)))
  })
  const { bytes, packetIdAt, correlationAt } = RESPONSE
  const socket = await openSocket(url, RESPONSES, (packet) => {
    socket.write(puback(packet, packetIdAt))
    const correlation = packet.subarray(correlationAt, correlationAt + 4)
    answer(packet.subarray(bytes.length), correlation, (packet[0] >> 1) & 3)
  })
  return { ask, answered, close: async () => void socket.destroy() }
}

async function respondBySocket(url) {
  let packetId = 0
  const { bytes, packetIdAt, correlationAt } = REQUEST
  const socket = await openSocket(url, REQUESTS, (packet) => {
    packetId = (packetId % 65_535) + 1
    const correlation = packet.subarray(correlationAt, correlationAt + 4)
    const response = fill(RESPONSE, packetId, correlation, packet.subarray(bytes.length))
    socket.write(Buffer.concat([puback(packet, packetIdAt), response]))
  })
  return { close: async () => void socket.destroy() }
}
