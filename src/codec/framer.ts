/**
 * Cuts a stream of chunks into packets. A packet that lies inside one chunk is decoded in place; one that is split is
 * collected. Nothing is allocated for bytes that were only announced.
 */

import { MAX_VARINT, Reader } from './bytes.js'
import { checkFirstByte, type Decoders, decodePacket, type Packet } from './packet.js'
import type { ProtocolVersion } from './protocol.js'
import { violation } from './reason.js'

/** The largest packet that MQTT can say: five bytes of fixed header and the largest Remaining Length. */
export const LARGEST_PACKET = 5 + MAX_VARINT

const NO_BYTES = new Uint8Array(0)

/**
 * Takes chunks as they come, gives packets as they are asked for. Fields of bytes are views of the chunks, which nobody
 * may write to any more. After an error it stays in it.
 */
export class Framer {
  version: ProtocolVersion
  readonly maximumPacketSize: number
  readonly #decoders: Decoders
  /** Bytes of the last packet that was cut. */
  size = 0

  readonly #reader = new Reader()
  /** What waits, from `#start` to `#end`: a chunk, or room of ours in which a split packet is collected. */
  #bytes: Uint8Array = NO_BYTES
  #start = 0
  #end = 0
  /** Bytes of the packet at `#start`; 0 until its fixed header was read. */
  #wanted = 0
  #failure: unknown

  /** `decoders` are of the packets that the other side may send. */
  constructor(decoders: Decoders, version: ProtocolVersion = 5, maximumPacketSize: number = LARGEST_PACKET) {
    this.#decoders = decoders
    this.version = version
    this.maximumPacketSize = maximumPacketSize
  }

  push(chunk: Uint8Array): void {
    const { length } = chunk
    const waiting = this.#end - this.#start
    if (waiting > 0) {
      this.#append(chunk, waiting)
    } else {
      // A Buffer's views are slower, and would be Buffers in what we hand out.
      // Stryker disable next-line ConditionalExpression: a view of a plain array is as good, and dearer
      this.#bytes = chunk.constructor === Uint8Array ? chunk : new Uint8Array(chunk.buffer, chunk.byteOffset, length)
      this.#start = 0
      this.#end = length
    }
  }

  /** The room grows with what came: no more than 16 KiB are for what was only announced. */
  #append(chunk: Uint8Array, waiting: number): void {
    const size = waiting + chunk.length
    // A chunk is full to its end, so that it is never written to.
    // Stryker disable next-line EqualityOperator: room that is just full may as well be left for other room
    if (this.#end + chunk.length > this.#bytes.length) {
      // With room for all of the last chunk, which may go on with the next packet.
      const room = new Uint8Array(Math.max(size, Math.min(this.#wanted + chunk.length, 2 * size + 16_384)))
      room.set(this.#bytes.subarray(this.#start, this.#end))
      this.#bytes = room
      this.#start = 0
      this.#end = waiting
    }
    this.#bytes.set(chunk, this.#end)
    this.#end += chunk.length
  }

  /** The next whole packet, or undefined when more bytes are needed. Throws a ProtocolError, and then always that. */
  next(): Packet | undefined {
    if (this.#failure !== undefined) throw this.#failure
    // Stryker disable next-line ConditionalExpression,ArithmeticOperator: it only saves reading the header again
    if (this.#end - this.#start < this.#wanted) return undefined
    try {
      return this.#cut()
    } catch (error) {
      this.#failure = error
      this.#bytes = NO_BYTES
      throw error
    }
  }

  #cut(): Packet | undefined {
    const bytes = this.#bytes
    const start = this.#start
    const end = this.#end
    if (start === end) {
      this.#bytes = NO_BYTES // so that an idle connection holds none
      this.#start = 0
      this.#end = 0
      return undefined
    }
    const first = bytes[start] as number
    checkFirstByte(first, this.version, this.#decoders)
    let last = start + 1
    while (last < end && last < start + 4 && (bytes[last] as number) > 127) last++
    if (last >= end) return undefined // the Remaining Length (§2.1.4) goes on

    const reader = this.#reader
    reader.reset(bytes, start + 1, end, first)
    const remaining = reader.varint('remainingLength')
    const size = reader.position - start + remaining
    // [MQTT-3.1.2-24]
    if (size > this.maximumPacketSize) {
      throw violation(0x95, `packet: expected at most ${this.maximumPacketSize} bytes, got one of ${size}`)
    }
    if (size > end - start) {
      this.#wanted = size
      return undefined
    }
    this.#wanted = 0
    this.#start = start + size
    this.size = size
    reader.end = this.#start
    return decodePacket(reader, this.version, this.#decoders)
  }
}
