/** Each broker does what an application expects of it, or lacks it in just the way that docs/brokers.md says. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BEHAVIOURS } from './behaviours.js'
import { lackOf, type RunningBroker } from './broker.js'
import { VERSION_NAMES } from './document.js'
import { Guest } from './guest.js'
import { EVERYWHERE, MORE } from './kinds.js'

const KINDS = process.env.EMQTT_BROKERS === 'all' ? [...EVERYWHERE, ...MORE] : EVERYWHERE

for (const kind of KINDS) {
  describe(kind.name, () => {
    let broker: RunningBroker
    beforeAll(async () => {
      broker = await kind.start()
    }, 90_000)
    afterAll(() => broker?.[Symbol.asyncDispose]())

    for (const version of kind.versions) {
      describe(VERSION_NAMES[version], () => {
        for (const { title, versions, scheme, show } of BEHAVIOURS) {
          if (versions?.includes(version) === false) continue
          if (scheme !== undefined && !kind.schemes.includes(scheme)) continue
          const lack = lackOf(kind, title, version)
          test.concurrent(lack === undefined ? title : `lacks: ${title}`, { timeout: 60_000 }, async () => {
            await using guest = new Guest(broker, version)
            if (lack === undefined) await show(guest)
            else await expect(show(guest)).rejects.toThrow(lack.seen)
          })
        }
      })
    }
  })
}
