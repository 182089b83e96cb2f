/** Each rule of the codec, broken once in each packet that a server may send: from the parts of a valid packet to bytes that break it. */

import type { ProtocolVersion } from '../../src/codec/index.js'
import { bytes, hex, str, wrap } from '../codec/support/wire.js'
import { type Hostile, violation } from './case.js'
import {
  CODE_CLAUSES,
  type Field,
  PROPERTIES,
  type Property,
  REASON_CODES,
  type Sample,
  samples,
  UNKNOWN_CODES,
} from './standard.js'

type Rule = (sample: Sample, version: ProtocolVersion) => Hostile[]

const byte = (value: number): string => value.toString(16).padStart(2, '0')
const sizeOf = (digits: string): number => bytes(digits).length

/** The body with other fields, another list of properties, or another Property Length. */
function bodyOf({ fields, list }: Sample, own: { list?: readonly string[]; length?: string } = {}): string {
  const parts = fields.map((field) => field.hex)
  if (list) {
    const digits = (own.list ?? list.properties).join(' ')
    parts.splice(list.at, 0, `${own.length ?? byte(sizeOf(digits))} ${digits}`)
  }
  return parts.join(' ')
}

function withField(sample: Sample, field: Field, digits: string): Sample {
  return { ...sample, fields: sample.fields.map((each) => (each === field ? { ...each, hex: digits } : each)) }
}

/** All rows of one rule: what is sent instead of the valid packet, in how many ways, and what is named for it. */
function rows(
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

const remaining =
  (version: ProtocolVersion) =>
  (five: string, three: string): string =>
    version === 5 ? five : three

const wrongFlags: Rule = (sample, version) => {
  const { type, first } = sample
  const body = bodyOf(sample)
  if (type === 'publish') {
    const qos3 = ['36', '37', '3e', '3f'].map((wrong) => ['', wrap(wrong, body), 'publish.qos'] as const)
    const dup = ['38', '39'].map((wrong) => ['', wrap(wrong, body), 'publish.dup'] as const)
    return [
      ...rows(sample, 'QoS 3', '[MQTT-3.3.1-4]', 0x81, qos3),
      ...rows(sample, 'DUP at QoS 0', '[MQTT-3.3.1-2]', 0x81, dup),
    ]
  }
  const right = Number.parseInt(first, 16)
  // 3.1 has DUP in a PUBREL that is sent again.
  const wrong = Array.from({ length: 16 }, (_, flags) => (right & 0xf0) | flags).filter(
    (each) => each !== right && !(version === 3 && type === 'pubrel' && each === 0x6a),
  )
  return rows(
    sample,
    'reserved flags of the fixed header',
    remaining(version)('[MQTT-2.1.3-1]', '[MQTT-2.2.2-2]'),
    0x81,
    wrong.map((each) => ['', wrap(byte(each), body), `${type}: expected fixed header flags`]),
  )
}

const wrongLengths: Rule = (sample, version) => {
  const { type, first, lengths } = sample
  const body = bodyOf(sample)
  const size = sizeOf(body)
  const says = `${type}.remainingLength`
  const cuts = Array.from({ length: size }, (_, cut) => cut).filter((cut) => !lengths.includes(cut))
  const rest = cuts.map((cut) => ['', wrap(first, hex(bytes(body).subarray(0, cut))), `${type}.`] as const)
  // Another byte of a SUBACK is another code, of a PUBLISH more payload.
  const ends = !['publish', 'suback'].includes(type) && !(type === 'unsuback' && version === 5)
  return [
    ...rows(sample, 'a Remaining Length of more than four bytes', '§2.1.4', 0x81, [
      ['', `${first} ffffffff7f ${body}`, says],
      ['', `${first} 8080808001 ${body}`, says],
    ]),
    ...rows(
      sample,
      'a Remaining Length of more bytes than it needs',
      remaining(version)('[MQTT-1.5.5-1]', '§2.2.3, Table 2.4'),
      0x81,
      [['', `${first} ${byte(size | 128)} 00 ${body}`, says]],
    ),
    ...rows(sample, 'a packet that ends within a field', '§2.1.4', 0x81, rest),
    ...(ends
      ? rows(sample, 'bytes left over', '§1.2', 0x81, [['', wrap(first, `${body} 00`), `${type}: expected its end`]])
      : []),
  ]
}

/** §1.5.4; each is of the kind that a decoder may let pass. */
const ILL_FORMED: readonly (readonly [string, string])[] = [
  ['overlong', '0002 c080'],
  ['a surrogate', '0003 eda080'],
  ['a continuation alone', '0001 80'],
  ['cut', '0002 e282'],
  ['above U+10FFFF', '0004 f4908080'],
]

/** Breaks a text where `send` puts it. */
function brokenTexts(
  sample: Sample,
  name: string,
  send: (text: string) => string,
  version: ProtocolVersion,
): Hostile[] {
  const says = `${sample.type}.${name}`
  const utf8 = remaining(version)('[MQTT-1.5.4-1]', '[MQTT-1.5.3-1]')
  const zero = remaining(version)('[MQTT-1.5.4-2]', '[MQTT-1.5.3-2]')
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

const wrongFields: Rule = (sample, version) => {
  const { type, first, fields } = sample
  return fields.flatMap((field) => {
    const send = (digits: string): string => wrap(first, bodyOf(withField(sample, field, digits)))
    if (field.kind === 'id') {
      const clause = remaining(version)('[MQTT-2.2.1-4]', '[MQTT-2.3.1-1]')
      return rows(sample, 'Packet Identifier 0', clause, 0x82, [['', send('0000'), `${type}.packetId`]])
    }
    if (field.kind === 'text') {
      const wildcards = ['+', '#', 'a/+', 'a/#', 'a+b'].map(
        (topic) => ['', send(str(topic)), `${type}.${field.name}`] as const,
      )
      return [
        ...brokenTexts(sample, field.name, send, version),
        ...rows(sample, 'a wildcard in the Topic Name', '[MQTT-3.3.2-2]', 0x90, wildcards),
        ...rows(sample, 'no Topic Name, and no Topic Alias', '[MQTT-4.7.3-1]', 0x82, [
          ['', send('0000'), `${type}.${field.name}`],
        ]),
      ]
    }
    return []
  })
}

const wrongCodes: Rule = (sample, version) => {
  const { type, first, fields } = sample
  const own = REASON_CODES[type]
  const field = fields.find(({ kind }) => kind === 'code')
  if (!own || !field) return []
  const says = `${type}.${field.name}`
  const way = (code: number) => ['', wrap(first, bodyOf(withField(sample, field, byte(code)))), says] as const
  const clause = CODE_CLAUSES[type] as string
  if (version !== 5) {
    // [MQTT-3.2.2-6 of 3.1.1] has them reserved.
    const reserved = type === 'suback' ? bytes('03 7f 81 87 97 ff') : bytes('06 80 87 ff')
    const return_ = type === 'suback' ? '[MQTT-3.9.3-2]' : '§3.2.2.3'
    return rows(sample, 'a return code that is reserved', return_, 0x82, [...reserved].map(way))
  }
  const others = new Set(Object.values(REASON_CODES).flatMap((codes) => [...(codes as Uint8Array)]))
  for (const code of own) others.delete(code)
  return [
    ...rows(sample, 'an unknown Reason Code', clause, 0x82, [...UNKNOWN_CODES].map(way)),
    ...rows(sample, 'the Reason Code of another packet', clause, 0x82, [...others].map(way)),
  ]
}

/** Which have codes of their own. */
function badValue(code: number): string {
  if (code === 0x94) return 'a Topic Alias of 0'
  return code === 0x81 ? 'a value that is no Variable Byte Integer' : 'a value that the property may not have'
}

const wrongLists: Rule = (sample, version) => {
  const { type, first, list } = sample
  if (!list) return []
  const says = `${type}.properties`
  const send = (...properties: string[]): string =>
    wrap(first, bodyOf(sample, { list: [...list.properties, ...properties] }))
  const own = PROPERTIES.filter(({ packets }) => packets.includes(type))
  const given = (id: string): boolean => list.properties.some((each) => each.startsWith(id))
  /** With this value, in the place of the one that the packet has anyway. */
  const holding = ({ id }: Property, value: string): string => {
    const others = list.properties.filter((each) => !each.startsWith(id))
    return wrap(first, bodyOf(sample, { list: [`${id} ${value}`, ...others] }))
  }
  const size = byte(sizeOf(list.properties.join(' ')) | 128)
  return [
    ...rows(sample, 'a Property Length over the end', '§2.2.2.1', 0x81, [
      ['', wrap(first, bodyOf(sample, { length: '7f' })), says],
      ['', wrap(first, bodyOf(sample, { length: 'ffffff7f' })), says],
    ]),
    ...rows(sample, 'a Property Length that is no Variable Byte Integer', '[MQTT-1.5.5-1]', 0x81, [
      ['', wrap(first, bodyOf(sample, { length: `${size} 00` })), says],
      ['', wrap(first, bodyOf(sample, { length: 'ffffffff7f' })), says],
    ]),
    ...rows(
      sample,
      'an unknown property',
      '§2.2.2.2',
      0x81,
      ['00 00', '04 00', '2b 00', '7f 00', '80 01', 'ff'].map((property) => ['', send(property), says]),
    ),
    ...rows(
      sample,
      'a property of another packet',
      '§2.2.2.2',
      0x81,
      PROPERTIES.filter((each) => !own.includes(each)).map(({ id, value, name }) => [
        name,
        send(`${id} ${value}`),
        `${says}.identifier`,
      ]),
    ),
    ...rows(
      sample,
      'a property twice',
      '§2.2.2.2',
      0x82,
      own
        .filter(({ repeats }) => !repeats)
        .map(({ id, value, name }) => {
          const once = `${id} ${value}`
          return [name, given(id) ? send(once) : send(once, once), `${says}.${name}`]
        }),
    ),
    ...rows(
      sample,
      'a property that ends within its value',
      '§2.2.2',
      0x81,
      own
        .filter(({ id }) => !given(id))
        .map(({ id, value, name }) => {
          return [name, send(`${id} ${hex(bytes(value).subarray(0, -1))}`), `${says}.${name}`]
        }),
    ),
    ...own.flatMap((property) =>
      property.bad.flatMap(([value, code, clause]) =>
        rows(sample, badValue(code), clause, code, [
          [property.name, holding(property, value), `${says}.${property.name}`],
        ]),
      ),
    ),
    ...own.flatMap((property) => {
      const { kind, name } = property
      const field = `properties.${name}`
      if (kind === 'text') return brokenTexts(sample, field, (text) => holding(property, text), version)
      if (kind === 'pair')
        return [
          ...brokenTexts(sample, field, (text) => holding(property, `${text} ${str('v')}`), version),
          ...brokenTexts(sample, field, (text) => holding(property, `${str('k')} ${text}`), version),
        ]
      if (kind === 'bytes')
        return rows(sample, 'a length over the end', '§1.5.6', 0x81, [
          [field, holding(property, 'ffff 61'), `${type}.${field}`],
        ])
      return []
    }),
  ]
}

/** What only one packet has. */
const own: Rule = (sample, version) => {
  const { type, first } = sample
  if (type === 'connack') {
    const properties = version === 5 ? '00' : ''
    // In 3.1 this byte says nothing.
    if (version === 3) return []
    const refused = remaining(version)('[MQTT-3.2.2-6]', '[MQTT-3.2.2-4]')
    return [
      ...rows(
        sample,
        'reserved flags of CONNACK',
        remaining(version)('[MQTT-3.2.2-1]', '§3.2.2.1'),
        0x81,
        ['02', '03', '80', 'ff'].map((flags) => ['', wrap(first, `${flags} 00 ${properties}`), 'connack.flags']),
      ),
      ...rows(sample, 'Session Present, and a code that refuses', refused, 0x82, [
        ['', wrap(first, `01 ${version === 5 ? '87' : '05'} ${properties}`), 'connack.sessionPresent'],
      ]),
    ]
  }
  if (type === 'suback' || (type === 'unsuback' && version === 5)) {
    const clause = { suback: '[MQTT-3.8.4-6]', unsuback: '[MQTT-3.11.3-1]' }[type]
    const body = version === 5 ? '0009 00' : '0009'
    return rows(sample, 'no code at all', clause, 0x82, [['', wrap(first, body), `${type}.reasonCodes`]])
  }
  if (type === 'auth')
    return rows(sample, 'no Authentication Method', '§3.15.2.2.2', 0x82, [
      ['', 'f0 02 18 00', 'auth.properties.authenticationMethod'],
    ])
  return []
}

const RULES: readonly Rule[] = [wrongFlags, wrongLengths, wrongFields, wrongCodes, wrongLists, own]

/** They are found before anybody asks whether the packet may come now: the same in each phase. */
export function brokenPackets(version: ProtocolVersion): Hostile[] {
  const reserved: Hostile[] = ['00', '0f', ...(version === 5 ? [] : ['f0', 'ff'])].map((first) => ({
    packet: 'reserved type',
    rule: 'a packet type that is reserved',
    clause: '§2.1.2',
    send: `${first} 00`,
    reaction: violation(0x81, 'fixed header: expected a packet type'),
  }))
  return [...samples(version).flatMap((sample) => RULES.flatMap((rule) => rule(sample, version))), ...reserved]
}
