/** Topic Names and Topic Filters (§4.7, §4.8): which are well-formed, and which filter matches which name. */

import { outOfRange } from '../errors.js'
import type { Reader } from './bytes.js'

const SLASH = 47
const PLUS = 43
const HASH = 35
const DOLLAR = 36

const SHARE = '$share/'

/** Whether text holds `+` or `#`. */
export function hasWildcard(text: string): boolean {
  return text.includes('+') || text.includes('#')
}

/** Whether text that is well-formed UTF-8 is a Topic Name. */
export function isTopicName(text: string): boolean {
  // [MQTT-4.7.3-1] One character at least. [MQTT-4.7.0-1] [MQTT-3.3.2-2] Wildcards are for filters.
  return text.length > 0 && !hasWildcard(text)
}

/**
 * Whether text that is well-formed UTF-8 is a Topic Filter. `$share/` is held to the rules of 5.0 in all versions:
 * servers that know it in 3.1.1 treat it the same.
 */
export function isTopicFilter(text: string): boolean {
  let start = 0
  if (isShared(text)) {
    start = text.indexOf('/', SHARE.length) + 1
    // [MQTT-4.8.2-1] The ShareName is not empty; [MQTT-4.8.2-2] it has no wildcard, and a filter follows it.
    if (start === 0 || !isTopicName(text.slice(SHARE.length, start - 1))) return false
  }
  // [MQTT-4.7.1-1] # is the last character.
  const hash = text.indexOf('#', start)
  if (hash >= 0 && (hash < text.length - 1 || !isLevel(text, start, hash))) return false
  for (let plus = text.indexOf('+', start); plus >= 0; plus = text.indexOf('+', plus + 1)) {
    if (!isLevel(text, start, plus)) return false
  }
  return start < text.length // [MQTT-4.7.3-1]
}

/** [MQTT-4.7.1-1] [MQTT-4.7.1-2] Whether a wildcard has a level of its own. */
function isLevel(text: string, start: number, at: number): boolean {
  return (at === start || text[at - 1] === '/') && (at === text.length - 1 || text[at + 1] === '/')
}

/** Checks a caller's text for being a Topic Name. Throws a RangeError that names `field`. */
export function checkTopicName(topic: string, field: string): void {
  if (!isTopicName(topic)) throw outOfRange(field, 'a Topic Name: at least one character, no + and #', topic)
}

/** Checks a caller's text for being a Topic Filter. Throws a RangeError that names `field`. */
export function checkTopicFilter(filter: string, field: string): void {
  if (!isTopicFilter(filter))
    throw outOfRange(field, 'a Topic Filter: + and # as whole levels, # last, $share/name/filter', filter)
}

/** Reads a peer's Topic Filter. */
export function readTopicFilter(reader: Reader, field: string): string {
  const filter = reader.text(field)
  if (isTopicFilter(filter)) return filter
  throw reader.refuse(field, 'a Topic Filter', 'another text', 0x8f)
}

/** Whether a well-formed filter is that of a shared subscription. */
export function isShared(filter: string): boolean {
  return filter.startsWith(SHARE)
}

/** The parts of `$share/{share}/{filter}` (§4.8.2); undefined for any other filter. */
export function parseSharedFilter(filter: string): { share: string; filter: string } | undefined {
  if (!isShared(filter) || !isTopicFilter(filter)) return undefined
  const end = filter.indexOf('/', SHARE.length)
  return { share: filter.slice(SHARE.length, end), filter: filter.slice(end + 1) }
}

/**
 * Whether a Topic Filter matches a Topic Name (§4.7), both well-formed. A shared subscription matches by its filter.
 * Names are compared character by character, without any normalisation [MQTT-4.7.3-4].
 */
export function topicMatches(filter: string, topic: string): boolean {
  let f = isShared(filter) ? filter.indexOf('/', SHARE.length) + 1 : 0
  let t = 0
  const first = filter.charCodeAt(f)
  // [MQTT-4.7.2-1] A wildcard at the beginning does not match $-topics.
  if (topic.charCodeAt(0) === DOLLAR && (first === PLUS || first === HASH)) return false
  while (f < filter.length) {
    const unit = filter.charCodeAt(f)
    if (unit === HASH) return true
    if (unit === PLUS) {
      while (t < topic.length && topic.charCodeAt(t) !== SLASH) t++
      f++
    } else if (topic.charCodeAt(t) === unit) {
      f++
      t++
    } else {
      // `sport/#` matches `sport`, too: # stands for any number of levels, none included (§4.7.1.2).
      return t === topic.length && unit === SLASH && filter.charCodeAt(f + 1) === HASH
    }
  }
  return t === topic.length
}
