/** Bytes written down from the standard, for every packet, property and version. Every field of a packet is there. */

import type { Packet, Properties, ProtocolVersion } from '../../../src/codec/index.js'
import { bytes, str, wrap } from '../support/wire.js'

export interface Golden {
  title: string
  version: ProtocolVersion
  digits: string
  packet: Packet
}

const rows: [string, readonly ProtocolVersion[], string, Packet][] = []

/** `digits` may hold blanks. */
function golden(title: string, versions: readonly ProtocolVersion[], digits: string, packet: Packet): void {
  rows.push([title, versions, digits.replace(/\s/g, ''), packet])
}

const all = [3, 4, 5] as const
const old = [3, 4] as const
const none = {}

// CONNECT §3.1
const connect = {
  type: 'connect',
  bridgeMode: false,
  cleanStart: true,
  keepAlive: 60,
  clientId: 'c',
  will: undefined,
  username: undefined,
  password: undefined,
  properties: none,
} as const
golden('a bare CONNECT', [3], '10 0f 0006 4d5149736470 03 02 003c 0001 63', { ...connect, protocolVersion: 3 })
golden('a bare CONNECT', [4], '10 0d 0004 4d515454 04 02 003c 0001 63', { ...connect, protocolVersion: 4 })
golden('a bare CONNECT', [5], '10 0e 0004 4d515454 05 02 003c 00 0001 63', { ...connect, protocolVersion: 5 })
golden('a CONNECT of a bridge', [3], '10 0f 0006 4d5149736470 83 02 003c 0001 63', {
  ...connect,
  protocolVersion: 3,
  bridgeMode: true,
})
golden('a CONNECT of a bridge', [4], '10 0d 0004 4d515454 84 00 ffff 0001 63', {
  ...connect,
  protocolVersion: 4,
  bridgeMode: true,
  cleanStart: false,
  keepAlive: 65_535,
})
const full = {
  ...connect,
  username: 'u',
  password: bytes('00ff'),
  will: { topic: 'w', payload: bytes('68'), qos: 2 as const, retain: true, properties: none },
}
golden(
  'a CONNECT with Will, user name and password',
  [3],
  '10 1c 0006 4d5149736470 03 f6 003c 0001 63 0001 77 0001 68 0001 75 0002 00ff',
  {
    ...full,
    protocolVersion: 3,
  },
)
golden(
  'a CONNECT with Will, user name and password',
  [4],
  '10 1a 0004 4d515454 04 f6 003c 0001 63 0001 77 0001 68 0001 75 0002 00ff',
  {
    ...full,
    protocolVersion: 4,
  },
)
golden(
  'a CONNECT with Will, user name and password',
  [5],
  '10 1c 0004 4d515454 05 f6 003c 00 0001 63 00 0001 77 0001 68 0001 75 0002 00ff',
  {
    ...full,
    protocolVersion: 5,
  },
)
golden('a CONNECT with a password and no user name', [5], '10 11 0004 4d515454 05 42 003c 00 0001 63 0001 70', {
  ...connect,
  protocolVersion: 5,
  password: bytes('70'),
})
golden('a CONNECT without client id', [5], '10 0d 0004 4d515454 05 00 0000 00 0000', {
  ...connect,
  protocolVersion: 5,
  cleanStart: false,
  keepAlive: 0,
  clientId: '',
})

// CONNACK §3.2
golden('an accepting CONNACK', old, '20 02 00 00', {
  type: 'connack',
  sessionPresent: false,
  reasonCode: 0,
  properties: none,
})
golden('a CONNACK with a session', [4], '20 02 01 00', {
  type: 'connack',
  sessionPresent: true,
  reasonCode: 0,
  properties: none,
})
for (let code = 1; code <= 5; code++) {
  golden(`a CONNACK with return code ${code}`, old, `20 02 00 0${code}`, {
    type: 'connack',
    sessionPresent: false,
    reasonCode: code,
    properties: none,
  })
}
golden('an accepting CONNACK with a session', [5], '20 03 01 00 00', {
  type: 'connack',
  sessionPresent: true,
  reasonCode: 0,
  properties: none,
})
golden('a refusing CONNACK', [5], '20 03 00 87 00', {
  type: 'connack',
  sessionPresent: false,
  reasonCode: 0x87,
  properties: none,
})

// PUBLISH §3.3
const publish = {
  type: 'publish',
  dup: false,
  qos: 0,
  retain: false,
  topic: 'a/b',
  packetId: undefined,
  properties: none,
  payload: bytes('6869'),
} as const
golden('a PUBLISH at QoS 0', old, '30 07 0003 612f62 6869', publish)
golden('a PUBLISH at QoS 0', [5], '30 08 0003 612f62 00 6869', publish)
golden('a retained PUBLISH at QoS 1', old, '33 09 0003 612f62 ffff 6869', {
  ...publish,
  qos: 1,
  retain: true,
  packetId: 65_535,
})
golden('a PUBLISH at QoS 2 sent again', [5], '3c 0a 0003 612f62 000a 00 6869', {
  ...publish,
  qos: 2,
  dup: true,
  packetId: 10,
})
golden('a PUBLISH without payload', old, '30 05 0003 612f62', { ...publish, payload: new Uint8Array(0) })
golden('a PUBLISH with U+FEFF and four-byte characters', [4], '30 0b 0009 efbbbf 612f f09f9880', {
  ...publish,
  topic: '\uFEFFa/😀',
  payload: new Uint8Array(0),
})
golden('a PUBLISH with a Topic Alias for its topic', [5], '30 06 0000 03 23 0007', {
  ...publish,
  topic: '',
  properties: { topicAlias: 7 },
  payload: new Uint8Array(0),
})
golden('a PUBLISH with several Subscription Identifiers', [5], '30 0e 0001 61 0a 0b01 0b8001 0bffffff7f', {
  ...publish,
  topic: 'a',
  properties: { subscriptionIdentifiers: [1, 128, 268_435_455] },
  payload: new Uint8Array(0),
})

// PUBACK, PUBREC, PUBREL, PUBCOMP §3.4 to §3.7
for (const [type, first, code] of [
  ['puback', '40', 0x10],
  ['pubrec', '50', 0x97],
  ['pubrel', '62', 0x92],
  ['pubcomp', '70', 0x92],
] as const) {
  const name = type.toUpperCase()
  const digits = code.toString(16)
  golden(`a ${name}`, all, `${first} 02 0102`, { type, packetId: 0x0102, reasonCode: 0, properties: none })
  golden(`a ${name} with a Reason Code`, [5], `${first} 03 0102 ${digits}`, {
    type,
    packetId: 0x0102,
    reasonCode: code,
    properties: none,
  })
  golden(`a ${name} with properties`, [5], `${first} 0c 0102 ${digits} 08 1f 0005 6661756c74`, {
    type,
    packetId: 0x0102,
    reasonCode: code,
    properties: { reasonString: 'fault' },
  })
  golden(`a successful ${name} with properties`, [5], `${first} 0b 0102 00 07 26 0001 6b 0001 76`, {
    type,
    packetId: 0x0102,
    reasonCode: 0,
    properties: { userProperties: [['k', 'v']] },
  })
}

// SUBSCRIBE §3.8, SUBACK §3.9
const plain = { noLocal: false, retainAsPublished: false, retainHandling: 0 } as const
golden('a SUBSCRIBE', old, '82 0e 000a 0003 612f62 01 0003 632f64 02', {
  type: 'subscribe',
  packetId: 10,
  properties: none,
  subscriptions: [
    { filter: 'a/b', qos: 1, ...plain },
    { filter: 'c/d', qos: 2, ...plain },
  ],
})
golden('a SUBSCRIBE with every option', [5], '82 10 000a 03 0b c801 0001 23 2e 0003 2b2f62 10', {
  type: 'subscribe',
  packetId: 10,
  properties: { subscriptionIdentifier: 200 },
  subscriptions: [
    { filter: '#', qos: 2, noLocal: true, retainAsPublished: true, retainHandling: 2 },
    { filter: '+/b', qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 1 },
  ],
})
golden('a SUBSCRIBE to a shared filter', [5], `82 10 0001 00 ${str('$share/g/a')} 09`, {
  type: 'subscribe',
  packetId: 1,
  properties: none,
  subscriptions: [{ filter: '$share/g/a', qos: 1, noLocal: false, retainAsPublished: true, retainHandling: 0 }],
})
golden('a SUBACK', old, '90 06 000a 00 01 02 80', {
  type: 'suback',
  packetId: 10,
  reasonCodes: [0, 1, 2, 0x80],
  properties: none,
})
golden('a SUBACK with every code', [5], '90 0f 000a 00 00 01 02 80 83 87 8f 91 97 9e a1 a2', {
  type: 'suback',
  packetId: 10,
  reasonCodes: [0, 1, 2, 0x80, 0x83, 0x87, 0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2],
  properties: none,
})

// UNSUBSCRIBE §3.10, UNSUBACK §3.11
golden('an UNSUBSCRIBE', old, 'a2 0a 000a 0003 612f62 0001 23', {
  type: 'unsubscribe',
  packetId: 10,
  filters: ['a/b', '#'],
  properties: none,
})
golden('an UNSUBSCRIBE', [5], 'a2 08 000a 00 0003 612f62', {
  type: 'unsubscribe',
  packetId: 10,
  filters: ['a/b'],
  properties: none,
})
golden('an UNSUBACK', old, 'b0 02 000a', { type: 'unsuback', packetId: 10, reasonCodes: [], properties: none })
golden('an UNSUBACK with every code', [5], 'b0 0a 000a 00 00 11 80 83 87 8f 91', {
  type: 'unsuback',
  packetId: 10,
  reasonCodes: [0, 0x11, 0x80, 0x83, 0x87, 0x8f, 0x91],
  properties: none,
})

// PINGREQ §3.12, PINGRESP §3.13
golden('a PINGREQ', all, 'c0 00', { type: 'pingreq' })
golden('a PINGRESP', all, 'd0 00', { type: 'pingresp' })

// DISCONNECT §3.14
golden('a DISCONNECT', all, 'e0 00', { type: 'disconnect', reasonCode: 0, properties: none })
golden('a DISCONNECT with a Reason Code', [5], 'e0 01 8e', { type: 'disconnect', reasonCode: 0x8e, properties: none })
golden('a DISCONNECT with properties', [5], 'e0 07 04 05 11 ffffffff', {
  type: 'disconnect',
  reasonCode: 4,
  properties: { sessionExpiryInterval: 4_294_967_295 },
})
golden('a DISCONNECT of 0 with properties', [5], 'e0 07 00 05 11 00000000', {
  type: 'disconnect',
  reasonCode: 0,
  properties: { sessionExpiryInterval: 0 },
})

// AUTH §3.15
golden('an AUTH without anything', [5], 'f0 00', { type: 'auth', reasonCode: 0, properties: none })
golden('an AUTH', [5], 'f0 0c 18 0a 15 0002 5343 16 0002 00ff', {
  type: 'auth',
  reasonCode: 0x18,
  properties: { authenticationMethod: 'SC', authenticationData: bytes('00ff') },
})
golden('an AUTH to authenticate again', [5], 'f0 07 19 05 15 0002 5343', {
  type: 'auth',
  reasonCode: 0x19,
  properties: { authenticationMethod: 'SC' },
})

/** §2.2.2.2: each property with its identifier, its bytes and all the packets of Table 2-4 that it may be in. */
export const PROPERTY_GOLDEN: readonly (readonly [keyof Properties, string, Properties, readonly string[]])[] = [
  ['payloadFormatIndicator', '01 01', { payloadFormatIndicator: 1 }, ['publish', 'will']],
  ['messageExpiryInterval', '02 ffffffff', { messageExpiryInterval: 4_294_967_295 }, ['publish', 'will']],
  ['contentType', `03 ${str('text/plain')}`, { contentType: 'text/plain' }, ['publish', 'will']],
  ['responseTopic', `08 ${str('re/ply')}`, { responseTopic: 're/ply' }, ['publish', 'will']],
  ['correlationData', '09 0003 00ff80', { correlationData: bytes('00ff80') }, ['publish', 'will']],
  ['subscriptionIdentifier', '0b ffffff7f', { subscriptionIdentifier: 268_435_455 }, ['subscribe']],
  ['subscriptionIdentifiers', '0b 01 0b 02', { subscriptionIdentifiers: [1, 2] }, ['publish']],
  [
    'sessionExpiryInterval',
    '11 80000000',
    { sessionExpiryInterval: 2_147_483_648 },
    ['connect', 'connack', 'disconnect'],
  ],
  ['assignedClientIdentifier', `12 ${str('me')}`, { assignedClientIdentifier: 'me' }, ['connack']],
  ['serverKeepAlive', '13 ffff', { serverKeepAlive: 65_535 }, ['connack']],
  ['authenticationMethod', `15 ${str('SCRAM')}`, { authenticationMethod: 'SCRAM' }, ['connect', 'connack', 'auth']],
  [
    'authenticationData',
    `15 ${str('x')} 16 0002 00ff`,
    { authenticationMethod: 'x', authenticationData: bytes('00ff') },
    ['connect', 'connack', 'auth'],
  ],
  ['requestProblemInformation', '17 00', { requestProblemInformation: false }, ['connect']],
  ['willDelayInterval', '18 00000000', { willDelayInterval: 0 }, ['will']],
  ['requestResponseInformation', '19 01', { requestResponseInformation: true }, ['connect']],
  ['responseInformation', `1a ${str('base')}`, { responseInformation: 'base' }, ['connack']],
  ['serverReference', `1c ${str('other:1883')}`, { serverReference: 'other:1883' }, ['connack', 'disconnect']],
  [
    'reasonString',
    `1f ${str('wegen Überlast')}`,
    { reasonString: 'wegen Überlast' },
    ['connack', 'puback', 'pubrec', 'pubrel', 'pubcomp', 'suback', 'unsuback', 'disconnect', 'auth'],
  ],
  ['receiveMaximum', '21 0001', { receiveMaximum: 1 }, ['connect', 'connack']],
  ['topicAliasMaximum', '22 0000', { topicAliasMaximum: 0 }, ['connect', 'connack']],
  ['topicAlias', '23 ffff', { topicAlias: 65_535 }, ['publish']],
  ['maximumQos', '24 00', { maximumQos: 0 }, ['connack']],
  ['retainAvailable', '25 00', { retainAvailable: false }, ['connack']],
  [
    'userProperties',
    `26 ${str('__proto__')} ${str('1')} 26 ${str('b')} ${str('')} 26 ${str('__proto__')} ${str('2')}`,
    {
      userProperties: [
        ['__proto__', '1'],
        ['b', ''],
        ['__proto__', '2'],
      ],
    },
    [
      'connect',
      'connack',
      'publish',
      'will',
      'puback',
      'pubrec',
      'pubrel',
      'pubcomp',
      'subscribe',
      'suback',
      'unsubscribe',
      'unsuback',
      'disconnect',
      'auth',
    ],
  ],
  ['maximumPacketSize', '27 ffffffff', { maximumPacketSize: 4_294_967_295 }, ['connect', 'connack']],
  ['wildcardSubscriptionAvailable', '28 01', { wildcardSubscriptionAvailable: true }, ['connack']],
  ['subscriptionIdentifierAvailable', '29 00', { subscriptionIdentifierAvailable: false }, ['connack']],
  ['sharedSubscriptionAvailable', '2a 01', { sharedSubscriptionAvailable: true }, ['connack']],
]

/** What may carry properties: its bytes around a list of them, and the packet. */
export const CARRIERS: Readonly<
  Record<string, readonly [(list: string) => string, (properties: Properties) => Packet]>
> = {
  connect: [
    (list) => wrap('10', `0004 4d515454 05 02 003c ${listed(list)} 0001 63`),
    (properties) => ({ ...connect, protocolVersion: 5, properties }),
  ],
  will: [
    (list) => wrap('10', `0004 4d515454 05 06 003c 00 0001 63 ${listed(list)} 0001 77 0000`),
    (properties) => ({
      ...connect,
      protocolVersion: 5,
      will: { topic: 'w', payload: new Uint8Array(0), qos: 0, retain: false, properties },
    }),
  ],
  connack: [
    (list) => wrap('20', `00 00 ${listed(list)}`),
    (properties) => ({ type: 'connack', sessionPresent: false, reasonCode: 0, properties }),
  ],
  publish: [(list) => wrap('30', `0003 612f62 ${listed(list)} 6869`), (properties) => ({ ...publish, properties })],
  puback: [(list) => wrap('40', `0001 00 ${listed(list)}`), ack('puback')],
  pubrec: [(list) => wrap('50', `0001 00 ${listed(list)}`), ack('pubrec')],
  pubrel: [(list) => wrap('62', `0001 00 ${listed(list)}`), ack('pubrel')],
  pubcomp: [(list) => wrap('70', `0001 00 ${listed(list)}`), ack('pubcomp')],
  subscribe: [
    (list) => wrap('82', `0001 ${listed(list)} 0001 61 00`),
    (properties) => ({
      type: 'subscribe',
      packetId: 1,
      properties,
      subscriptions: [{ filter: 'a', qos: 0, ...plain }],
    }),
  ],
  suback: [
    (list) => wrap('90', `0001 ${listed(list)} 00`),
    (properties) => ({ type: 'suback', packetId: 1, reasonCodes: [0], properties }),
  ],
  unsubscribe: [
    (list) => wrap('a2', `0001 ${listed(list)} 0001 61`),
    (properties) => ({ type: 'unsubscribe', packetId: 1, filters: ['a'], properties }),
  ],
  unsuback: [
    (list) => wrap('b0', `0001 ${listed(list)} 00`),
    (properties) => ({ type: 'unsuback', packetId: 1, reasonCodes: [0], properties }),
  ],
  disconnect: [
    (list) => wrap('e0', `00 ${listed(list)}`),
    (properties) => ({ type: 'disconnect', reasonCode: 0, properties }),
  ],
  // An AUTH is not one without its method (§3.15.2.2.2).
  auth: [
    (list) => wrap('f0', `18 ${listed(/^15/.test(list) ? list : `${list} 15 0001 78`)}`),
    (properties) => ({
      type: 'auth',
      reasonCode: 0x18,
      properties: 'authenticationMethod' in properties ? properties : { ...properties, authenticationMethod: 'x' },
    }),
  ],
}

function ack(type: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp'): (properties: Properties) => Packet {
  return (properties) => ({ type, packetId: 1, reasonCode: 0, properties })
}

/** A list of less than 128 bytes with its Property Length. */
function listed(list: string): string {
  const digits = list.replace(/\s/g, '')
  return (digits.length / 2).toString(16).padStart(2, '0') + digits
}

for (const [name, list, properties, carriers] of PROPERTY_GOLDEN) {
  for (const carrier of carriers) {
    const [digits, packet] = CARRIERS[carrier]!
    golden(`${name} in ${carrier}`, [5], digits(list), packet(properties))
  }
}

export const GOLDEN: readonly Golden[] = rows.flatMap(([title, versions, digits, packet]) =>
  versions.map((version) => ({ title, version, digits, packet })),
)
