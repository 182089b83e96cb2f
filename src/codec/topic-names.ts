/**
 * Reads Topic Names. Servers send the same ones again and again, and to hold bytes against a text that is there costs
 * less than to read and to check another one, for which nobody knows yet whose it is: a quarter of a small message.
 */

import { describe } from '../errors.js'
import type { Reader } from './bytes.js'
import { hasWildcard } from './topic.js'

/** A power of two: 256 KiB in Node, so that ten thousand topics mostly have a place each. */
const PLACES = 32_768
/** Bytes of the longest that is kept, so that all of them are not much. */
const LONGEST = 64

/** ASCII, so that units are bytes. Each has its place by its bytes, and leaves it to the next one of that place. */
const recent = new Array<string | undefined>(PLACES)

export function readTopicName(reader: Reader): string {
  const { bytes, position } = reader
  const start = position + 2
  const length = ((bytes[position] as number) << 8) | (bytes[position + 1] as number)
  const kept = length <= LONGEST && start + length <= reader.end
  const place = kept ? placeOf(bytes, start, length) : 0
  const known = kept ? recent[place] : undefined
  if (known?.length === length && isTextOf(known, bytes, start)) {
    reader.position = start + length
    return known
  }
  const topic = reader.text('topic')
  // [MQTT-3.3.2-2]
  if (hasWildcard(topic)) throw reader.refuse('topic', 'no + and #', describe(topic), 0x90)
  if (kept && topic.length === length) recent[place] = topic
  return topic
}

function placeOf(bytes: Uint8Array, start: number, length: number): number {
  let hash = length
  for (let i = start; i < start + length; i++) hash = (Math.imul(hash, 31) + (bytes[i] as number)) | 0
  return (hash ^ (hash >>> 15)) & (PLACES - 1)
}

function isTextOf(text: string, bytes: Uint8Array, start: number): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false
  return true
}
