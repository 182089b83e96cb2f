/** Random bytes from the host's Web Crypto, which pages without HTTPS have, too, and Node since 20. */

/** The most that one call of `getRandomValues` gives. */
const BATCH = 65_536

export function random(size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  for (let at = 0; at < size; at += BATCH) crypto.getRandomValues(bytes.subarray(at, at + BATCH))
  return bytes
}
