import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../support/setup.mjs'

// By a name that the compiler does not follow: bench is JavaScript that it does not check.
const { makePage, readResults } = await import(new URL('../../bench/page.mjs', import.meta.url).href)

test('docs/performance.md and its plots show the numbers of docs/performance/results.json', () => {
  const made: Record<string, string> = makePage(readResults())
  for (const [path, text] of Object.entries(made))
    expect(
      readFileSync(join(ROOT, path), 'utf8'),
      `${path}: npm run bench -- --from docs/performance/results.json --page`,
    ).toBe(text)
  const plots = readdirSync(join(ROOT, 'docs/performance')).filter((name) => name.endsWith('.svg'))
  expect(plots.map((name) => `docs/performance/${name}`).sort()).toEqual(
    Object.keys(made)
      .filter((path) => path.endsWith('.svg'))
      .sort(),
  )
})

test('each figure of ours in docs/performance.md was taken, in each round', () => {
  const { parts } = readResults()
  for (const { found } of Object.values<{ found: Record<string, Record<string, { failures: string[] }>> }>(parts))
    for (const [name, contenders] of Object.entries(found))
      expect(contenders.emqtt?.failures, `ours in ${name}`).toEqual([])
})
