/** How a program of bench/programs and a peer of bench/peers get their job and hand in their answer. */

import { once } from 'node:events'

/** What we are to do. @returns {Promise<any>} */
export async function takeJob() {
  const [job] = await once(process, 'message')
  // Whoever asked is gone: nothing is left to do.
  process.once('disconnect', () => process.exit())
  return job
}

/**
 * The answer; a program has nothing to do after it, a peer goes on until it is told to end.
 * @param {object} answer
 */
export function handIn(answer) {
  process.send?.(answer)
}

/**
 * Throws where what was measured is not what was meant.
 * @param {boolean} right
 * @param {string} what
 * @returns {asserts right}
 */
export function check(right, what) {
  if (!right) throw new Error(`wrong before it was timed: ${what}`)
}

/**
 * The middle one, or what lies in the middle of two.
 * @param {readonly number[]} numbers
 */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  const half = sorted.length / 2
  return (sorted[Math.ceil(half) - 1] + sorted[Math.floor(half)]) / 2
}

/**
 * @param {readonly number[]} numbers
 * @param {number} part From 0, the least, to 1, the greatest.
 */
export function quantile(numbers, part) {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.round(part * (sorted.length - 1))] ?? Number.NaN
}

/** µs of CPU, of user and system, since it was made. */
export function startCpuClock() {
  const before = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(before)
    return user + system
  }
}

/** Bytes that the engine comes and goes with by itself: less than that is not seen. */
const LEAST_MEMORY = 2 ** 18

/** Bytes in use on the heap and beside it, when all that nobody holds is gone. Node has to be told `--expose-gc`. */
export function measureMemory() {
  for (let time = 0; time < 2; time++) globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** `{ memory }` that came since; `{}` where it is too little to be told from what the engine does. */
export function memorySince(before) {
  const memory = measureMemory() - before
  return memory < LEAST_MEMORY ? {} : { memory }
}
