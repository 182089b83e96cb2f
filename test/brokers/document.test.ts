import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../support/setup.mjs'
import { BEHAVIOURS } from './behaviours.js'
import { makeDocument } from './document.js'
import { EVERYWHERE, MORE } from './kinds.js'

const KINDS = [...EVERYWHERE, ...MORE]
const PATH = join(ROOT, 'docs/brokers.md')

test('docs/brokers.md says what the suite shows', () => {
  const made = makeDocument(KINDS)
  if (process.env.UPDATE_DOCS === '1') writeFileSync(PATH, made)
  expect(readFileSync(PATH, 'utf8'), 'UPDATE_DOCS=1 npx vitest run test/brokers/document.test.ts writes it anew').toBe(
    made,
  )
})

test('a broker lacks only what a behaviour is about', () => {
  const titles = BEHAVIOURS.map(({ title }) => title)
  expect(new Set(titles).size).toBe(titles.length)
  for (const { name, lacks } of KINDS) {
    for (const title of Object.keys(lacks)) expect(titles, name).toContain(title)
  }
})
