/** How the text of an option becomes a value, or a sentence about what was expected. */

import { InvalidArgumentError } from 'commander'

export function text(value: string): string {
  return value
}

export function filled(value: string): string {
  if (value === '') throw new InvalidArgumentError('It must not be empty.')
  return value
}

/** A topic to publish to: said here, so that nobody connects for one that cannot be. */
export function topicName(value: string): string {
  if (/[+#]/.test(value)) throw new InvalidArgumentError('A topic to publish to has no wildcards + and #.')
  return filled(value)
}

/** An option that may be given several times. */
export function collected(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), filled(value)]
}

export function oneOf<V>(choices: Readonly<Record<string, V>>): (value: string) => V {
  return (value) => {
    if (!Object.hasOwn(choices, value)) {
      throw new InvalidArgumentError(`Expected one of ${Object.keys(choices).join(', ')}.`)
    }
    return choices[value] as V
  }
}

export const qos = oneOf({ 0: 0, 1: 1, 2: 2 } as const)

const word = oneOf({ true: true, 1: true, yes: true, on: true, false: false, 0: false, no: false, off: false })

export function flag(value: string): boolean {
  return word(value.toLowerCase())
}

export function wholeNumber(from: number, to: number): (value: string) => number {
  return (value) => {
    const number = Number(value)
    if (!/^\d+$/.test(value) || number < from || number > to) {
      throw new InvalidArgumentError(`Expected a whole number from ${from} to ${to}.`)
    }
    return number
  }
}

// The longest that a timer of Node waits.
const LONGEST_WAIT = 2_147_483

export function seconds(value: string): number {
  const number = Number(value)
  if (!/^\d+(\.\d+)?$/.test(value) || number > LONGEST_WAIT) {
    throw new InvalidArgumentError(`Expected seconds, from 0 to ${LONGEST_WAIT}.`)
  }
  return number
}

/** Seconds, and some: in none, nothing gets done. */
export function duration(value: string): number {
  const number = seconds(value)
  if (number < 0.001) throw new InvalidArgumentError(`Expected seconds, from 0.001 to ${LONGEST_WAIT}.`)
  return number
}
