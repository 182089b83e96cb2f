/** A file store of the built package in a process of its own, which can be killed. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { ROOT } from './setup.mjs'

export interface StoreProcessOptions {
  readonly sync?: boolean
  /** What runs the command that follows it: `nsenter …`, for instance. */
  readonly inside?: readonly string[]
}

export interface Opened {
  /** As `describeEntries` tells them. */
  readonly entries: Record<string, string>
  readonly damage?: string
}

type Reply = { done: number } | { result: unknown } | { error: object }

export class StoreProcess implements AsyncDisposable {
  /** The last write that was done. */
  done = 0
  /** Called at each write that is done. */
  onDone: (number: number) => void = () => {}
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>
  #settle: { resolve(result: unknown): void; reject(error: unknown): void } | undefined

  constructor(directory: string, { sync = true, inside = [] }: StoreProcessOptions = {}) {
    const child = join(ROOT, 'test/support/store-child.mjs')
    const module = join(ROOT, 'dist/store/file/index.js')
    const [command = '', ...args] = [...inside, process.execPath, child, module, directory, String(sync)]
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#ended = once(this.#child, 'close').then(() => this.#settle?.reject(new Error('the process has ended')))
    this.#child.stdin?.on('error', () => {})
    createInterface({ input: this.#child.stdout as NodeJS.ReadableStream }).on('line', (line) => this.#hear(line))
  }

  open(): Promise<Opened> {
    return this.#call('open') as Promise<Opened>
  }

  /** Writes of store-batches.mjs, one after another. */
  async write(seed: number, first: number, last = first): Promise<void> {
    await this.#call('write', seed, first, last)
  }

  async close(): Promise<void> {
    await this.#call('close')
  }

  /** Resolves when it is gone, and what it said has been heard. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
  }

  /** Resolves when it has ended by itself, as it does once nobody asks any more. */
  async end(): Promise<number | null> {
    this.#child.stdin?.end()
    await this.#ended
    return this.#child.exitCode
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill()
  }

  #call(...call: readonly unknown[]): Promise<unknown> {
    this.#child.stdin?.write(`${JSON.stringify(call)}\n`)
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
  }

  #hear(line: string): void {
    const reply: Reply = JSON.parse(line)
    if ('done' in reply) {
      this.done = reply.done
      this.onDone(reply.done)
    } else if ('error' in reply) this.#settle?.reject(Object.assign(new Error(), reply.error))
    else this.#settle?.resolve(reply.result)
  }
}
