/** Payloads that show that each arrived whole, once and in order: each begins and ends with its number. */

export const TOPIC = 'bench/wire'
/** What comes here is acknowledged, and neither counted nor looked at. */
export const END_TOPIC = 'bench/end'

/** @param {number} count @param {number} size At least 8 bytes. */
export function makePayloads(count, size) {
  return Array.from({ length: count }, (_, number) => {
    const bytes = Buffer.alloc(size, 0x2e)
    bytes.writeUInt32BE(number, 0)
    bytes.writeUInt32BE(number, size - 4)
    return bytes
  })
}

/**
 * Whether what lies in `bytes` from `from` to `end` is the payload with that number.
 * @param {Uint8Array} bytes
 */
export function isPayload(bytes, from, end, number) {
  return readNumber(bytes, from) === number && readNumber(bytes, end - 4) === number
}

// Not by a DataView or as a Buffer: one would have to be made for each payload.
function readNumber(bytes, at) {
  return bytes[at] * 0x1000000 + (bytes[at + 1] << 16) + (bytes[at + 2] << 8) + bytes[at + 3]
}
