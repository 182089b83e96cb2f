/** The few packets that peers and bare sockets need, made without the codec that is measured; and a stream cut into them. */

export const TYPE = {
  connect: 1,
  connack: 2,
  publish: 3,
  puback: 4,
  pubrec: 5,
  pubrel: 6,
  pubcomp: 7,
  subscribe: 8,
  suback: 9,
  pingreq: 12,
}

/** Receive Maximum is 65,535 where nobody says anything else (5.0, §3.2.2.3.3). */
export const CONNACK = { 4: Buffer.from([0x20, 2, 0, 0]), 5: Buffer.from([0x20, 3, 0, 0, 0]) }

/** @param {4 | 5} version */
export function encodeConnect(version, clientId) {
  const properties = version === 5 ? [0] : []
  return frame(0x10, [text('MQTT'), Buffer.from([version, 2, 0, 0, ...properties]), text(clientId)])
}

/** @param {4 | 5} version */
export function encodeSubscribe(version, filter, qos) {
  const properties = version === 5 ? [0] : []
  return frame(0x82, [Buffer.from([0, 1, ...properties]), text(filter), Buffer.from([qos])])
}

/**
 * @param {{ version: 4 | 5, qos: 0 | 1 | 2, topic: string, payload: Uint8Array, id?: number, properties?: Uint8Array }} publish
 * `properties` without their length, which is less than 128.
 */
export function encodePublish({ version, qos, topic, payload, id = 1, properties = Buffer.alloc(0) }) {
  return frame(0x30 | (qos << 1), [
    text(topic),
    Buffer.from(qos > 0 ? [id >> 8, id & 255] : []),
    Buffer.from(version === 5 ? [properties.length, ...properties] : []),
    payload,
  ])
}

/** PUBACK, PUBREC, PUBREL or PUBCOMP in its shortest form. */
export function encodeAck(type, id) {
  return Buffer.from([(type << 4) | (type === TYPE.pubrel ? 2 : 0), 2, id >> 8, id & 255])
}

function frame(first, parts) {
  const body = Buffer.concat(parts)
  const length = []
  let rest = body.length
  do {
    length.push(rest > 127 ? (rest & 127) | 128 : rest)
    rest >>= 7
  } while (rest > 0)
  return Buffer.concat([Buffer.from([first, ...length]), body])
}

function text(string) {
  const bytes = Buffer.from(string)
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes])
}

/**
 * Cuts chunks into packets: `take` gets the bytes, and where in them the packet, its body and what follows it begin. Only
 * a packet that lies in two chunks is copied.
 *
 * @param {(bytes: Uint8Array, at: number, body: number, end: number) => void} take
 * @returns {(chunk: Uint8Array) => void}
 */
export function cutPackets(take) {
  let held = Buffer.alloc(0)
  return (chunk) => {
    let at = 0
    if (held.length > 0) {
      const begin = Buffer.concat([held, chunk.subarray(0, 5)])
      const end = endOf(begin, 0)
      if (end === 0 || end > held.length + chunk.length) {
        held = Buffer.concat([held, chunk])
        return
      }
      at = end - held.length
      const whole = Buffer.concat([held, chunk.subarray(0, at)])
      held = Buffer.alloc(0)
      take(whole, 0, bodyOf(whole, 0), end)
    }
    for (let end = endOf(chunk, at); end > 0 && end <= chunk.length; end = endOf(chunk, at)) {
      take(chunk, at, bodyOf(chunk, at), end)
      at = end
    }
    if (at < chunk.length) held = chunk.subarray(at)
  }
}

/** Where the packet at `at` ends; 0 while that is not known. */
function endOf(bytes, at) {
  let length = 0
  for (let shift = 0, next = at + 1; next < bytes.length; shift += 7, next++) {
    length += (bytes[next] & 127) << shift
    if (bytes[next] < 128) return next + 1 + length
  }
  return 0
}

function bodyOf(bytes, at) {
  let next = at + 1
  while (bytes[next] > 127) next++
  return next + 1
}
