/** Each way to break a rule, over real TCP and real WebSockets. */

import { afterEach, beforeEach, expect, test } from 'vitest'
import { noUnhandledRejections } from '../client/bench.js'
import { nothingMoreThan, resources } from '../platform/recorder.js'
import { startScenarioServer } from '../support/wires.js'
import { Innocent } from './innocent.js'
import { sampleOfCases, titleOf } from './matrix.js'
import { playCase, socketStage } from './stage.js'

noUnhandledRejections()

let before: string[]
beforeEach(() => {
  before = resources()
})
afterEach(() => nothingMoreThan(before))

/** Servers at once; each has one client at a time. */
const SERVERS = 8

test.each(['tcp', 'ws'] as const)(
  'each hostile packet has its reaction over %s, and another client misses nothing',
  async (kind) => {
    const cases = sampleOfCases()
    const wrong: string[] = []
    await using honest = await startScenarioServer(kind)
    const innocent = new Innocent(socketStage(honest))
    await innocent.connect()
    let working = SERVERS
    const lanes = Array.from({ length: SERVERS }, async () => {
      await using server = await startScenarioServer(kind)
      for (let hostile = cases.pop(); hostile; hostile = cases.pop()) {
        const title = titleOf(hostile)
        await playCase(hostile, socketStage(server)).catch((error) => wrong.push(`${title}: ${error.message}`))
      }
      working--
    })
    let exchanged = 0
    for (; working > 0; exchanged++) await innocent.exchange()
    await Promise.all(lanes)
    expect(wrong).toEqual([])
    expect(await innocent.finish()).toBe(exchanged)
    expect(exchanged).toBeGreaterThan(10)
  },
  120_000,
)
