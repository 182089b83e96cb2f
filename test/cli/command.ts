/** The built command as a child process, as a shell runs it: what it prints, waited for, and how it ends. */

import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import manifest from '../../package.json' with { type: 'json' }

const MAIN = fileURLToPath(new URL(`../../${manifest.bin.emqtt}`, import.meta.url))

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
  readonly #child: ChildProcessByStdio<null, Readable, Readable>
  readonly #watchers = new Set<() => void>()

  constructor(argv: readonly string[]) {
    this.#child = spawn(process.execPath, [MAIN, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of ['stdout', 'stderr'] as const) {
      this.#child[stream].setEncoding('utf8').on('data', (chunk: string) => {
        this[stream] += chunk
        for (const watch of this.#watchers) watch()
      })
    }
    this.ended = new Promise((resolve, reject) => {
      this.#child.on('error', reject)
      this.#child.on('close', (code, signal) => resolve({ code, signal, stdout: this.stdout, stderr: this.stderr }))
    })
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
    this.#child.stdout.destroy()
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

/** What is on stderr, line by line, with the generated id of a client made `<id>`. */
export function lines(stderr: string): string[] {
  return stderr
    .replace(/emqtt-\S+-[0-9a-f]{12,20}(?=\s)/g, '<id>')
    .split('\n')
    .slice(0, -1)
}
