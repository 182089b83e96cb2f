/** The names that all of the codec shares: versions, QoS, packet types. */

/** Protocol level on the wire: 3 is MQTT 3.1, 4 is 3.1.1, 5 is 5.0. */
export type ProtocolVersion = 3 | 4 | 5

/** 0 at most once, 1 at least once, 2 exactly once (§4.3). */
export type QoS = 0 | 1 | 2

/** The kinds of control packet (§2.1.2), in the order of their type numbers, 1 to 15. */
export const PACKET_TYPES = [
  'connect',
  'connack',
  'publish',
  'puback',
  'pubrec',
  'pubrel',
  'pubcomp',
  'subscribe',
  'suback',
  'unsubscribe',
  'unsuback',
  'pingreq',
  'pingresp',
  'disconnect',
  'auth',
] as const

/** The name of a kind of control packet, as in `type`. */
export type PacketType = (typeof PACKET_TYPES)[number]

/** What may carry properties: a packet, or the Will in CONNECT. */
export type Carrier = PacketType | 'will'

/** In the tables a carrier is one bit: 1 shifted by its type number, or by 0 for the Will. */
export const WILL = 1 << 0
export const CONNECT = 1 << 1
export const CONNACK = 1 << 2
export const PUBLISH = 1 << 3
export const PUBACK = 1 << 4
export const PUBREC = 1 << 5
export const PUBREL = 1 << 6
export const PUBCOMP = 1 << 7
export const SUBSCRIBE = 1 << 8
export const SUBACK = 1 << 9
export const UNSUBSCRIBE = 1 << 10
export const UNSUBACK = 1 << 11
export const DISCONNECT = 1 << 14
export const AUTH = 1 << 15

export function carrierBit(carrier: Carrier): number {
  return 1 << ((PACKET_TYPES as readonly Carrier[]).indexOf(carrier) + 1)
}

/** `T` as a caller may write it: the fields `K` have defaults and may be left out, or be undefined. */
export type WithDefaults<T, K extends keyof T> = Omit<T, K> & { [P in K]?: T[P] | undefined }
