/** What a client said on one connection: its packets, each with its bytes, for whoever asks for the next one. */

import { type Packet, PacketReader, type ProtocolVersion } from '../../src/codec/index.js'
import { concat } from '../codec/support/wire.js'

export interface Said {
  /** As they came. */
  readonly bytes: Uint8Array
  readonly packet: Packet
}

export class Heard {
  readonly #reader = new PacketReader()
  readonly #said: Said[] = []
  #rest = new Uint8Array()
  #over = false
  /** Why the client cannot be understood. */
  #failure: unknown
  #wake = (): void => {}

  /** That of its CONNECT. */
  get version(): ProtocolVersion {
    return this.#reader.protocolVersion
  }

  /** Returns the packets that these bytes complete. */
  push(bytes: Uint8Array): Packet[] {
    const whole = this.#rest.length === 0 ? bytes : concat([this.#rest, bytes])
    const packets: Packet[] = []
    let at = 0
    for (let end = endOfPacket(whole, at); end <= whole.length; end = endOfPacket(whole, at)) {
      const cut = whole.subarray(at, end)
      at = end
      const [packet] = this.#read(cut)
      if (!packet) continue
      this.#said.push({ bytes: cut, packet })
      packets.push(packet)
    }
    this.#rest = whole.slice(at)
    this.#wake()
    return packets
  }

  #read(bytes: Uint8Array): Packet[] {
    try {
      return this.#reader.push(bytes)
    } catch (error) {
      this.#failure = error
      return []
    }
  }

  /** The client says no more. */
  end(): void {
    this.#over = true
    this.#wake()
  }

  /** The next packet that nobody has asked for; undefined once the client has ended the connection. Rejects where it broke the protocol. */
  async next(): Promise<Said | undefined> {
    for (;;) {
      const said = this.#said.shift()
      if (said) return said
      if (this.#failure !== undefined) throw this.#failure
      if (this.#over) return undefined
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}

/** Where the packet that begins at `start` ends (§2.1.4); Infinity while that cannot be told. */
function endOfPacket(bytes: Uint8Array, start: number): number {
  let length = 0
  for (let i = 0; i < 4; i++) {
    const byte = bytes[start + 1 + i]
    if (byte === undefined) break
    length += (byte & 127) * 128 ** i
    if (byte < 128) return start + 2 + i + length
  }
  return Number.POSITIVE_INFINITY
}
