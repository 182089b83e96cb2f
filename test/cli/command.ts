/** The built command as a child process, as a shell runs it: what it prints, waited for, and how it ends. */

import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import manifest from '../../package.json' with { type: 'json' }

export const MAIN = fileURLToPath(new URL(`../../${manifest.bin.emqtt}`, import.meta.url))

export interface Surroundings {
  /** Into stdin: what it holds; `open` leaves it to `send`. Default: nothing, `/dev/null`. */
  readonly stdin?: string | Uint8Array | 'open'
  /** Variables beside those of this process. */
  readonly env?: Readonly<Record<string, string>>
}

export interface Ending {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export class RunningCommand implements AsyncDisposable {
  stdout = ''
  stderr = ''
  readonly ended: Promise<Ending>
  /** Resolves before `ended`, though what it printed was not all read yet. */
  readonly exited: Promise<void>
  readonly #child: ChildProcess
  readonly #watchers = new Set<() => void>()

  constructor(argv: readonly string[], { stdin, env }: Surroundings = {}) {
    this.#child = spawn(...this.program(argv), {
      stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      // A user name of whoever runs the tests is none of ours.
      env: { ...process.env, EMQTT_USERNAME: '', EMQTT_PASSWORD: '', ...env },
    })
    // It may end before it has read all.
    this.#child.stdin?.on('error', () => {})
    if (stdin !== undefined && stdin !== 'open') this.end(stdin)
    for (const stream of ['stdout', 'stderr'] as const) {
      this.#output(stream)
        .setEncoding('utf8')
        .on('data', (chunk: string) => {
          this[stream] += chunk
          for (const watch of this.#watchers) watch()
        })
    }
    this.exited = new Promise((resolve) => {
      this.#child.on('exit', () => resolve())
    })
    this.ended = new Promise((resolve, reject) => {
      this.#child.on('error', reject)
      this.#child.on('close', (code, signal) => resolve({ code, signal, stdout: this.stdout, stderr: this.stderr }))
    })
  }

  protected program(argv: readonly string[]): [string, string[]] {
    return [process.execPath, [MAIN, ...argv]]
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** Writes to stdin, which is `open`. Resolves when there is room for more. */
  send(input: string | Uint8Array): Promise<void> {
    const { stdin } = this.#child
    return new Promise((resolve) => {
      if (stdin!.write(input)) resolve()
      else stdin!.once('drain', resolve)
    })
  }

  /** Writes the last to stdin. */
  end(input: string | Uint8Array = ''): void {
    this.#child.stdin!.end(input)
  }

  /** Resolves once `stream` holds `text`; rejects when the command ends without having said it. */
  said(stream: 'stdout' | 'stderr', text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const watch = (): void => {
        if (!this[stream].includes(text)) return
        this.#watchers.delete(watch)
        resolve()
      }
      this.#watchers.add(watch)
      watch()
      this.ended.then(
        ({ code, stderr }) => reject(new Error(`ended with ${code} without ${JSON.stringify(text)}: ${stderr}`)),
        reject,
      )
    })
  }

  kill(signal: 'SIGINT' | 'SIGTERM'): void {
    this.#child.kill(signal)
  }

  /** Nobody reads its payloads any more. */
  closeStdout(): void {
    this.#output('stdout').destroy()
  }

  /** Its payloads are not read until `resumeStdout`. */
  pauseStdout(): void {
    this.#output('stdout').pause()
  }

  resumeStdout(): void {
    this.#output('stdout').resume()
  }

  #output(stream: 'stdout' | 'stderr'): Readable {
    return this.#child[stream] as Readable
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.ended
  }
}

/** Runs it to its end. */
export function emqtt(...argv: string[]): Promise<Ending> {
  return new RunningCommand(argv).ended
}

/** Runs it to its end, with something in stdin or in the environment. */
export function emqttWith(surroundings: Surroundings, ...argv: string[]): Promise<Ending> {
  return new RunningCommand(argv, surroundings).ended
}

/** What is on stderr, line by line, with the generated id of a client made `<id>`. */
export function lines(stderr: string): string[] {
  return stderr
    .replace(/emqtt-\S+-[0-9a-f]{12,20}(?=\s)/g, '<id>')
    .split('\n')
    .slice(0, -1)
}
