/** What is missing between the statements, the tests that claim them and the breaks. Pure: the sources are given. */

import { type Break, keyOf, misfit } from './breaks.js'
import { bindsClient, type Facts } from './document.js'
import { STATEMENTS, UNTESTABLE, VERSIONS, type Version } from './statements.js'

export type Reasons = Record<Version, Record<string, string>>

export function complaints(
  { claims, breaks, caught }: Facts,
  sourceOf: (each: Break) => string,
  untestable: Reasons = UNTESTABLE,
): string[] {
  const tests = new Set(claims.map(({ version, id }) => `${version} ${id}`))
  const places = new Set(claims.map(({ file, title }) => `${file} › ${title}`))
  const changed = new Set(breaks.flatMap(({ version, clauses }) => clauses.map((id) => `${version} ${id}`)))
  const clauses = VERSIONS.flatMap((version) => [
    ...[...STATEMENTS[version].values()].filter(bindsClient).flatMap(({ id }) => {
      const name = `${version} ${id}`
      const reason = untestable[version][id] !== undefined
      if (reason) return tests.has(name) ? [`${name}: has a test, and a reason why it can have none`] : []
      return [
        ...(tests.has(name) ? [] : [`${name}: has neither a test nor a reason`]),
        ...(changed.has(name) ? [] : [`${name}: was never broken`]),
      ]
    }),
    ...Object.keys(untestable[version]).flatMap((id) => {
      const statement = STATEMENTS[version].get(id)
      return statement && bindsClient(statement) ? [] : [`${version} ${id}: has a reason, and does not bind a client`]
    }),
  ])
  const keys = new Set(breaks.flatMap((each) => each.clauses.map((id) => keyOf(each, id))))
  return [
    ...clauses,
    ...breaks.flatMap((each) => misfit(each, sourceOf(each)) ?? []),
    ...breaks.flatMap((each) => [
      ...each.clauses.flatMap((id) => {
        const name = `${each.version} ${id}`
        if (!STATEMENTS[each.version].has(id)) return [`${name}: is broken in ${each.file}, and is in no list`]
        const test = caught[keyOf(each, id)]
        if (test === undefined) return [`${name}: no test was seen to catch the break in ${each.file}: ${each.find}`]
        return places.has(test) ? [] : [`${name}: was caught by a test that is not there: ${test}`]
      }),
    ]),
    ...Object.keys(caught).flatMap((key) => (keys.has(key) ? [] : [`${key}: was caught, and is no break`])),
  ]
}
