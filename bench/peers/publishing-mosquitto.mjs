/**
 * A mosquitto, and who publishes through it: a bare socket with ready-made packets, which keeps no more messages on
 * their way than it is told. Mosquitto itself would take and keep any number for a subscriber that is too slow.
 */

import { once } from 'node:events'
import { connect } from 'node:net'
import { startBroker } from '../broker.mjs'
import { serveControl } from '../wire/control.mjs'
import { cutPackets, encodeConnect, encodePublish, TYPE } from '../wire/packets.mjs'
import { makePayloads, TOPIC } from '../wire/payloads.mjs'
import { handIn, takeJob } from '../work.mjs'

/** Messages in one write, and how many writes may be on their way. */
const PER_CHUNK = 250
const CHUNKS = 16

const { version, qos, size } = await takeJob()
const { url } = await startBroker(['max_inflight_messages 0', 'max_queued_messages 0'])

const payloads = makePayloads(PER_CHUNK, size)
const chunks = Array.from({ length: CHUNKS }, (_, at) =>
  Buffer.concat(
    payloads.map((payload, number) =>
      encodePublish({ version, qos, topic: TOPIC, payload, id: at * PER_CHUNK + number + 1 }),
    ),
  ),
)

const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', noDelay: true })
let [sent, taken, acknowledged] = [0, 0, 0]
let [sending, most] = [false, 0]
let ready = () => {}
const connected = new Promise((resolve) => {
  ready = resolve
})
const cut = cutPackets((bytes, at) => {
  const type = bytes[at] >> 4
  if (type === TYPE.connack) ready()
  if (type === TYPE.puback) acknowledged++
})
socket.on('data', (chunk) => {
  cut(chunk)
  send()
})
socket.write(encodeConnect(version, 'bench-publisher'))
await once(socket, 'connect')
await connected

function send() {
  const room = () => sent - (qos > 0 ? Math.min(taken, acknowledged) : taken) < (CHUNKS - 1) * PER_CHUNK
  while (sending && sent < most && room()) {
    socket.write(chunks[(sent / PER_CHUNK) % CHUNKS])
    sent += PER_CHUNK
  }
}

const control = await serveControl({
  /** How many there are, which come in turn. */
  payloads: () => PER_CHUNK,
  /** Sends until it is stopped, or so many, whose number from the beginning is the answer. */
  start(count) {
    sending = true
    most = sent + Math.ceil(count / PER_CHUNK) * PER_CHUNK
    send()
    return most
  },
  /** How many the subscriber has got. */
  took(count) {
    taken = count
    send()
  },
  stop() {
    sending = false
    return sent
  },
  /** Mosquitto looks at the acknowledgements itself. */
  settle: () => ({}),
})
handIn({ url, control })
