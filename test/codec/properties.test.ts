import { describe, expect, it } from 'vitest'
import { PROPERTY_SETS } from '../../src/codec/properties.js'
import type { Carrier } from '../../src/codec/protocol.js'
import { CARRIERS, PROPERTY_GOLDEN } from './vectors/golden.js'

describe('the table of properties (§2.2.2.2, Table 2-4)', () => {
  it('holds 27 of them', () => {
    const ids = Object.keys(CARRIERS).flatMap((carrier) =>
      [...PROPERTY_SETS[carrier as Carrier].byName.values()].map(({ id }) => id),
    )
    expect(new Set(ids).size).toBe(27)
  })

  it.each(Object.keys(CARRIERS))('gives %s what the standard gives it', (carrier) => {
    const expected = PROPERTY_GOLDEN.filter(([, , , carriers]) => carriers.includes(carrier)).map(([name]) => name)
    expect([...PROPERTY_SETS[carrier as Carrier].byName.keys()].sort()).toEqual(expected.sort())
  })

  it.each(['pingreq', 'pingresp'] as const)('gives %s nothing', (carrier) => {
    expect(PROPERTY_SETS[carrier].byName.size).toBe(0)
  })
})
