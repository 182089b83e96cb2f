import { expect, it } from 'vitest'
import { progressLine } from '../../cli/progress.js'

it.each([
  [0, 20, 0, '0 % (0 of 20 messages), 0.0/s'],
  [7, 20, 2.5, '35 % (7 of 20 messages), 2.5/s, 6 s left'],
  [199, 200, 50, '99 % (199 of 200 messages), 50/s, 1 s left'],
  [200, 200, 50, '100 % (200 of 200 messages), 50/s, 0 s left'],
  [10, 10_010, 10, '0 % (10 of 10010 messages), 10/s, 17 min left'],
  [10, 1_000_010, 10, '0 % (10 of 1000010 messages), 10/s, 28 h left'],
  [12_345, undefined, 678.9, '12345 messages, 679/s'],
])('%s of %s at %s/s reads %s', (delivered, total, rate, line) => {
  expect(progressLine(delivered, total, rate)).toBe(line)
})
