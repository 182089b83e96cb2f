/** A message to the bytes of a record, and back. A journal is given it, so that it brings no codec of its own along. */

import { Writer } from '../codec/bytes.js'
import { Framer } from '../codec/framer.js'
import { FROM_SERVER, writePacket } from '../codec/packet.js'
import type { Publish } from '../codec/packets/publish.js'

export interface RecordCodec {
  encode(packet: Publish): Uint8Array
  /** Throws where the bytes are no message. */
  decode(bytes: Uint8Array): Publish
}

export const recordCodec: RecordCodec = {
  encode(packet) {
    const writer = new Writer(0, 0, Infinity) // a slab of exactly one packet
    writePacket(writer, packet, 5)
    return writer.take()[0] as Uint8Array
  },

  decode(bytes) {
    const framer = new Framer(FROM_SERVER)
    framer.push(bytes)
    const packet = framer.next()
    if (packet?.type !== 'publish') throw new TypeError('no message')
    return packet
  },
}
