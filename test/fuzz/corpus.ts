/**
 * What the fuzzer begins with, and what the tests replay: seeds that are made of the vectors of the codec and of stories told
 * here, and in corpus.json, as hexadecimal digits, what it found: inputs that reach what no other does, and each that went
 * wrong once.
 */

import { readFileSync } from 'node:fs'
import { VECTORS } from '../codec/vectors/emqtt.js'
import { GOLDEN } from '../codec/vectors/golden.js'
import { DIFFERENCES } from './differences.js'
import type { TARGETS } from './places.mjs'
import { ACTIONS } from './session/actions.js'

export type Target = (typeof TARGETS)[number]

interface Found {
  /** Chosen by the fuzzer, smallest first. */
  readonly kept: readonly string[]
  /** Added by hand, with what was wrong. */
  readonly crashes: readonly { readonly what: string; readonly input: string }[]
}

const file = new URL('./corpus.json', import.meta.url)

export function foundOf(target: Target): Found {
  return JSON.parse(readFileSync(file, 'utf8'))[target]
}

/** The seeds of a target. */
export function seedsOf(target: Target): Uint8Array[] {
  if (target === 'session') return STORIES.map(inputOf)
  const packets = [
    ...GOLDEN.map(({ version, digits }) => ({ version, digits })),
    ...(target === 'differential' ? DIFFERENCES.map(({ example: [version, digits] }) => ({ version, digits })) : []),
    ...VECTORS.flatMap(({ version, hex }) => (hex === undefined ? [] : [{ version, digits: hex }])),
  ]
  return packets.map(({ version, digits }) => {
    // The targets ask in this order: 5, 4, 3. The decoder also asks how its input is cut, which is not at all.
    const head = target === 'decoder' ? [5 - version, 0] : [5 - version]
    return Uint8Array.from([...head, ...Buffer.from(digits.replaceAll(' ', ''), 'hex')])
  })
}

/** All that the tests replay. */
export function inputsOf(target: Target): Uint8Array[] {
  const { kept, crashes } = foundOf(target)
  const digits = [...kept, ...crashes.map(({ input }) => input)]
  return [...seedsOf(target), ...digits.map((hex) => Uint8Array.from(Buffer.from(hex, 'hex')))]
}

/** An action of the session by its name, and the bytes that it draws. */
type Step = readonly [action: string, ...draws: number[]]

const plain = [0, 0, 0, 0, 0, 0, 0, 0, 0]
const connect: readonly Step[] = [
  ['openOrCut', 0, 0, 0, 0, 0],
  ['connack', 0, 0, ...plain],
]

/** What a run begins with, by `drawSetting`, and what happens in it. */
const STORIES: readonly (readonly [setting: readonly number[], steps: readonly Step[]])[] = [
  // 5.0: messages of each QoS, answered.
  [plain, [...connect, ['publish', 0, 0, 0], ['publish', 1, 1, 0], ['publish', 2, 2, 0], ['answerAll'], ['answerAll']]],
  // A window of 1, and the connection ends in the middle of QoS 2.
  [
    [0, 0, 0, 1],
    [...connect, ['publish', 1, 0, 0], ['answerNext'], ['publish', 1, 0, 0], ['openOrCut'], ...connect],
  ],
  // Messages that come, are settled, and come again.
  [
    plain,
    [
      ...connect,
      ['serve', 0, 0, 65],
      ['serve', 1, 0, 66],
      ['settle', 0, 0],
      ['openOrCut'],
      ...connect,
      ['settle', 0, 0],
    ],
  ],
  // Subscriptions that are answered, given up and made again.
  [
    plain,
    [
      ...connect,
      ['call', 0, 1],
      ['answerNext'],
      ['call', 1, 0],
      ['cancel', 0],
      ['openOrCut'],
      ['openOrCut', 0, 0, 0, 0, 1],
    ],
  ],
  // 3.1.1 and 3.1: what is overdue is sent again.
  [
    [1, 0, 1],
    [...connect, ['publish', 0, 0, 0], ['wait', 3], ['publish', 1, 0, 0], ['waitForDeadline'], ['answerAll']],
  ],
  [
    [2, 0, 1],
    [...connect, ['publish', 1, 0, 0], ['wait', 3], ['answerNext'], ['answerAll'], ['answerAll']],
  ],
  // The application sends PUBREL and PUBCOMP.
  [
    [0, 0, 0, 0, 0, 0, 2],
    [
      ...connect,
      ['publish', 1, 0, 0],
      ['answerAll'],
      ['release'],
      ['serve', 0, 0, 65],
      ['settle', 0, 0],
      ['answerAll'],
      ['release'],
    ],
  ],
  // A server that authenticates, and one that may send anything.
  [
    [0, 0, 0, 0, 0, 0, 0, 0, 1, 3],
    [
      ['openOrCut', 0, 0, 0, 0, 0],
      ['authenticate', 0],
      ['connack', 0, 0, ...plain],
      ['authenticate', 1],
    ],
  ],
  [
    [0, 0, 0, 0, 0, 0, 0, 0, 1],
    [...connect, ['publish', 0, 0, 0], ['misbehave', 0, 0, 2], ['misbehave', 8, 1, 0], ['sendBytes', 4, 0xd0, 0]],
  ],
]

function inputOf([setting, steps]: (typeof STORIES)[number]): Uint8Array {
  const numbers = steps.flatMap(([action, ...draws]) => {
    const number = ACTIONS.findIndex(({ name }) => name === action)
    if (number < 0) throw new Error(`no action is called ${action}`)
    return [number, ...draws]
  })
  const head = [...setting, ...plain].slice(0, 10)
  return Uint8Array.from([...head, ...numbers])
}
