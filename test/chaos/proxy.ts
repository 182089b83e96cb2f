/** A TCP proxy between a client and a broker that does to each connection what a plan says. */

import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises'
import { freePort } from '../support/ports.js'
import type { Direction, Fate, Trouble } from './plan.js'

export interface ChaosProxy {
  readonly port: number
  /** Connections cut so far. */
  readonly cuts: number
  /** Connections so far. */
  readonly connections: number
  /** Sockets of the client that are open. */
  readonly open: number
  /** Connections of which either end is open. */
  readonly left: number
  /** Resolves when all of `fates` have come true. */
  readonly over: Promise<void>
  /** Swallows what comes from now on, on each connection. */
  swallow(): void
  /** Ends all connections, and listens no more. */
  close(): Promise<void>
}

/** Each connection meets the next of `fates`; those behind the last go well. */
export async function startChaosProxy(target: number, fates: readonly Fate[]): Promise<ChaosProxy> {
  const port = await freePort()
  const links = new Set<ChaosLink>()
  let cuts = 0
  let connections = 0
  let finish = (): void => {}
  const over = new Promise<void>((resolve) => {
    finish = resolve
  })
  if (fates.length === 0) finish()
  const ahead = [...fates]
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
    connections++
    const fate = ahead.shift()
    let met = false
    const link = new ChaosLink(client, target, fate, () => {
      met = true
      if (++cuts === fates.length) finish()
    })
    links.add(link)
    void link.ended.then(() => {
      links.delete(link)
      // It ended before that could happen to it: it happens to the next.
      if (fate && !met) ahead.unshift(fate)
    })
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    port,
    over,
    get cuts() {
      return cuts
    },
    get connections() {
      return connections
    },
    get open() {
      return [...links].filter(({ client }) => !client.closed).length
    },
    get left() {
      return links.size
    },
    swallow: () => {
      for (const link of links) link.swallow()
    },
    async close() {
      const stopped = new Promise((done) => server.close(done))
      const ended = [...links].map((link) => link.ended)
      for (const link of links) link.destroy()
      await Promise.all([stopped, ...ended])
    },
  }
}

class ChaosLink {
  readonly client: Socket
  readonly #broker: Socket
  /** Resolves when nothing is left of it. */
  readonly ended: Promise<unknown>
  readonly #fate: Fate | undefined
  readonly #onCut: () => void
  /** Ends its pauses. */
  readonly #gone = new AbortController()
  #cut = false
  /** What comes is not passed on: from either end, or from the one that was half-closed. */
  readonly #deaf: Record<Direction, boolean> = { up: false, down: false }
  #hole = false

  constructor(client: Socket, target: number, fate: Fate | undefined, onCut: () => void) {
    this.client = client
    this.#fate = fate
    this.#onCut = onCut
    this.#broker = connect({ port: target, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
    // What goes wrong with one end is told to the other by the pumps.
    for (const socket of [this.client, this.#broker]) socket.on('error', () => {})
    this.ended = Promise.all([
      closed(this.client),
      closed(this.#broker),
      this.#pump('up', this.client, this.#broker),
      this.#pump('down', this.#broker, this.client),
    ])
  }

  swallow(): void {
    this.#hole = this.#deaf.up = this.#deaf.down = true
  }

  destroy(): void {
    this.#gone.abort()
    this.client.destroy()
    this.#broker.destroy()
  }

  async #pump(direction: Direction, from: Socket, to: Socket): Promise<void> {
    const troubles = (this.#fate?.troubles ?? []).filter((trouble) => trouble.direction === direction)
    const cutAt = this.#fate?.direction === direction ? this.#fate.at : Infinity
    let at = 0
    let delays = { left: 0, ms: 0 }
    try {
      if (cutAt === 0) await this.#end(direction, to)
      for await (const chunk of from.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        let rest = chunk
        while (rest.length > 0 && !this.#deaf[direction]) {
          const next = Math.min(cutAt, troubles[0]?.at ?? Infinity) - at
          const piece = rest.subarray(0, Math.max(0, next))
          rest = rest.subarray(piece.length)
          at += piece.length
          if (delays.left-- > 0) await this.#pause(delays.ms)
          await send(to, piece)
          if (at >= cutAt) await this.#end(direction, to)
          else if (at >= (troubles[0]?.at ?? Infinity)) {
            const trouble = troubles.shift() as Trouble
            if (trouble.kind === 'stall') await this.#pause(trouble.ms)
            else if (trouble.kind === 'delay') delays = { left: trouble.count, ms: trouble.ms }
            else {
              const bytes = rest.subarray(0, Math.min(trouble.count, cutAt - at))
              rest = rest.subarray(bytes.length)
              at += bytes.length
              await sendByteByByte(to, bytes)
              if (at >= cutAt) await this.#end(direction, to)
            }
          }
        }
      }
      if (this.#hole) from.end()
      else to.end()
    } catch {
      // One end is broken: so is the other.
      if (this.#hole) from.destroy()
      else this.destroy()
    }
  }

  async #end(direction: Direction, to: Socket): Promise<void> {
    if (this.#cut || this.#gone.signal.aborted) return
    this.#cut = true
    this.#deaf[direction] = true
    const { end } = this.#fate as Fate
    if (end === 'hole') this.swallow()
    else if (end === 'half-close') to.end()
    else if (end === 'close') this.destroy()
    else {
      this.#gone.abort()
      for (const socket of [this.client, this.#broker]) socket.resetAndDestroy()
    }
    this.#onCut()
  }

  async #pause(ms: number): Promise<void> {
    await wait(ms, undefined, { signal: this.#gone.signal })
  }
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()))
}

/** Resolves when the system has it: what is destroyed then is still sent. */
function send(to: Socket, bytes: Buffer): Promise<void> {
  if (bytes.length === 0) return Promise.resolve()
  return new Promise((resolve, reject) => to.write(bytes, (error) => (error ? reject(error) : resolve())))
}

async function sendByteByByte(to: Socket, bytes: Buffer): Promise<void> {
  for (const byte of bytes) {
    await send(to, Buffer.of(byte))
    // The receiver reads it before the next one is there.
    await turn()
  }
}
