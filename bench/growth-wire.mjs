/** What the peer of the curves and its client agree on, and the bytes that the peer sends: MQTT 3.1.1, written by hand. */

/** The largest payload of QoS 1 on the topic `p`: the Remaining Length ends at 268,435,455. */
export const LARGEST_PAYLOAD = 268_435_455 - '__p__'.length

/** Payloads begin in here, and go on from its beginning: it takes as many bytes as a socket reads at once. */
const PERIOD = 256
const PATTERN = Buffer.from(Array.from({ length: 65_536 + PERIOD }, (_, at) => at % PERIOD))

/** A payload of so many bytes. */
export function makePayload(size) {
  return Buffer.alloc(size, PATTERN.subarray(0, PERIOD))
}

/** Whether `bytes` are those of a payload from `at` on. */
export function isOfPayload(bytes, at) {
  for (let begin = 0; begin < bytes.length; begin += 65_536) {
    const part = bytes.subarray(begin, begin + 65_536)
    const from = (at + begin) % PERIOD
    if (PATTERN.compare(part, 0, part.length, from, from + part.length) !== 0) return false
  }
  return true
}

/** The topic of handler `number`, the same length for all of them, so that nothing but their number grows. */
export function topicOf(number) {
  return `growth/${String(number).padStart(6, '0')}/state`
}

/** `count` numbers below `end`, in an order that no cache foresees, and always the same. */
export function* pickNumbers(count, end) {
  for (let left = count, seed = 1; left > 0; left--) {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
    yield Math.floor((seed / 2 ** 32) * end)
  }
}

/**
 * Messages, in pieces: `count` of them with payloads of `size` bytes. With `topics` each is on the topic of one of
 * `pickNumbers`; else all are on `p`.
 *
 * @param {{ count: number, size: number, qos: 0 | 1, topics?: number }} order
 */
export function* makeMessages({ count, size, qos, topics = 0 }) {
  let number = 0
  for (const picked of pickNumbers(count, topics)) {
    const topic = topics > 0 ? topicOf(picked) : 'p'
    const packetId = qos ? twoBytes((number++ % 65_535) + 1) : []
    const remaining = writeVarint(2 + topic.length + packetId.length + size)
    yield Buffer.from([0x30 | (qos << 1), ...remaining, ...twoBytes(topic.length), ...Buffer.from(topic), ...packetId])
    for (let sent = 0; sent < size; sent += 65_536) yield PATTERN.subarray(0, Math.min(size - sent, 65_536))
  }
}

/** The same in fewer and larger pieces: a socket is slow with many. */
export function* joinPieces(pieces, least = 65_536) {
  let open = []
  let size = 0
  for (const piece of pieces) {
    open.push(piece)
    size += piece.length
    if (size < least) continue
    yield open.length === 1 ? piece : Buffer.concat(open)
    open = []
    size = 0
  }
  if (size > 0) yield Buffer.concat(open)
}

/** PUBACK for each of the Packet Identifiers. */
export function makePubacks(packetIds) {
  return Buffer.from(packetIds.flatMap((packetId) => [0x40, 2, ...twoBytes(packetId)]))
}

/** SUBACK that grants QoS 0 for each filter of the SUBSCRIBE whose fixed header is cut off. */
export function makeSuback(subscribe) {
  let filters = 0
  for (let at = 2; at < subscribe.length; at += 2 + subscribe.readUInt16BE(at) + 1) filters++
  return Buffer.concat([
    Buffer.from([0x90, ...writeVarint(2 + filters)]),
    subscribe.subarray(0, 2),
    Buffer.alloc(filters),
  ])
}

function twoBytes(number) {
  return [number >> 8, number & 255]
}

function writeVarint(number) {
  return number < 128 ? [number] : [(number % 128) | 128, ...writeVarint(Math.floor(number / 128))]
}
