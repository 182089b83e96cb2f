/** Encodes the same packets again and again, by one codec. */

import { generate } from 'mqtt-packet'
import { encodePacket } from '../../dist/codec/index.js'
import { ENCODERS } from '../codecs/encoders.mjs'
import { makePackets, toMqttPacket } from '../codecs/packets.mjs'
import { check, handIn, startCpuClock, takeJob } from '../work.mjs'

/** Before anybody looks at the clock, which costs as much as some packets. */
const PASSES = 50

/** `warmUp` and `time` are ms of CPU, so that it is warm also where others work. */
const { codec, kind, size, protocolVersion, warmUp = 200, time = 500 } = await takeJob()

const packets = makePackets(kind, size)
const { prepare, encode } = await ENCODERS[codec](protocolVersion)
const prepared = packets.map(prepare)

const wanted = packets.map((packet) => encodePacket(packet, protocolVersion))
for (const [at, packet] of packets.entries()) {
  const theirs = generate(toMqttPacket(packet), { protocolVersion })
  check(theirs.equals(wanted[at]), `mqtt-packet and emqtt do not give the same bytes for ${kind}`)
  check(theirs.equals(encode(prepared[at])), `${codec} gives other bytes for ${kind}`)
}

let bytes = 0
run(warmUp)
bytes = 0
const readCpu = startCpuClock()
const began = performance.now()
const passes = run(time)
const taken = performance.now() - began
const cpu = readCpu()
const expected = wanted.reduce((sum, { length }) => sum + length, 0)
check(bytes === passes * expected, `${bytes} bytes in ${passes} passes of ${expected}`)
const count = passes * packets.length
handIn({ rate: (count / taken) * 1_000, cpu: cpu / count })

function run(ms) {
  let passes = 0
  for (const readTime = startCpuClock(); readTime() < ms * 1_000; passes += PASSES)
    for (let at = 0; at < PASSES; at++) for (const packet of prepared) bytes += encode(packet).length
  return passes
}
