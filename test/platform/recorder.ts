/** Handlers of a transport that write down what happened, so that a test can wait for it. */

import { vi } from 'vitest'
import type { CancelSignal } from '../../src/client/cancel.js'
import type { ClientOptions } from '../../src/client/options.js'
import type { Platform, Transport, TransportHandlers } from '../../src/client/transport.js'

export class Recorder implements TransportHandlers {
  chunks: Uint8Array[] = []
  drains = 0
  closes: (Error | undefined)[] = []

  data(chunk: Uint8Array): void {
    this.chunks.push(chunk)
  }
  drain(): void {
    this.drains++
  }
  close(error?: Error): void {
    this.closes.push(error)
  }

  get length(): number {
    return this.chunks.reduce((sum, { length }) => sum + length, 0)
  }

  /** All bytes so far. */
  get bytes(): Buffer {
    return Buffer.concat(this.chunks)
  }

  /** Every call so far, to see that there are no more. */
  get calls(): number {
    return this.chunks.length + this.drains + this.closes.length
  }

  received(count: number): Promise<void> {
    return vi.waitFor(() => check(this.length >= count, `${this.length} of ${count} bytes came`), WAIT)
  }
  drained(): Promise<void> {
    return vi.waitFor(() => check(this.drains > 0, 'no drain yet'), WAIT)
  }
  async closed(): Promise<Error | undefined> {
    await vi.waitFor(() => check(this.closes.length > 0, 'not closed yet'), WAIT)
    return this.closes[0]
  }
}

const WAIT = { timeout: 4000, interval: 5 }

function check(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise)
}

/** Opens the first endpoint of `url`, as a client would. */
export function open(
  platform: Platform,
  url: string,
  options: ClientOptions,
  handlers: TransportHandlers,
  signal: CancelSignal = new AbortController().signal,
): Promise<Transport> {
  const [endpoint] = platform.endpoints({ ...options, url })
  if (endpoint === undefined) throw new Error('no endpoint')
  return platform.open(endpoint, options, handlers, signal)
}

/** Waits until the process holds no more sockets and timers than `before`; by turns, since a timer would be counted. */
export async function nothingMoreThan(before: readonly string[]): Promise<void> {
  const deadline = performance.now() + WAIT.timeout
  while (resources().length > before.length) {
    if (performance.now() > deadline) {
      throw new Error(`left running: ${resources().join(' ')}; before: ${before.join(' ')}`)
    }
    await new Promise((turn) => setImmediate(turn))
  }
}

export function resources(): string[] {
  return process
    .getActiveResourcesInfo()
    .filter((name) => /TCP|TLS|Timeout|GetAddrInfo/.test(name))
    .sort()
}
