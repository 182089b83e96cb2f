/**
 * A conversation as data: what a server says, byte by byte, and what it must hear, step by step, so that it can be read
 * against the standard. `play` holds it against a client, over any wire (wires.ts).
 *
 * ```ts
 * await play([
 *   { expect: 'connect' },
 *   { send: { CONNACK: '20 03', flags: '00', 'reason code': '00', 'property length': '00' } },
 *   { expect: 'subscribe 1 a/b' },
 *   { send: { SUBACK: '90 04', 'packet id': '0001', 'property length': '00', 'reason code': '7f' } },
 *   { expect: 'disconnect 0x82' },
 *   { closed: true },
 * ], wire)
 * ```
 */

import { encodePacket, type PacketInput, type ProtocolVersion } from '../../src/codec/index.js'
import { bytes, concat, hex } from '../codec/support/wire.js'
import { short } from '../session/bench.js'
import type { Heard } from './heard.js'

/** Hexadecimal digits, blanks are for the eye; or named parts of them, in order; or a packet (no part is called `type`). */
export type Message = string | Readonly<Record<string, string>> | PacketInput

export type Step =
  /** The client's next packet, as `short` tells it or the beginning of that: `puback 7 0x97`; or its very bytes in hexadecimal digits. */
  | { readonly expect: string; readonly within?: number }
  /** In one write, or one frame of a WebSocket. */
  | { readonly send: Message }
  /** Each in a write or a frame of its own. */
  | { readonly frames: readonly Message[] }
  /** One message of a WebSocket in so many fragments; elsewhere so many writes. */
  | { readonly fragments: readonly Message[] }
  /** A text frame. */
  | { readonly text: string }
  /** The client has ended the connection, and said nothing more before; a number is the code of its WebSocket's close frame. */
  | { readonly closed: true | number; readonly within?: number }
  /** The server ends the connection, in order or not. */
  | { readonly end: true }
  | { readonly drop: true }

/** The server's end of a connection. */
export interface Wire {
  readonly heard: Heard
  /** Resolves when the connection is gone; with a code, where it was a WebSocket. */
  readonly closed: Promise<number | undefined>
  /** ms that a step waits unless it says so itself. */
  readonly patience: number
  send(bytes: Uint8Array): void
  /** Of a WebSocket alone. */
  readonly fragments?: (parts: readonly Uint8Array[]) => void
  readonly text?: (text: string) => void
  end(): void
  drop(): void
}

/** Takes the steps in order. Rejects with the number of the step that the client did not go along with. */
export async function play(steps: readonly Step[], wire: Wire): Promise<void> {
  for (const [i, step] of steps.entries()) {
    try {
      await take(step, wire)
    } catch (error) {
      throw new Error(`step ${i + 1} of ${steps.length}, ${JSON.stringify(step)}: ${(error as Error).message}`)
    }
  }
}

async function take(step: Step, wire: Wire): Promise<void> {
  const { version } = wire.heard
  if ('expect' in step) {
    await hear(step.expect, wire, step.within)
  } else if ('send' in step) {
    wire.send(bytesOf(step.send, version))
  } else if ('frames' in step) {
    for (const frame of step.frames) wire.send(bytesOf(frame, version))
  } else if ('fragments' in step) {
    const parts = step.fragments.map((part) => bytesOf(part, version))
    if (wire.fragments) wire.fragments(parts)
    else for (const part of parts) wire.send(part)
  } else if ('text' in step) {
    if (!wire.text) throw new Error('only a WebSocket has text frames')
    wire.text(step.text)
  } else if ('closed' in step) {
    await hear(undefined, wire, step.within)
    const code = await within(wire.closed, step.within ?? wire.patience)
    if (step.closed !== true && code !== step.closed) throw new Error(`it was closed with ${code}`)
  } else if ('end' in step) wire.end()
  else wire.drop()
}

async function hear(expected: string | undefined, wire: Wire, patience = wire.patience): Promise<void> {
  const said = await within(wire.heard.next(), patience)
  if (said === undefined) {
    if (expected !== undefined) throw new Error('the client ended the connection')
    return
  }
  const told = short(said.packet)
  if (expected === undefined) throw new Error(`the client said ${told}`)
  const digits = expected.replaceAll(' ', '')
  const heard = /^([0-9a-f]{2})+$/.test(digits) ? [hex(said.bytes), digits] : [`${told} `, `${expected} `]
  if (!(heard[0] as string).startsWith(heard[1] as string))
    throw new Error(`the client said ${told}, ${hex(said.bytes)}`)
}

export function bytesOf(message: Message, version: ProtocolVersion): Uint8Array {
  if (typeof message === 'string') return bytes(message)
  if ('type' in message && !/^[0-9a-f ]*$/.test(message.type)) return encodePacket(message as PacketInput, version)
  return concat(Object.values(message as Record<string, string>).map(bytes))
}

/** Rejects when it takes longer than so many ms. */
export async function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing came within ${ms} ms`)), ms)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
