/**
 * Cuts a stream of chunks into packets. A packet that lies inside one chunk is decoded in place; one that is split is
 * kept piece by piece and joined once. Nothing is allocated for bytes that were only announced.
 */

import { outOfRange, ProtocolError, wrongType } from '../errors.js'
import { MAX_VARINT, Reader, varintSize } from './bytes.js'
import { checkInteger, isBytes } from './fields.js'
import { checkFirstByte, decodePacket, type Packet } from './packet.js'
import type { ProtocolVersion } from './protocol.js'
import { malformed, violation } from './reason.js'

/** The largest packet that MQTT can say: five bytes of fixed header and the largest Remaining Length. */
export const LARGEST_PACKET = 5 + MAX_VARINT

const NO_BYTES = new Uint8Array(0)
/** Pieces beyond this number are kept apart only if they are of this many bytes on average. */
const PIECES = 64
const PIECE_BYTES = 256

/**
 * Takes chunks as they come, gives packets as they are asked for. Fields of bytes are views of the chunks, which nobody
 * may write to any more. After an error it stays in it.
 */
export class Framer {
  /** Follows a CONNECT, so that a server needs not know it before. */
  version: ProtocolVersion
  readonly maximumPacketSize: number

  readonly #reader = new Reader()
  /** Chunks that wait behind the one that is being cut. */
  readonly #chunks: Uint8Array[] = []
  #chunk: Uint8Array = NO_BYTES
  #offset = 0

  /** First byte of the packet begun; 0 between packets. */
  #first = 0
  /** Remaining Length as far as read, and the place of its next seven bits; -1 when it is whole. */
  #remaining = 0
  #shift = 0
  /** Of the body of a split packet. */
  #pieces: Uint8Array[] = []
  #collected = 0

  #failure: unknown

  constructor(version: ProtocolVersion = 5, maximumPacketSize: number = LARGEST_PACKET) {
    this.version = version
    this.maximumPacketSize = maximumPacketSize
  }

  push(chunk: Uint8Array): void {
    // A Buffer's views are slower, and would be Buffers in what we hand out.
    const bytes =
      chunk.constructor === Uint8Array ? chunk : new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    if (this.#offset < this.#chunk.length) {
      this.#chunks.push(bytes)
    } else {
      this.#chunk = bytes
      this.#offset = 0
    }
  }

  /** The next whole packet, or undefined when more bytes are needed. Throws a ProtocolError, and then always that. */
  next(): Packet | undefined {
    if (this.#failure !== undefined) throw this.#failure
    try {
      return this.#cut()
    } catch (error) {
      this.#failure = error
      this.#chunk = NO_BYTES
      this.#chunks.length = 0
      this.#pieces = []
      throw error
    }
  }

  #cut(): Packet | undefined {
    while (this.#offset < this.#chunk.length || this.#nextChunk()) {
      if (this.#shift >= 0 && !this.#readHeader()) continue
      const chunk = this.#chunk
      const start = this.#offset
      const end = start + this.#remaining - this.#collected
      if (end > chunk.length) {
        this.#keep(start === 0 ? chunk : chunk.subarray(start))
        this.#offset = chunk.length
        continue
      }
      this.#offset = end
      if (this.#collected === 0) this.#reader.reset(chunk, start, end)
      else this.#reader.reset(this.#join(chunk.subarray(start, end)), 0, this.#remaining)
      return this.#decode()
    }
    this.#chunk = NO_BYTES // so that an idle connection holds none
    this.#offset = 0
    return undefined
  }

  #decode(): Packet {
    const first = this.#first
    this.#first = 0
    this.#remaining = 0
    this.#shift = 0
    const packet = decodePacket(this.#reader, first, this.version)
    if (packet.type === 'connect') this.version = packet.protocolVersion
    return packet
  }

  #nextChunk(): boolean {
    const chunk = this.#chunks.shift()
    if (chunk === undefined) return false
    this.#chunk = chunk
    this.#offset = 0
    return true
  }

  /** Reads on in the fixed header (§2.1); true when it is whole. */
  #readHeader(): boolean {
    const chunk = this.#chunk
    if (this.#first === 0) {
      const first = chunk[this.#offset++] as number
      checkFirstByte(first, this.version)
      this.#first = first
    }
    while (this.#offset < chunk.length) {
      const byte = chunk[this.#offset++] as number
      this.#remaining |= (byte & 127) << this.#shift
      if (byte < 128) {
        this.#checkRemaining(byte)
        this.#shift = -1
        return true
      }
      this.#shift += 7
      if (this.#shift > 21) throw malformed('fixed header: expected a Remaining Length of at most four bytes, got more')
    }
    return false
  }

  #checkRemaining(lastByte: number): void {
    const remaining = this.#remaining
    // [MQTT-1.5.5-1]
    if (lastByte === 0 && this.#shift > 0) {
      throw malformed(`fixed header: expected the fewest bytes for a Remaining Length of ${remaining}, got more`)
    }
    const size = 1 + varintSize(remaining) + remaining
    // [MQTT-3.1.2-24]
    if (size > this.maximumPacketSize) {
      throw violation(0x95, `packet: expected at most ${this.maximumPacketSize} bytes, got one of ${size}`)
    }
  }

  #keep(piece: Uint8Array): void {
    if (piece.length === 0) return
    this.#pieces.push(piece)
    this.#collected += piece.length
    // Tiny pieces weigh more as objects than as bytes. Joined this seldom, each is copied a bounded number of times.
    if (this.#pieces.length > PIECES + this.#collected / PIECE_BYTES) this.#pieces = [this.#join(NO_BYTES, false)]
  }

  /** The pieces and the last one as one array. */
  #join(last: Uint8Array, done = true): Uint8Array {
    const whole = new Uint8Array(this.#collected + last.length)
    let at = 0
    for (const piece of this.#pieces) {
      whole.set(piece, at)
      at += piece.length
    }
    whole.set(last, at)
    if (done) {
      this.#pieces = []
      this.#collected = 0
    }
    return whole
  }
}

/** A `ProtocolError` of a `PacketReader`, with the packets that the same chunk held before the bad one. */
export class PacketReaderError extends ProtocolError {
  constructor(
    error: ProtocolError,
    /** Whole and valid, in order; returned by no `push`. */
    readonly packets: Packet[],
  ) {
    super(error.message, error.reasonCode, error.code)
  }
}

export interface PacketReaderOptions {
  /** 3 is MQTT 3.1, 4 is 3.1.1, 5 is 5.0. Default 5. A CONNECT that comes sets the version for what follows it. */
  protocolVersion?: ProtocolVersion | undefined
  /** Bytes of a whole packet, from 1. Default 268 435 460, the largest there is (§3.1.2.11.4). */
  maximumPacketSize?: number | undefined
}

/**
 * Reads packets from one direction of a network connection.
 *
 * ```js
 * const reader = new PacketReader({ protocolVersion: 4 })
 * socket.on('data', (chunk) => { for (const packet of reader.push(chunk)) handle(packet) })
 * ```
 */
export class PacketReader {
  readonly #framer: Framer
  #failure: PacketReaderError | undefined

  constructor(options: PacketReaderOptions = {}) {
    const { protocolVersion = 5, maximumPacketSize = LARGEST_PACKET } = options
    if (protocolVersion !== 5 && protocolVersion !== 4 && protocolVersion !== 3) {
      throw outOfRange('protocolVersion', '3, 4 or 5', protocolVersion)
    }
    checkInteger(maximumPacketSize, 1, 0xffff_ffff, 'maximumPacketSize')
    this.#framer = new Framer(protocolVersion, maximumPacketSize)
  }

  /** The version that is read now. */
  get protocolVersion(): ProtocolVersion {
    return this.#framer.version
  }

  /**
   * Takes the next chunk, of any length; returns the packets that it completes. Their fields of bytes are views, so
   * the chunk must not be written to any more. Throws a `PacketReaderError`, whose `reasonCode` is what 5.0 names for
   * the violation and whose `packets` are those before it; every further call throws the same error.
   */
  push(chunk: Uint8Array): Packet[] {
    if (this.#failure !== undefined) throw this.#failure
    if (!isBytes(chunk)) throw wrongType('chunk', 'a Uint8Array', chunk)
    const packets: Packet[] = []
    try {
      this.#framer.push(chunk)
      for (let packet = this.#framer.next(); packet !== undefined; packet = this.#framer.next()) packets.push(packet)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.#failure = new PacketReaderError(error, packets)
      throw this.#failure
    }
    return packets
  }
}
