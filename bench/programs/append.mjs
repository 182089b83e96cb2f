/** Encodes the same packets again and again, by one codec, one after the other into what will be sent. */

import { generate } from 'mqtt-packet'
import { makePackets, toMqttPacket } from '../codecs/packets.mjs'
import { WRITERS } from '../codecs/writers.mjs'
import { check, handIn, startCpuClock, takeJob } from '../work.mjs'

/** Before anybody looks at the clock, which costs as much as some packets. */
const PASSES = 50

/** `warmUp` and `time` are ms of CPU, so that it is warm also where others work. */
const { codec, kind, size, protocolVersion, warmUp = 200, time = 500 } = await takeJob()

const packets = makePackets(kind, size)
const { prepare, append, take } = await WRITERS[codec](protocolVersion)
const prepared = packets.map(prepare)

const wanted = Buffer.concat(packets.map((packet) => generate(toMqttPacket(packet), { protocolVersion })))
for (let times = 0; times < 100; times++) {
  for (const packet of prepared) append(packet)
  check(wanted.equals(Buffer.concat(take())), `${codec} gives other bytes for ${kind}`)
}

let bytes = 0
run(warmUp)
bytes = 0
const readCpu = startCpuClock()
const began = performance.now()
const passes = run(time)
const taken = performance.now() - began
const cpu = readCpu()
check(bytes === passes * wanted.length, `${bytes} bytes in ${passes} passes of ${wanted.length}`)
const count = passes * packets.length
handIn({ rate: (count / taken) * 1_000, cpu: cpu / count })

/** What was appended is taken after each pass, as at the end of a turn. */
function run(ms) {
  let passes = 0
  for (const readTime = startCpuClock(); readTime() < ms * 1_000; passes += PASSES)
    for (let at = 0; at < PASSES; at++) {
      for (const packet of prepared) append(packet)
      for (const chunk of take()) bytes += chunk.length
    }
  return passes
}
