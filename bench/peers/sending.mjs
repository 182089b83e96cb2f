/**
 * A peer that sends PUBLISH as fast as it is read, in chunks of 64 KiB of ready-made bytes; at QoS 1 and 2 within the
 * client's Receive Maximum, and with a look at each answer.
 */

import { serveControl } from '../wire/control.mjs'
import { CONNACK, cutPackets, encodeAck, encodePublish, TYPE } from '../wire/packets.mjs'
import { makePayloads, TOPIC } from '../wire/payloads.mjs'
import { listen } from '../wire/wires.mjs'
import { handIn, startCpuClock, takeJob } from '../work.mjs'

const CHUNK = 64 * 1024
/** Messages that are not acknowledged, at most: more only make it longer until a slow client is done. */
const UNDER_WAY = 16_384

const { transport = 'tcp', qos, size } = await takeJob()
const readCpu = startCpuClock()

/** As CONNECT says. */
let version = 4
/** How many messages a chunk holds, which are all the payloads that there are. */
let perChunk = 1
/** The same chunk at QoS 0; else one for each part of the packet ids. */
let chunks = []
let releases = Buffer.alloc(0)
let [sending, most] = [false, 0]
let [sent, received, done, disorder] = [0, 0, 0, 0]
let [send, settled] = [() => {}, () => {}]

const { url, ca } = await listen(transport, (wire) => {
  const ids = () => chunks.length * perChunk
  const cut = cutPackets((bytes, at, body) => {
    switch (bytes[at] >> 4) {
      case TYPE.puback:
      case TYPE.pubcomp:
        // [MQTT-4.6.0-2] In the order in which the messages came.
        if (bytes[body] * 256 + bytes[body + 1] !== (done % ids()) + 1) disorder++
        done++
        return
      case TYPE.pubrec:
        if (bytes[body] * 256 + bytes[body + 1] !== (received % ids()) + 1) disorder++
        received++
        return
      case TYPE.connect: {
        // Behind the name of the protocol, MQTT.
        version = bytes[body + 6]
        makeChunks(readReceiveMaximum(bytes, body))
        wire.write(CONNACK[version])
        return
      }
      case TYPE.subscribe: {
        const properties = version === 5 ? [0] : []
        wire.write(Buffer.from([0x90, 3 + properties.length, bytes[body], bytes[body + 1], ...properties, qos]))
        return
      }
      case TYPE.pingreq:
        wire.write(Buffer.from([0xd0, 0]))
    }
  })

  let writable = true
  send = () => {
    while (sending && sent < most && writable && (qos === 0 || sent + perChunk - done <= ids())) {
      writable = wire.write(chunks[(sent / perChunk) % chunks.length])
      sent += perChunk
    }
  }
  wire.drained = () => {
    writable = true
    send()
  }
  wire.data = (chunk) => {
    const before = received
    cut(chunk)
    if (received > before) release(wire, before, received)
    if (qos > 0) send()
    if (done === sent) settled()
  }
})

/** PUBREL for the messages of which PUBREC came, all in one write. */
function release(wire, from, to) {
  const ids = chunks.length * perChunk
  const [begin, end] = [(from % ids) * 4, (to % ids) * 4]
  if (begin < end) wire.write(releases.subarray(begin, end))
  else wire.write(Buffer.concat([releases.subarray(begin), releases.subarray(0, end)]))
}

function makeChunks(receiveMaximum) {
  const length = encodePublish({ version, qos, topic: TOPIC, payload: Buffer.alloc(size) }).length
  // At least two of them within Receive Maximum, so that one is on its way while another is acknowledged.
  perChunk = Math.min(Math.floor(CHUNK / length), qos === 0 ? Infinity : Math.ceil(receiveMaximum / 2))
  const count = qos === 0 ? 1 : Math.floor(Math.min(receiveMaximum, UNDER_WAY) / perChunk)
  const payloads = makePayloads(perChunk, size)
  chunks = Array.from({ length: count }, (_, at) =>
    Buffer.concat(
      payloads.map((payload, number) =>
        encodePublish({ version, qos, topic: TOPIC, payload, id: at * perChunk + number + 1 }),
      ),
    ),
  )
  releases = Buffer.concat(Array.from({ length: count * perChunk }, (_, at) => encodeAck(TYPE.pubrel, at + 1)))
}

/** Of a CONNECT whose only other property is one that is shorter to skip than to read: 65,535 where there is none. */
function readReceiveMaximum(bytes, body) {
  if (version !== 5) return 65_535
  const begin = body + 11
  const end = begin + bytes[body + 10]
  for (let at = begin; at < end; ) {
    if (bytes[at] === 0x21) return bytes[at + 1] * 256 + bytes[at + 2]
    const length = PROPERTY_LENGTH[bytes[at]]
    if (length === undefined) throw new Error(`CONNECT has the property ${bytes[at]}, which this peer cannot skip`)
    at += 1 + length
  }
  return 65_535
}

/** Session Expiry Interval, Maximum Packet Size, Topic Alias Maximum, Request Response and Problem Information. */
const PROPERTY_LENGTH = { 17: 4, 39: 4, 34: 2, 25: 1, 23: 1 }

const control = await serveControl({
  /** How many there are, which come in turn. */
  payloads: () => perChunk,
  /** Sends until it is stopped, or so many, whose number from the beginning is the answer. */
  start(count) {
    sending = true
    most = sent + Math.ceil(count / perChunk) * perChunk
    send()
    return most
  },
  /** How many were sent in all. */
  stop() {
    sending = false
    return sent
  },
  /** Answers once all that was sent is acknowledged. */
  async settle() {
    if (qos > 0 && done < sent)
      await new Promise((resolve) => {
        settled = resolve
      })
    return { acknowledged: qos > 0 ? done : undefined, disorder, peerCpu: readCpu() }
  },
})
handIn({ url, ca, control })
