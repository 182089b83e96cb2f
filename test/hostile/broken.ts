/** Each rule of the codec, broken once in each packet that a server may send: from the parts of a valid packet to bytes that break it. */

import type { ProtocolVersion } from '../../src/codec/index.js'
import { bytes, hex, str, wrap } from '../codec/support/wire.js'
import { bodyOf, brokenTexts, byte, byVersion, type Rule, rows, sizeOf, withField } from './breaking.js'
import { wrongLists } from './broken-lists.js'
import { type Hostile, violation } from './case.js'
import { CODE_CLAUSES, REASON_CODES, samples, UNKNOWN_CODES } from './standard.js'

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
    byVersion(version)('[MQTT-2.1.3-1]', '[MQTT-2.2.2-2]'),
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
      byVersion(version)('[MQTT-1.5.5-1]', '§2.2.3, Table 2.4'),
      0x81,
      [['', `${first} ${byte(size | 128)} 00 ${body}`, says]],
    ),
    ...rows(sample, 'a packet that ends within a field', '§2.1.4', 0x81, rest),
    ...(ends
      ? rows(sample, 'bytes left over', '§1.2', 0x81, [['', wrap(first, `${body} 00`), `${type}: expected its end`]])
      : []),
  ]
}

const wrongFields: Rule = (sample, version) => {
  const { type, first, fields } = sample
  return fields.flatMap((field) => {
    const send = (digits: string): string => wrap(first, bodyOf(withField(sample, field, digits)))
    if (field.kind === 'id') {
      const clause = byVersion(version)('[MQTT-2.2.1-4]', '[MQTT-2.3.1-1]')
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

/** What only one packet has. */
const own: Rule = (sample, version) => {
  const { type, first } = sample
  if (type === 'connack') {
    const properties = version === 5 ? '00' : ''
    // In 3.1 this byte says nothing.
    if (version === 3) return []
    const refused = byVersion(version)('[MQTT-3.2.2-6]', '[MQTT-3.2.2-4]')
    return [
      ...rows(
        sample,
        'reserved flags of CONNACK',
        byVersion(version)('[MQTT-3.2.2-1]', '§3.2.2.1'),
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
