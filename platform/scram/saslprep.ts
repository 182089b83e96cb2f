/** SASLprep (RFC 4013): the one form of a user name or a password, however it was typed. */

import {
  isInTable,
  LEFT_TO_RIGHT,
  MAPPED_TO_NOTHING,
  NON_ASCII_SPACES,
  PROHIBITED,
  RIGHT_TO_LEFT,
  type Table,
  UNASSIGNED,
} from './stringprep.js'

/**
 * Prepares `text`, or throws a RangeError that names `field` and shows nothing of the text. A stored string, which a
 * password is, must not hold what Unicode 3.2 did not have, because the form of that may change (RFC 3454 §7); a query,
 * which a user name is, may.
 */
export function prepareText(field: string, text: string, kind: 'stored' | 'query'): string {
  // Nothing happens to these, and hardly anyone has others.
  if (/^[\x20-\x7e]+$/.test(text)) return text
  const refuse = (expected: string): never => {
    throw new RangeError(`${field}: expected ${expected}`)
  }

  const mapped = Array.from(text, (character) => {
    if (has(NON_ASCII_SPACES, character)) return ' '
    return has(MAPPED_TO_NOTHING, character) ? '' : character
  })
  // Before the normalization, which knows a later Unicode and would map some of them to what there was in 3.2.
  if (kind === 'stored' && mapped.some((character) => has(UNASSIGNED, character))) {
    refuse('only characters of Unicode 3.2, as SCRAM asks of a password (RFC 5802 §2.2): no newer emoji or script')
  }

  const prepared = Array.from(mapped.join('').normalize('NFKC'))
  if (prepared.length === 0) refuse('at least one character')
  if (prepared.some((character) => has(PROHIBITED, character))) {
    refuse('no control, private or other character that SASLprep prohibits (RFC 4013 §2.3)')
  }
  const [first, last] = [prepared[0] as string, prepared.at(-1) as string]
  if (
    prepared.some((character) => has(RIGHT_TO_LEFT, character)) &&
    (prepared.some((character) => has(LEFT_TO_RIGHT, character)) ||
      !has(RIGHT_TO_LEFT, first) ||
      !has(RIGHT_TO_LEFT, last))
  ) {
    refuse('what is written from right to left to begin and end so, with nothing from left to right (RFC 3454 §6)')
  }
  return prepared.join('')
}

function has(table: Table, character: string): boolean {
  return isInTable(table, character.codePointAt(0) ?? -1)
}
