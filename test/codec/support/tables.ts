/** Turns tables of what must be refused into tests, for the bytes of a peer and for the values of a caller. */

import { expect, it } from 'vitest'
import { encodePacket, type PacketInput, type ProtocolVersion } from '../../../src/codec/index.js'
import { nameOf } from '../../session/bench.js'
import { GOLDEN } from '../vectors/golden.js'
import { decode, hex, refusal, VERSIONS } from './wire.js'

/** Title, versions, hexadecimal digits, Reason Code, the sentence: field, what was expected, what came. */
export type Refused = readonly [string, readonly ProtocolVersion[] | ProtocolVersion, string, number, string]

export function refusesBytes(table: readonly Refused[]): void {
  for (const [title, versions, digits, reasonCode, sentence] of table) {
    for (const version of typeof versions === 'number' ? [versions] : versions) {
      it(`${nameOf(version)}: refuses from a peer ${title}`, () => {
        const error = refusal(digits, version)
        expect(error.message).toBe(sentence)
        expect(error.reasonCode).toBe(reasonCode)
      })
    }
  }
}

/** Title, versions, packet (of any shape: callers err), TypeError or RangeError, the sentence. */
export type Wrong = readonly [
  string,
  readonly ProtocolVersion[] | ProtocolVersion,
  Record<string, unknown>,
  typeof TypeError | typeof RangeError,
  string,
]

export function refusesInput(table: readonly Wrong[]): void {
  for (const [title, versions, packet, kind, sentence] of table) {
    for (const version of typeof versions === 'number' ? [versions] : versions) {
      it(`${nameOf(version)}: refuses from a caller ${title}`, () => {
        const encode = () => encodePacket(packet as unknown as PacketInput, version)
        expect(encode).toThrow(kind)
        expect(encode).toThrow(new kind(sentence))
      })
    }
  }
}

/** Encodes and decodes each golden packet of these types. */
export function matchesGolden(...types: readonly string[]): void {
  for (const { title, version, digits, packet } of GOLDEN) {
    if (!types.includes(packet.type)) continue
    it(`encodes ${title} (version ${version})`, () => {
      expect(hex(encodePacket(packet, version))).toBe(digits)
    })
    it(`decodes ${title} (version ${version})`, () => {
      expect(decode(digits, version)).toStrictEqual([packet])
    })
  }
}

export { VERSIONS }
