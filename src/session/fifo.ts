/** A first-in, first-out queue whose every step costs the same, however long it is. */

/** One for all that are empty: of those that a client has, most are never used. It is never pushed to. */
const NONE: never[] = []

export class Fifo<T> {
  #items: (T | undefined)[] = NONE
  #head = 0

  get size(): number {
    return this.#items.length - this.#head
  }

  /** A copy of them, in order. */
  get items(): T[] {
    return this.#items.slice(this.#head) as T[]
  }

  push(item: T): void {
    if (this.#items === NONE) this.#items = []
    this.#items.push(item)
  }

  peek(): T | undefined {
    return this.#items[this.#head]
  }

  shift(): T | undefined {
    const item = this.#items[this.#head]
    if (item === undefined) return undefined
    this.#items[this.#head++] = undefined
    const { size } = this
    // Moving what is left once half is gone costs a constant for each item.
    if (size === 0 || (this.#head >= 1024 && this.#head >= size)) {
      this.#items = size === 0 ? NONE : this.#items.slice(this.#head)
      this.#head = 0
    }
    return item
  }

  /** The first item that matches. */
  find(matches: (item: T) => boolean): T | undefined {
    for (let index = this.#head; index < this.#items.length; index++)
      if (matches(this.#items[index] as T)) return this.#items[index]
    return undefined
  }

  /** Takes out the first item that matches. */
  remove(matches: (item: T) => boolean): T | undefined {
    for (let index = this.#head; index < this.#items.length; index++) {
      const item = this.#items[index] as T
      if (!matches(item)) continue
      // The first is the one that is mostly asked for, and the one whose end would move all others.
      if (index === this.#head) return this.shift()
      this.#items.splice(index, 1)
      return item
    }
    return undefined
  }

  /** Puts what `change` makes of all items in their place. */
  change(change: (items: T[]) => T[]): void {
    this.#items = change(this.items)
    this.#head = 0
  }
}
