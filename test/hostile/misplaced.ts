/** Valid packets where they must not come, and those that no rule forbids and nobody waits for: what becomes of each, by phase. */

import type { ProtocolVersion } from '../../src/codec/index.js'
import { goesOn, type Hostile, type Reaction, violation } from './case.js'
import type { PhaseName } from './phases.js'

/** Undefined where this packet is what the phase waits for. */
type Judge = (phase: PhaseName, version: ProtocolVersion) => Reaction | undefined

interface Row {
  readonly packet: string
  readonly rule: string
  readonly clause: string
  readonly versions?: readonly ProtocolVersion[]
  /** By version. */
  readonly send: (version: ProtocolVersion) => string
  readonly judge: Judge
}

const EARLY: readonly PhaseName[] = ['connack', 'authenticating']

/** Before CONNACK it is in vain to look at a packet: it is refused as what it is. */
const early =
  (type: string, then: Judge): Judge =>
  (phase, version) =>
    EARLY.includes(phase) ? violation(0x82, `expected connack, got ${type}`) : then(phase, version)

const always =
  (reaction: Reaction): Judge =>
  () =>
    reaction

const CONNECT = {
  3: '10 0e 0006 4d5149736470 03 02 003c 0000',
  4: '10 0c 0004 4d515454 04 02 003c 0000',
  5: '10 0d 0004 4d515454 05 02 003c 00 0000',
}

/** The packets of a client. */
const CLIENTS: readonly Row[] = (
  [
    ['CONNECT', (v) => CONNECT[v]],
    ['SUBSCRIBE', (v) => (v === 5 ? '82 07 0009 00 0001 61 00' : '82 06 0009 0001 61 00')],
    ['UNSUBSCRIBE', (v) => (v === 5 ? 'a2 06 0009 00 0001 61' : 'a2 05 0009 0001 61')],
    ['PINGREQ', () => 'c0 00'],
  ] as const satisfies readonly (readonly [string, (version: ProtocolVersion) => string])[]
).map(([packet, send]) => ({
  packet,
  rule: 'a packet that only a client sends',
  clause: '§2.1.2',
  send,
  judge: always(violation(0x82, `${packet.toLowerCase()}: expected a packet that a server may send`)),
}))

/** An answer to what nobody asked, or to something else: `open` is the phase that it belongs to. */
function answers(name: 'suback' | 'unsuback', open: PhaseName, first: string): Row[] {
  const packet = name.toUpperCase()
  const send = (packetId: string) => (version: ProtocolVersion) =>
    name === 'unsuback' && version !== 5
      ? `${first} 02 ${packetId}`
      : `${first} ${version === 5 ? '05' : '04'} ${packetId} ${version === 5 ? '00' : ''} 0000`
  const clause = '[MQTT-2.2.1-6]'
  const wrong = violation(0x82, `${name}.packetId`)
  return [
    { packet, rule: 'for an unknown Packet Identifier', clause, send: send('0009'), judge: early(name, always(wrong)) },
    {
      packet,
      rule: 'for the Packet Identifier of another exchange',
      clause,
      send: send('0001'),
      judge: (phase) => (phase !== open && TAKEN.includes(phase) ? wrong : undefined),
    },
  ]
}

/** The phases in which Packet Identifier 1 is that of a message, and what the message waits for. */
const AWAITED: Partial<Record<PhaseName, string>> = { qos1: 'puback', qos2: 'pubrec', pubrel: 'pubcomp' }

/** The phases in which Packet Identifier 1 is taken. */
const TAKEN: readonly PhaseName[] = ['qos1', 'qos2', 'pubrel', 'subscribe', 'unsubscribe']

const mismatch = (type: string, phase: PhaseName): Reaction =>
  violation(0x82, `${type}.packetId: expected ${AWAITED[phase]} for 1, got ${type}`)

const ACKS: readonly Row[] = [
  {
    packet: 'PUBACK',
    rule: 'for an unknown Packet Identifier',
    clause: '[MQTT-2.2.1-5] [MQTT-4.4.0-1]',
    send: () => '40 02 0009',
    // In 3.x a message that was sent again gets two.
    judge: early('puback', (_, version) => (version === 5 ? violation(0x82, 'puback.packetId') : goesOn())),
  },
  {
    packet: 'PUBACK',
    rule: 'for a message of QoS 2',
    clause: '[MQTT-4.3.3-3]',
    send: () => '40 02 0001',
    judge: (phase) => (phase === 'qos2' || phase === 'pubrel' ? mismatch('puback', phase) : undefined),
  },
  {
    packet: 'PUBREC',
    rule: 'for an unknown Packet Identifier',
    clause: '§3.6.2.1, 0x92',
    send: () => '50 02 0009',
    judge: early('pubrec', (_, version) => goesOn(version === 5 ? 'pubrel 9 0x92' : 'pubrel 9')),
  },
  {
    packet: 'PUBREC',
    rule: 'that refuses an unknown Packet Identifier',
    clause: '[MQTT-4.3.3-4]',
    versions: [5],
    send: () => '50 03 0009 97',
    judge: early('pubrec', always(goesOn())),
  },
  {
    packet: 'PUBREC',
    rule: 'for a message of QoS 1',
    clause: '[MQTT-4.3.2-3]',
    send: () => '50 02 0001',
    judge: (phase) => (phase === 'qos1' ? mismatch('pubrec', phase) : undefined),
  },
  {
    packet: 'PUBREC',
    rule: 'again, after PUBREL',
    clause: '[MQTT-4.3.3-4]',
    send: () => '50 02 0001',
    judge: (phase) => (phase === 'pubrel' ? goesOn('pubrel 1') : undefined),
  },
  {
    packet: 'PUBREL',
    rule: 'for an unknown Packet Identifier',
    clause: '[MQTT-4.3.3-11], §3.7.2.1, 0x92',
    send: () => '62 02 0009',
    judge: early('pubrel', (_, version) => goesOn(version === 5 ? 'pubcomp 9 0x92' : 'pubcomp 9')),
  },
  {
    packet: 'PUBREL',
    rule: 'for the Packet Identifier of our own exchange',
    clause: '§2.2.1',
    send: () => '62 02 0001',
    judge: (phase, version) =>
      EARLY.includes(phase) ? undefined : goesOn(version === 5 ? 'pubcomp 1 0x92' : 'pubcomp 1'),
  },
  {
    packet: 'PUBCOMP',
    rule: 'for an unknown Packet Identifier',
    clause: '§3.7.2.1',
    send: () => '70 02 0009',
    judge: early('pubcomp', always(goesOn())),
  },
  {
    packet: 'PUBCOMP',
    rule: 'before PUBREL',
    clause: '[MQTT-4.3.3-5]',
    send: () => '70 02 0001',
    judge: (phase) => (phase === 'qos1' || phase === 'qos2' ? mismatch('pubcomp', phase) : undefined),
  },
]

/** A PUBLISH of each QoS: nothing is wrong with it once there is a connection. */
const MESSAGES: readonly Row[] = [0, 1, 2].map((qos) => ({
  packet: 'PUBLISH',
  rule: `of QoS ${qos}, to no subscription`,
  clause: '[MQTT-3.2.0-1]',
  send: (version) => {
    const body = `0001 74 ${qos > 0 ? '0009' : ''} ${version === 5 ? '00' : ''} 6869`
    return `${['30', '32', '34'][qos]} ${(body.replaceAll(' ', '').length / 2).toString(16).padStart(2, '0')} ${body}`
  },
  judge: early('publish', always(goesOn(...([[], ['puback 9'], ['pubrec 9']][qos] as string[])))),
}))

const CONNACKS: readonly Row[] = [
  {
    packet: 'CONNACK',
    rule: 'a second one',
    clause: '[MQTT-3.2.0-2]',
    send: (version) => (version === 5 ? '20 03 00 00 00' : '20 02 00 00'),
    judge: (phase) =>
      phase === 'connack'
        ? undefined
        : phase === 'authenticating'
          ? violation(0x82, 'connack.properties.authenticationMethod: expected "M", got undefined')
          : violation(0x82, 'expected none but the first, got connack'),
  },
  {
    packet: 'CONNACK',
    rule: 'a second one, that refuses',
    clause: '[MQTT-3.2.0-2]',
    send: (version) => (version === 5 ? '20 03 00 87 00' : '20 02 00 05'),
    judge: (phase) =>
      EARLY.includes(phase)
        ? undefined
        : // As mosquitto 2.0 refuses a re-authentication.
          phase === 'reauthenticating'
          ? { kind: 'ends', code: 'NOT_AUTHORIZED', retry: false }
          : violation(0x82, 'expected none but the first, got connack'),
  },
  {
    packet: 'CONNACK',
    rule: 'with an Authentication Method that nobody asked for',
    clause: '[MQTT-4.12.0-6]',
    versions: [5],
    send: () => '20 07 00 00 04 15 0001 4d',
    judge: (phase) =>
      phase === 'connack' ? violation(0x82, 'connack.properties.authenticationMethod: expected none') : undefined,
  },
  {
    packet: 'CONNACK',
    rule: 'with another Authentication Method',
    clause: '[MQTT-4.12.0-5]',
    versions: [5],
    send: () => '20 07 00 00 04 15 0001 4e',
    judge: (phase) =>
      phase === 'authenticating' ? violation(0x82, 'connack.properties.authenticationMethod: expected "M"') : undefined,
  },
]

const METHOD = '04 15 0001 4d'
const unasked = violation(0x82, 'auth.reasonCode: expected none now')
const noMethod = violation(0x82, 'auth.properties.authenticationMethod: expected none')
const authenticates = (phase: PhaseName): boolean => phase === 'authenticating' || phase === 'reauthenticating'

const AUTHS: readonly Row[] = [
  {
    packet: 'AUTH',
    rule: 'continue authentication',
    clause: '[MQTT-4.12.0-6]',
    versions: [5],
    send: () => `f0 06 18 ${METHOD}`,
    judge: (phase) => (authenticates(phase) ? goesOn('auth 0x18 M') : noMethod),
  },
  {
    packet: 'AUTH',
    rule: 'success',
    clause: '[MQTT-4.12.0-2]',
    versions: [5],
    send: () => 'f0 00',
    judge: (phase) => (phase === 'reauthenticating' ? undefined : unasked),
  },
  {
    packet: 'AUTH',
    rule: 're-authenticate',
    clause: '§3.15.2.1, Table 3-11',
    versions: [5],
    send: () => `f0 06 19 ${METHOD}`,
    judge: (phase) => (authenticates(phase) ? unasked : noMethod),
  },
  {
    packet: 'AUTH',
    rule: 'with another Authentication Method',
    clause: '[MQTT-4.12.0-5]',
    versions: [5],
    send: () => 'f0 06 18 04 15 0001 4e',
    judge: (phase) =>
      authenticates(phase) ? violation(0x82, 'auth.properties.authenticationMethod: expected "M", got "N"') : noMethod,
  },
]

/** In 3.x only a client disconnects. */
const DISCONNECTS: readonly Row[] = (
  [
    ['normal disconnection', '[MQTT-3.14.0-1]', 'e0 00', 'NORMAL_DISCONNECTION'],
    ['with Will Message, which a client says', '§3.14.2.1, Table 3-10', 'e0 01 04', 'DISCONNECT_WITH_WILL_MESSAGE'],
    ['with a Session Expiry Interval', '[MQTT-3.14.2-2]', 'e0 07 00 05 11 0000003c', 'NORMAL_DISCONNECTION'],
  ] as const
).map(([rule, clause, send, code], i) => ({
  packet: 'DISCONNECT',
  rule,
  clause,
  ...(i > 0 && { versions: [5] as const }),
  send: () => send,
  judge: early('disconnect', (_, version) =>
    version === 5
      ? { kind: 'ends', code, retry: true }
      : violation(0x82, 'expected a packet that a server may send now, got disconnect'),
  ),
}))

const ROWS: readonly Row[] = [
  ...CLIENTS,
  ...CONNACKS,
  ...MESSAGES,
  ...ACKS,
  ...answers('suback', 'subscribe', '90'),
  ...answers('unsuback', 'unsubscribe', 'b0'),
  {
    packet: 'PINGRESP',
    rule: 'that nobody asked for',
    clause: '§3.13',
    send: () => 'd0 00',
    judge: early('pingresp', always(goesOn())),
  },
  ...DISCONNECTS,
  ...AUTHS,
]

export function misplacedPackets(phase: PhaseName, version: ProtocolVersion): Hostile[] {
  return ROWS.flatMap(({ packet, rule, clause, versions = [3, 4, 5], send, judge }) => {
    const reaction = versions.includes(version) ? judge(phase, version) : undefined
    return reaction ? [{ packet, rule, clause, send: send(version), reaction }] : []
  })
}
