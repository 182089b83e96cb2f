/** docs/hostile.md is what the matrix says. */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../support/setup.mjs'
import { makeDocument } from './document.js'

const FILE = join(ROOT, 'docs/hostile.md')

test('docs/hostile.md is made from the cases that are played (UPDATE_DOCS=1 writes it)', () => {
  const made = makeDocument()
  if (process.env.UPDATE_DOCS === '1') writeFileSync(FILE, made)
  expect(readFileSync(FILE, 'utf8')).toBe(made)
})

test('the README says how many cases there are', () => {
  const [, count] = /^There are (\d+) cases/m.exec(makeDocument()) ?? []
  expect(readFileSync(join(ROOT, 'README.md'), 'utf8')).toContain(`${Number(count).toLocaleString('en')} ways`)
})
