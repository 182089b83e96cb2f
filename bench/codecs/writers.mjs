/**
 * Each codec's way to lay packets one after the other into what will be sent, as its client does: `append` a packet, and
 * `take` the bytes that were not taken yet.
 */

import { rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { encodePacket } from '../../dist/codec/index.js'
import { toMqttPacket } from './packets.mjs'

const require = createRequire(import.meta.url)
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const SLAB = 65_536

/** By the name of the contender: from the version and our packet to what is appended again and again, and how. */
export const WRITERS = {
  /** The package has no door for it, so it comes from the source: what is measured is what its client has inside. */
  emqtt: async (protocolVersion) => {
    const { Writer, writePacket } = await importSource(`
      export { Writer } from './src/codec/bytes.ts'
      export { writePacket } from './src/codec/packet.ts'`)
    const writer = new Writer()
    return {
      prepare: (packet) => packet,
      append: (packet) => writePacket(writer, packet, protocolVersion),
      take: () => writer.take(),
    }
  },

  /** It hands over pieces, three to twenty for a packet: a socket would be given each. */
  'mqtt-packet': (protocolVersion) => {
    const { writeToStream } = require('mqtt-packet')
    const options = { protocolVersion }
    const { write, take } = makeSlab()
    const stream = {
      write,
      destroy(error) {
        throw error
      },
    }
    return { prepare: toMqttPacket, append: (packet) => writeToStream(packet, stream, options), take }
  },

  /** What is possible at all: the bytes are there, and are copied. */
  limit: (protocolVersion) => {
    const { write, take } = makeSlab()
    return { prepare: (packet) => encodePacket(packet, protocolVersion), append: write, take }
  },
}

/** Bytes of small pieces in one place, which are never written again once they were taken. */
function makeSlab() {
  let slab = Buffer.allocUnsafeSlow(SLAB)
  let start = 0
  let end = 0
  let full = []
  const cut = () => {
    if (end > start) full.push(slab.subarray(start, end))
    start = end
  }
  return {
    write(piece) {
      // No more than three bytes for a character.
      if (end + 3 * piece.length > SLAB) {
        cut()
        slab = Buffer.allocUnsafeSlow(SLAB)
        start = 0
        end = 0
      }
      if (typeof piece === 'string') end += slab.write(piece, end)
      else {
        slab.set(piece, end)
        end += piece.length
      }
      return true
    },
    take() {
      cut()
      const taken = full
      full = []
      return taken
    },
  }
}

async function importSource(contents) {
  const outfile = join(tmpdir(), `emqtt-bench-${process.pid}.mjs`)
  process.once('exit', () => rmSync(outfile, { force: true }))
  await build({ stdin: { contents, resolveDir: ROOT }, bundle: true, format: 'esm', target: 'es2022', outfile })
  return import(pathToFileURL(outfile).href)
}
