/** Makes docs/conformance.md out of the statements, the titles of the tests and what was broken. Pure. */

import { type Break, type Caught, keyOf } from './breaks.js'
import type { Claim } from './claims.js'
import { STATEMENTS, type Statement, UNTESTABLE, VERSIONS, type Version } from './statements.js'

export interface Facts {
  readonly claims: readonly Claim[]
  readonly breaks: readonly Break[]
  readonly caught: Caught
}

/** Of more tests than these a row gives the number. */
const SHOWN = 3

export function makeDocument(facts: Facts): string {
  return `${[
    '# Conformance',
    '',
    'The normative statements of MQTT 5.0 and 3.1.1, by the ids of Appendix B of each standard, and what holds us to them:',
    '',
    '- **tests**: those whose titles end with the id; of many, the first.',
    '- **broken on purpose**: a change of the code that breaks the clause.',
    '- **caught by**: the test with that id that was seen to fail with that change.',
    '',
    '`npm run conformance` makes this page out of the tests; `npm run conformance -- --break` makes all the changes again,',
    'one after the other, and notes which test fails. By hand are only the reasons, in test/conformance/statements.ts.',
    '',
    ...summary(facts),
    ...VERSIONS.flatMap((version) => chapter(version, facts)),
  ].join('\n')}\n`
}

function summary({ claims, breaks, caught }: Facts): string[] {
  const rows = VERSIONS.map((version) => {
    const all = [...STATEMENTS[version].values()]
    const ours = all.filter(bindsClient)
    const tested = ours.filter(({ id }) => claims.some((claim) => claim.version === version && claim.id === id))
    const seen = ours.filter(({ id }) =>
      breaks.some((each) => each.version === version && each.clauses.includes(id) && caught[keyOf(each, id)]),
    )
    const reasons = Object.keys(UNTESTABLE[version]).length
    return row(version, all.length, ours.length, tested.length, seen.length, reasons)
  })
  return [
    ...heading('MQTT', 'statements', 'bind a client', 'with a test', 'broken and caught', 'cannot be tested'),
    ...rows,
  ]
}

function chapter(version: Version, { claims, breaks, caught }: Facts): string[] {
  const all = [...STATEMENTS[version].values()]
  const testsOf = (id: string) => claims.filter((claim) => claim.version === version && claim.id === id)
  const reasons = UNTESTABLE[version]
  const rows = all
    .filter((statement) => bindsClient(statement) && !(statement.id in reasons))
    .map(({ id, binds }) => {
      const changes = breaks.filter((each) => each.version === version && each.clauses.includes(id))
      const by = new Set(changes.flatMap((each) => caught[keyOf(each, id)] ?? []))
      return row(id, binds, shown(testsOf(id)), changes.map(described).join('<br>'), [...by].map(inCell).join('<br>'))
    })
  const servers = all.filter((statement) => !bindsClient(statement))
  const seen = servers.filter(({ id }) => testsOf(id).length > 0)
  return [
    '',
    `## MQTT ${version}`,
    '',
    ...heading('clause', 'binds', 'tests', 'broken on purpose', 'caught by'),
    ...rows,
    '',
    `### What cannot be tested in ${version}`,
    '',
    ...heading('clause', 'reason'),
    ...Object.entries(reasons).map(([id, reason]) => row(id, reason)),
    '',
    `### What binds the server alone in ${version}`,
    '',
    `${servers.map(({ id }) => id.slice('MQTT-'.length)).join(', ')}.`,
    ...(seen.length === 0
      ? []
      : ['', 'Of these, a client notices:', '', ...heading('clause', 'tests')].concat(
          seen.map(({ id }) => row(id, shown(testsOf(id)))),
        )),
  ]
}

export function bindsClient({ binds }: Statement): boolean {
  return binds !== 'server'
}

function shown(tests: readonly Claim[]): string {
  const cited = tests.slice(0, SHOWN).map(({ file, title }) => inCell(`${file} › ${title}`))
  if (tests.length > SHOWN) cited.push(`and ${tests.length - SHOWN} more`)
  return cited.join('<br>')
}

function described({ file, find, replace }: Break): string {
  return `${file}: ${code(find)} → ${replace.trim() === '' ? 'nothing' : code(replace)}`
}

function code(text: string): string {
  const plain = inCell(text.replace(/\s+/g, ' ').trim())
  return plain.includes('`') ? `\`\` ${plain} \`\`` : `\`${plain}\``
}

function inCell(text: string): string {
  return text.replaceAll('|', '\\|')
}

function row(...cells: readonly (string | number)[]): string {
  return `| ${cells.join(' | ')} |`
}

function heading(...names: readonly string[]): string[] {
  return [row(...names), row(...names.map(() => '---'))]
}
