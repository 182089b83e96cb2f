/** Acknowledgements of four bytes each, collected so that all of a chunk leave in one write, without an object for each. */

const SLAB = 2 ** 20

/** @param {(bytes: Uint8Array) => void} write */
export function collectAnswers(write) {
  // Bytes that were written are not written again: answers go on behind them, and then into another slab.
  let slab = Buffer.allocUnsafe(SLAB)
  let from = 0
  let to = 0
  return {
    /** Room for the answers to a chunk: none is longer than what it answers, of which the beginning may have come before. */
    reserve(chunk) {
      const room = chunk.length + 4
      if (to + room <= slab.length) return
      slab = Buffer.allocUnsafe(Math.max(SLAB, room))
      from = to = 0
    },
    /** The first byte of the packet, and the two of its id. */
    add(first, high, low) {
      slab[to] = first
      slab[to + 1] = 2
      slab[to + 2] = high
      slab[to + 3] = low
      to += 4
    },
    flush() {
      if (to > from) write(slab.subarray(from, to))
      from = to
    },
  }
}
