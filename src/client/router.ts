/** Who wants a message: plain filters by name, those with a wildcard in a trie by topic level (§4.7). */

import { hasWildcard, parseSharedFilter } from '../codec/topic.js'

/** A place in the trie. `+` and `#` are levels like others: no topic holds them. */
interface Node {
  readonly levels: Map<string, Node>
  /** The filters that end here: `a/+`, and `$share/g/a/+`. */
  readonly ends: string[]
}

const NOBODY: readonly never[] = []

/** Characters of the topics whose answers are remembered, and who is in these, at most: 8 MiB, for ten thousand topics. */
const MEMORY = 1_048_576
/** What a topic takes of it beside that. */
const COST = 32

export class Router<T> {
  /** By filter. Made with the first; a list that was handed out is never changed, so that one can be gone through. */
  #holders: Map<string, readonly T[]> | undefined
  /** Of the filters that are more than the one topic that they match; made with the first. */
  #patterns: Node | undefined
  /**
   * By topic, what `match` said since the last change. What comes once it is full is looked for each time. Also where
   * nobody has a wildcard: its keys are the texts of messages, found again without being compared (0.8 of the CPU).
   */
  #known: Map<string, readonly T[]> | undefined
  #room = 0

  add(filter: string, target: T): void {
    this.#known = undefined
    this.#holders ??= new Map()
    const holders = this.holders(filter)
    if (!holders.includes(target)) this.#holders.set(filter, [...holders, target])
    const levels = levelsOf(filter)
    if (holders.length > 0 || !levels) return
    this.#patterns ??= emptyNode()
    let at = this.#patterns
    for (const level of levels) {
      const next = at.levels.get(level) ?? emptyNode()
      at.levels.set(level, next)
      at = next
    }
    at.ends.push(filter)
  }

  delete(filter: string, target: T): void {
    this.#known = undefined
    const before = this.holders(filter)
    const holders = before.filter((each) => each !== target)
    if (holders.length > 0) this.#holders?.set(filter, holders)
    if (holders.length > 0 || before.length === 0) return
    this.#holders?.delete(filter)
    const levels = levelsOf(filter)
    if (levels) remove(this.#patterns as Node, levels, 0, filter)
  }

  clear(): void {
    this.#holders = this.#patterns = this.#known = undefined
  }

  /** Those who were added with exactly this filter. */
  holders(filter: string): readonly T[] {
    return this.#holders?.get(filter) ?? NOBODY
  }

  /** Everyone, each once. */
  targets(): readonly T[] {
    return union([...(this.#holders?.values() ?? [])])
  }

  /** Everyone whose filter matches `topic`, each once. */
  match(topic: string): readonly T[] {
    const known = this.#known?.get(topic)
    if (known) return known
    const found = [this.holders(topic)]
    if (this.#patterns) for (const filter of collect(this.#patterns, topic, 0, [])) found.push(this.holders(filter))
    const all = union(found)
    if (!this.#known) {
      this.#known = new Map()
      this.#room = MEMORY
    }
    const cost = COST + topic.length + all.length
    if (cost <= this.#room) {
      this.#room -= cost
      this.#known.set(topic, all)
    }
    return all
  }
}

function union<T>(found: readonly (readonly T[])[]): readonly T[] {
  const [only, ...others] = found.filter(({ length }) => length > 0)
  return only && others.length === 0 ? only : [...new Set(found.flat())]
}

/** Adds the filters that match `topic`, from `start` on, to `found`. */
function collect(at: Node, topic: string, start: number, found: string[]): string[] {
  // [MQTT-4.7.2-1] A leading wildcard does not match a topic that begins with $.
  const hidden = start === 0 && topic.startsWith('$')
  // `a/#` matches `a`, too.
  const all = hidden ? undefined : at.levels.get('#')
  if (all) found.push(...all.ends)
  if (start > topic.length) {
    found.push(...at.ends)
    return found
  }
  const slash = topic.indexOf('/', start)
  const end = slash < 0 ? topic.length : slash
  const next = at.levels.get(topic.slice(start, end))
  if (next) collect(next, topic, end + 1, found)
  const any = hidden ? undefined : at.levels.get('+')
  if (any) collect(any, topic, end + 1, found)
  return found
}

/** Takes `filter` out, and what leads to nobody then. */
function remove(at: Node, levels: string[], depth: number, filter: string): void {
  const level = levels[depth]
  if (level === undefined) {
    at.ends.splice(at.ends.indexOf(filter), 1)
    return
  }
  const next = at.levels.get(level) as Node
  remove(next, levels, depth + 1, filter)
  if (next.levels.size === 0 && next.ends.length === 0) at.levels.delete(level)
}

function emptyNode(): Node {
  return { levels: new Map(), ends: [] }
}

/** The levels that topics are held against, of a shared subscription those behind `$share/name/`; none of a plain filter. */
function levelsOf(filter: string): string[] | undefined {
  const pattern = parseSharedFilter(filter)?.filter ?? filter
  return pattern === filter && !hasWildcard(filter) ? undefined : pattern.split('/')
}
