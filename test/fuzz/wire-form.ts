/** The form of packets on the wire: where each ends, and where the standard leaves more than one way to write it. */

import type { Packet } from '../../src/codec/index.js'
import type { ProtocolVersion } from '../../src/codec/protocol.js'

/** The whole packet that begins at `at`. It is known to be there. */
export function cutPacket(stream: Uint8Array, at: number): Uint8Array {
  let remaining = 0
  let end = at + 1
  for (let shift = 0; ; shift += 7) {
    const byte = stream[end++] as number
    remaining |= (byte & 127) << shift
    if (byte < 128) break
  }
  return stream.subarray(at, end + remaining)
}

/** The packet at the beginning of a stream; undefined if there is no whole one. */
export function wholePacket(stream: Uint8Array): Uint8Array | undefined {
  const end = stream.subarray(1, 5).findIndex((byte) => byte < 128)
  if (end < 0) return undefined
  const header = 2 + end
  const remaining = stream.subarray(1, header).reduce((sum, byte, at) => sum + (byte & 127) * 128 ** at, 0)
  return header + remaining <= stream.length ? stream.subarray(0, header + remaining) : undefined
}

type Leeway = (packet: Packet, came: Uint8Array, written: Uint8Array) => boolean

const OUTCOMES = new Set(['puback', 'pubrec', 'pubrel', 'pubcomp', 'disconnect', 'auth'])

/** Each way in which bytes may differ from ours and mean the same, by the versions that have it. */
const LEEWAYS: readonly (readonly [ProtocolVersion[], Leeway])[] = [
  // §3.4.2.1, §3.4.2.2.1, §3.14.2.1, §3.15.2.1: success and an empty list of properties may be said or left out.
  [[5], ({ type }, came, written) => OUTCOMES.has(type) && [1, 2].includes(came.length - written.length)],
  // §2.2.2.2: properties have no order, but that of the user properties (§3.1.2.11.8), which are kept in one list.
  [[5], (_, came, written) => came.length === written.length && sorted(came) === sorted(written)],
  // A server that knows no 5.0 answers in the form of 3.1.1, with a return code, which is read as its Reason Code.
  [[5], ({ type }, came) => type === 'connack' && came.length === 4],
  // §2.1 of 3.1: PUBREL, SUBSCRIBE and UNSUBSCRIBE have DUP there.
  [[3], (_, came, written) => (came[0] as number) === ((written[0] as number) | 8) && samesFrom(1, came, written)],
  // §3.2 of 3.1: the first byte of CONNACK is reserved and says nothing.
  [[3], ({ type }, came, written) => type === 'connack' && samesFrom(3, came, written)],
]

/** Whether bytes that are not ours may mean what ours do. */
export function leewayOf(packet: Packet, came: Uint8Array, written: Uint8Array, version: ProtocolVersion): boolean {
  return LEEWAYS.some(([versions, applies]) => versions.includes(version) && applies(packet, came, written))
}

function sorted(bytes: Uint8Array): string {
  return bytes.slice().sort().join()
}

function samesFrom(start: number, a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.subarray(start).every((byte, at) => byte === b[start + at])
}
