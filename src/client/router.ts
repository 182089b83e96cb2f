/** Who wants a message: plain filters by name, those with a wildcard in a trie by topic level (§4.7). */

import { hasWildcard, parseSharedFilter } from '../codec/topic.js'

/** Those who were added with one filter. */
interface Holders<T> {
  readonly all: Set<T>
  /** The same in an array, which whoever goes through it may keep; undefined when they have changed. */
  list: readonly T[] | undefined
}

/** A place in the trie. `+` and `#` are levels like others: no topic holds them. */
interface Node<T> {
  readonly levels: Map<string, Node<T>>
  /** Those whose filters end here: `a/+`, and `$share/g/a/+`. */
  readonly ends: Set<Holders<T>>
}

const NOBODY: readonly never[] = []

export class Router<T> {
  /** Made with the first. */
  #holders: Map<string, Holders<T>> | undefined
  /** Of the filters that are more than the one topic that they match; made with the first. */
  #patterns: Node<T> | undefined

  add(filter: string, target: T): void {
    this.#holders ??= new Map()
    const known = this.#holders.get(filter)
    const holders = known ?? { all: new Set(), list: undefined }
    holders.all.add(target)
    holders.list = undefined
    if (known) return
    this.#holders.set(filter, holders)
    const levels = levelsOf(filter)
    if (!levels) return
    this.#patterns ??= emptyNode()
    let at = this.#patterns
    for (const level of levels) {
      const next = at.levels.get(level) ?? emptyNode()
      at.levels.set(level, next)
      at = next
    }
    at.ends.add(holders)
  }

  delete(filter: string, target: T): void {
    const holders = this.#holders?.get(filter)
    if (!holders?.all.delete(target)) return
    holders.list = undefined
    if (holders.all.size > 0) return
    this.#holders?.delete(filter)
    const levels = levelsOf(filter)
    if (levels) remove(this.#patterns as Node<T>, levels, 0, holders)
  }

  clear(): void {
    this.#holders = undefined
    this.#patterns = undefined
  }

  /** Those who were added with exactly this filter. */
  holders(filter: string): readonly T[] {
    const holders = this.#holders?.get(filter)
    return holders ? listOf(holders) : NOBODY
  }

  /** Everyone, each once. */
  targets(): readonly T[] {
    return union([...(this.#holders?.values() ?? [])])
  }

  /** Everyone whose filter matches `topic`, each once. */
  match(topic: string): readonly T[] {
    if (!this.#patterns) return this.holders(topic)
    const exact = this.#holders?.get(topic)
    const found = exact ? [exact] : []
    collect(this.#patterns, topic, 0, found)
    return found.length === 1 ? listOf(found[0] as Holders<T>) : union(found)
  }
}

function listOf<T>(holders: Holders<T>): readonly T[] {
  holders.list ??= [...holders.all]
  return holders.list
}

function union<T>(found: readonly Holders<T>[]): readonly T[] {
  return [...new Set(found.flatMap(listOf))]
}

/** Adds those whose filters match `topic`, from `start` on, to `found`. */
function collect<T>(at: Node<T>, topic: string, start: number, found: Holders<T>[]): void {
  // [MQTT-4.7.2-1] A leading wildcard does not match a topic that begins with $.
  const hidden = start === 0 && topic.startsWith('$')
  // `a/#` matches `a`, too.
  const all = hidden ? undefined : at.levels.get('#')
  if (all) found.push(...all.ends)
  if (start > topic.length) {
    found.push(...at.ends)
    return
  }
  const slash = topic.indexOf('/', start)
  const end = slash < 0 ? topic.length : slash
  const next = at.levels.get(topic.slice(start, end))
  if (next) collect(next, topic, end + 1, found)
  const any = hidden ? undefined : at.levels.get('+')
  if (any) collect(any, topic, end + 1, found)
}

/** Takes `holders` out, and what leads to nobody then. */
function remove<T>(at: Node<T>, levels: string[], depth: number, holders: Holders<T>): void {
  const level = levels[depth]
  if (level === undefined) {
    at.ends.delete(holders)
    return
  }
  const next = at.levels.get(level) as Node<T>
  remove(next, levels, depth + 1, holders)
  if (next.levels.size === 0 && next.ends.size === 0) at.levels.delete(level)
}

function emptyNode<T>(): Node<T> {
  return { levels: new Map(), ends: new Set() }
}

/** The levels that topics are held against, of a shared subscription those behind `$share/name/`; none of a plain filter. */
function levelsOf(filter: string): string[] | undefined {
  const pattern = parseSharedFilter(filter)?.filter ?? filter
  return pattern === filter && !hasWildcard(filter) ? undefined : pattern.split('/')
}
