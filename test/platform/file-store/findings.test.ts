/** What is said of a store, and when nothing is. */

import { expect, test } from 'vitest'
import { type Findings, judgeFindings } from '../../../platform/node/file-store/findings.js'
import { NO_HEAD } from '../../../platform/node/file-store/values.js'

const WELL: Findings = {
  head: { number: 9, count: 3, total: 600 },
  tally: { count: 3, total: 600 },
  broken: 0,
  repaired: false,
  witness: { begun: 9, done: 9, log: 100 },
  log: 100,
}
const NEW: Findings = { ...WELL, head: NO_HEAD, tally: { count: 0, total: 0 }, witness: undefined, log: 0 }

/** [what was found, the findings, what is said of it, the number that the next write follows] */
const VERDICTS: [title: string, findings: Findings, said: string | undefined, number: number][] = [
  ['all is well', WELL, undefined, 9],
  ['a new directory', NEW, undefined, 0],
  ['a new directory whose witness was made before', { ...NEW, witness: { begun: 0, done: 0 } }, undefined, 0],
  ['it was not closed', { ...WELL, witness: { begun: 9, done: 9 } }, undefined, 9],
  ['nobody was told that the last write was done', { ...WELL, witness: { begun: 9, done: 8 } }, undefined, 9],
  ['the witness is behind', { ...WELL, witness: { begun: 4, done: 4 } }, undefined, 9],
  ['the log has another size', { ...WELL, log: 99 }, 'its log was changed after it was closed; nothing', 9],
  ['a write was cut off', { ...WELL, witness: { begun: 10, done: 9 } }, 'its last write was cut off', 9],
  [
    'an accepted write is missing',
    { ...WELL, witness: { begun: 10, done: 10 } },
    '1 accepted write is missing at its end',
    10,
  ],
  ['some are missing', { ...WELL, witness: { begun: 13, done: 12 } }, '3 accepted writes are missing at its end', 13],
  ['no witness', { ...WELL, witness: undefined }, 'its file witness.json is missing or broken', 9],
  ['a value is missing', { ...WELL, tally: { count: 2, total: 500 } }, '1 value is missing in the midst of it', 9],
  [
    'a value is broken',
    { ...WELL, tally: { count: 2, total: 500 }, broken: 1 },
    'values in it did not fit their checksums and had to be left out: 1',
    9,
  ],
  ['a value is back', { ...WELL, tally: { count: 4, total: 700 } }, 'some values in it are older', 9],
  ['a value is old', { ...WELL, tally: { count: 3, total: 601 } }, 'some values in it are older', 9],
  ['no head', { ...WELL, head: NO_HEAD }, 'its record of the last write is missing, and values may be, too', 9],
  ['nothing but a witness', { ...NEW, witness: { begun: 9, done: 9 } }, '9 accepted writes are missing at its end', 9],
  ['it was repaired', { ...WELL, repaired: true }, 'its database could not be read and was repaired', 9],
]

test.each(VERDICTS)('%s', (_, findings, said, number) => {
  const verdict = judgeFindings('/a', findings)
  expect(verdict.number).toBe(number)
  if (said === undefined) expect(verdict).toEqual({ damage: undefined, lossless: false, torn: false, number })
  else {
    // Where nothing that was accepted is missing, it says so.
    expect(verdict.lossless).toBe(/nothing|cut off/.test(said))
    expect(verdict.damage).toMatch(`The store in /a ${verdict.lossless ? 'has recovered' : 'is damaged'}: ${said}`)
  }
})

test('all that is wrong is said in one sentence', () => {
  const findings = {
    ...WELL,
    repaired: true,
    broken: 1,
    tally: { count: 0, total: 0 },
    witness: { begun: 10, done: 10 },
  }
  expect(judgeFindings('/a', findings).damage).toBe(
    'The store in /a is damaged: its database could not be read and was repaired; values in it did not fit their checksums and had to be left out: 1; 2 values are missing in the midst of it; 1 accepted write is missing at its end.',
  )
})
