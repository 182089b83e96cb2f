/** Messages that the application publishes: each says in its payload which one it is. */

import type { QoS } from '../../../src/codec/protocol.js'

export interface Message {
  readonly number: number
  readonly qos: QoS
  readonly topic: string
  readonly retain: boolean
  /** Message Expiry Interval, s. */
  readonly expiry: number | undefined
  /** Its last answer came, or none is owed. */
  complete: boolean
  /** It was given up before it was sent. */
  gone: boolean
  /** Nobody waits for it any more; it may have been given up without a word. */
  unheard: boolean
}

/** The number and then as many bytes as make `size`. */
export function payloadOf(number: number, size: number): Uint8Array {
  const payload = new Uint8Array(2 + size).fill(120)
  payload[0] = number >> 8
  payload[1] = number
  return payload
}

export function numberOf(payload: Uint8Array): number {
  return ((payload[0] as number) << 8) | (payload[1] as number)
}
