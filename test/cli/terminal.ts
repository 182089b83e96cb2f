/** The built command in a terminal of its own, by way of `script`, which is on every Debian. */

import { findProgram } from '../support/setup.mjs'
import { MAIN, RunningCommand, type Surroundings } from './command.js'

/** The `script` of util-linux; that of macOS takes other options. */
export const HAS_TERMINAL = process.platform === 'linux' && findProgram('script') !== undefined

/** What both streams show is in `stdout`. `send('\x03')` is Ctrl-C, `send('\x04')` Ctrl-D. */
export class Terminal extends RunningCommand {
  /** `redirection`: what a shell is told behind the command, such as `2>file`. */
  constructor(
    argv: readonly string[],
    { redirection = '', ...surroundings }: Surroundings & { redirection?: string } = {},
  ) {
    super([redirection, ...argv], { stdin: 'open', ...surroundings, env: { TERM: 'xterm', ...surroundings.env } })
  }

  protected override program([redirection, ...argv]: readonly string[]): [string, string[]] {
    const command = [process.execPath, MAIN, ...argv].map(quoted).join(' ')
    return ['script', ['-qefc', `stty cols 70 rows 24; exec ${command} ${redirection}`, '/dev/null']]
  }

  /** The lines as somebody sees them at the end: without what was written over. */
  get screen(): string[] {
    return this.stdout
      .split('\r\n')
      .slice(0, -1)
      .map((line) => line.split(ERASE_LINE).at(-1)!)
  }
}

export const ERASE_LINE = '\r\u001b[K'

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}
