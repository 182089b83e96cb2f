/**
 * As much of a server as a measurement needs: it accepts, grants, acknowledges what is published, counts, and sends ready
 * made messages. While messages pass it allocates next to nothing, so that what is allocated beside it is the client's.
 */

const [CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP] = [1, 2, 3, 4, 5, 6, 7]
const [SUBSCRIBE, SUBACK, PINGREQ, PINGRESP] = [8, 9, 12, 13]

export class SmallServer {
  /** Packets that came, and the bytes of payload in them. */
  heard = { publish: 0, puback: 0, pubrec: 0, pubcomp: 0, payloadBytes: 0 }
  /** Called with the QoS that was asked for, once a subscription is granted. */
  subscribed = (/** @type {number} */ _qos) => {}
  #send
  #version = 0
  /** The answers to a chunk. They are written over by those to the next one. */
  #answers = new Uint8Array(4_096)
  #answered = 0
  /** The beginning of a packet that is not whole. */
  #rest = new Uint8Array(0)

  /** @param {(bytes: Uint8Array) => void} send What it gives is read, or copied, before it returns. */
  constructor(send) {
    this.#send = send
  }

  /**
   * Works off a chunk, and answers to all of it in one write.
   * @param {Uint8Array} bytes
   * @param {number} [length] Of what is in it.
   */
  receive(bytes, length = bytes.length) {
    if (this.#rest.length > 0) return this.#workOff(...join(this.#rest, bytes, length))
    this.#workOff(bytes, length)
  }

  #workOff(bytes, size) {
    // No answer is longer than what it answers, but for CONNACK and SUBACK, which are short.
    if (this.#answers.length < size + 64) this.#answers = new Uint8Array(2 * size + 64)
    let at = 0
    let asked = -1
    while (at + 2 <= size) {
      let body = at + 1
      let length = bytes[body] & 127
      // Where the length itself is cut, `end` comes to lie behind what is there.
      for (let shift = 7; bytes[body] > 127 && body < size; shift += 7) length += (bytes[++body] & 127) << shift
      const end = ++body + length
      if (end > size) break
      this.#work(bytes, at, body, end)
      if (bytes[at] >> 4 === SUBSCRIBE) asked = bytes[end - 1] & 3
      at = end
    }
    this.#rest = at < size ? bytes.slice(at, size) : NOTHING
    if (this.#answered > 0) this.#send(this.#answers.subarray(0, this.#answered))
    this.#answered = 0
    if (asked >= 0) this.subscribed(asked)
  }

  #work(bytes, at, body, end) {
    switch (bytes[at] >> 4) {
      case PUBLISH:
        return this.#publish(bytes, (bytes[at] >> 1) & 3, body + 2 + 256 * bytes[body] + bytes[body + 1], end)
      case PUBACK:
        this.heard.puback++
        return
      case PUBREC:
        this.heard.pubrec++
        return this.#acknowledge((PUBREL << 4) | 2, bytes, body)
      case PUBREL:
        return this.#acknowledge(PUBCOMP << 4, bytes, body)
      case PUBCOMP:
        this.heard.pubcomp++
        return
      case CONNECT:
        // Behind the name of the protocol.
        this.#version = bytes[body + 2 + bytes[body + 1]]
        return this.#answer(CONNACK << 4, this.#version === 5 ? [0, 0, 0] : [0, 0])
      case SUBSCRIBE: {
        const properties = this.#version === 5 ? [0] : []
        return this.#answer(SUBACK << 4, [bytes[body], bytes[body + 1], ...properties, bytes[end - 1] & 3])
      }
      case PINGREQ:
        return this.#answer(PINGRESP << 4, [])
    }
  }

  #publish(bytes, qos, topicEnd, end) {
    const propertiesAt = topicEnd + (qos > 0 ? 2 : 0)
    this.heard.publish++
    // Properties of less than 128 bytes.
    this.heard.payloadBytes += end - propertiesAt - (this.#version === 5 ? 1 + bytes[propertiesAt] : 0)
    if (qos > 0) this.#acknowledge((qos === 1 ? PUBACK : PUBREC) << 4, bytes, topicEnd)
  }

  /** With the Packet Identifier that stands at `id`. */
  #acknowledge(first, bytes, id) {
    const answers = this.#answers
    answers[this.#answered++] = first
    answers[this.#answered++] = 2
    answers[this.#answered++] = bytes[id]
    answers[this.#answered++] = bytes[id + 1]
  }

  #answer(first, rest) {
    this.#answers.set([first, rest.length, ...rest], this.#answered)
    this.#answered += 2 + rest.length
  }
}

const NOTHING = new Uint8Array(0)

function join(one, other, length) {
  const bytes = new Uint8Array(one.length + length)
  bytes.set(one)
  bytes.set(other.subarray(0, length), one.length)
  return [bytes, bytes.length]
}

/**
 * PUBLISH after PUBLISH in chunks, to be sent in turn. At QoS 1 and 2 their Packet Identifiers count from 1 through all.
 *
 * @param {{ version: number, qos: number, topic: string, size: number, chunks: number, perChunk: number }} shape
 * @returns {Uint8Array[]} Each in a buffer of its own, as a socket gives it.
 */
export function makeChunks({ version, qos, topic, size, chunks, perChunk }) {
  const name = new TextEncoder().encode(topic)
  const rest = 2 + name.length + (qos > 0 ? 2 : 0) + (version === 5 ? 1 : 0) + size
  const length = rest > 127 ? [(rest & 127) | 128, rest >> 7] : [rest]
  return Array.from({ length: chunks }, (_, at) => {
    const bytes = []
    for (let id = at * perChunk + 1; id <= (at + 1) * perChunk; id++) {
      bytes.push((PUBLISH << 4) | (qos << 1), ...length, name.length >> 8, name.length & 255, ...name)
      if (qos > 0) bytes.push(id >> 8, id & 255)
      if (version === 5) bytes.push(0)
      for (let each = 0; each < size; each++) bytes.push(0x61)
    }
    return Uint8Array.from(bytes)
  })
}
