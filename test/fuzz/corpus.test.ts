import { expect, test } from 'vitest'
import { inputsOf, type Target } from './corpus.js'
import { DIFFERENCES } from './differences.js'
import { TARGETS } from './places.mjs'
import * as decoder from './targets/decoder.js'
import * as differential from './targets/differential.js'
import * as session from './targets/session.js'

const MODULES: Record<Target, { fuzz(input: Uint8Array): void; explain(input: Uint8Array): string[] }> = {
  decoder,
  differential,
  session,
}

for (const target of TARGETS) {
  test(`${target}: the seeds, what the fuzzer found and what went wrong once all go well`, () => {
    const { fuzz, explain } = MODULES[target]
    const failures = inputsOf(target).flatMap((input) => {
      try {
        fuzz(input)
        return []
      } catch (error) {
        return [`${Buffer.from(input).toString('hex')}: ${error}\n${explain(input).join('\n')}`]
      }
    })
    expect(failures).toEqual([])
  })
}

test('each difference to mqtt-packet that is written down is one that an input of the corpus has', () => {
  const met = new Set(inputsOf('differential').flatMap((input) => [...differential.differencesIn(input)]))
  expect(DIFFERENCES.filter((difference) => !met.has(difference)).map(({ what }) => what)).toEqual([])
})
