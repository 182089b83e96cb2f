/** The whole matrix, in memory and virtual time. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { failure, noUnhandledRejections } from '../client/bench.js'
import { nameOf } from '../session/bench.js'
import { play } from '../support/scenario.js'
import type { Case } from './case.js'
import { Innocent } from './innocent.js'
import { casesOf, PHASE_NAMES, titleOf, VERSIONS } from './matrix.js'
import { PHASES } from './phases.js'
import { memoryStage, playCase } from './stage.js'

noUnhandledRejections()

/** Clients that meet their servers at the same time, in turns of one event loop. */
const AT_ONCE = 100

let innocent: Innocent
let exchanged = 0
beforeAll(async () => {
  innocent = new Innocent(memoryStage)
  await innocent.connect()
})
afterAll(async () => {
  expect(await innocent.finish(), 'messages of the innocent client').toBe(exchanged)
})

/** What went wrong, case by case. */
async function complaints(cases: readonly Case[]): Promise<string[]> {
  const wrong: string[] = []
  for (let at = 0; at < cases.length; at += AT_ONCE) {
    exchanged++
    await Promise.all([
      innocent.exchange(),
      ...cases.slice(at, at + AT_ONCE).map(async (hostile) => {
        await playCase(hostile, memoryStage).catch((error) => wrong.push(`${titleOf(hostile)}: ${error.message}`))
      }),
    ])
  }
  return wrong
}

test.each(VERSIONS)(
  'the first connection is not tried again, unless it is asked for, and its error says why, in version %i',
  async (version) => {
    const { client, wire } = memoryStage({ protocolVersion: version })
    const connecting = failure(client.connect())
    await play([{ expect: 'connect' }, { send: 'd0 00' }], await wire())
    expect(await connecting).toMatchObject({
      name: 'ConnectError',
      code: 'PROTOCOL_ERROR',
      phase: 'connack',
      retryable: true,
      message: expect.stringContaining('expected connack, got pingresp'),
      cause: { name: 'ProtocolError', reasonCode: 0x82 },
    })
    expect(client.status).toBe('closed')
  },
)

for (const version of VERSIONS) {
  describe(`${nameOf(version)}: each hostile packet has its reaction, and the client goes on`, () => {
    for (const name of PHASE_NAMES) {
      const cases = casesOf(name, version)
      if (cases.length === 0) continue
      test(`${nameOf(version)}: ${PHASES[name].name}`, async () => {
        expect(await complaints(cases)).toEqual([])
      }, 60_000)
    }
  })
}
