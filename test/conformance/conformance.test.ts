/** docs/conformance.md: each clause has its tests and was broken, or says why not, and the page is what the tests make. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { ROOT } from '../support/setup.mjs'
import { type Break, broken, keyOf, sourceOf } from './breaks.js'
import { claimsOf } from './claims.js'
import { complaints } from './complaints.js'
import { type Facts, makeDocument } from './document.js'
import { DOCUMENT, readFacts } from './facts.js'
import { STATEMENTS, UNTESTABLE } from './statements.js'

let facts: Awaited<ReturnType<typeof readFacts>>
// It loads every test file, beside all others that run.
beforeAll(async () => {
  facts = await readFacts()
}, 300_000)

test('the lists are those of the standards', () => {
  expect(STATEMENTS['5.0'].size).toBe(251)
  expect(STATEMENTS['3.1.1'].size).toBe(141)
})

test('no title cites what is not there', () => {
  expect(facts.faults).toEqual([])
})

test('each clause has a test that was seen to fail when it was broken, or a reason', () => {
  expect(complaints(facts, sourceOf)).toEqual([])
})

test('docs/conformance.md is what npm run conformance makes', () => {
  expect(readFileSync(DOCUMENT, 'utf8')).toBe(makeDocument(facts))
})

test('the README says how many clauses that is', () => {
  const ours = (['5.0', '3.1.1'] as const).flatMap((version) =>
    [...STATEMENTS[version].values()].filter(({ id, binds }) => binds !== 'server' && !(id in UNTESTABLE[version])),
  )
  expect(readFileSync(join(ROOT, 'README.md'), 'utf8')).toContain(`Each of the ${ours.length} statements`)
})

describe('what a title claims', () => {
  const of = (title: string) => claimsOf(new Map([['a.test.ts', new Set([title])]]))

  test.each([
    ['5.0: it holds [MQTT-3.1.0-1]', ['5.0 MQTT-3.1.0-1']],
    ['a suite > 3.1.1: it holds [MQTT-3.1.0-1]', ['3.1.1 MQTT-3.1.0-1']],
    ['5.0 and 3.1.1: it holds [MQTT-3.1.0-1]', ['5.0 MQTT-3.1.0-1', '3.1.1 MQTT-3.1.0-1']],
    ['3.1: it holds [MQTT-3.1.0-1]', []],
    ['it holds [MQTT-4.12.0-3]', ['5.0 MQTT-4.12.0-3']],
    ['it holds [MQTT-2.3.1-1]', ['3.1.1 MQTT-2.3.1-1']],
    ['5.0: it holds [MQTT-2.3.1-1 of 3.1.1] [MQTT-2.2.1-3 of 5.0]', ['5.0 MQTT-2.2.1-3']],
    ['3.1.1: it holds [MQTT-2.3.1-1 of 3.1.1] [MQTT-2.2.1-3 of 5.0]', ['3.1.1 MQTT-2.3.1-1']],
    ['3.1: it holds [MQTT-2.3.1-1 of 3.1.1]', []],
    ['it holds [MQTT-3.1.2-22 of 3.1.1]', ['3.1.1 MQTT-3.1.2-22']],
  ])('%s', (title, expected) => {
    const { claims, faults } = of(title)
    expect(claims.map(({ version, id }) => `${version} ${id}`)).toEqual(expected)
    expect(faults).toEqual([])
  })

  test.each([
    ['it holds [MQTT-9.9.9-9]', 'in no list'],
    ['3.1.1: it holds [MQTT-4.12.0-3]', '3.1.1 does not have'],
    ['it holds [MQTT-4.12.0-3 of 3.1.1]', '3.1.1 does not have'],
    ['it holds [MQTT-3.1.0-1]', 'names no version'],
  ])('%s is refused', (title, fault) => {
    const { claims, faults } = of(title)
    expect(claims).toEqual([])
    expect(faults).toEqual([expect.stringContaining(`a.test.ts › ${title}: cites `)])
    expect(faults[0]).toContain(fault)
  })
})

describe('a complaint is made', () => {
  /** Breaks the one thing that the name says, of facts that were whole. */
  const some: Break = {
    version: '3.1.1',
    clauses: ['MQTT-3.1.0-1'],
    file: 'a.ts',
    find: 'kept',
    replace: 'broken',
  }
  const claim = { version: '3.1.1', id: 'MQTT-3.1.0-1', file: 'a.test.ts', title: 'it holds' } as const
  const whole: Facts = {
    claims: [claim],
    breaks: [some],
    caught: { [keyOf(some, 'MQTT-3.1.0-1')]: 'a.test.ts › it holds' },
  }
  const about = (made: Partial<Facts>, source = 'it is kept', untestable = UNTESTABLE) =>
    complaints({ ...whole, ...made }, () => source, untestable).filter(
      (each) => /MQTT-3\.1\.0-1 |MQTT-3\.1\.0-1:|MQTT-9|^a\.ts/.test(each) && !each.startsWith('5.0'),
    )

  test('not where all is well', () => {
    expect(about({})).toEqual([])
  })

  test.each<[string, Partial<Facts>, string, string]>([
    ['without a test', { claims: [] }, 'it is kept', 'has neither a test nor a reason'],
    [
      'with a test of another version',
      { claims: [{ ...claim, version: '5.0' }] },
      'it is kept',
      'has neither a test nor a reason',
    ],
    ['without a break', { breaks: [] }, 'it is kept', 'was never broken'],
    ['with a break that nobody saw caught', { caught: {} }, 'it is kept', 'no test was seen to catch'],
    [
      'with a break that was changed since',
      { breaks: [{ ...some, replace: 'other' }] },
      'it is kept',
      'no test was seen to catch',
    ],
    ['with a break whose code is gone', {}, 'it is not', 'found 0 times'],
    ['with a break whose code is there twice', {}, 'kept and kept', 'found 2 times'],
    ['with a break that changes nothing', { breaks: [{ ...some, replace: 'kept' }] }, 'it is kept', 'got the same'],
    [
      'with a test that was renamed since',
      { claims: [{ ...claim, title: 'other' }] },
      'it is kept',
      'a test that is not there',
    ],
    ['with what was caught and is no break', { breaks: [] }, 'it is kept', 'is no break'],
    [
      'with a break of what is in no list',
      { breaks: [some, { ...some, clauses: ['MQTT-9.9.9-9'] }] },
      'it is kept',
      'is in no list',
    ],
  ])('%s', (_, made, source, complaint) => {
    expect(about(made, source).join('\n')).toContain(complaint)
  })

  test('with a test and a reason', () => {
    const untestable = { ...UNTESTABLE, '3.1.1': { 'MQTT-3.1.0-1': 'None.' } }
    expect(about({}, undefined, untestable).join('\n')).toContain('has a test, and a reason')
  })

  test('with a reason for what binds the server alone', () => {
    const untestable = { ...UNTESTABLE, '3.1.1': { 'MQTT-3.1.2-2': 'None.' } }
    expect(complaints(whole, () => 'it is kept', untestable)).toContain(
      '3.1.1 MQTT-3.1.2-2: has a reason, and does not bind a client',
    )
  })
})

test('a break stands in for exactly the code that it names', () => {
  const each: Break = { version: '5.0', clauses: [], file: 'a.ts', find: 'b$&', replace: '$`c' }
  expect(broken(each, 'ab$&d')).toBe('a$`cd')
})

describe('the page', () => {
  const title = '3.1.1: it holds [MQTT-3.1.0-1]'
  const claims = claimsOf(new Map([['a.test.ts', new Set([title])]])).claims
  const breaks: Break[] = [
    { version: '3.1.1', clauses: ['MQTT-3.1.0-1'], file: 'a.ts', find: 'a | b\n  c', replace: ' ' },
  ]
  const caught = { [keyOf(breaks[0] as Break, 'MQTT-3.1.0-1')]: `a.test.ts › ${title}` }

  test('tells of a clause whom it binds, its tests, how it was broken, and what caught it', () => {
    const page = makeDocument({ claims, breaks, caught })
    expect(page).toContain(
      `| MQTT-3.1.0-1 | client | a.test.ts › ${title} | a.ts: \`a \\| b c\` → nothing | a.test.ts › ${title} |`,
    )
    expect(page, 'for the other version').toContain('| MQTT-3.1.0-1 | client |  |  |  |')
    expect(page).toContain('| 3.1.1 | 141 | 73 | 1 | 1 | 6 |')
  })

  test('does not take for caught what was seen of another change', () => {
    const changed = breaks.map((each) => ({ ...each, replace: 'other' }))
    expect(makeDocument({ claims, breaks: changed, caught })).toContain('→ `other` |  |')
  })

  test('has each statement of both standards', () => {
    const page = makeDocument({ claims, breaks, caught })
    for (const { id } of STATEMENTS['3.1.1'].values()) expect(page).toContain(id.slice('MQTT-'.length))
    for (const { id } of STATEMENTS['5.0'].values()) expect(page).toContain(id.slice('MQTT-'.length))
  })
})
