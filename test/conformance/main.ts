/** `npm run conformance`: breaks clauses when asked to, then writes docs/conformance.md. */

import { writeFileSync } from 'node:fs'
import { BreakRunner } from './break-runner.js'
import { type Break, type Caught, keyOf } from './breaks.js'
import { makeDocument } from './document.js'
import { CAUGHT, DOCUMENT, readFacts } from './facts.js'

/** Resolves to whether all that was broken was caught. */
export async function main(args: readonly string[]): Promise<boolean> {
  const facts = await readFacts()
  for (const fault of facts.faults) console.error(fault)
  let { caught } = facts
  let missed = 0
  if (args[0] === '--break') {
    const wanted = args.slice(1)
    const chosen = facts.breaks.flatMap((each) =>
      each.clauses
        .filter((id) => wanted.length === 0 || wanted.includes(id) || wanted.includes(each.version))
        .map((id) => ({ each, id })),
    )
    if (chosen.length === 0) throw new RangeError(`--break: expected a version or clauses with a break, got ${wanted}`)
    const runner = await BreakRunner.start(facts.claims)
    const found: Record<string, string> = {}
    try {
      for (const { each, id } of chosen) {
        const { by, why } = await runner.run(each, id)
        if (by === undefined) missed++
        else found[keyOf(each, id)] = by
        console.log(`${by === undefined ? 'MISSED' : 'caught'}  ${each.version} ${id}  ${each.file}  ${by ?? why}`)
      }
    } finally {
      await runner.close()
    }
    console.log(`\n${chosen.length - missed} caught, ${missed} missed`)
    caught = kept(facts.breaks, caught, found, chosen)
    writeFileSync(CAUGHT, `${JSON.stringify(caught, undefined, 2)}\n`)
  } else if (args.length > 0) throw new RangeError(`expected --break or nothing, got ${args.join(' ')}`)
  writeFileSync(DOCUMENT, makeDocument({ ...facts, caught }))
  return missed === 0 && facts.faults.length === 0
}

/** What is known now, in the order of the breaks: what was not tried again stays as it was. */
function kept(
  breaks: readonly Break[],
  before: Caught,
  found: Caught,
  tried: readonly { each: Break; id: string }[],
): Caught {
  const again = new Set(tried.map(({ each, id }) => keyOf(each, id)))
  const keys = breaks.flatMap((each) => each.clauses.map((id) => keyOf(each, id)))
  return Object.fromEntries(
    keys.flatMap((key) => {
      const test = again.has(key) ? found[key] : before[key]
      return test === undefined ? [] : [[key, test]]
    }),
  )
}
