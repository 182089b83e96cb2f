/**
 * The properties of 5.0 (§2.2.2), as one table: identifier, name, type on the wire, range, and the packets that may
 * carry each. What reads, checks and writes them (property-list.ts) follows this table.
 */

import type { PacketType } from './protocol.js'

/** All 27 properties. One that is undefined counts as absent. Integers of four bytes go up to 4 294 967 295. */
export interface Properties {
  /** 1 says that the payload is UTF-8 text. */
  payloadFormatIndicator?: 0 | 1 | undefined
  /** Seconds. */
  messageExpiryInterval?: number | undefined
  contentType?: string | undefined
  responseTopic?: string | undefined
  correlationData?: Uint8Array | undefined
  /** In SUBSCRIBE: 1 to 268 435 455. */
  subscriptionIdentifier?: number | undefined
  /** In PUBLISH: one for each subscription that matched. */
  subscriptionIdentifiers?: number[] | undefined
  /** Seconds; 4 294 967 295 is for ever. */
  sessionExpiryInterval?: number | undefined
  assignedClientIdentifier?: string | undefined
  /** Seconds, 0 to 65 535. */
  serverKeepAlive?: number | undefined
  authenticationMethod?: string | undefined
  authenticationData?: Uint8Array | undefined
  requestProblemInformation?: boolean | undefined
  /** Seconds. */
  willDelayInterval?: number | undefined
  requestResponseInformation?: boolean | undefined
  responseInformation?: string | undefined
  serverReference?: string | undefined
  reasonString?: string | undefined
  /** 1 to 65 535. */
  receiveMaximum?: number | undefined
  /** 0 to 65 535. */
  topicAliasMaximum?: number | undefined
  /** 1 to 65 535. */
  topicAlias?: number | undefined
  maximumQos?: 0 | 1 | undefined
  retainAvailable?: boolean | undefined
  /** Names and values in order; a name may come more than once. */
  userProperties?: [string, string][] | undefined
  /** Bytes, from 1. */
  maximumPacketSize?: number | undefined
  wildcardSubscriptionAvailable?: boolean | undefined
  subscriptionIdentifierAvailable?: boolean | undefined
  sharedSubscriptionAvailable?: boolean | undefined
}

/** Properties that CONNECT may carry (§3.1.2.11). */
export type ConnectProperties = Pick<
  Properties,
  | 'sessionExpiryInterval'
  | 'receiveMaximum'
  | 'maximumPacketSize'
  | 'topicAliasMaximum'
  | 'requestResponseInformation'
  | 'requestProblemInformation'
  | 'userProperties'
  | 'authenticationMethod'
  | 'authenticationData'
>

/** What may carry properties: a packet, or the Will in CONNECT. */
export type Carrier = PacketType | 'will'

/** Types on the wire (§2.2.2.2). `flag` is a byte that stands for a boolean, `bit` one that stays 0 or 1. */
export type Kind = 'flag' | 'bit' | 'uint16' | 'uint32' | 'varint' | 'varints' | 'text' | 'topic' | 'binary' | 'pairs'

export interface Property {
  readonly id: number
  readonly name: keyof Properties
  readonly kind: Kind
  /** The smallest integer allowed: 0, or 1 where the standard forbids zero. */
  readonly min: 0 | 1
  readonly carriers: readonly Carrier[]
}

/** A property as one carrier knows it. `field` is what errors call it: `publish.properties.topicAlias`. */
export type CarriedProperty = Property & { readonly field: string }

const MESSAGE: readonly Carrier[] = ['publish', 'will']
const HANDSHAKE: readonly Carrier[] = ['connect', 'connack']
const ACKS: readonly Carrier[] = ['connack', 'puback', 'pubrec', 'pubrel', 'pubcomp', 'suback', 'unsuback']

function row(id: number, name: keyof Properties, kind: Kind, carriers: readonly Carrier[], min: 0 | 1 = 0): Property {
  return { id, name, kind, min, carriers }
}

/** §2.2.2.2, Table 2-4. The Subscription Identifier has two rows, since only in PUBLISH it may come repeatedly. */
const PROPERTIES: readonly Property[] = [
  row(0x01, 'payloadFormatIndicator', 'bit', MESSAGE),
  row(0x02, 'messageExpiryInterval', 'uint32', MESSAGE),
  row(0x03, 'contentType', 'text', MESSAGE),
  row(0x08, 'responseTopic', 'topic', MESSAGE),
  row(0x09, 'correlationData', 'binary', MESSAGE),
  row(0x0b, 'subscriptionIdentifiers', 'varints', ['publish'], 1),
  row(0x0b, 'subscriptionIdentifier', 'varint', ['subscribe'], 1),
  row(0x11, 'sessionExpiryInterval', 'uint32', [...HANDSHAKE, 'disconnect']),
  row(0x12, 'assignedClientIdentifier', 'text', ['connack']),
  row(0x13, 'serverKeepAlive', 'uint16', ['connack']),
  row(0x15, 'authenticationMethod', 'text', [...HANDSHAKE, 'auth']),
  row(0x16, 'authenticationData', 'binary', [...HANDSHAKE, 'auth']),
  row(0x17, 'requestProblemInformation', 'flag', ['connect']),
  row(0x18, 'willDelayInterval', 'uint32', ['will']),
  row(0x19, 'requestResponseInformation', 'flag', ['connect']),
  row(0x1a, 'responseInformation', 'text', ['connack']),
  row(0x1c, 'serverReference', 'text', ['connack', 'disconnect']),
  row(0x1f, 'reasonString', 'text', [...ACKS, 'disconnect', 'auth']),
  row(0x21, 'receiveMaximum', 'uint16', HANDSHAKE, 1),
  row(0x22, 'topicAliasMaximum', 'uint16', HANDSHAKE),
  row(0x23, 'topicAlias', 'uint16', ['publish'], 1),
  row(0x24, 'maximumQos', 'bit', ['connack']),
  row(0x25, 'retainAvailable', 'flag', ['connack']),
  row(0x26, 'userProperties', 'pairs', [
    'connect',
    ...MESSAGE,
    ...ACKS,
    'subscribe',
    'unsubscribe',
    'disconnect',
    'auth',
  ]),
  row(0x27, 'maximumPacketSize', 'uint32', HANDSHAKE, 1),
  row(0x28, 'wildcardSubscriptionAvailable', 'flag', ['connack']),
  row(0x29, 'subscriptionIdentifierAvailable', 'flag', ['connack']),
  row(0x2a, 'sharedSubscriptionAvailable', 'flag', ['connack']),
]

/** The part of the table that one carrier uses. */
export interface PropertySet {
  readonly carrier: Carrier
  /** What errors call the whole: `publish.properties`. */
  readonly field: string
  readonly byId: readonly (CarriedProperty | undefined)[]
  readonly byName: ReadonlyMap<string, CarriedProperty>
}

export function propertySet(carrier: Carrier): PropertySet {
  const field = carrier === 'will' ? 'connect.will.properties' : `${carrier}.properties`
  const byId: (CarriedProperty | undefined)[] = new Array(0x2b).fill(undefined)
  const byName = new Map<string, CarriedProperty>()
  for (const row of PROPERTIES) {
    if (!row.carriers.includes(carrier)) continue
    const property = { ...row, field: `${field}.${row.name}` }
    byId[row.id] = property
    byName.set(row.name, property)
  }
  return { carrier, field, byId, byName }
}
