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

export type PacketType = (typeof PACKET_TYPES)[number]

/** `T` as a caller may write it: the fields `K` have defaults and may be left out, or be undefined. */
export type WithDefaults<T, K extends keyof T> = Omit<T, K> & { [P in K]?: T[P] | undefined }
