import fc from 'fast-check'
import { test } from 'vitest'
import { encodePacket } from '../../src/codec/index.js'
import { arbitraryPacket } from '../codec/support/arbitraries.js'
import { nameOf, VERSIONS } from '../session/bench.js'
import { differencesIn } from './targets/differential.js'

for (const version of VERSIONS) {
  test(`${nameOf(version)}: mqtt-packet reads what we write, and writes what we read, but for what is written down`, () => {
    fc.assert(
      fc.property(arbitraryPacket(version), (packet) => {
        differencesIn(Uint8Array.from([5 - version, ...encodePacket(packet, version)]))
      }),
      { seed: 20_262, numRuns: 500 },
    )
  })
}
