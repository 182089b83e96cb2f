/** The two streams: lines about the client go to stderr, escaped; payloads go to stdout, raw, one per line. */

// C0, DEL and C1 drive a terminal; the rest reorders or hides text in it.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g

/** `text` on one line, with whatever could drive or mislead a terminal made visible. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => {
    if (character === '\n') return '\\n'
    if (character === '\r') return '\\r'
    if (character === '\t') return '\\t'
    const code = character.charCodeAt(0)
    return code < 0x100 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`
  })
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0')
}

let listening = false

/** One line on stderr. Nobody reading stderr is no reason to stop. */
export function say(line: string): void {
  if (!listening) {
    process.stderr.on('error', () => {})
    listening = true
  }
  process.stderr.write(`${printable(line)}\n`)
}

const NEWLINE = new Uint8Array([0x0a])

/** Payloads to stdout, from the first to the moment in which nobody reads them any more. */
export class PayloadWriter {
  /** Resolves when the reader has gone (`| head -1`): an end, not a failure. Rejects when stdout cannot be written. */
  readonly closed: Promise<void>

  constructor() {
    this.closed = new Promise((resolve, reject) => {
      process.stdout.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'EPIPE') resolve()
        else reject(error)
      })
    })
    this.closed.catch(() => {})
  }

  /**
   * The payload and a newline, in one write. Where the reader is slower than the broker it returns a promise that
   * resolves when there is room again, so that a message is acknowledged no sooner than it can be read.
   */
  write(payload: Uint8Array): Promise<void> | undefined {
    if (process.stdout.write(Buffer.concat([payload, NEWLINE]))) return undefined
    return new Promise((resolve) => {
      process.stdout.once('drain', resolve)
    })
  }
}
