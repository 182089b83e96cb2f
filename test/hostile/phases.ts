/** How far a connection has come when the hostile bytes arrive, and how it would go on without them, or after them. */

import type { ProtocolVersion } from '../../src/codec/index.js'
import type { ClientOptions, CoreClient } from '../../src/index.js'
import type { Step } from '../support/scenario.js'

export interface Phase {
  readonly name: string
  readonly versions: readonly ProtocolVersion[]
  readonly options: ClientOptions
  /** Up to CONNACK; or to where the server owes it. */
  readonly opening: (version: ProtocolVersion) => readonly Step[]
  /** Whether `opening` brings CONNACK. */
  readonly connected: boolean
  /** What the application waits for then. */
  readonly ask?: (client: CoreClient) => Promise<unknown>
  readonly asked: readonly Step[]
  /** What the server owes. */
  readonly finish: (version: ProtocolVersion) => readonly Step[]
  /** What the next connection brings behind CONNACK, and what becomes of that which the application waits for. */
  readonly again: (version: ProtocolVersion) => readonly Step[]
  readonly outcome: 'resolves' | 'rejects'
}

const ALL = [3, 4, 5] as const
const NOTHING = (): readonly Step[] => []

/** Properties of one property: Authentication Method "M". */
const METHOD = '04 15 0001 4d'

/** The CONNACK of a server; `present` says whether it has the session, where the version can say so. */
export function connack(version: ProtocolVersion, present: boolean, properties = '00'): Step {
  const flags = present && version !== 3 ? '01' : '00'
  if (version !== 5) return { send: { CONNACK: '20 02', flags, 'return code': '00' } }
  const length = properties === '00' ? '03' : '07'
  return { send: { CONNACK: `20 ${length}`, flags, 'reason code': '00', properties } }
}

const CHALLENGE: readonly Step[] = [
  { expect: 'connect' },
  { send: { AUTH: 'f0 06', 'continue authentication': '18', properties: METHOD } },
  { expect: 'auth 0x18 M' },
]

const AUTHENTICATED: ClientOptions = {
  enhancedAuth: { method: 'M', start: () => undefined, next: () => undefined },
}

/** CONNECT and CONNACK. */
const greeting = (version: ProtocolVersion): Step[] => [{ expect: 'connect' }, connack(version, false)]

const PUBREC: Step = { send: { PUBREC: '50 02', 'packet id': '0001' } }
const PUBCOMP: Step = { send: { PUBCOMP: '70 02', 'packet id': '0001' } }

/** A connection that was made, and what is asked on it. */
function open(name: string, rest: Partial<Phase>): Phase {
  return {
    name,
    versions: ALL,
    options: {},
    opening: greeting,
    connected: true,
    asked: [],
    finish: NOTHING,
    again: NOTHING,
    outcome: 'resolves',
    ...rest,
  }
}

/** SUBACK or UNSUBACK for two filters. */
const answer = (first: string, name: string, packetId: string) => (version: ProtocolVersion) => {
  if (first === 'b0' && version !== 5) return [{ send: { [name]: 'b0 02', 'packet id': packetId } }]
  const properties = version === 5 ? '00' : ''
  const length = version === 5 ? '05' : '04'
  return [{ send: { [name]: `${first} ${length}`, 'packet id': packetId, properties, codes: '00 00' } }]
}

export const PHASES = {
  connack: open('before CONNACK', {
    opening: () => [{ expect: 'connect' }],
    connected: false,
    finish: (version) => [connack(version, false)],
  }),
  authenticating: open('authenticating', {
    versions: [5],
    options: AUTHENTICATED,
    opening: () => CHALLENGE,
    connected: false,
    finish: (version) => [connack(version, false, METHOD)],
  }),
  connected: open('connected', {}),
  qos1: open('PUBLISH of QoS 1 open', {
    ask: (client) => client.publish('t', 'a', { qos: 1 }),
    asked: [{ expect: 'publish 1 a' }],
    finish: () => [{ send: { PUBACK: '40 02', 'packet id': '0001' } }],
    again: () => [{ expect: 'publish 1 dup a' }, { send: { PUBACK: '40 02', 'packet id': '0001' } }],
  }),
  qos2: open('PUBLISH of QoS 2 open', {
    ask: (client) => client.publish('t', 'a', { qos: 2 }),
    asked: [{ expect: 'publish 1 a' }],
    finish: () => [PUBREC, { expect: 'pubrel 1' }, PUBCOMP],
    again: () => [{ expect: 'publish 1 dup a' }, PUBREC, { expect: 'pubrel 1' }, PUBCOMP],
  }),
  pubrel: open('PUBREL open', {
    ask: (client) => client.publish('t', 'a', { qos: 2 }),
    asked: [{ expect: 'publish 1 a' }, PUBREC, { expect: 'pubrel 1' }],
    finish: () => [PUBCOMP],
    again: () => [{ expect: 'pubrel 1' }, PUBCOMP],
  }),
  subscribe: open('SUBSCRIBE open', {
    ask: (client) => client.subscribe(['f', 'g']),
    asked: [{ expect: 'subscribe 1 f g' }],
    finish: answer('90', 'SUBACK', '0001'),
    again: (version) => [{ expect: 'subscribe 2 f g' }, ...answer('90', 'SUBACK', '0002')(version)],
  }),
  unsubscribe: open('UNSUBSCRIBE open', {
    ask: (client) => client.unsubscribe(['f', 'g']),
    asked: [{ expect: 'unsubscribe 1 f g' }],
    finish: answer('b0', 'UNSUBACK', '0001'),
    again: (version) => [{ expect: 'unsubscribe 2 f g' }, ...answer('b0', 'UNSUBACK', '0002')(version)],
  }),
  reauthenticating: open('authenticating again', {
    versions: [5],
    options: AUTHENTICATED,
    opening: (version) => [...CHALLENGE, connack(version, false, METHOD)],
    ask: (client) => client.reauthenticate(),
    asked: [{ expect: 'auth 0x19 M' }],
    finish: () => [{ send: { AUTH: 'f0 00' } }],
    outcome: 'rejects',
  }),
} as const satisfies Record<string, Phase>

export type PhaseName = keyof typeof PHASES

/** The next connection, up to CONNACK, with the session that the first one left, if it came so far. */
export function reopening({ options, connected }: Phase, version: ProtocolVersion): Step[] {
  if (options.enhancedAuth) return [...CHALLENGE, connack(version, connected, METHOD)]
  return [{ expect: 'connect' }, connack(version, connected)]
}
