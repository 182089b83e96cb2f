/** What the standards say of the packets that a server may send: their fields, properties and codes, written down apart from `src`. */

import type { PacketType, ProtocolVersion } from '../../src/codec/index.js'
import { bytes, str } from '../codec/support/wire.js'

export type ServerPacket = Exclude<PacketType, 'connect' | 'subscribe' | 'unsubscribe' | 'pingreq'>

/** A field of a packet, in hexadecimal digits. */
export interface Field {
  readonly name: string
  readonly kind: 'id' | 'code' | 'text' | 'bytes'
  readonly hex: string
}

/** The parts of a valid packet; in 5.0 the list of properties stands behind so many fields. */
export interface Sample {
  readonly type: ServerPacket
  readonly first: string
  readonly fields: readonly Field[]
  readonly list: { readonly at: number; readonly properties: readonly string[] } | undefined
  /** The lengths to which the body may be cut, and be a packet still. */
  readonly lengths: readonly number[]
}

const id = { name: 'packetId', kind: 'id', hex: '0009' } as const
const code = { name: 'reasonCode', kind: 'code', hex: '00' } as const
const codes = { name: 'reasonCodes', kind: 'code', hex: '00' } as const
const METHOD = `15 ${str('M')}`

/** A valid packet of each type that a server may send in this version. */
export function samples(version: ProtocolVersion): Sample[] {
  const five = version === 5
  const list = (at: number, ...properties: string[]) => (five ? { at, properties } : undefined)
  const ack = (type: ServerPacket, first: string): Sample => ({
    type,
    first,
    fields: five ? [id, code] : [id],
    list: list(2),
    lengths: five ? [2, 3] : [],
  })
  return [
    {
      type: 'connack',
      first: '20',
      fields: [{ name: 'flags', kind: 'bytes', hex: '00' }, code],
      list: list(2),
      lengths: [],
    },
    {
      type: 'publish',
      first: '32',
      fields: [{ name: 'topic', kind: 'text', hex: str('t') }, id, { name: 'payload', kind: 'bytes', hex: '6869' }],
      list: list(2),
      lengths: five ? [6, 7] : [5, 6],
    },
    ack('puback', '40'),
    ack('pubrec', '50'),
    ack('pubrel', '62'),
    ack('pubcomp', '70'),
    // Without codes they can be read, and say too little: a rule of its own.
    { type: 'suback', first: '90', fields: [id, codes], list: list(1), lengths: five ? [3] : [2] },
    { type: 'unsuback', first: 'b0', fields: five ? [id, codes] : [id], list: list(1), lengths: five ? [3] : [] },
    { type: 'pingresp', first: 'd0', fields: [], list: undefined, lengths: [] },
    { type: 'disconnect', first: 'e0', fields: five ? [code] : [], list: list(1), lengths: five ? [0, 1] : [] },
    ...(five
      ? [{ type: 'auth', first: 'f0', fields: [{ ...code, hex: '18' }], list: list(1, METHOD), lengths: [0] } as const]
      : []),
  ]
}

/** A property (§2.2.2.2, Table 2-4); `bad` are values that the standard forbids, and what it names for each. */
export interface Property {
  readonly id: string
  readonly name: string
  readonly kind: 'text' | 'number' | 'bytes' | 'pair'
  readonly value: string
  readonly packets: readonly ServerPacket[]
  readonly bad: readonly (readonly [hex: string, code: number, clause: string])[]
  readonly repeats: boolean
}

type Row = readonly [
  id: string,
  name: string,
  kind: Property['kind'],
  value: string,
  packets: readonly ServerPacket[],
  ...bad: Property['bad'],
]

const ACKS: readonly ServerPacket[] = ['puback', 'pubrec', 'pubrel', 'pubcomp', 'suback', 'unsuback']
const REASONED: readonly ServerPacket[] = ['connack', ...ACKS, 'disconnect', 'auth']

const ROWS: readonly Row[] = [
  ['01', 'payloadFormatIndicator', 'number', '01', ['publish'], ['02', 0x82, '§3.3.2.3.2']],
  ['02', 'messageExpiryInterval', 'number', '0000003c', ['publish']],
  ['03', 'contentType', 'text', str('text'), ['publish']],
  [
    '08',
    'responseTopic',
    'text',
    str('r'),
    ['publish'],
    [str('a/+'), 0x82, '[MQTT-3.3.2-14]'],
    [str('#'), 0x82, '[MQTT-3.3.2-14]'],
    ['0000', 0x82, '[MQTT-4.7.3-1]'],
  ],
  ['09', 'correlationData', 'bytes', '0002 00ff', ['publish']],
  [
    '0b',
    'subscriptionIdentifiers',
    'number',
    '01',
    ['publish'],
    ['00', 0x82, '§3.3.2.3.8'],
    ['8000', 0x81, '[MQTT-1.5.5-1]'],
    ['ffffffff01', 0x81, '§1.5.5'],
  ],
  ['11', 'sessionExpiryInterval', 'number', '0000003c', ['connack', 'disconnect']],
  ['12', 'assignedClientIdentifier', 'text', str('me'), ['connack']],
  ['13', 'serverKeepAlive', 'number', '003c', ['connack']],
  ['15', 'authenticationMethod', 'text', str('M'), ['connack', 'auth']],
  ['16', 'authenticationData', 'bytes', '0001 61', ['connack', 'auth']],
  ['17', 'requestProblemInformation', 'number', '00', []],
  ['18', 'willDelayInterval', 'number', '00000000', []],
  ['19', 'requestResponseInformation', 'number', '00', []],
  ['1a', 'responseInformation', 'text', str('base'), ['connack']],
  ['1c', 'serverReference', 'text', str('other'), ['connack', 'disconnect']],
  ['1f', 'reasonString', 'text', str('why'), REASONED],
  ['21', 'receiveMaximum', 'number', '000a', ['connack'], ['0000', 0x82, '§3.2.2.3.3']],
  ['22', 'topicAliasMaximum', 'number', '000a', ['connack']],
  ['23', 'topicAlias', 'number', '0001', ['publish'], ['0000', 0x94, '[MQTT-3.3.2-8]']],
  ['24', 'maximumQos', 'number', '01', ['connack'], ['02', 0x82, '§3.2.2.3.4']],
  ['25', 'retainAvailable', 'number', '01', ['connack'], ['02', 0x82, '§3.2.2.3.5']],
  ['26', 'userProperties', 'pair', `${str('k')} ${str('v')}`, [...REASONED, 'publish']],
  ['27', 'maximumPacketSize', 'number', '00000064', ['connack'], ['00000000', 0x82, '§3.2.2.3.6']],
  ['28', 'wildcardSubscriptionAvailable', 'number', '01', ['connack'], ['02', 0x82, '§3.2.2.3.11']],
  ['29', 'subscriptionIdentifierAvailable', 'number', '01', ['connack'], ['ff', 0x82, '§3.2.2.3.12']],
  ['2a', 'sharedSubscriptionAvailable', 'number', '01', ['connack'], ['02', 0x82, '§3.2.2.3.13']],
]

export const PROPERTIES: readonly Property[] = ROWS.map(([id, name, kind, value, packets, ...bad]) => {
  const repeats = name === 'userProperties' || name === 'subscriptionIdentifiers'
  return { id, name, kind, value, packets, bad, repeats }
})

const RECEIVED = bytes('00 10 80 83 87 90 91 97 99')
const RELEASED = bytes('00 92')

/** The Reason Codes of each packet (Tables 2-6, 3-1, 3-4 to 3-11). */
export const REASON_CODES: Readonly<Partial<Record<ServerPacket, Uint8Array>>> = {
  connack: bytes('00 80 81 82 83 84 85 86 87 88 89 8a 8c 90 95 97 99 9a 9b 9c 9d 9f'),
  puback: RECEIVED,
  pubrec: RECEIVED,
  pubrel: RELEASED,
  pubcomp: RELEASED,
  suback: bytes('00 01 02 80 83 87 8f 91 97 9e a1 a2'),
  unsuback: bytes('00 11 80 83 87 8f 91'),
  disconnect: bytes('00 04 80 81 82 83 87 89 8b 8c 8d 8e 8f 90 93 94 95 96 97 98 99 9a 9b 9c 9d 9e 9f a0 a1 a2'),
  auth: bytes('00 18 19'),
}

/** No packet has them. */
export const UNKNOWN_CODES = bytes('03 0f 7f a3 ff')

/** The clause that says which codes a packet may carry. */
export const CODE_CLAUSES: Readonly<Partial<Record<ServerPacket, string>>> = {
  connack: '[MQTT-3.2.2-8]',
  puback: '[MQTT-3.4.2-1]',
  pubrec: '[MQTT-3.5.2-1]',
  pubrel: '[MQTT-3.6.2-1]',
  pubcomp: '[MQTT-3.7.2-1]',
  suback: '[MQTT-3.9.3-2]',
  unsuback: '[MQTT-3.11.3-2]',
  disconnect: '[MQTT-3.14.2-1]',
  auth: '[MQTT-3.15.2-1]',
}
