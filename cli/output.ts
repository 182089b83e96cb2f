/** The two streams: lines about the client go to stderr, escaped; payloads go to stdout, and nothing else does. */

// C0, DEL and C1 drive a terminal; the rest reorders or hides text in it.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g

/** `text` on one line, with whatever could drive or mislead a terminal made visible, except for what is in `kept`. */
export function printable(text: string, kept = ''): string {
  return text.replace(UNPRINTABLE, (character) => {
    if (kept.includes(character)) return character
    if (character === '\n') return '\\n'
    if (character === '\r') return '\\r'
    if (character === '\t') return '\\t'
    const code = character.charCodeAt(0)
    return code < 0x100 ? `\\x${hex(code, 2)}` : unicodeEscape(character)
  })
}

/** One line of JSON that means the same, with only such characters in it as any terminal takes for text. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value).replace(UNPRINTABLE, unicodeEscape)
}

function unicodeEscape(character: string): string {
  return `\\u${hex(character.charCodeAt(0), 4)}`
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0')
}

let listening = false
let status = ''

/** One line on stderr. Nobody reading stderr is no reason to stop. */
export function say(line: string): void {
  tell(`${printable(line)}\n${status}`)
}

/** A line below all others on a terminal, in place of the one before; none, when it is empty. */
export function showStatus(line: string): void {
  const before = status
  status = line
  if (before !== line) tell(line, before)
}

function tell(text: string, shown = status): void {
  if (!listening) {
    process.stderr.on('error', () => {})
    listening = true
  }
  process.stderr.write(shown === '' ? text : `${ERASE_LINE}${text}`)
}

const ERASE_LINE = '\r\u001b[K'

/** What goes to stdout, from the first to the moment in which nobody reads them any more. */
export class PayloadWriter {
  /** Resolves when the reader has gone (`| head -1`): an end, not a failure. Rejects when stdout cannot be written. */
  readonly closed: Promise<void>
  #room: Promise<void> | undefined

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
   * Bytes, in one write. Where the reader is slower than the broker it returns a promise that resolves when there is
   * room again, so that a message is acknowledged no sooner than it can be read.
   */
  write(bytes: Uint8Array): Promise<void> | undefined {
    if (process.stdout.write(bytes)) return undefined
    this.#room ??= new Promise((resolve) => {
      process.stdout.once('drain', () => {
        this.#room = undefined
        resolve()
      })
    })
    return this.#room
  }
}
