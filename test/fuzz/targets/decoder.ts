/**
 * Any bytes to the framer and the decoder, of each version and of what a server or anyone may send: whole and cut anywhere.
 * They give the same packets or the same error of the protocol, hold no more than what came, and what was read can be
 * written again.
 */

import { Framer, LARGEST_PACKET } from '../../../src/codec/framer.js'
import { encodePacket, type Packet, PacketReader, PacketReaderError, ProtocolError } from '../../../src/codec/index.js'
import { FROM_SERVER } from '../../../src/codec/packet.js'
import type { ProtocolVersion } from '../../../src/codec/protocol.js'
import { isSame, sameBytes } from '../same.js'
import { hex, show } from '../show.js'
import { cutPacket, leewayOf } from '../wire-form.js'

/** What a stream of bytes was read as. */
interface Reading {
  packets: Packet[]
  /** The version that each was read in. */
  versions: ProtocolVersion[]
  error: ProtocolError | undefined
}

interface Setting {
  version: ProtocolVersion
  fromServer: boolean
  maximumPacketSize: number
  /** How the stream is cut; 0 is not at all. */
  cut: number
}

/** The Reason Codes that a decoder names; each other one would be one that nobody knows what to do with. */
const CODES = new Set([0x81, 0x82, 0x84, 0x85, 0x8f, 0x90, 0x94, 0x95])

export function fuzz(input: Uint8Array): void {
  const [setting, stream] = settingOf(input)
  const whole = read([stream], setting)
  const cut = read(pieces(stream, setting.cut), setting)
  if (!isSame(whole.packets, cut.packets)) throw new Error('the packets depend on how the stream is cut')
  if (whole.error?.message !== cut.error?.message || whole.error?.reasonCode !== cut.error?.reasonCode)
    throw new Error(`the error depends on how the stream is cut: ${whole.error?.message} and ${cut.error?.message}`)
  checkError(whole.error)
  let at = 0
  for (const [index, packet] of whole.packets.entries()) {
    const bytes = cutPacket(stream, at)
    at += bytes.length
    if (bytes.length > setting.maximumPacketSize) throw new Error('a packet above maximumPacketSize was read')
    checkSize(packet, bytes.length)
    checkRoundTrip(packet, bytes, whole.versions[index] as ProtocolVersion)
  }
}

/** The input, for a reader. */
export function explain(input: Uint8Array): string[] {
  const [setting, stream] = settingOf(input)
  const { packets, error } = read([stream], setting)
  return [
    `setting ${show(setting)}`,
    `stream ${hex(stream)}`,
    ...packets.map((packet) => `packet ${show(packet)}`),
    `error ${error?.message}`,
  ]
}

/** Two bytes say how to read, the rest is the stream. */
function settingOf(input: Uint8Array): [Setting, Uint8Array] {
  const [how = 0, cut = 0] = input
  const version = ([5, 4, 3, 5] as const)[how & 3] as ProtocolVersion
  const maximumPacketSize = how & 8 ? 40 : LARGEST_PACKET
  return [{ version, fromServer: (how & 4) !== 0, maximumPacketSize, cut }, Uint8Array.from(input.subarray(2))]
}

/** Reads pieces as our client does or, where anyone may have sent them, as a broker or a tool does. */
function read(stream: readonly Uint8Array[], setting: Setting): Reading {
  return setting.fromServer ? readAsClient(stream, setting) : readAsAnyone(stream, setting)
}

function readAsClient(stream: readonly Uint8Array[], { version, maximumPacketSize }: Setting): Reading {
  const framer = new Framer(FROM_SERVER, version, maximumPacketSize)
  const packets: Packet[] = []
  let fed = 0
  let error: ProtocolError | undefined
  for (const piece of stream) {
    framer.push(piece)
    fed += piece.length
    error = catchError(() => {
      for (let packet = framer.next(); packet; packet = framer.next()) {
        checkRoom(packet, fed)
        packets.push(packet)
      }
    })
    if (!error) continue
    if (catchError(() => framer.next()) !== error) throw new Error('a framer goes on after an error')
    break
  }
  return { packets, versions: packets.map(() => version), error }
}

function readAsAnyone(stream: readonly Uint8Array[], { version, maximumPacketSize }: Setting): Reading {
  const reader = new PacketReader({ protocolVersion: version, maximumPacketSize })
  const packets: Packet[] = []
  let error: ProtocolError | undefined
  for (const piece of stream) {
    error = catchError(() => {
      packets.push(...reader.push(piece))
    })
    if (!error) continue
    if (!(error instanceof PacketReaderError)) throw error
    packets.push(...error.packets)
    if (catchError(() => reader.push(piece)) !== error) throw new Error('a PacketReader goes on after an error')
    break
  }
  let now = version
  const versions = packets.map((packet) => {
    if (packet.type === 'connect') now = packet.protocolVersion
    return now
  })
  return { packets, versions, error }
}

/** The error of the protocol; every other is a crash. */
function catchError(work: () => unknown): ProtocolError | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    if (error instanceof ProtocolError) return error
    throw error
  }
}

function checkError(error: ProtocolError | undefined): void {
  if (!error) return
  if (!CODES.has(error.reasonCode)) throw new Error(`an error of an unknown Reason Code, ${error.reasonCode}`)
  if (!/^[A-Z_]+$/.test(error.code)) throw new Error(`an error without a code: ${error.code}`)
  if (error.message.length > 400) throw new Error('an error as long as its peer wants')
}

/** Pieces of lengths that follow from one byte. Each is an array of its own, so that a reader cannot see beyond it. */
function pieces(stream: Uint8Array, cut: number): Uint8Array[] {
  if (cut === 0) return [stream]
  const list: Uint8Array[] = []
  let state = cut
  for (let at = 0; at < stream.length; ) {
    state = (state * 75 + 74) % 65_537
    const length = cut < 128 ? 1 + (state % cut) : cut - 127
    list.push(stream.slice(at, at + length))
    at += length
  }
  return list
}

/** What was read is not larger than what it was read from: nothing is made of what was only announced. */
function checkSize(packet: Packet, size: number): void {
  const read = weigh(packet)
  if (read > size) throw new Error(`${read} units were read from ${size} bytes`)
}

/** Characters, bytes and entries of lists. */
function weigh(value: unknown): number {
  if (typeof value === 'string') return value.length
  if (value instanceof Uint8Array) return value.length
  if (Array.isArray(value)) return value.reduce((sum: number, each) => sum + Math.max(1, weigh(each)), 0)
  if (typeof value !== 'object' || value === null) return 0
  let sum = 0
  for (const [name, each] of Object.entries(value)) if (name !== 'type') sum += weigh(each)
  return sum
}

/** A view of bytes pins no more than what came, and the room of the framer. */
function checkRoom(packet: Packet, fed: number): void {
  if (packet.type !== 'publish') return
  const { byteLength } = packet.payload.buffer
  if (byteLength > 2 * fed + 16_384) throw new Error(`${byteLength} bytes of room for ${fed} that came`)
}

function checkRoundTrip(packet: Packet, bytes: Uint8Array, version: ProtocolVersion): void {
  const written = encodePacket(packet, version)
  const [again, ...more] = new PacketReader({ protocolVersion: version }).push(written)
  if (more.length > 0 || !isSame(packet, again)) throw new Error(`${packet.type} is another one when it is written`)
  if (!sameBytes(written, encodePacket(again as Packet, version)))
    throw new Error(`${packet.type} is written in two ways`)
  if (!sameBytes(written, bytes) && !leewayOf(packet, bytes, written, version))
    throw new Error(`${packet.type} has no leeway, and is written differently: ${hex(written)}`)
}
