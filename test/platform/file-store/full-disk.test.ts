/** A disk that is really full: a tmpfs of 2 MiB, in a mount namespace of its own. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ensureBuilt } from '../../support/setup.mjs'
import { entriesAfter } from '../../support/store-batches.mjs'
import { StoreProcess } from '../../support/store-process.js'
import { temporaryDirectory } from '../../support/temporary.js'

const NAMESPACE = ['unshare', '--map-root-user', '--mount']

/** Why there can be no such disk here; undefined when there can. */
function obstacle(): string | undefined {
  if (process.platform !== 'linux') return 'only Linux has mount namespaces'
  const mount = 'mount -t tmpfs tmpfs /tmp && command -v nsenter'
  const { status, stderr, error } = spawnSync(NAMESPACE[0] as string, [...NAMESPACE.slice(1), 'sh', '-c', mount])
  return status === 0 ? undefined : `no mount namespace: ${error?.message ?? stderr}`
}

const reason = obstacle()
if (reason !== undefined) console.warn(`The tests of a full disk are skipped: ${reason}`)

beforeAll(async () => {
  await ensureBuilt()
})

let keeper: ChildProcess | undefined
afterAll(() => keeper?.kill('SIGKILL'))

/** Mounts a disk on the directory, which is there as long as this file runs; gives what runs a command where it is seen. */
async function mountDisk(directory: string, size: string): Promise<string[]> {
  const mount = 'mount -t tmpfs -o size="$1" tmpfs "$0" && echo mounted && exec cat'
  const [command = '', ...args] = [...NAMESPACE, 'sh', '-c', mount, directory, size]
  keeper = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const [said] = await once(keeper.stdout as NodeJS.ReadableStream, 'data')
  expect(String(said)).toBe('mounted\n')
  return ['nsenter', `--target=${keeper.pid}`, '--user', '--mount', '--preserve-credentials']
}

test.skipIf(reason)(
  `a full disk rejects the write and no more; once there is room, all goes on, and nothing that resolved is missing${reason ? ` (skipped: ${reason})` : ''}`,
  async () => {
    const directory = temporaryDirectory()
    const inside = await mountDisk(directory, '2m')
    const shell = (script: string) => {
      const { status, stderr } = spawnSync(inside[0] as string, [...inside.slice(1), 'sh', '-c', script, directory])
      expect({ status, stderr: String(stderr) }).toEqual({ status: 0, stderr: '' })
    }
    const store = `${directory}/store`
    const full = {
      code: 'ENOSPC',
      phase: 'store',
      retryable: true,
      message: `Cannot write to the store in ${store}: the disk is full: make room, and try again (ENOSPC)`,
    }

    // Something else takes half of it.
    shell('head -c 1000000 /dev/zero > "$0/other"')
    await using first = new StoreProcess(store, { inside })
    await first.open()
    await expect(first.write(7, 1, Number.MAX_SAFE_INTEGER)).rejects.toEqual(Object.assign(new Error(), full))
    expect(first.done).toBeGreaterThan(5)
    const accepted = first.done
    // The log that has to be read again is as large as what is left: it stays so.
    for (let attempt = 0; attempt < 3; attempt++) {
      await expect(first.write(7, accepted + 1)).rejects.toEqual(Object.assign(new Error(), full))
    }
    expect(first.done).toBe(accepted)

    shell('rm "$0/other"')
    await first.write(7, accepted + 1, accepted + 3)
    expect(first.done).toBe(accepted + 3)
    await first.kill()
    await using second = new StoreProcess(store, { inside })
    expect(await second.open()).toEqual({ entries: entriesAfter(7, accepted + 3) })
    await second.close()

    // And where it is killed while the disk is full, before anything could be put right.
    shell('head -c 1000000 /dev/zero > "$0/other"; true')
    await second.open()
    await expect(second.write(7, accepted + 4, Number.MAX_SAFE_INTEGER)).rejects.toMatchObject({ code: 'ENOSPC' })
    const last = Math.max(second.done, accepted + 3)
    await second.kill()
    await using third = new StoreProcess(store, { inside })
    await expect(third.open()).rejects.toMatchObject({ code: 'ENOSPC', phase: 'store', retryable: true })
    shell('rm "$0/other"')
    expect(await third.open()).toEqual({
      entries: entriesAfter(7, last),
      damage: expect.stringContaining('its last write was cut off before it was accepted; nothing'),
    })
  },
)
