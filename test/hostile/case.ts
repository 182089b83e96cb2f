/** What a hostile case is made of, and what the client may answer it with. */

import type { ProtocolVersion } from '../../src/codec/index.js'
import type { ClientOptions } from '../../src/index.js'
import type { Message, Step } from '../support/scenario.js'
import type { Phase } from './phases.js'

export type Reaction =
  /** In 5.0 DISCONNECT with this code, in 3.x none; the connection is closed, and the error says this among other things. */
  | { readonly kind: 'violation'; readonly code: number; readonly says: string }
  /** The client answers so, if at all, and the connection goes on. */
  | { readonly kind: 'goes on'; readonly answers: readonly string[] }
  /** The client leaves without a word, with this error; `retry` says whether it comes back. */
  | { readonly kind: 'ends'; readonly code: string; readonly retry: boolean }

/** A server that errs, wherever it does so. */
export interface Hostile {
  /** The packet that it sends. */
  readonly packet: string
  readonly rule: string
  /** Which of several ways to break the rule. */
  readonly way?: string | undefined
  readonly clause: string
  /** The client's own, for this. */
  readonly options?: ClientOptions
  /** What precedes it. */
  readonly before?: readonly Step[]
  readonly send: Message
  readonly reaction: Reaction
}

export interface Case extends Hostile {
  readonly version: ProtocolVersion
  readonly phase: Phase
}

export function violation(code: number, says: string): Reaction {
  return { kind: 'violation', code, says }
}

export function goesOn(...answers: string[]): Reaction {
  return { kind: 'goes on', answers }
}
