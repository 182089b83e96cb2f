/**
 * The properties of 5.0 (§2.2.2), as one table: identifier, name, type on the wire, range, and the packets that may
 * carry each. What reads, checks and writes them (property-list.ts) follows this table.
 */

import {
  AUTH,
  type Carrier,
  CONNACK,
  CONNECT,
  carrierBit,
  DISCONNECT,
  PACKET_TYPES,
  PUBACK,
  PUBCOMP,
  PUBLISH,
  PUBREC,
  PUBREL,
  SUBACK,
  SUBSCRIBE,
  UNSUBACK,
  UNSUBSCRIBE,
  WILL,
} from './protocol.js'

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

/**
 * Types on the wire (§2.2.2.2), named as the methods of `Reader` and `Sink`; `flag` is a byte that stands for a boolean,
 * `bit` one that stays 0 or 1, `pair` two texts.
 */
export type Kind = 'flag' | 'bit' | 'uint16' | 'uint32' | 'varint' | 'text' | 'binary' | 'pair'

export interface Property {
  readonly id: number
  readonly name: keyof Properties
  readonly kind: Kind
  /** What errors call it: `publish.properties.topicAlias`. */
  readonly field: string
  /** The smallest integer allowed: 0, or 1 where the standard forbids zero. */
  readonly min: number
  /** It may come repeatedly, and is an array. */
  readonly repeats: boolean
}

const MESSAGE = PUBLISH | WILL
const HANDSHAKE = CONNECT | CONNACK
const ANSWERS = CONNACK | PUBACK | PUBREC | PUBREL | PUBCOMP | SUBACK | UNSUBACK | DISCONNECT | AUTH

/** §2.2.2.2, Table 2-4. The Subscription Identifier has two rows, since only in PUBLISH it may come repeatedly. */
const PROPERTIES: readonly (readonly [id: number, keyof Properties, Kind, carriers: number, min?: 1])[] = [
  [0x01, 'payloadFormatIndicator', 'bit', MESSAGE],
  [0x02, 'messageExpiryInterval', 'uint32', MESSAGE],
  [0x03, 'contentType', 'text', MESSAGE],
  [0x08, 'responseTopic', 'text', MESSAGE],
  [0x09, 'correlationData', 'binary', MESSAGE],
  [0x0b, 'subscriptionIdentifiers', 'varint', PUBLISH, 1],
  [0x0b, 'subscriptionIdentifier', 'varint', SUBSCRIBE, 1],
  [0x11, 'sessionExpiryInterval', 'uint32', HANDSHAKE | DISCONNECT],
  [0x12, 'assignedClientIdentifier', 'text', CONNACK],
  [0x13, 'serverKeepAlive', 'uint16', CONNACK],
  [0x15, 'authenticationMethod', 'text', HANDSHAKE | AUTH],
  [0x16, 'authenticationData', 'binary', HANDSHAKE | AUTH],
  [0x17, 'requestProblemInformation', 'flag', CONNECT],
  [0x18, 'willDelayInterval', 'uint32', WILL],
  [0x19, 'requestResponseInformation', 'flag', CONNECT],
  [0x1a, 'responseInformation', 'text', CONNACK],
  [0x1c, 'serverReference', 'text', CONNACK | DISCONNECT],
  [0x1f, 'reasonString', 'text', ANSWERS],
  [0x21, 'receiveMaximum', 'uint16', HANDSHAKE, 1],
  [0x22, 'topicAliasMaximum', 'uint16', HANDSHAKE],
  [0x23, 'topicAlias', 'uint16', PUBLISH, 1],
  [0x24, 'maximumQos', 'bit', CONNACK],
  [0x25, 'retainAvailable', 'flag', CONNACK],
  [0x26, 'userProperties', 'pair', ANSWERS | MESSAGE | CONNECT | SUBSCRIBE | UNSUBSCRIBE],
  [0x27, 'maximumPacketSize', 'uint32', HANDSHAKE, 1],
  [0x28, 'wildcardSubscriptionAvailable', 'flag', CONNACK],
  [0x29, 'subscriptionIdentifierAvailable', 'flag', CONNACK],
  [0x2a, 'sharedSubscriptionAvailable', 'flag', CONNACK],
]

/** The part of the table that one carrier uses. */
export interface PropertySet {
  readonly carrier: Carrier
  /** What errors call the whole: `publish.properties`. */
  readonly field: string
  readonly byId: readonly (Property | undefined)[]
  readonly byName: ReadonlyMap<string, Property>
}

function setOf(carrier: Carrier): PropertySet {
  const field = carrier === 'will' ? 'connect.will.properties' : `${carrier}.properties`
  const byId: Property[] = []
  const byName = new Map<string, Property>()
  for (const [id, name, kind, carriers, min = 0] of PROPERTIES) {
    if (!(carriers & carrierBit(carrier))) continue
    const repeats = kind === 'pair' || name === 'subscriptionIdentifiers'
    const property = { id, name, kind, field: `${field}.${name}`, min, repeats }
    byId[id] = property
    byName.set(name, property)
  }
  return { carrier, field, byId, byName }
}

const CARRIERS = ['will', ...PACKET_TYPES] as const

export const PROPERTY_SETS = Object.fromEntries(CARRIERS.map((carrier) => [carrier, setOf(carrier)])) as Readonly<
  Record<Carrier, PropertySet>
>
