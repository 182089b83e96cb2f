/** What a session keeps of each message and of each request until it is done. */

import type { Ack } from '../codec/packets/acks.js'
import type { Connack } from '../codec/packets/connack.js'
import type { Publish } from '../codec/packets/publish.js'
import type { Subscribe } from '../codec/packets/subscribe.js'
import type { Unsubscribe } from '../codec/packets/unsubscribe.js'

/** A message of QoS 1 or 2 from `publish` to the last acknowledgement, or one of QoS 0 that waits. */
export interface Entry {
  /** DUP says that it was sent before, under its Packet Identifier. */
  packet: Publish
  /** Bytes on the wire. */
  readonly size: number
  tag: unknown
  /** The answer that the server owes on this connection; undefined while it waits to be sent. PUBREL is the caller's to send. */
  awaits: Ack['type'] | undefined
  /** PUBREC came again behind PUBREL. */
  asked: boolean
  sentAt: number
  /** When the application gave it to us. */
  readonly acceptedAt: number
  /** By when it has to be sent for the first time; Infinity is never too late. */
  readonly expiresAt: number
  /** Whether it is in the store, where there is one: before, it is not sent. */
  accepted: boolean
  /** Who waits, waits only until it is accepted. */
  readonly untilAccepted: boolean
  /** A former `connect`, or a former process, left it. */
  left: boolean
  /** Its place in the store; 0 is none. */
  order: number
  /** Its place in the order of sending again. */
  turn: number
}

/** A message of QoS 1 or 2 that the application has and that is not fully acknowledged. Opaque to the client. */
export interface Delivery {
  readonly packetId: number
  readonly qos: 1 | 2
  /** The number of the network connection on which it came last. */
  connection: number
  /** PUBACK or PUBREC, once the application is done with the message. */
  ack: Ack | undefined
  /** `ack` was sent. */
  answered: boolean
  /** PUBREL came and the caller owes PUBCOMP. */
  released: boolean
}

/** SUBSCRIBE, UNSUBSCRIBE or PINGREQ until its answer. */
export interface Call<P = Subscribe | Unsubscribe> {
  packet: P
  /** Undefined when nobody waits any more; the id stays taken until the server has answered. */
  tag: unknown
  /** When it was sent or, while it waits for that, asked for. */
  since: number
  /** It makes subscriptions again: if the connection ends before its answer, the next one asks anew. */
  readonly again: boolean
  /** Its place in the order of sending. */
  turn: number
}

/** One authentication, from CONNECT or AUTH 0x19 to the end. Opaque to the client. */
export interface Exchange {
  /** Who waits for it. */
  tag: unknown
  /** Whether the server has to speak next. */
  asked: boolean
  /** It is a re-authentication of ours that the server has not heard of yet. */
  ours: boolean
  /** CONNACK, while the application looks whether the server proved itself. */
  connack?: Connack
}
