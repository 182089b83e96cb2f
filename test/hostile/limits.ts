/** What breaks no rule by itself, but what our CONNECT said, what came before, or what was asked for; and what is just within. */

import type { ProtocolVersion } from '../../src/codec/index.js'
import type { ClientOptions } from '../../src/index.js'
import { str, wrap } from '../codec/support/wire.js'
import type { Step } from '../support/scenario.js'
import { goesOn, type Hostile, type Reaction, violation } from './case.js'
import type { PhaseName } from './phases.js'

interface Row extends Omit<Hostile, 'send'> {
  readonly phases: readonly PhaseName[]
  readonly versions?: readonly ProtocolVersion[]
  readonly send: string | ((version: ProtocolVersion) => string)
}

const FIVE = { versions: [5] as const }
/** Wherever there is a connection, and nothing else is at stake. */
const CONNECTED: readonly PhaseName[] = ['connected', 'qos1', 'qos2', 'pubrel', 'subscribe', 'unsubscribe']

/** A PUBLISH of 5.0 with a Topic Alias. */
const aliased = (alias: string, topic = ''): string => wrap('30', `${str(topic)} 03 23 ${alias} 6869`)
const message = (qos: 0 | 1 | 2, packetId: string): string =>
  wrap(['30', '32', '34'][qos] as string, `0001 74 ${packetId} 00 6869`)
/** A PUBLISH of so many bytes in all, fixed header included. */
const sized = (size: number): string => wrap('30', `0001 74 00 ${'61'.repeat(size - 6)}`)

const ALIASES = { options: { properties: { topicAliasMaximum: 5 } } }
const SMALL = { options: { properties: { maximumPacketSize: 64 } } }
const TWO = { options: { autoAck: false, properties: { receiveMaximum: 2 } } }

const aliasRows: Row[] = [
  {
    packet: 'PUBLISH',
    rule: 'a Topic Alias above our Topic Alias Maximum',
    clause: '[MQTT-3.1.2-26]',
    send: aliased('0006', 't'),
    ...ALIASES,
    reaction: violation(0x94, 'publish.topicAlias: expected at most 5 (our CONNECT), got 6'),
  },
  {
    packet: 'PUBLISH',
    rule: 'a Topic Alias where we take none',
    clause: '[MQTT-3.1.2-27]',
    send: aliased('0001', 't'),
    reaction: violation(0x94, 'publish.topicAlias: expected at most 0 (our CONNECT), got 1'),
  },
  {
    packet: 'PUBLISH',
    rule: 'a Topic Alias that has no topic yet',
    clause: '§3.3.2.3.4',
    before: [{ send: aliased('0002', 't') }] as Step[],
    send: aliased('0003'),
    ...ALIASES,
    reaction: violation(0x82, 'publish.topicAlias: expected one with a topic, got 3'),
  },
  {
    packet: 'PUBLISH',
    rule: 'a Topic Alias at our Topic Alias Maximum',
    clause: '[MQTT-3.3.2-10]',
    before: [{ send: aliased('0005', 't') }] as Step[],
    send: aliased('0005'),
    ...ALIASES,
    reaction: goesOn(),
  },
].map((row) => ({ ...row, ...FIVE, phases: CONNECTED }))

const sizeRows: Row[] = [
  {
    packet: 'PUBLISH',
    rule: 'one byte above our Maximum Packet Size',
    clause: '[MQTT-3.1.2-24]',
    send: sized(65),
    reaction: violation(0x95, 'packet: expected at most 64 bytes, got one of 65'),
  },
  {
    packet: 'PUBLISH',
    rule: 'above our Maximum Packet Size, announced only',
    clause: '[MQTT-3.1.2-24]',
    send: '30 ffffff7f',
    reaction: violation(0x95, 'packet: expected at most 64 bytes, got one of 268435460'),
  },
  {
    packet: 'PUBLISH',
    rule: 'exactly of our Maximum Packet Size',
    clause: '[MQTT-3.1.2-24]',
    send: sized(64),
    reaction: goesOn(),
  },
].map((row) => ({ ...row, ...FIVE, ...SMALL, phases: CONNECTED }))

const early: Row = {
  packet: 'CONNACK',
  rule: 'above our Maximum Packet Size, announced only',
  clause: '[MQTT-3.1.2-24]',
  ...FIVE,
  ...SMALL,
  phases: ['connack'],
  send: '20 ffffff7f',
  reaction: violation(0x95, 'packet: expected at most 64 bytes, got one of 268435460'),
}

const flowRows: Row[] = [
  {
    packet: 'PUBLISH',
    rule: 'more of QoS 1 and 2 unacknowledged than our Receive Maximum',
    clause: '§4.9, [MQTT-3.3.4-9]',
    before: [{ send: message(1, '000a') }, { send: message(2, '000b') }] as Step[],
    send: message(1, '000c'),
    reaction: violation(0x93, 'publish: expected at most 2 unacknowledged (our CONNECT), got another'),
  },
  {
    packet: 'PUBLISH',
    rule: 'as many of QoS 1 and 2 unacknowledged as our Receive Maximum, and one of QoS 0',
    clause: '[MQTT-3.3.4-9]',
    before: [{ send: message(1, '000a') }, { send: message(2, '000b') }] as Step[],
    send: message(0, ''),
    reaction: goesOn(),
  },
  {
    packet: 'PUBREL',
    rule: 'before our PUBREC',
    clause: '[MQTT-4.3.3-4]',
    before: [{ send: message(2, '000b') }] as Step[],
    send: '62 02 000b',
    reaction: violation(0x82, 'pubrel.packetId: expected none before our PUBREC, got 11'),
  },
].map((row) => ({ ...row, ...FIVE, ...TWO, phases: CONNECTED }))

const repeated: Row = {
  packet: 'PUBLISH',
  rule: 'of QoS 2 again, before PUBREL',
  clause: '[MQTT-4.3.3-10]',
  ...FIVE,
  phases: CONNECTED,
  before: [{ send: message(2, '000b') }, { expect: 'pubrec 11' }],
  send: message(2, '000b'),
  reaction: goesOn('pubrec 11'),
}

/** Two filters were asked for. */
function counts(name: 'suback' | 'unsuback', phase: PhaseName, first: string, clause: string): Row[] {
  const versions = name === 'suback' ? ([3, 4, 5] as const) : ([5] as const)
  const send = (codes: string) => (version: ProtocolVersion) =>
    wrap(first, `0001 ${version === 5 ? '00' : ''} ${codes}`)
  const says = (count: number): Reaction => violation(0x82, `${name}.reasonCodes: expected 2, got ${count}`)
  const packet = name.toUpperCase()
  return [
    {
      packet,
      rule: 'fewer codes than filters',
      clause,
      versions,
      phases: [phase],
      send: send('00'),
      reaction: says(1),
    },
    {
      packet,
      rule: 'more codes than filters',
      clause,
      versions,
      phases: [phase],
      send: send('000000'),
      reaction: says(3),
    },
  ]
}

/** §3.1.2.11.7: where we want no problem information, only PUBLISH, CONNACK and DISCONNECT may have it. */
const QUIET: ClientOptions = { properties: { requestProblemInformation: false } }
const REASON = `04 1f 0001 3f`
const PAIR = `07 26 0001 6b 0001 76`

function problemRows(packet: string, phases: readonly PhaseName[], send: (list: string) => string): Row[] {
  const row = { packet, clause: '[MQTT-3.1.2-29]', ...FIVE, phases, options: QUIET }
  const says = violation(0x82, `${packet.toLowerCase()}.properties: expected no problem information (our CONNECT)`)
  return [
    { ...row, rule: 'a Reason String that we want none of', send: send(REASON), reaction: says },
    { ...row, rule: 'User Properties that we want none of', send: send(PAIR), reaction: says },
  ]
}

const problems: Row[] = [
  ...problemRows('PUBACK', ['qos1'], (list) => wrap('40', `0001 00 ${list}`)),
  ...problemRows('PUBREC', ['qos2'], (list) => wrap('50', `0001 00 ${list}`)),
  ...problemRows('PUBREL', CONNECTED, (list) => wrap('62', `0009 00 ${list}`)),
  ...problemRows('PUBCOMP', ['pubrel'], (list) => wrap('70', `0001 00 ${list}`)),
  ...problemRows('SUBACK', ['subscribe'], (list) => wrap('90', `0001 ${list} 0000`)),
  ...problemRows('UNSUBACK', ['unsubscribe'], (list) => wrap('b0', `0001 ${list} 0000`)),
  ...problemRows('AUTH', ['authenticating', 'reauthenticating'], (list) =>
    // Behind the method.
    wrap(
      'f0',
      `18 ${(Number.parseInt(list.slice(0, 2), 16) + 4).toString(16).padStart(2, '0')} 15 0001 4d ${list.slice(2)}`,
    ),
  ),
  {
    packet: 'PUBLISH',
    rule: 'User Properties, where we want no problem information',
    clause: '[MQTT-3.1.2-29]',
    ...FIVE,
    phases: CONNECTED,
    options: QUIET,
    send: wrap('30', `0001 74 ${PAIR} 6869`),
    reaction: goesOn(),
  },
]

const handshakes: Row[] = [
  {
    packet: 'CONNACK',
    rule: 'Session Present, although a clean start was asked for',
    clause: '[MQTT-3.2.2-2]',
    versions: [4, 5],
    phases: ['connack'],
    options: { cleanStart: true },
    send: (version) => (version === 5 ? '20 03 01 00 00' : '20 02 01 00'),
    reaction: violation(0x82, 'connack.sessionPresent: expected 0 after Clean Start, got 1'),
  },
  {
    packet: 'CONNACK',
    rule: 'in the form of 3.1.1, and accepting',
    clause: '§3.2.2.3.1',
    ...FIVE,
    phases: ['connack'],
    send: '20 02 00 00',
    reaction: violation(0x81, 'connack.properties: expected a Property Length'),
  },
]

/** No rule forbids it: the client takes the name that it is given. */
const renamed: Row = {
  packet: 'CONNACK',
  rule: 'an Assigned Client Identifier, although we gave one',
  clause: '§3.2.2.3.7',
  ...FIVE,
  phases: ['connack'],
  send: wrap('20', `00 00 05 12 ${str('me')}`),
  reaction: goesOn(),
}

const ROWS: readonly Row[] = [
  ...handshakes,
  renamed,
  early,
  ...aliasRows,
  ...sizeRows,
  ...flowRows,
  repeated,
  ...counts('suback', 'subscribe', '90', '[MQTT-3.8.4-6]'),
  ...counts('unsuback', 'unsubscribe', 'b0', '[MQTT-3.11.3-1]'),
  ...problems,
]

export function beyondLimits(phase: PhaseName, version: ProtocolVersion): Hostile[] {
  return ROWS.flatMap(({ phases, versions = [3, 4, 5], send, ...row }) =>
    phases.includes(phase) && versions.includes(version)
      ? [{ ...row, send: typeof send === 'string' ? send : send(version) }]
      : [],
  )
}
