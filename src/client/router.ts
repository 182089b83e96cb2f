/** Who wants a message: plain filters by name, those with a wildcard in a trie by topic level (§4.7). */

import { hasWildcard, parseSharedFilter } from '../codec/topic.js'

/** A place in the trie. `+` and `#` are levels like others: no topic holds them. */
interface Node {
  readonly levels: Map<string, Node>
  /** Those that end here: `a/+`, and `$share/g/a/+`. */
  readonly filters: Set<string>
}

export class Router<T> {
  /** Made with the first. */
  #holders: Map<string, Set<T>> | undefined
  /** Of the filters that are more than the one topic that they match; made with the first. */
  #patterns: Node | undefined

  add(filter: string, target: T): void {
    this.#holders ??= new Map()
    const holders = this.#holders.get(filter) ?? new Set()
    this.#holders.set(filter, holders.add(target))
    const levels = levelsOf(filter)
    if (!levels) return
    this.#patterns ??= emptyNode()
    let at = this.#patterns
    for (const level of levels) {
      const next = at.levels.get(level) ?? emptyNode()
      at.levels.set(level, next)
      at = next
    }
    at.filters.add(filter)
  }

  delete(filter: string, target: T): void {
    const holders = this.#holders?.get(filter)
    if (!holders?.delete(target) || holders.size > 0) return
    this.#holders?.delete(filter)
    const levels = levelsOf(filter)
    if (levels) remove(this.#patterns as Node, levels, 0, filter)
  }

  clear(): void {
    this.#holders = undefined
    this.#patterns = undefined
  }

  /** Those who were added with exactly this filter. */
  holders(filter: string): T[] {
    return [...(this.#holders?.get(filter) ?? [])]
  }

  /** Everyone, each once. */
  targets(): Set<T> {
    return this.#union(this.#holders?.keys() ?? [])
  }

  /** Everyone whose filter matches `topic`, each once. */
  match(topic: string): T[] {
    if (!this.#patterns) return this.holders(topic)
    const filters = [topic]
    collect(this.#patterns, topic.split('/'), 0, filters)
    return [...this.#union(filters)]
  }

  #union(filters: Iterable<string>): Set<T> {
    const found = new Set<T>()
    for (const filter of filters) for (const target of this.#holders?.get(filter) ?? []) found.add(target)
    return found
  }
}

/** Adds the filters that match to `found`. */
function collect(at: Node, levels: string[], depth: number, found: string[]): void {
  const level = levels[depth]
  // [MQTT-4.7.2-1] A leading wildcard does not match a topic that begins with $.
  const hidden = depth === 0 && level?.startsWith('$')
  // `a/#` matches `a`, too.
  const all = at.levels.get('#')
  if (all && !hidden) found.push(...all.filters)
  if (level === undefined) found.push(...at.filters)
  else {
    for (const name of hidden ? [level] : [level, '+']) {
      const next = at.levels.get(name)
      if (next) collect(next, levels, depth + 1, found)
    }
  }
}

/** Takes `filter` out, and what leads to nobody then. */
function remove(at: Node, levels: string[], depth: number, filter: string): void {
  const level = levels[depth]
  if (level === undefined) {
    at.filters.delete(filter)
    return
  }
  const next = at.levels.get(level) as Node
  remove(next, levels, depth + 1, filter)
  if (next.levels.size === 0 && next.filters.size === 0) at.levels.delete(level)
}

function emptyNode(): Node {
  return { levels: new Map(), filters: new Set() }
}

/** The levels that topics are held against, of a shared subscription those behind `$share/name/`; none of a plain filter. */
function levelsOf(filter: string): string[] | undefined {
  const pattern = parseSharedFilter(filter)?.filter ?? filter
  return pattern === filter && !hasWildcard(filter) ? undefined : pattern.split('/')
}
