/** What a session has to tell: pulled with `takeEvents`, never called back, so that a listener finds it at rest. */

import type { AckProperties } from '../codec/packets/acks.js'
import type { Connack } from '../codec/packets/connack.js'
import type { Disconnect } from '../codec/packets/disconnect.js'
import type { Publish } from '../codec/packets/publish.js'
import type { SubackProperties } from '../codec/packets/suback.js'
import type { Subscribe } from '../codec/packets/subscribe.js'
import type { MqttError } from '../errors.js'
import type { Delivery, Exchange } from './records.js'

/**
 * Why a message was given up: the outbox was full, its time was over, (QoS 0) there was no connection, or the server
 * refused it when nobody waited for it any more.
 */
export type DiscardReason = 'full' | 'expired' | 'offline' | 'refused'

/** `tag` is what the caller gave with the request that the event is about. */
export type SessionEvent =
  /** CONNACK accepted us. `resumed`: both sides still have the session. */
  | { type: 'connected'; connack: Connack; resumed: boolean }
  /** CONNACK refused us. */
  | { type: 'refused'; connack: Connack }
  /** A message came; one of QoS 1 or 2 waits for `settle(delivery)`. */
  | { type: 'message'; packet: Publish; delivery: Delivery | undefined }
  /** A message of QoS 0 that had to wait was sent. */
  | { type: 'sent'; tag: unknown }
  /** A message of QoS 1 or 2 is in the session, and in its store if there is one; only for who waits for no more. */
  | { type: 'accepted'; tag: unknown; packetId: undefined; reasonCode: 0; properties: AckProperties }
  /** A message was given up; `rejected` goes with it where somebody waits. */
  | { type: 'discarded'; packet: Publish; reason: DiscardReason }
  /** The exchange of a message of QoS 1 or 2 is complete. */
  | { type: 'acknowledged'; tag: unknown; packetId: number; reasonCode: number; properties: AckProperties }
  /** SUBACK or UNSUBACK came, ms after the question was sent. */
  | { type: 'answered'; tag: unknown; reasonCodes: number[]; properties: SubackProperties; roundTrip: number }
  /** SUBACK came when nobody waited for it any more. */
  | { type: 'late'; packet: Subscribe }
  | { type: 'pong'; tag: unknown; roundTrip: number }
  /** The server wants more; the answer goes to `authenticate`. `anew`: it begins. */
  | { type: 'challenge'; exchange: Exchange; data: Uint8Array | undefined; anew: boolean }
  /** The server is content; `verified` has to be called once the application is, too. */
  | { type: 'verify'; exchange: Exchange; data: Uint8Array | undefined }
  /** The re-authentication is complete. */
  | { type: 'authenticated'; tag: unknown }
  /** A request ended without what it asked for. */
  | { type: 'rejected'; tag: unknown; error: MqttError }
  /** The server sent DISCONNECT. */
  | { type: 'disconnected'; packet: Disconnect }
  /** The connection cannot go on: send what is left and close it. */
  | { type: 'failed'; error: MqttError }
