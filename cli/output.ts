/** The two streams: lines about the client go to stderr, escaped; payloads go to stdout, and nothing else does. */

/** What reorders or hides text, or breaks the line, outside of ASCII: first and last of each range. */
const MISLEADING = [
  [0x061c, 0x061c],
  [0x200e, 0x200f],
  [0x2028, 0x202e],
  [0x2066, 0x2069],
  [0xfeff, 0xfeff],
] as const

/** `text` on one line, with whatever could drive or mislead a terminal made visible, except for what is in `kept`. */
export function printable(text: string, kept = ''): string {
  return escapeWith(text, (character, code) => {
    if (kept.includes(character)) return character
    if (character === '\n') return '\\n'
    if (character === '\r') return '\\r'
    if (character === '\t') return '\\t'
    return code < 0x100 ? `\\x${hex(code, 2)}` : unicodeEscape(character, code)
  })
}

/** One line of JSON that means the same, with only such characters in it as any terminal takes for text. */
export function printableJson(value: unknown): string {
  return escapeWith(JSON.stringify(value), unicodeEscape)
}

/** Character by character: what others wrote is no food for a regular expression. */
function escapeWith(text: string, escaped: (character: string, code: number) => string): string {
  let done = ''
  let from = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (!isUnprintable(code)) continue
    done += text.slice(from, at) + escaped(text.charAt(at), code)
    from = at + 1
  }
  return done + text.slice(from)
}

/** C0, DEL and C1 drive a terminal; the rest misleads who reads it. */
function isUnprintable(code: number): boolean {
  if (code < 0x100) return code < 0x20 || (code >= 0x7f && code < 0xa0)
  return MISLEADING.some(([first, last]) => code >= first && code <= last)
}

function unicodeEscape(_: string, code: number): string {
  return `\\u${hex(code, 4)}`
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
