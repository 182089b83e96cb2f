/** How requests and connections fail: each error says whether to try again, and what to do. */

import type { Ack } from '../codec/packets/acks.js'
import type { Connack } from '../codec/packets/connack.js'
import type { Disconnect } from '../codec/packets/disconnect.js'
import type { PacketType } from '../codec/protocol.js'
import { reasonName, reasonSymbol } from '../codec/reason.js'
import {
  AckTimeoutError,
  ConnectionLostError,
  describe,
  MqttError,
  type MqttErrorDetails,
  RefusedError,
} from '../errors.js'

type Kind = new (message: string, details: MqttErrorDetails) => MqttError

/** What may succeed when it is tried again. */
export function failed(code: string, message: string, kind: Kind = MqttError): MqttError {
  return new kind(message, { code, phase: 'session', retryable: true })
}

/** The connection ended before an answer came. */
export function connectionLost(): MqttError {
  return failed('CONNECTION_LOST', 'the connection ended before the answer came', ConnectionLostError)
}

/** `ackTimeout` is over. */
export function timedOut(answer: string, ms: number): MqttError {
  const message = `no ${answer} came within ${ms} ms (ackTimeout); try again, or raise ackTimeout`
  return failed('ETIMEDOUT', message, AckTimeoutError)
}

/** A message was given up before it was sent. */
export function discarded(reason: keyof typeof DISCARDED): MqttError {
  const [code, why] = DISCARDED[reason]
  return failed(code, `the message was not sent: ${why}`)
}

const DISCARDED = {
  full: ['OUTBOX_FULL', 'the outbox is full; wait for what is in it, or raise its limits'],
  expired: [
    'MESSAGE_EXPIRED',
    'it waited longer than its messageExpiryInterval or outbox.maxAge; raise them if it still counts',
  ],
  offline: ['OFFLINE', "there is no connection; wait for one, or set outbox.offlineQos0 to 'queue'"],
} as const

/** The server refused, or said that it would. `packetType` is what carries the Reason Code. */
export function refused(reasonCode: number, message: string, packetType?: PacketType): RefusedError {
  return new RefusedError(message, { code: reasonSymbol(reasonCode, packetType), phase: 'session', reasonCode })
}

/** The server refused by the packet that it answered with. */
export function refusedBy(what: string, { type, reasonCode, properties }: Ack | Disconnect | Connack): RefusedError {
  const { reasonString } = properties
  const why = reasonName(reasonCode, type) + (reasonString === undefined ? '' : `: ${reasonString}`)
  return refused(reasonCode, `${what}: ${why}`, type)
}

/** What is asked for is above a limit that the server stated. */
export function aboveLimit(reasonCode: number, field: string, expected: string, got: unknown): RefusedError {
  return refused(
    reasonCode,
    `${field}: expected ${expected}, got ${describe(got)}; the server: ${reasonName(reasonCode)}`,
  )
}
