/** Messages from stdin: all of it as one, or each of its lines as it comes. */

import { fstatSync } from 'node:fs'
import { Failure } from './failure.js'

/** What Remaining Length can announce (§1.5.5), which is a little more than a payload can have. */
const LARGEST = 268_435_455

/**
 * Whether something is piped into stdin, or redirected from a file. A terminal is not, nor is `/dev/null`, which jobs
 * get that nobody watches: an empty message that nobody asked for could clear a retained one.
 */
export function isPiped(): boolean {
  try {
    const stdin = fstatSync(0)
    return stdin.isFIFO() || stdin.isFile() || stdin.isSocket()
  } catch {
    return false
  }
}

/** All of stdin, to its last byte. */
export async function readAll(ended: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of chunksOfStdin(ended)) {
    length += chunk.length
    checkLength(length, 'what is in stdin')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/**
 * The lines of stdin, each as soon as it is complete, and no more of them than are asked for. A line ends with LF or
 * CR LF, the last one also with the input. Empty ones are left out, as mosquitto_pub does: at the end of a text they are
 * seldom meant, and a retained one would clear what is kept.
 */
export async function* readLines(ended: AbortSignal): AsyncGenerator<Buffer> {
  let begun: Buffer[] = []
  let length = 0
  for await (const chunk of chunksOfStdin(ended)) {
    let from = 0
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, from)) {
      begun.push(chunk.subarray(from, end))
      const line = withoutCr(Buffer.concat(begun))
      begun = []
      length = 0
      from = end + 1
      if (line.length > 0) yield line
    }
    length += chunk.length - from
    checkLength(length, 'a line of stdin')
    begun.push(chunk.subarray(from))
  }
  const last = withoutCr(Buffer.concat(begun))
  if (last.length > 0) yield last
}

const LF = 0x0a
const CR = 0x0d

function withoutCr(line: Buffer): Buffer {
  return line.at(-1) === CR ? line.subarray(0, -1) : line
}

async function* chunksOfStdin(ended: AbortSignal): AsyncGenerator<Buffer> {
  const { stdin } = process
  // Waiting for more would keep the process.
  ended.addEventListener('abort', () => stdin.destroy(), { once: true })
  if (!ended.aborted) yield* stdin
}

function checkLength(length: number, what: string): void {
  if (length > LARGEST) throw new Failure(`${what} is longer than the ${LARGEST} bytes of an MQTT packet`, 1)
}
