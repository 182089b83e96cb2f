/** What is to happen to the connections of a run, all of it from one seed. */

import type { ProtocolVersion } from '../../platform/node/index.js'
import type { Side } from '../support/exchange-log.js'
import { randomOf } from '../support/random.js'

export interface ChaosPlan {
  readonly seed: number
  /** Connections that are cut, of both clients together. */
  readonly cuts: number
  /** At least; it goes on until all cuts are made. */
  readonly messages: number
  readonly qos: 1 | 2
  readonly protocolVersion: ProtocolVersion
  readonly broker: 'mosquitto' | 'embedded'
  /** Whose connections suffer. */
  readonly victims: readonly Side[]
  /**
   * Whether they are cut also while they are being made, and before all is sent again. Mosquitto 2.0.11 goes wrong there
   * at QoS 2: cut off twice before it could send PUBREL again, it sends PUBLISH again.
   */
  readonly early: boolean
  /** How often the broker is stopped in order or killed, and started again, in between; mosquitto only. */
  readonly restarts: number
  /** Of the whole run, ms. */
  readonly patience: number
}

/** From the client to the broker, and back. */
export type Direction = 'up' | 'down'

/** Something that a connection survives, at a byte of one direction. */
export interface Trouble {
  readonly direction: Direction
  readonly at: number
  /** Byte by byte; nothing for a while; each piece a little later. */
  readonly kind: 'split' | 'stall' | 'delay'
  /** Of `split`: for how many bytes. Of `delay`: for how many pieces. */
  readonly count: number
  /** Of `stall` and `delay`. */
  readonly ms: number
}

/**
 * How a connection ends: both sockets are reset, or closed; one is told that nothing more comes, while the other
 * direction goes on; or nothing passes any more, and nobody is told.
 */
export type End = 'reset' | 'close' | 'half-close' | 'hole'

export interface Fate {
  readonly direction: Direction
  /** So many bytes of `direction` pass. */
  readonly at: number
  readonly end: End
  readonly troubles: readonly Trouble[]
}

/** Messages on their way at once, on either side; a cut costs sending them again. */
export const WINDOW = 30

/** Bytes around the payload of a PUBLISH, about, and those of an acknowledgement. */
const HEAD = 20
const ACK = 4
/** Of what a payload is filled up with. */
export const LONGEST_FILLING = 100
/** Cuts so early that they meet CONNECT, CONNACK, SUBSCRIBE, and what is sent again. */
const EARLY = { share: 0.15, bytes: 120 }
/** Bytes of CONNECT and the like, at most. */
const PREAMBLE = 200
/** Each takes the client's Keep Alive to be noticed, so they are few. */
const HOLES = 0.01

/** What happens to the connections of one client, in order; those that follow go well. */
export function planFates(plan: ChaosPlan, side: Side): Fate[] {
  const { seed, cuts, messages, qos, victims, early } = plan
  if (!victims.includes(side)) return []
  const random = randomOf(seed + (side === 'writer' ? 0 : 0x9e3779b9))
  const first = victims[0] === side
  const mine = first ? Math.ceil(cuts / victims.length) : Math.floor(cuts / victims.length)
  const between = messages / mine
  const acks = between * ACK * qos
  const publishes = between * (HEAD + LONGEST_FILLING / 2 + ACK * (qos - 1))
  const bytes = side === 'writer' ? { up: publishes, down: acks } : { up: acks, down: publishes }
  /**
   * Behind that, nothing is left to be sent again. Twice the window, because mosquitto 2.0.11 has at times more messages
   * of QoS 2 on their way than it may.
   */
  const sentAgain = {
    up: PREAMBLE + 2 * WINDOW * (side === 'writer' ? HEAD + LONGEST_FILLING + ACK : ACK * qos),
    down: PREAMBLE + 2 * WINDOW * (side === 'writer' ? ACK * qos : HEAD + LONGEST_FILLING + ACK),
  }
  const below = (limit: number): number => Math.floor(random() * limit)
  const pick = <T>(...of: readonly T[]): T => of[below(of.length)] as T

  const planTrouble = (): Trouble => {
    const direction = pick<Direction>('up', 'down')
    return {
      direction,
      at: below(2 * bytes[direction]),
      kind: pick('split', 'stall', 'delay'),
      count: 1 + below(40),
      ms: 1 + below(8),
    }
  }
  const planCut = (direction: Direction): number => {
    if (!early) return sentAgain[direction] + below(2 * bytes[direction])
    return random() < EARLY.share ? below(EARLY.bytes) : below(2 * bytes[direction])
  }
  const holes = Math.max(first ? 1 : 0, Math.floor(mine * HOLES))
  return Array.from({ length: mine }, (_, index) => {
    const direction = pick<Direction>('up', 'down')
    return {
      direction,
      at: planCut(direction),
      end: index < holes ? 'hole' : pick('reset', 'close', 'half-close'),
      troubles: Array.from({ length: below(4) }, planTrouble).sort((a, b) => a.at - b.at),
    }
  })
}
