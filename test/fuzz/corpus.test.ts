import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { inputsOf, type Target } from './corpus.js'
import { DIFFERENCES } from './differences.js'
import { TARGETS } from './places.mjs'
import { hex } from './show.js'
import * as decoder from './targets/decoder.js'
import * as differential from './targets/differential.js'
import * as session from './targets/session.js'

const MODULES: Record<Target, { fuzz(input: Uint8Array): void; explain(input: Uint8Array): string[] }> = {
  decoder,
  differential,
  session,
}

const VERSIONS = { 3: '3.1', 4: '3.1.1', 5: '5.0' } as const
const WORDS = { ours: 'ours', theirs: 'mqtt-packet', both: 'open' } as const

for (const target of TARGETS) {
  test(`${target}: the seeds, what the fuzzer found and what went wrong once all go well`, () => {
    const { fuzz, explain } = MODULES[target]
    const failures = inputsOf(target).flatMap((input) => {
      try {
        fuzz(input)
        return []
      } catch (error) {
        return [`${hex(input)}: ${error}\n${explain(input).join('\n')}`]
      }
    })
    expect(failures).toEqual([])
  })
}

test('each difference to mqtt-packet that is written down is one that the packet of its example has', () => {
  const met = new Set(inputsOf('differential').flatMap((input) => [...differential.differencesIn(input)]))
  expect(DIFFERENCES.filter((difference) => !met.has(difference)).map(({ what }) => what)).toEqual([])
})

test('docs/fuzzing.md shows all differences to mqtt-packet, as they are', () => {
  const file = new URL('../../docs/fuzzing.md', import.meta.url)
  const text = readFileSync(file, 'utf8')
  const table = [
    '| a packet | for example | we | mqtt-packet | right is | the standard |',
    '| --- | --- | --- | --- | --- | --- |',
    ...DIFFERENCES.map(({ what, example: [version, digits], ours, theirs, right, clause }) =>
      ['', what, `${VERSIONS[version]}: \`${digits}\``, ours, theirs, WORDS[right], clause, ''].join(' | ').trim(),
    ),
  ].join('\n')
  const shown = text.replace(/(?<=<!-- differences -->\n\n).*(?=\n\n<!-- end -->)/s, () => table)
  if (process.env.UPDATE_DOCS === '1') writeFileSync(file, shown)
  else expect(text, 'UPDATE_DOCS=1 npx vitest run test/fuzz/corpus.test.ts writes it anew').toBe(shown)
})
