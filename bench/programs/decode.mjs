/** Decodes the same stream of PUBLISH again and again, cut into chunks of one length, by one codec. */

import { deepStrictEqual } from 'node:assert'
import { generate } from 'mqtt-packet'
import { DECODERS } from '../codecs/decoders.mjs'
import { makePackets, toMqttPacket } from '../codecs/packets.mjs'
import { check, handIn, startCpuClock, takeJob } from '../work.mjs'

/** Bytes of the stream: small enough that it is there from the beginning, larger than the caches. */
const STREAM = 4 * 2 ** 20
/** Packets whose fields are all looked at before it is timed; of the others it is topic and payload. */
const LOOKED_AT = 4_096

/** `warmUp` and `time` are ms of CPU, so that it is warm also where others work. */
const { codec, kind, size, protocolVersion, chunkSize, warmUp = 200, time = 500 } = await takeJob()

const packets = makePackets(kind, size)
const cycle = Buffer.concat(packets.map((packet) => generate(toMqttPacket(packet), { protocolVersion })))
const cycles = Math.ceil(STREAM / cycle.length)
const stream = Buffer.concat(Array.from({ length: cycles }, () => cycle))
// Each with memory of its own, as what a socket gives.
const chunks = Array.from({ length: Math.ceil(stream.length / chunkSize) }, (_, at) =>
  Buffer.copyBytesFrom(stream, at * chunkSize, chunkSize),
)
const { open, read } = DECODERS[codec]

await checkDecoder()
let messages = 0
let bytes = 0
const decode = await open(protocolVersion, ({ topic, payload }) => {
  messages++
  bytes += topic.length + payload.length
})
run(warmUp)
messages = 0
bytes = 0
const readCpu = startCpuClock()
const began = performance.now()
const passes = run(time)
const taken = performance.now() - began
const cpu = readCpu()
const expected = packets.reduce((sum, { topic, payload }) => sum + topic.length + payload.length, 0)
check(messages === passes * cycles * packets.length, `${messages} packets in ${passes} passes`)
check(bytes === passes * cycles * expected, `${bytes} bytes of topics and payloads in ${passes} passes`)
handIn({ rate: (messages / taken) * 1_000, cpu: cpu / messages })

/** Whole passes of the stream, so that the next one begins with a packet. */
function run(ms) {
  let passes = 0
  for (const readTime = startCpuClock(); readTime() < ms * 1_000; passes++) for (const chunk of chunks) decode(chunk)
  return passes
}

/** All that a packet says must be there; the limit reads no more than topic and payload. */
async function checkDecoder() {
  let got = 0
  const decodeOnce = await open(protocolVersion, (packet) => {
    const { type, payload: wanted, ...wantedRest } = packets[got++ % packets.length]
    const right = wanted.equals(packet.payload) && wantedRest.topic === packet.topic
    check(right, `${codec} decoded another topic or payload in packet ${got}`)
    if (got > LOOKED_AT || codec === 'limit') return
    const { payload, ...rest } = read(packet)
    deepStrictEqual(plain(rest), plain(wantedRest))
  })
  for (const chunk of chunks) decodeOnce(chunk)
  check(got === cycles * packets.length, `${codec} decoded ${got} of ${cycles * packets.length} packets`)
}

/** Without the differences between kinds of arrays of bytes, and of objects. */
function plain(value) {
  return JSON.parse(
    JSON.stringify(value, (_, part) =>
      part?.type === 'Buffer' ? part.data : part instanceof Uint8Array ? [...part] : part,
    ),
  )
}
