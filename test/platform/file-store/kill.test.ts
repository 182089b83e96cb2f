/** SIGKILL at any moment: what was accepted is there, and what was not is there whole or not at all. */

import { beforeAll, expect, test } from 'vitest'
import { randomOf } from '../../support/random.js'
import { ensureBuilt } from '../../support/setup.mjs'
import { entriesAfter } from '../../support/store-batches.mjs'
import { StoreProcess } from '../../support/store-process.js'
import { temporaryDirectory } from '../../support/temporary.js'

beforeAll(async () => {
  await ensureBuilt()
})

const SEED = 20_261_122
const CUT_OFF = 'its last write was cut off before it was accepted; nothing that was accepted is missing from the end'

test.each([
  ['synced', true],
  ['not synced', false],
])(
  `10 kills between and in writes that are %s lose nothing that resolved, seed ${SEED}`,
  async (_, sync) => {
    const directory = temporaryDirectory()
    const random = randomOf(SEED + Number(sync))
    let written = 0
    for (let life = 0; life <= 10; life++) {
      await using child = new StoreProcess(directory, { sync })
      const { entries, damage } = await child.open()
      // The write that was under way may have been done, though nobody was told.
      const unresolved = JSON.stringify(entries) === JSON.stringify(entriesAfter(SEED, written + 1))
      if (unresolved) written++
      expect(entries).toEqual(entriesAfter(SEED, written))
      if (damage !== undefined) expect(damage).toBe(`The store in ${directory} has recovered: ${CUT_OFF}.`)
      if (unresolved) expect(damage).toBeUndefined()
      if (life === 10) break

      const last = written + 1 + Math.floor(random() * 30)
      // In the midst of what comes after that write, or before it.
      const pause = Math.floor(random() * 3)
      const reached = new Promise<void>((resolve) => {
        child.onDone = (number) => number >= last && resolve()
      })
      const writing = child.write(SEED, written + 1, Number.MAX_SAFE_INTEGER).catch(() => {})
      await reached
      for (let turn = 0; turn < pause; turn++) await new Promise(setImmediate)
      await child.kill()
      await writing
      written = child.done
    }
    expect(written).toBeGreaterThan(10)
  },
  60_000,
)
