/**
 * Cuts a stream of chunks into packets. A packet that lies inside one chunk is decoded in place; one that is split is
 * collected. Nothing is allocated for bytes that were only announced.
 */

import { MAX_VARINT, Reader } from './bytes.js'
import type { Copies } from './copies.js'
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

  readonly #reader: Reader
  /** What waits, from `#start` to `#end`: a chunk, or room of ours in which one split packet is collected. */
  #bytes: Uint8Array = NO_BYTES
  #start = 0
  #end = 0
  /** What came behind that. */
  #next: Uint8Array = NO_BYTES
  /** Bytes of the packet at `#start`; 0 until its fixed header was read. */
  #wanted = 0
  #failure: unknown

  /** `decoders` are of the packets that the other side may send. With `copies`, small fields are no views. */
  constructor(
    decoders: Decoders,
    version: ProtocolVersion = 5,
    maximumPacketSize: number = LARGEST_PACKET,
    copies?: Copies,
  ) {
    this.#reader = new Reader(copies)
    this.#decoders = decoders
    this.version = version
    this.maximumPacketSize = maximumPacketSize
  }

  push(chunk: Uint8Array): void {
    // A Buffer's views are slower, and would be Buffers in what we hand out.
    // Stryker disable next-line ConditionalExpression: a view of a plain array is as good, and dearer
    const plain = chunk.constructor === Uint8Array
    const bytes = plain ? chunk : new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length)
    this.#next = this.#next.length === 0 ? bytes : join(this.#next, bytes)
  }

  /** The next whole packet, or undefined when more bytes are needed. Throws a ProtocolError, and then always that. */
  next(): Packet | undefined {
    if (this.#failure !== undefined) throw this.#failure
    try {
      do {
        const waiting = this.#end - this.#start
        // Stryker disable next-line ConditionalExpression,EqualityOperator: it only saves reading the header again
        const packet = waiting > 0 && waiting >= this.#wanted ? this.#cut() : undefined
        if (packet !== undefined) return packet
      } while (this.#refill())
      return undefined
    } catch (error) {
      this.#failure = error
      this.#bytes = NO_BYTES
      this.#next = NO_BYTES
      throw error
    }
  }

  /**
   * Goes on with what came behind; false if nothing did. A packet that was cut short gets what it lacks of it, so that no
   * more than that is copied.
   */
  #refill(): boolean {
    const next = this.#next
    const waiting = this.#end - this.#start
    if (waiting === 0) {
      this.#bytes = next
      // An idle connection holds no chunk.
      if (next.length === 0) this.#reader.reset(next, 0, 0, 0)
      this.#start = 0
      this.#end = next.length
      this.#next = NO_BYTES
    } else {
      // Before its length is known, byte by byte.
      const lacks = Math.max(1, this.#wanted - waiting)
      const whole = next.length <= lacks
      this.#append(whole ? next : next.subarray(0, lacks), waiting)
      this.#next = whole ? NO_BYTES : next.subarray(lacks)
    }
    return next.length > 0
  }

  /**
   * The room grows eightfold, so that little is copied more than once: it is of the announced size once an eighth of it
   * came. Before, no more than 16 KiB are for what was only announced.
   */
  #append(part: Uint8Array, waiting: number): void {
    const size = waiting + part.length
    // A chunk is full to its end, so that it is never written to.
    if (this.#end + part.length > this.#bytes.length) {
      const room = new Uint8Array(Math.max(size, Math.min(this.#wanted, 8 * size + 16_384)))
      room.set(this.#bytes.subarray(this.#start, this.#end))
      this.#bytes = room
      this.#start = 0
      this.#end = waiting
    }
    this.#bytes.set(part, this.#end)
    this.#end = this.#start + size
  }

  #cut(): Packet | undefined {
    const bytes = this.#bytes
    const start = this.#start
    const end = this.#end
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

/** For who pushes twice before he asks for packets. */
function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}
