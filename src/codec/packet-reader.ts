/** `PacketReader`: chunks of bytes to packets, those of a client and those of a server. */

import { outOfRange, ProtocolError, wrongType } from '../errors.js'
import { checkInteger, isBytes } from './fields.js'
import { Framer, LARGEST_PACKET } from './framer.js'
import { type Decoders, FROM_SERVER, type Packet } from './packet.js'
import { decodeConnect } from './packets/connect.js'
import { decodePingreq } from './packets/ping.js'
import { decodeSubscribe } from './packets/subscribe.js'
import { decodeUnsubscribe } from './packets/unsubscribe.js'
import type { ProtocolVersion } from './protocol.js'

export const FROM_ANYONE: Decoders = {
  ...FROM_SERVER,
  1: decodeConnect,
  8: decodeSubscribe,
  10: decodeUnsubscribe,
  12: decodePingreq,
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

/** What a `PacketReader` expects at first. */
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
    this.#framer = new Framer(FROM_ANYONE, protocolVersion, maximumPacketSize)
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
      for (let packet = this.#framer.next(); packet !== undefined; packet = this.#framer.next()) {
        if (packet.type === 'connect') this.#framer.version = packet.protocolVersion
        packets.push(packet)
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.#failure = new PacketReaderError(error, packets)
      throw this.#failure
    }
    return packets
  }
}
