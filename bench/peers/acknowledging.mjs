/**
 * A peer that acknowledges each PUBLISH at once, all of a chunk in one write, and counts: how many came, with how many
 * bytes of payload, and how many of them were not those that were due.
 */

import { collectAnswers } from '../wire/answers.mjs'
import { serveControl } from '../wire/control.mjs'
import { CONNACK, cutPackets, TYPE } from '../wire/packets.mjs'
import { END_TOPIC, isPayload } from '../wire/payloads.mjs'
import { listen } from '../wire/wires.mjs'
import { handIn, startCpuClock, takeJob } from '../work.mjs'

/** `payloads`: how many there are, which come in turn. */
const { transport = 'tcp', payloads = 1 } = await takeJob()
const readCpu = startCpuClock()

let messages = 0
let payloadBytes = 0
let wrong = 0

const { url, ca } = await listen(transport, (wire) => {
  let version = 4
  const answers = collectAnswers(wire.write)

  const cut = cutPackets((bytes, at, body, end) => {
    switch (bytes[at] >> 4) {
      case TYPE.publish: {
        const qos = (bytes[at] >> 1) & 3
        const topicLength = bytes[body] * 256 + bytes[body + 1]
        let payload = body + 2 + topicLength
        if (qos > 0) {
          answers.add(qos === 1 ? 0x40 : 0x50, bytes[payload], bytes[payload + 1])
          payload += 2
        }
        // Properties of less than 128 bytes.
        if (version === 5) payload += 1 + bytes[payload]
        if (topicLength === END_TOPIC.length) return
        if (!isPayload(bytes, payload, end, messages % payloads)) wrong++
        messages++
        payloadBytes += end - payload
        return
      }
      case TYPE.pubrel:
        answers.add(0x70, bytes[body], bytes[body + 1])
        return
      case TYPE.connect:
        // Behind the name of the protocol, MQTT.
        version = bytes[body + 6]
        wire.write(CONNACK[version])
        return
      case TYPE.pingreq:
        wire.write(Buffer.from([0xd0, 0]))
    }
  })

  wire.data = (chunk) => {
    answers.reserve(chunk)
    cut(chunk)
    answers.flush()
  }
})

const control = await serveControl({ count: () => ({ bytes: payloadBytes, wrong, peerCpu: readCpu() }) })
handIn({ url, ca, control })
