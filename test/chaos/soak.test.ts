/** The short form of `npm run soak`, and the judge of both. */

import { describe, expect, test } from 'vitest'
import { runSoak } from './soak.js'
import { describeSample, findGrowth, GROWTH, type Sample } from './soak-figures.js'

describe('60 connections of one process are ended, each by its turn of five ways', () => {
  test('what it holds of memory, sockets, timers, files and listeners stays flat', { timeout: 120_000 }, async () => {
    // Two of silence, for each waits for Keep Alive.
    const round = ['reset', 'close', 'disconnect', 'half-close', 'reset', 'disconnect', 'half-close'] as const
    const how = [...round, ...round, 'silence'] as const
    const { samples, faults } = await runSoak({ endings: 30, how, every: 250, sampleEvery: 3, store: 'memory' })
    const table = samples.map(describeSample).join('\n')
    expect([...faults, ...findGrowth(samples, GROWTH.short)], table).toEqual([])
    expect(samples.at(-1)?.connects, table).toBe(62)
    expect(samples.at(-1)?.received, table).toBeGreaterThan(100)
  })
})

describe('the judgement of a soak', () => {
  const MIB = 2 ** 20
  const samples = (change: (sample: Sample, at: number) => Partial<Sample> = () => ({})): Sample[] =>
    Array.from({ length: 30 }, (_, at) => {
      // Memory goes up and down, and warms up in the beginning.
      const heapUsed = 8 * MIB - Math.max(0, 8 - at) * 100_000 + (at % 3) * 20_000
      const rest = { external: 2 * MIB, rss: 60 * MIB, fds: 20, sockets: 4, listeners: 11, published: at, received: at }
      const sample = { at: at * 60_000, connects: at * 24, heapUsed, handles: { Timeout: 2 + (at % 2) }, ...rest }
      return { ...sample, ...change(sample, at) }
    })
  const cases: [what: string, change: (sample: Sample, at: number) => Partial<Sample>, says: RegExp][] = [
    ['nothing that goes up and down', () => ({}), /^$/],
    [
      '1 KiB of each connection',
      ({ heapUsed, connects }) => ({ heapUsed: heapUsed + 1_024 * connects }),
      /1\d\d\d B with/,
    ],
    [
      'a buffer of each connection',
      ({ external, connects }) => ({ external: external + 700 * connects }),
      /7\d\d B with/,
    ],
    [
      'a timer that stays',
      (_, at) => ({ handles: { Timeout: 2 + Math.floor(at / 10) } }),
      /Timeout: at most 2 .* 4 in/,
    ],
    [
      'a kind of handle that was not there',
      (_, at) => ({ handles: { TLSWrap: at > 20 ? 1 : 0 } }),
      /TLSWrap: at most 0/,
    ],
    ['a file of each tenth sample', (_, at) => ({ fds: 20 + Math.floor(at / 10) }), /open files and sockets/],
    ['a closed socket that is kept', (_, at) => ({ sockets: 4 + Math.floor(at / 10) }), /objects of Socket/],
    ['a listener', (_, at) => ({ listeners: 11 + Math.floor(at / 10) }), /listeners/],
    ['memory outside of the heap', ({ rss }, at) => ({ rss: rss + 2 * at * MIB }), /RSS/],
  ]
  for (const [what, change, says] of cases)
    test(`names ${what}`, () => expect(findGrowth(samples(change), GROWTH.long).join('; ')).toMatch(says))

  test('does not judge by a handful of samples', () => {
    expect(findGrowth(samples().slice(0, 5), GROWTH.long).join()).toMatch(/at least 6 samples, got 5/)
  })
})
