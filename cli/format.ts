/** `--format`, `--print`, `--verbose`: a message as the bytes that go to stdout for it. */

import { isUtf8 } from 'node:buffer'
import type { Message } from '../platform/node/index.js'
import { wrongUsage } from './failure.js'
import { printable, printableJson } from './output.js'

export interface Look {
  readonly format: 'text' | 'json' | 'hex' | 'base64' | 'raw' | undefined
  readonly print: 'size' | 'as-string' | undefined
  readonly verbose: boolean
}

/** `terminal`: somebody looks at stdout, whom no payload may drive or mislead. In a pipe, its bytes are left alone. */
export function formatter({ format, print, verbose }: Look, terminal: boolean): (message: Message) => Uint8Array {
  if (print !== undefined && format !== undefined) throw wrongUsage('--print and --format exclude each other')
  if (format === 'raw' || format === 'json') {
    if (verbose) throw wrongUsage(`--verbose and --format ${format} exclude each other`)
    return format === 'raw' ? ({ payload }) => payload : (message) => Buffer.from(`${jsonLine(message)}\n`)
  }
  const body = BODIES[print ?? format ?? 'text']
  return (message) => {
    const payload = body(message)
    // A topic is escaped also in a pipe: one with a newline would pass for two lines.
    const topic = verbose ? `${printable(message.topic)} ` : ''
    // Newlines and tabs only move the cursor on, as in any text.
    if (terminal) return Buffer.from(`${topic}${printable(payload.toString(), '\n\t')}\n`)
    return Buffer.concat([Buffer.from(topic), payload, NEWLINE])
  }
}

const NEWLINE = new Uint8Array([0x0a])

const BODIES = {
  text: ({ payload }: Message) => bufferOf(payload),
  hex: ({ payload }: Message) => Buffer.from(bufferOf(payload).toString('hex')),
  base64: ({ payload }: Message) => Buffer.from(bufferOf(payload).toString('base64')),
  size: ({ payload }: Message) => Buffer.from(`received ${payload.length} bytes`),
  'as-string': (message: Message) => Buffer.from(message.text()),
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}

/** The payload is `payload` where it is UTF-8, which JSON can hold, and else `payloadBase64`: nothing of it is lost. */
function jsonLine({ topic, payload, qos, retain, dup, packetId, properties }: Message): string {
  const bytes = bufferOf(payload)
  const { correlationData, ...others } = properties
  return printableJson({
    time: new Date().toISOString(),
    topic,
    qos,
    retain,
    dup,
    packetId,
    properties:
      Object.keys(properties).length === 0
        ? undefined
        : { ...others, correlationData: correlationData && bufferOf(correlationData).toString('base64') },
    ...(isUtf8(bytes) ? { payload: bytes.toString() } : { payloadBase64: bytes.toString('base64') }),
  })
}
