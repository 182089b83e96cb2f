/** What the database has, held against what it should have: the sentence on what is damaged. Pure. */

import type { Head, Tally } from './values.js'
import type { Testimony } from './witness.js'

export interface Findings {
  readonly head: Head
  /** What there really is. */
  readonly tally: Tally
  /** Values whose checksum is wrong. They are left out of the tally. */
  readonly broken: number
  /** Whether LevelDB could read its files only after a repair. */
  readonly repaired: boolean
  readonly witness: Testimony | undefined
  /** Bytes of LevelDB's log before it was opened. */
  readonly log: number
}

export interface Verdict {
  /** Undefined when all is well. */
  readonly damage: string | undefined
  /** Whether there is damage, but of nothing that was accepted. */
  readonly lossless: boolean
  /** Whether the head and the values do not fit together any more. */
  readonly torn: boolean
  /** The number of the last write, for those that follow. */
  readonly number: number
}

export function judgeFindings(directory: string, findings: Findings): Verdict {
  const { head, tally, broken, repaired, witness, log } = findings
  const isNew = head.number === 0 && tally.count === 0 && broken === 0 && !repaired
  const said: string[] = []
  if (repaired) said.push('its database could not be read and was repaired')
  if (broken > 0) said.push(`values in it did not fit their checksums and had to be left out: ${broken}`)

  // Broken values are in the head's tally, and not in ours.
  const missing = head.count - tally.count - broken
  if (head.number === 0) {
    if (!isNew) said.push('its record of the last write is missing, and values may be, too')
  } else if (missing > 0) said.push(`${areMissing(missing, 'value')} in the midst of it`)
  else if (missing < 0 || (broken === 0 && head.total !== tally.total)) {
    said.push('some values in it are older than they should be, or were removed before')
  }

  const torn = said.length > 0
  const lost = (witness?.done ?? 0) - head.number
  if (lost > 0) said.push(`${areMissing(lost, 'accepted write')} at its end`)
  else if (witness === undefined) {
    if (!isNew) said.push('its file witness.json is missing or broken, so that a missing end would not be noticed')
  } else if (witness.begun > head.number) {
    said.push('its last write was cut off before it was accepted; nothing that was accepted is missing from the end')
  } else if (!torn && witness.log !== undefined && witness.log !== log) {
    said.push('its log was changed after it was closed; nothing that was accepted is missing')
  }

  const lossless = said.length > 0 && !torn && lost <= 0 && witness !== undefined
  const number = torn || lost > 0 ? Math.max(head.number, witness?.begun ?? 0, witness?.done ?? 0) : head.number
  return {
    damage:
      said.length > 0
        ? `The store in ${directory} ${lossless ? 'has recovered' : 'is damaged'}: ${said.join('; ')}.`
        : undefined,
    lossless,
    torn: torn || lost > 0,
    number,
  }
}

function areMissing(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? ' is' : 's are'} missing`
}
