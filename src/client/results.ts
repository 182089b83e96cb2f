/** What the calls of a client answer with, and what its events carry. */

import type { Packet } from '../codec/packet.js'
import type { AckProperties } from '../codec/packets/acks.js'
import type { ConnackProperties } from '../codec/packets/connack.js'
import type { DisconnectProperties } from '../codec/packets/disconnect.js'
import type { Publish } from '../codec/packets/publish.js'
import type { SubackProperties } from '../codec/packets/suback.js'
import type { UnsubackProperties } from '../codec/packets/unsuback.js'
import type { ProtocolVersion } from '../codec/protocol.js'
import type { DiscardReason } from '../session/events.js'
import type { Message } from './messages.js'
import type { Redirect } from './options.js'

/** `idle` before the first `connect`; `reconnecting` from the loss of a connection to the next; `closed` may `connect` again, `stopped` may not. */
export type ClientStatus = 'idle' | 'connecting' | 'connected' | 'reconnecting' | 'closing' | 'closed' | 'stopped'

/** What `client.info` shows. */
export interface ClientInfo {
  readonly name: string
  readonly clientId: string
  readonly status: ClientStatus
  readonly protocolVersion: ProtocolVersion
  /** The server's URL, without credentials; undefined before the first attempt. */
  readonly server: string | undefined
  /** Messages that wait to be sent. */
  readonly queued: number
  /** Messages of QoS 1 and 2 that were sent and are not fully acknowledged. */
  readonly inflight: number
  /** The smaller of `maxInflight` and the server's Receive Maximum; 0 before the first connection. */
  readonly maxInflight: number
  /** Whether `pause` is in force. */
  readonly paused: boolean
  /** What the server said in CONNACK. */
  readonly connack: ConnectResult | undefined
}

/** What CONNACK said (§3.2). */
export interface ConnectResult {
  /** Whether the server still had the session (3.1.1 and 5.0; 3.1 cannot say and it is false). */
  sessionPresent: boolean
  reasonCode: number
  /** Of CONNACK (5.0): what the server allows. */
  properties: ConnackProperties
}

/** How the exchange for one message ended. */
export interface PublishResult {
  /** Undefined at QoS 0. */
  packetId: number | undefined
  /** Below 0x80, such as 0x10, no matching subscribers (5.0). Always 0 in 3.x and at QoS 0. */
  reasonCode: number
  properties: AckProperties
}

/** What UNSUBACK said (§3.11). */
export interface UnsubscribeResult {
  /** For each filter: 0, 0x11 (there was no such subscription), or 0x80 and above. 3.x knows only 0. */
  reasonCodes: readonly number[]
  properties: UnsubackProperties
}

/** SUBACK or UNSUBACK, as the session tells of it. */
export interface Answer {
  reasonCodes: readonly number[]
  properties: SubackProperties
  /** ms */
  roundTrip: number
}

/** A connection ended: why, and what comes next. */
export interface DisconnectEvent {
  /** Undefined when the application itself disconnected. */
  error: Error | undefined
  /** Of the server's DISCONNECT (5.0), if it sent one. */
  reasonCode: number | undefined
  properties: DisconnectProperties
  /** Whether the client connects again by itself. */
  retry: boolean
  /** ms until it does. */
  delay: number | undefined
}

/** An attempt to connect is planned. */
export interface ReconnectingEvent {
  /** From 1, counted anew after a stable connection. */
  attempt: number
  /** ms until this attempt begins. */
  delay: number
  /** Why it is needed. */
  error: Error
}

/** What the server said to subscriptions that were made again. */
export interface ResubscribeEvent {
  /** For each filter the QoS granted, or 0x80 and above: the server does not take it any more. */
  results: readonly { filter: string; reasonCode: number }[]
}

/**
 * A message of ours was given up before it was sent, or refused by the server when nobody waited for it any more. Where a
 * promise still waits, it rejects, too. Where there was no room for it, a listener that publishes it again at once has no
 * end.
 */
export interface DiscardEvent {
  /** As it was published; with a Packet Identifier only where the server refused it. */
  packet: Publish
  /** `full`: the outbox was; `expired`: its time was over; `offline`: no connection (QoS 0); `refused`: by the server. */
  reason: DiscardReason
}

/** The server named other servers (§4.11). */
export interface RedirectEvent extends Redirect {
  /** Whether they are tried now, by `followServerReference`. */
  followed: boolean
}

/** The events of a client by name, and what their listeners are given. */
export interface ClientEvents {
  /** Connected, for the first time or again. */
  connect: ConnectResult
  /** A connection ended. */
  disconnect: DisconnectEvent
  /** An attempt to connect is planned. */
  reconnecting: ReconnectingEvent
  /** The server had lost the session, and the subscriptions were made again. */
  resubscribe: ResubscribeEvent
  /** Every message, whoever else gets it. */
  message: Message
  /** The server sends its clients elsewhere. */
  redirect: RedirectEvent
  /** A message of QoS 0 that the application was too slow for: it was not delivered, or not to all. */
  drop: Message
  /** A message of ours was given up before it was sent. */
  discard: DiscardEvent
  /** What no call could be told of: a handler that failed, a subscription that could not be made again. */
  error: Error
  /** Nothing more happens, unless `connect` is called. `error` is why the client gave up, if it did. */
  close: { error: Error | undefined }
  /** As it was sent, but CONNECT and AUTH without user name, password and authentication data. */
  packetsend: Packet
  /** As it came, but AUTH without its authentication data; a Topic Alias is still one. */
  packetreceive: Packet
}
