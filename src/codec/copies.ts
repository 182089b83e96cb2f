/** Copies of what is small in a chunk, so that who keeps it does not keep all of the chunk alive. */

/** What is handed out keeps at most so many times its own size of memory alive. */
const PINNED = 16
/** Up to this length an array of its own is the cheapest. */
const SMALL = 32

const NO_BYTES = new Uint8Array(0)

export class Copies {
  #chunk: Uint8Array = NO_BYTES
  /** Bytes that a view of the chunk keeps alive. */
  #memory = 0
  /** A copy of a part of the chunk, and where that begins. */
  #part: Uint8Array = NO_BYTES
  #start = 0

  /** From here on it is this chunk that is taken from. */
  open(chunk: Uint8Array): void {
    this.#chunk = chunk
    this.#memory = chunk.buffer.byteLength
    this.#part = NO_BYTES
    // Where the last chunk was copied from may lie behind all of this one: nothing is to be found before it.
    this.#start = 0
  }

  /** The bytes from `start` to `end`. Larger ones are copied together with what follows, which is asked for next. */
  take(start: number, end: number): Uint8Array {
    const chunk = this.#chunk
    const length = end - start
    const most = length * PINNED
    if (most >= this.#memory) return chunk.subarray(start, end)
    if (length <= SMALL) {
      const copy = new Uint8Array(length)
      for (let i = 0; i < length; i++) copy[i] = chunk[start + i] as number
      return copy
    }
    const at = start - this.#start
    const part = this.#part
    if (at + length <= part.length && part.length <= most) return part.subarray(at, at + length)
    this.#start = start
    this.#part = chunk.slice(start, start + most)
    return this.#part.subarray(0, length)
  }
}
