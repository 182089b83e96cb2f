/** Who wants a message: exact filters in a map, wildcards in a trie by topic level (§4.7). */

import { parseSharedFilter } from '../codec/topic.js'

/** Targets, and by how many filters of the same pattern (`a` and `$share/g/a`) each is held here. */
type Targets<T> = Map<T, number>

/** A place in the trie. `+` and `#` are levels like others: no topic holds them. */
interface Node<T> {
  readonly levels: Map<string, Node<T>>
  readonly targets: Targets<T>
}

export class Router<T> {
  readonly #holders = new Map<string, Set<T>>()
  readonly #exact = new Map<string, Targets<T>>()
  readonly #wildcards: Node<T> = emptyNode()

  add(filter: string, target: T): void {
    const holders = this.#holders.get(filter) ?? new Set()
    if (holders.has(target)) return
    this.#holders.set(filter, holders.add(target))
    const targets = this.#targets(patternOf(filter))
    targets.set(target, (targets.get(target) ?? 0) + 1)
  }

  delete(filter: string, target: T): void {
    const holders = this.#holders.get(filter)
    if (!holders?.delete(target)) return
    if (holders.size === 0) this.#holders.delete(filter)
    const pattern = patternOf(filter)
    const targets = this.#targets(pattern)
    const held = (targets.get(target) as number) - 1
    if (held > 0) targets.set(target, held)
    else targets.delete(target)
    if (targets.size > 0) return
    if (isExact(pattern)) this.#exact.delete(pattern)
    else prune(this.#wildcards, pattern.split('/'), 0)
  }

  clear(): void {
    this.#holders.clear()
    this.#exact.clear()
    this.#wildcards.levels.clear()
  }

  /** Those who were added with exactly this filter. */
  holders(filter: string): T[] {
    return [...(this.#holders.get(filter) ?? [])]
  }

  /** Everyone whose filter matches `topic`, each once. */
  match(topic: string): T[] {
    const exact = this.#exact.get(topic)
    if (this.#wildcards.levels.size === 0) return exact ? [...exact.keys()] : []
    const found = new Set(exact?.keys())
    collect(this.#wildcards, topic.split('/'), 0, found)
    return [...found]
  }

  /** The targets of a pattern, with a place for them where there was none. */
  #targets(pattern: string): Targets<T> {
    if (isExact(pattern)) return getOrAdd(this.#exact, pattern, () => new Map())
    return pattern.split('/').reduce((at, level) => getOrAdd(at.levels, level, emptyNode<T>), this.#wildcards).targets
  }
}

function collect<T>(at: Node<T>, levels: string[], depth: number, found: Set<T>): void {
  const level = levels[depth]
  const take = (child: Node<T> | undefined): void => {
    if (child) for (const target of child.targets.keys()) found.add(target)
  }
  // [MQTT-4.7.2-1] A leading wildcard does not match a topic that begins with $.
  const hidden = depth === 0 && level?.startsWith('$')
  // `a/#` matches `a`, too.
  if (!hidden) take(at.levels.get('#'))
  if (level === undefined) return take(at)
  for (const next of hidden ? [level] : [level, '+']) {
    const child = at.levels.get(next)
    if (child) collect(child, levels, depth + 1, found)
  }
}

/** Takes out what leads to nobody. */
function prune<T>(at: Node<T>, levels: string[], depth: number): void {
  const level = levels[depth]
  const child = level === undefined ? undefined : at.levels.get(level)
  if (!child) return
  prune(child, levels, depth + 1)
  if (child.levels.size === 0 && child.targets.size === 0) at.levels.delete(level as string)
}

function emptyNode<T>(): Node<T> {
  return { levels: new Map(), targets: new Map() }
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const value = map.get(key) ?? make()
  map.set(key, value)
  return value
}

/** What topics are held against: of a shared subscription, the part behind `$share/name/`. */
function patternOf(filter: string): string {
  return parseSharedFilter(filter)?.filter ?? filter
}

function isExact(pattern: string): boolean {
  return !pattern.includes('+') && !pattern.includes('#')
}
