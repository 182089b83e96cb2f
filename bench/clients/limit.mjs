/**
 * What is possible at all: a bare socket with the same bytes in the same shape, ready-made. It keeps no message: what comes
 * back is counted.
 */

import { collectAnswers } from '../wire/answers.mjs'
import { cutPackets, encodeAck, encodeConnect, encodePublish, encodeSubscribe, TYPE } from '../wire/packets.mjs'
import { makePayloads } from '../wire/payloads.mjs'
import { dial } from '../wire/wires.mjs'

/** As ours: a flush. */
const CHUNK = 64 * 1024

/** @param {{ url: string, version: 4 | 5, ca?: string }} job */
export async function connect({ url, version, ca }) {
  const wire = await dial(url, ca)
  const answer = (type) =>
    new Promise((resolve) => {
      wire.data = cutPackets((bytes, at) => bytes[at] >> 4 === type && resolve())
    })
  const connected = answer(TYPE.connack)
  wire.write(encodeConnect(version, 'bench-limit'))
  await connected

  return {
    async publish(topic, payload, { qos }) {
      const acknowledged = answer(TYPE.puback)
      wire.write(encodePublish({ version, qos, topic, payload }))
      await acknowledged
    },

    /** For `ms`, with as many under way as two times the payloads. Resolves with how many, once they are acknowledged. */
    publishFor(ms, { topic, qos, size, payloads: count }) {
      const payloads = makePayloads(count, size)
      const makeHalf = (first) => ({
        publishes: Buffer.concat(
          payloads.map((payload, at) => encodePublish({ version, qos, topic, payload, id: first + at })),
        ),
        releases: Buffer.concat(payloads.map((_, at) => encodeAck(TYPE.pubrel, first + at))),
      })
      const halves = [makeHalf(1), makeHalf(count + 1)]
      return qos === 0 ? pour(ms, halves[0].publishes, count) : exchange(ms, halves, count, qos)
    },

    /** `take` is called with how many messages came. They are acknowledged, all of a chunk in one write. */
    async receive(filter, { qos, size }, take) {
      const subscribed = answer(TYPE.suback)
      wire.write(encodeSubscribe(version, filter, qos))
      await subscribed
      const length = encodePublish({ version, qos, topic: filter, payload: Buffer.alloc(size) }).length
      wire.data = qos === 0 ? countBytes(length, take) : acknowledge(wire, 2 + Buffer.byteLength(filter), qos, take)
    },
    close: async () => wire.end(),
  }

  async function pour(ms, publishes, count) {
    const times = Math.max(1, Math.floor(CHUNK / publishes.length))
    const bytes = Buffer.concat(Array.from({ length: times }, () => publishes))
    let sent = 0
    for (const until = performance.now() + ms; performance.now() < until; ) {
      sent += times * count
      if (wire.write(bytes)) continue
      await new Promise((resolve) => {
        wire.drained = resolve
      })
    }
    return sent
  }

  /** Each half goes again when its acknowledgements are back: of all that is written, in the order in which it was. */
  function exchange(ms, halves, count, qos) {
    const until = performance.now() + ms
    const underWay = []
    let sent = 0
    let answers = 0
    // By their number: mosquitto says in a longer PUBACK that nobody has subscribed.
    const cut = cutPackets(() => answers++)
    const write = (half, part) => {
      wire.write(half[part])
      underWay.push([half, part])
      if (part === 'publishes') sent += count
    }
    return new Promise((resolve) => {
      wire.data = (chunk) => {
        for (cut(chunk); answers >= count; answers -= count) {
          const [half, part] = underWay.shift()
          if (qos === 2 && part === 'publishes') write(half, 'releases')
          else if (performance.now() < until) write(half, 'publishes')
          else if (underWay.length === 0) resolve(sent)
        }
      }
      for (const half of halves) write(half, 'publishes')
    })
  }
}

function countBytes(length, take) {
  let rest = 0
  return (chunk) => {
    const bytes = rest + chunk.length
    rest = bytes % length
    take((bytes - rest) / length)
  }
}

function acknowledge(wire, idAt, qos, take) {
  const answers = collectAnswers(wire.write)
  let messages = 0
  const cut = cutPackets((bytes, at, body) => {
    if (bytes[at] >> 4 === TYPE.publish) {
      messages++
      answers.add(qos === 1 ? 0x40 : 0x50, bytes[body + idAt], bytes[body + idAt + 1])
    } else if (bytes[at] >> 4 === TYPE.pubrel) answers.add(0x70, bytes[body], bytes[body + 1])
  })
  return (chunk) => {
    const before = messages
    answers.reserve(chunk)
    cut(chunk)
    answers.flush()
    take(messages - before)
  }
}
