/**
 * What the client allocates for a message, so that nobody makes it more without noticing: garbage is time that no single
 * change shows. Counted by bench/programs/allocation.mjs with the built client and a connection in memory, to the byte.
 */

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { ensureBuilt, ROOT } from '../support/setup.mjs'

/**
 * Bytes of the heap for a message with 16 bytes of payload, at most: what it is now and 15, which no object is as small
 * as. Whoever needs less lowers the number; nobody raises it without saying what for.
 */
const BARS: readonly { direction: 'publish' | 'receive'; qos: 0 | 1 | 2; most: number; what: string }[] = [
  { direction: 'publish', qos: 0, most: 275, what: 'the packet, and little beside it' },
  { direction: 'publish', qos: 1, most: 972, what: 'that, its record until PUBACK, the promise and its result' },
  { direction: 'publish', qos: 2, most: 1_134, what: 'as at QoS 1, and PUBREL' },
  { direction: 'receive', qos: 0, most: 560, what: 'the message with its topic and payload, and its receipt' },
  { direction: 'receive', qos: 1, most: 759, what: 'that, its delivery until it is settled, and PUBACK' },
  { direction: 'receive', qos: 2, most: 1_004, what: 'as at QoS 1, PUBREL and PUBCOMP' },
]

/** The numbers are of Node 20 on x64: V8 lays objects out and optimises a little differently elsewhere. */
const TOLERANCE = process.versions.v8.startsWith('11.3.') && process.arch === 'x64' ? 1 : 1.1

/** Bytes outside of the heap: the slab of what is sent (30 bytes a packet), of which the last may be begun for one message. */
const MOST_OUTSIDE = 60

const NODE = ['--expose-gc', '--min-semi-space-size=256', '--max-semi-space-size=256', '--single-threaded']

beforeAll(async () => void (await ensureBuilt()))

for (const { direction, qos, most, what } of BARS) {
  const doing = direction === 'publish' ? 'publishing' : 'receiving'
  test(`${doing} at QoS ${qos} allocates ${what}: no more than the bar for it`, async () => {
    const { heap, external } = await count({ client: 'emqtt', over: 'memory', direction, qos })
    expect(heap).toBeLessThanOrEqual(most * TOLERANCE)
    // Less could only be a message that did not pass.
    expect(heap).toBeGreaterThan(direction === 'publish' ? 60 : 150)
    expect(external).toBeLessThanOrEqual(MOST_OUTSIDE)
  })
}

async function count(job: object): Promise<{ heap: number; external: number }> {
  const child = fork(join(ROOT, 'bench/programs/allocation.mjs'), {
    execArgv: NODE,
    // What vitest tells its own workers would have Node do more than it is asked to.
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`it ended with ${code} instead of a count: ${said}`)
  })
  ended.catch(() => {})
  child.send(job)
  const [counted] = await Promise.race([once(child, 'message'), ended])
  child.disconnect()
  return counted
}
