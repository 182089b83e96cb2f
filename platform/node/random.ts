/** Random bytes from a pool: a call of the host takes 18 µs however little it gives, and a client id needs eight. */

import { random } from '../shared/random.js'

const POOL = 1_024

let pool: Uint8Array = new Uint8Array(0)

/** Nobody is given the same bytes, and they do not stay here: they may become a secret. */
export function pooledRandom(size: number): Uint8Array {
  if (size > POOL) return random(size)
  if (size > pool.length) pool = random(POOL)
  const bytes = pool.slice(0, size)
  pool.fill(0, 0, size)
  pool = pool.subarray(size)
  return bytes
}
