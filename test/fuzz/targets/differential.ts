/**
 * One packet to our codec and to mqtt-packet: both read the same, and read what the other writes. Where they do not,
 * `differences.ts` says what the standard says about it.
 */

import { encodePacket, type Packet, PacketReader, ProtocolError } from '../../../src/codec/index.js'
import type { ProtocolVersion } from '../../../src/codec/protocol.js'
import { type Case, DIFFERENCES, type Difference } from '../differences.js'
import { comparable, readTheirs, writeTheirs } from '../mqtt-packet.js'
import { isSame } from '../same.js'
import { hex, show } from '../show.js'
import { wholePacket } from '../wire-form.js'

const VERSIONS = [5, 4, 3] as const

export function fuzz(input: Uint8Array): void {
  differencesIn(input)
}

/** Those that are written down and that the input has. Throws at each other one. */
export function differencesIn(input: Uint8Array): Set<Difference> {
  const version = VERSIONS[(input[0] ?? 0) % 3] as ProtocolVersion
  const bytes = wholePacket(Uint8Array.from(input.subarray(1)))
  met = new Set()
  if (!bytes) return met
  const ours = compare(bytes, version)
  if (ours) compareWritten(ours, bytes, ours.type === 'connect' ? ours.protocolVersion : version)
  return met
}

/** Of the input that is looked at. */
let met = new Set<Difference>()

function compareWritten(ours: Packet, bytes: Uint8Array, version: ProtocolVersion): void {
  // An encoder may choose other bytes than those that came.
  compare(encodePacket(ours, version), version)
  const theirs = writeTheirs(ours, version)
  if (theirs instanceof Error) settle({ way: 'write', bytes, version, ours, theirs: { ...NOTHING, error: theirs } })
  else compare(theirs, version, ours)
}

/** The input, for a reader. */
export function explain(input: Uint8Array): string[] {
  const version = VERSIONS[(input[0] ?? 0) % 3] as ProtocolVersion
  const bytes = wholePacket(Uint8Array.from(input.subarray(1)))
  if (!bytes) return ['no whole packet']
  const { packet, error } = readOurs(bytes, version)
  const theirs = readTheirs(bytes, version)
  return [
    `version ${version}, packet ${hex(bytes)}`,
    `ours   ${show(packet)} ${error?.message ?? ''}`,
    `theirs ${show(theirs.packet)} ${theirs.error?.message ?? ''}`,
    `which read ${theirs.end} bytes of the body`,
  ]
}

const NOTHING = { packet: undefined, raw: undefined, end: 0 }

/** Both read these bytes. Gives what ours read. */
function compare(bytes: Uint8Array, version: ProtocolVersion, written?: Packet): Packet | undefined {
  const { packet: ours, error } = readOurs(bytes, version)
  const theirs = readTheirs(bytes, version)
  if (!ours && !theirs.packet) return undefined
  const agreed = ours && theirs.packet && isSame(comparable(ours), comparable(theirs.packet))
  // A CONNECT says itself which version it is of.
  const connect = [ours, theirs.packet].find((packet) => packet?.type === 'connect')
  const spoken = connect?.protocolVersion ?? version
  if (!agreed) settle({ way: 'read', bytes, version: spoken, ours, error, theirs })
  // What they wrote for our packet has to be our packet.
  if (written && !(ours && isSame(comparable(ours), comparable(written))))
    settle({ way: 'written', bytes, version: spoken, ours: written, error, theirs })
  return ours
}

function settle(difference: Case): void {
  const known = DIFFERENCES.find(({ applies }) => applies(difference))
  if (known) {
    met.add(known)
    return
  }
  const { way, bytes, version, error, theirs } = difference
  throw new Error(
    `a difference that nothing is written about, ${way}, version ${version}: ${hex(bytes)}; ours ${error?.message ?? 'reads it'}; theirs ${theirs.error?.message ?? 'reads it'}`,
  )
}

function readOurs(bytes: Uint8Array, version: ProtocolVersion): { packet?: Packet; error?: ProtocolError } {
  try {
    const [packet] = new PacketReader({ protocolVersion: version }).push(bytes)
    if (!packet) throw new Error('a whole packet was not read')
    return { packet }
  } catch (error) {
    if (error instanceof ProtocolError) return { error }
    throw error
  }
}
