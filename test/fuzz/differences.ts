/**
 * Where our codec and mqtt-packet 9.0.2 differ, and what the standard says. Each row is looked for in the bytes, and in what
 * mqtt-packet made of them, where that can be seen; else our own refusal names the rule. docs/fuzzing.md shows the table.
 */

import type { Packet, ProtocolError } from '../../src/codec/index.js'
import type { ProtocolVersion } from '../../src/codec/protocol.js'
import type { Fields, Theirs } from './mqtt-packet.js'

/** One packet that was not read, or written, alike. */
export interface Case {
  /**
   * `read`: both were given these bytes. `write`: mqtt-packet refuses to write our packet, whose bytes these are. `written`:
   * it did write our packet, and these are its bytes.
   */
  readonly way: 'read' | 'write' | 'written'
  readonly bytes: Uint8Array
  readonly version: ProtocolVersion
  readonly ours?: Packet | undefined
  readonly error?: ProtocolError | undefined
  readonly theirs: Theirs
}

export interface Difference {
  /** What the packet has. */
  readonly what: string
  readonly ours: string
  readonly theirs: string
  /** Where the standard says who is right. */
  readonly clause: string
  readonly right: 'ours' | 'theirs' | 'both'
  /** A packet that has it, and its version. */
  readonly example: readonly [ProtocolVersion, string]
  readonly applies: (difference: Case) => boolean
}

/** We refuse a packet for the reason that our sentence gives. */
function weRefuse(pattern: RegExp, seen: (difference: Case) => boolean = () => true) {
  return (difference: Case): boolean => {
    const { way, error, theirs } = difference
    return (
      way === 'read' &&
      error !== undefined &&
      theirs.packet !== undefined &&
      pattern.test(error.message) &&
      seen(difference)
    )
  }
}

/** mqtt-packet refuses what we read. */
function theyRefuse(type: Packet['type'] | undefined, seen: (difference: Case) => boolean) {
  return (difference: Case): boolean => {
    const { ours, theirs } = difference
    return ours !== undefined && theirs.error !== undefined && (!type || ours.type === type) && seen(difference)
  }
}

/** Both read it, and not the same. */
function bothRead(seen: (difference: Case) => boolean) {
  return (difference: Case): boolean =>
    difference.way === 'read' &&
    difference.ours !== undefined &&
    difference.theirs.packet !== undefined &&
    seen(difference)
}

/** All texts that mqtt-packet read, names of user properties included. */
function texts(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return []
  return Object.entries(value).flatMap(([name, each]) => [name, ...texts(each)])
}

/** The user properties of a packet, and of its Will. */
function namesOf(packet: Packet | undefined): readonly [string, string][] {
  const will = packet?.type === 'connect' ? packet.will?.properties.userProperties : undefined
  return [...(packet && 'properties' in packet ? (packet.properties.userProperties ?? []) : []), ...(will ?? [])]
}

function body({ bytes }: Case): Uint8Array {
  return bytes.subarray(1 + bytes.subarray(1).findIndex((byte) => byte < 128) + 1)
}

function rawOf({ theirs }: Case): Fields {
  return theirs.raw ?? {}
}

type Row = readonly [
  what: string,
  clause: string,
  example: Difference['example'],
  applies: (difference: Case) => boolean,
]

/** What the standard forbids: we refuse it, mqtt-packet reads it. */
const REFUSED: readonly Row[] = [
  [
    'bytes behind the last field of a packet',
    '§2.1.4, §4.13.1: malformed',
    [4, 'e0 01 00'],
    weRefuse(/: expected its end, got/, (difference) => difference.theirs.end < body(difference).length),
  ],
  [
    'a field that runs over the end of its packet or of its properties',
    '§2.1.4, §2.2.2.1, §4.13.1: malformed',
    [4, '40 00'],
    weRefuse(/: expected \d+ B, got \d+ B before the end/),
  ],
  [
    'a Packet Identifier of 0',
    '[MQTT-2.2.1-3] [MQTT-2.2.1-4]',
    [4, '40 02 0000'],
    weRefuse(/packetId: expected 1 to 65535/, (difference) => rawOf(difference).messageId === 0),
  ],
  [
    'text that is not UTF-8, or holds surrogates or U+0000',
    '[MQTT-1.5.4-1] [MQTT-1.5.4-2]',
    [4, '30 04 0002 c328'],
    weRefuse(/expected UTF-8/, (difference) => texts(rawOf(difference)).some((text) => /[\0\ufffd]/.test(text))),
  ],
  [
    'a Variable Byte Integer of more bytes than it needs',
    '[MQTT-1.5.5-1]',
    [4, 'd0 8000'],
    weRefuse(/expected the fewest bytes/, ({ bytes }) => bytes.some((byte, at) => byte > 127 && bytes[at + 1] === 0)),
  ],
  [
    'a property that its packet does not have',
    '§2.2.2.2: malformed',
    [5, '30 06 0001 61 02 24 00'],
    weRefuse(/identifier: expected a property of/, ({ version }) => version === 5),
  ],
  [
    'a property twice that may come once',
    '§2.2.2, and the sentence of each property: Protocol Error',
    [5, '30 08 0001 61 04 01 01 01 01'],
    weRefuse(/expected once, got it again/, ({ version }) => version === 5),
  ],
  [
    'a property of one bit with another value',
    '§3.1.2.11.6, §3.2.2.3.4, §3.3.2.3.2 and their like: Protocol Error',
    [5, '30 06 0001 61 02 01 02'],
    weRefuse(/properties\.\w+: expected 0 or 1, got/, ({ version }) => version === 5),
  ],
  [
    'a Receive Maximum, Maximum Packet Size, Topic Alias or Subscription Identifier of 0',
    '§3.1.2.11.3, §3.1.2.11.4, [MQTT-3.3.2-8], §3.8.2.1.2: Protocol Error',
    [5, '20 06 00 00 03 21 0000'],
    weRefuse(/properties\.\w+: expected 1 or more, got 0/, ({ version }) => version === 5),
  ],
  [
    'a Response Topic with a wildcard, or empty',
    '[MQTT-3.3.2-14] [MQTT-4.7.3-1]',
    [5, '30 08 0001 61 04 08 0001 2b'],
    // Of two, which is a fault of its own, mqtt-packet shows the last, or nothing if that runs over the end.
    weRefuse(
      /responseTopic: expected a Topic Name/,
      (difference) =>
        texts(rawOf(difference)).some((text) => text === '' || /[+#]/.test(text)) ||
        body(difference).filter((byte) => byte === 0x08).length > 1,
    ),
  ],
  [
    'a Reason Code that its packet does not have',
    '[MQTT-3.2.2-8] [MQTT-3.4.2-1] [MQTT-3.14.2-1] and their like',
    [5, '20 03 00 01 00'],
    weRefuse(/: expected a Reason Code of/, ({ version }) => version === 5),
  ],
  [
    'a CONNECT with a protocol name and level that do not belong together',
    '[MQTT-3.1.2-1] [MQTT-3.1.2-2]',
    [4, '10 0d 0004 4d515454 03 02 003c 0001 63'],
    weRefuse(/protocolVersion: expected MQTT at level/, ({ theirs }) => theirs.packet?.type === 'connect'),
  ],
  [
    'a Will QoS of 3',
    '[MQTT-3.1.2-12]',
    [4, '10 13 0004 4d515454 04 1e 003c 0001 63 0001 77 0001 68'],
    weRefuse(/will\.qos: expected 0, 1 or 2/, (difference) => (rawOf(difference).will as Fields)?.qos === 3),
  ],
  [
    'a Will Topic with a wildcard, or empty',
    '[MQTT-3.1.3-11] [MQTT-4.7.3-1] [MQTT-4.7.0-1]',
    [4, '10 13 0004 4d515454 04 06 003c 0001 63 0001 2b 0001 68'],
    weRefuse(/will\.topic: expected a Topic Name/, (difference) =>
      /^$|[+#]/.test(String((rawOf(difference).will as Fields)?.topic)),
    ),
  ],
  [
    '3.1.1: a password without a user name',
    '[MQTT-3.1.2-22 of 3.1.1]',
    [4, '10 10 0004 4d515454 04 42 003c 0001 63 0001 70'],
    weRefuse(/username: expected one with a password/, (difference) => rawOf(difference).username === undefined),
  ],
  [
    '3.1.1: an empty client id without Clean Session',
    '[MQTT-3.1.3-8 of 3.1.1]',
    [4, '10 0c 0004 4d515454 04 00 003c 0000'],
    weRefuse(/clientId: expected one without Clean Session/, (difference) => rawOf(difference).clientId === ''),
  ],
  [
    'Authentication Data without an Authentication Method',
    '§3.1.2.11.10: Protocol Error',
    [5, '10 12 0004 4d515454 05 02 003c 04 16 0001 78 0001 63'],
    weRefuse(/expected one with authenticationData/, ({ version }) => version === 5),
  ],
  [
    '3.x: a return code of CONNACK above 5',
    '§3.2.2.3 of 3.1.1: reserved',
    [4, '20 02 00 06'],
    weRefuse(/connack\.reasonCode: expected 0 to 5/, (difference) => (rawOf(difference).returnCode as number) > 5),
  ],
  [
    'a CONNACK of success without a Property Length',
    '§3.2.2.3.1',
    [5, '20 02 00 00'],
    weRefuse(/connack\.properties: expected a Property Length/, ({ bytes }) => bytes.length === 4),
  ],
  [
    'a CONNACK that refuses and says that there is a session',
    '[MQTT-3.2.2-6] [MQTT-3.2.2-4 of 3.1.1]',
    [4, '20 02 01 05'],
    weRefuse(/sessionPresent: expected 0 when/, (difference) => rawOf(difference).sessionPresent === true),
  ],
  [
    'a PUBLISH of QoS 0 with DUP',
    '[MQTT-3.3.1-2]',
    [4, '38 04 0001 61 78'],
    weRefuse(/publish\.dup: expected 0 at QoS 0/, ({ bytes }) => ((bytes[0] as number) & 0x0e) === 8),
  ],
  [
    'a topic with a wildcard in PUBLISH',
    '[MQTT-3.3.2-2]',
    [4, '30 03 0001 2b'],
    weRefuse(/publish\.topic: expected no \+ and #/, (difference) => /[+#]/.test(String(rawOf(difference).topic))),
  ],
  [
    'a PUBLISH with neither a topic nor a Topic Alias',
    '[MQTT-4.7.3-1] §3.3.2.1',
    [4, '30 02 0000'],
    weRefuse(/expected a Topic Name or a Topic Alias/, (difference) => rawOf(difference).topic === ''),
  ],
  [
    'a Topic Filter that is none: a wildcard within a level, # before the end, $share without a name, empty',
    '[MQTT-4.7.1-1] [MQTT-4.7.1-2] [MQTT-4.7.3-1] [MQTT-4.8.2-1] [MQTT-4.8.2-2]',
    [4, '82 07 0001 0002 612b 00'],
    weRefuse(/: expected a Topic Filter/, (difference) =>
      texts(rawOf(difference)).some((text) => text === '' || /[+#]|^\$share\//.test(text)),
    ),
  ],
  [
    'No Local for a shared subscription',
    '[MQTT-3.8.3-4]',
    [5, '82 10 0001 00 000a 2473686172652f672f61 04'],
    weRefuse(/noLocal: expected 0 for a shared/, (difference) =>
      texts(rawOf(difference)).some((text) => text.startsWith('$share/')),
    ),
  ],
  [
    'a SUBSCRIBE, UNSUBSCRIBE, SUBACK or UNSUBACK with an empty list',
    '[MQTT-3.8.3-2] [MQTT-3.10.3-2] [MQTT-3.8.4-6] [MQTT-3.11.3-2]',
    [4, '82 02 0001'],
    weRefuse(/: expected at least one, got none/, (difference) => {
      const { granted, subscriptions, unsubscriptions } = rawOf(difference)
      return [granted, subscriptions, unsubscriptions].flat().filter((each) => each !== undefined).length === 0
    }),
  ],
  [
    'an AUTH with a Reason Code and no Authentication Method',
    '§3.15.2.2.2: Protocol Error',
    [5, 'f0 02 18 00'],
    weRefuse(/auth\.properties\.authenticationMethod: expected one/, ({ bytes }) => bytes[2] !== 0 || bytes.length > 4),
  ],
]

/** What the standard allows: we read or write it, mqtt-packet does not, or reads something else. */
const READ: readonly Row[] = [
  [
    'an AUTH of two bytes, which is success',
    '§3.15.2.1',
    [5, 'f0 00'],
    theyRefuse('auth', ({ bytes }) => bytes.length === 2),
  ],
  [
    '3.1: DUP in PUBREL, SUBSCRIBE or UNSUBSCRIBE that is sent again',
    '§2.1 of 3.1',
    [3, '6a 02 0001'],
    theyRefuse(undefined, ({ bytes, version }) => version === 3 && ((bytes[0] as number) & 15) === 10),
  ],
  [
    '3.1: any first byte in CONNACK, which is reserved',
    '§3.2 of 3.1',
    [3, '20 02 01 00'],
    (difference) =>
      difference.version === 3 && difference.ours?.type === 'connack' && (body(difference)[0] as number) > 0,
  ],
  [
    'a user property again, behind one of the same name with an empty value, which it forgets',
    '§2.2.2.2, §3.3.2.3.7: a name may come more than once',
    [5, '30 11 0001 61 0d 26 0001 61 0000 26 0001 61 0001 62'],
    bothRead(({ ours }) =>
      namesOf(ours).some(
        ([name, value], at, all) => value === '' && all.slice(at + 1).some(([later]) => later === name),
      ),
    ),
  ],
  [
    '5.0: a password without a user name (it does not write it)',
    '§3.1.2.9',
    [5, '10 11 0004 4d515454 05 42 003c 00 0001 63 0001 70'],
    theyRefuse(
      'connect',
      ({ way, ours }) =>
        way === 'write' && ours?.type === 'connect' && ours.password !== undefined && ours.username === undefined,
    ),
  ],
  [
    '5.0: an empty client id without Clean Start (it does not write it)',
    '[MQTT-3.1.3-6]',
    [5, '10 0d 0004 4d515454 05 00 003c 00 0000'],
    theyRefuse('connect', ({ way, ours }) => way === 'write' && ours?.type === 'connect' && ours.clientId === ''),
  ],
]

/** Where the standard decides nothing between the two. */
const OPEN: readonly Row[] = [
  [
    'a DISCONNECT with Reason Code 0x8C, Bad authentication method: it refuses it',
    '§2.4, Table 2-6 has it in DISCONNECT, §3.14.2.1, Table 3-10 leaves it out',
    [5, 'e0 01 8c'],
    theyRefuse('disconnect', ({ ours }) => ours?.type === 'disconnect' && ours.reasonCode === 0x8c),
  ],
  [
    '5.0: a refusal in the form of 3.1.1, two bytes, from a server that knows no 5.0: we give the Reason Code that says the same',
    '§3.2.2.2 has no such code; §3.1.2.2 of 3.1.1 asks such a server to answer so',
    [5, '20 02 00 05'],
    bothRead(({ ours, bytes, version }) => version === 5 && ours?.type === 'connack' && bytes.length === 4),
  ],
  [
    'an AUTH of success with an empty list of properties, written in full: we refuse it',
    '§3.15.2.1 lets all of it go unsaid, §3.15.2.2.2 makes it an error to omit the Authentication Method',
    [5, 'f0 02 00 00'],
    ({ bytes }) => bytes.length === 4 && bytes[0] === 0xf0 && bytes[2] === 0,
  ],
]

export const DIFFERENCES: readonly Difference[] = [
  ...REFUSED.map(
    ([what, clause, example, applies]) =>
      ({ what, clause, example, applies, ours: 'refuses', theirs: 'reads', right: 'ours' }) as const,
  ),
  ...READ.map(
    ([what, clause, example, applies]) =>
      ({ what, clause, example, applies, ours: 'reads', theirs: 'does not, or otherwise', right: 'ours' }) as const,
  ),
  ...OPEN.map(
    ([what, clause, example, applies]) =>
      ({ what, clause, example, applies, ours: 'reads', theirs: 'reads', right: 'both' }) as const,
  ),
]
