/** A client whose disk is really full: what it publishes is refused, its connection lives, and nothing accepted is lost. */

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { Client } from '../../platform/node/index.js'
import { run } from '../support/command.mjs'
import { obstacle, SmallDisk } from '../support/disk.js'
import { startMosquitto } from '../support/mosquitto.js'
import { ensureBuilt, ROOT } from '../support/setup.mjs'
import { temporaryDirectory } from '../support/temporary.js'

const reason = obstacle()
if (reason !== undefined) console.warn(`The tests of a client on a full disk are skipped: ${reason}`)
const skipped = reason ? ` (skipped: ${reason})` : ''

beforeAll(async () => {
  await ensureBuilt()
})

/** Runs the program on the disk; gives the names of what was accepted, and its last line if that is none. */
async function runClient(disk: SmallDisk, directory: string, url: string, then: 'goes on' | 'is killed') {
  const program = join(ROOT, 'test/support/full-disk-client.mjs')
  const libraries = ['dist/node/index.js', 'dist/store/file/index.js'].map((path) => join(ROOT, path))
  const [command = '', ...args] = [...disk.inside, process.execPath, program, ...libraries, directory, url, then]
  const { output } = await run(command, args, { timeout: 15_000 })
  const lines = output.trimEnd().split('\n')
  const said = lines.findIndex((line) => !/^[ab]\d+$/.test(line))
  return {
    accepted: said < 0 ? lines : lines.slice(0, said),
    said: said < 0 ? undefined : lines.slice(said).join('\n'),
  }
}

/** What comes, by name, until the last of `accepted` has come. */
async function reader(url: string) {
  const client = new Client({ url, clientId: 'reader', protocolVersion: 5 })
  await client.connect()
  const messages = await client.subscribe(['full/1', 'full/2'].map((filter) => ({ filter, qos: 2 as const })))
  return {
    async all(accepted: readonly string[]): Promise<string[]> {
      const names: string[] = []
      const missing = new Set(accepted)
      for await (const message of messages) {
        names.push(message.text().trim())
        missing.delete(message.text().trim())
        if (missing.size === 0) break
      }
      await client.stop()
      return names
    },
  }
}

test.skipIf(reason)(`a client on a full disk goes on, and with it once there is room${skipped}`, async () => {
  const directory = temporaryDirectory()
  mkdirSync(directory, { recursive: true })
  using disk = await SmallDisk.mount(directory, '16m')
  await using broker = await startMosquitto()
  const { all } = await reader(broker.urls.mqtt)
  const { accepted, said } = await runClient(disk, directory, broker.urls.mqtt, 'goes on')
  const seen = JSON.parse(said ?? '{}')
  expect(seen).toEqual({
    refusal: {
      name: 'MqttError',
      code: 'ENOSPC',
      phase: 'store',
      retryable: true,
      message: expect.stringContaining('the disk is full: make room, and try again'),
    },
    again: expect.arrayContaining(['ENOSPC']),
    alive: true,
    echo: 'QoS 0 goes on',
    connections: 1,
    errors: expect.any(Array),
  })
  // Where what was to be written beside messages failed, too.
  expect(['store ENOSPC']).toEqual(expect.arrayContaining(seen.errors))
  expect(accepted.length).toBeGreaterThan(20)
  const names = await all(accepted)
  expect(names.sort(), 'what was accepted, once, and nothing that was refused').toEqual(accepted.sort())
})

test.skipIf(reason)(
  `a client that is killed on a full disk has lost nothing that it had accepted${skipped}`,
  async () => {
    const directory = temporaryDirectory()
    mkdirSync(directory, { recursive: true })
    using disk = await SmallDisk.mount(directory, '16m')
    await using broker = await startMosquitto()
    await broker.stop()
    const before = await runClient(disk, directory, broker.urls.mqtt, 'is killed')
    expect(before.accepted.length).toBeGreaterThanOrEqual(10)
    disk.shell('rm "$0/filler"')
    await broker.start()
    const { all } = await reader(broker.urls.mqtt)
    const after = await runClient(disk, directory, broker.urls.mqtt, 'goes on')
    expect(JSON.parse(after.said ?? '{}')).toMatchObject({ connections: 1 })
    const accepted = [...before.accepted, ...after.accepted]
    const names = await all(accepted)
    expect(names.sort()).toEqual(accepted.sort())
  },
)
