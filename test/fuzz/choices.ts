/**
 * A fuzzer's bytes as decisions, one byte for each: a small change of the input is a small change of what happens. Jazzer's
 * own provider takes from both ends, and cannot be loaded where its compiled part does not run.
 */
export class Choices {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** Bytes that are left; when none is, every choice is the first. */
  get left(): number {
    return this.#bytes.length - this.#at
  }

  byte(): number {
    return this.#bytes[this.#at++] ?? 0
  }

  /** From 0 to below `limit`, which is 256 at most. */
  below(limit: number): number {
    return this.byte() % limit
  }

  /** One in `limit`. */
  rarely(limit: number): boolean {
    return this.below(limit) === limit - 1
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T
  }

  /** As many of the bytes that follow as there are, in an array of their own. */
  bytes(count: number): Uint8Array {
    const taken = this.#bytes.slice(this.#at, this.#at + count)
    this.#at += taken.length
    return taken
  }
}
