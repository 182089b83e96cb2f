/** How a valid packet is broken: its parts put together wrongly, and texts that may not be. */

import type { ProtocolVersion } from '../../src/codec/index.js'
import { bytes } from '../codec/support/wire.js'
import { type Hostile, violation } from './case.js'
import type { Field, Sample } from './standard.js'

export type Rule = (sample: Sample, version: ProtocolVersion) => Hostile[]

export const byte = (value: number): string => value.toString(16).padStart(2, '0')
export const sizeOf = (digits: string): number => bytes(digits).length

/** The body with other fields, another list of properties, or another Property Length. */
export function bodyOf({ fields, list }: Sample, own: { list?: readonly string[]; length?: string } = {}): string {
  const parts = fields.map((field) => field.hex)
  if (list) {
    const digits = (own.list ?? list.properties).join(' ')
    parts.splice(list.at, 0, `${own.length ?? byte(sizeOf(digits))} ${digits}`)
  }
  return parts.join(' ')
}

export function withField(sample: Sample, field: Field, digits: string): Sample {
  return { ...sample, fields: sample.fields.map((each) => (each === field ? { ...each, hex: digits } : each)) }
}

/** All rows of one rule: what is sent instead of the valid packet, in how many ways, and what is named for it. */
export function rows(
  { type }: Sample,
  rule: string,
  clause: string,
  code: number,
  ways: readonly (readonly [way: string, digits: string, says: string])[],
): Hostile[] {
  return ways.map(([way, send, says]) => ({
    packet: type.toUpperCase(),
    rule,
    way,
    clause,
    send,
    reaction: violation(code, says),
  }))
}

export const byVersion =
  (version: ProtocolVersion) =>
  (five: string, three: string): string =>
    version === 5 ? five : three

/** §1.5.4; each is of the kind that a decoder may let pass. */
const ILL_FORMED: readonly (readonly [string, string])[] = [
  ['overlong', '0002 c080'],
  ['a surrogate', '0003 eda080'],
  ['a continuation alone', '0001 80'],
  ['cut', '0002 e282'],
  ['above U+10FFFF', '0004 f4908080'],
]

/** Breaks a text where `send` puts it. */
export function brokenTexts(
  sample: Sample,
  name: string,
  send: (text: string) => string,
  version: ProtocolVersion,
): Hostile[] {
  const says = `${sample.type}.${name}`
  const utf8 = byVersion(version)('[MQTT-1.5.4-1]', '[MQTT-1.5.3-1]')
  const zero = byVersion(version)('[MQTT-1.5.4-2]', '[MQTT-1.5.3-2]')
  return [
    ...rows(
      sample,
      'text that is not UTF-8',
      utf8,
      0x81,
      ILL_FORMED.map(([, text]) => [name, send(text), says]),
    ),
    ...rows(sample, 'text with U+0000', zero, 0x81, [[name, send('0003 610061'), says]]),
    ...rows(sample, 'a length over the end', '§1.5.4', 0x81, [[name, send('ffff 61'), says]]),
  ]
}
