/** A writer and a reader with file stores, killed with SIGKILL at seeded moments: what they and the wire say of it. */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { connect, type ProtocolVersion, type QoS, type SessionStore } from '../../platform/node/index.js'
import { payloadOf, type Side } from '../support/exchange-log.js'
import { randomOf } from '../support/random.js'
import { ROOT } from '../support/setup.mjs'
import { startBroker } from './broker.js'
import { planFates } from './plan.js'
import { startChaosProxy } from './proxy.js'
import { startWireLog, type WireEntry, type WireLog } from './wire-log.js'

export interface KillsPlan {
  readonly seed: number
  /** Of all victims together. */
  readonly kills: number
  readonly victims: readonly Side[]
  /** Connections that are cut meanwhile. */
  readonly cuts: number
  readonly protocolVersion: ProtocolVersion
  /** Of the stores. */
  readonly sync: boolean
  readonly broker: 'mosquitto' | 'embedded'
  /** Of the whole run, ms. */
  readonly patience: number
}

/** What kill-process.mjs is told. */
export interface LifeSettings {
  readonly role: Side
  readonly url: string
  readonly clientId: string
  readonly protocolVersion: ProtocolVersion
  readonly directory: string
  readonly sync: boolean
  readonly file: string
  /** The number of the first message that it publishes; of a reader, of its life. */
  readonly first: number
  readonly topics: readonly Topic[]
}

interface Topic {
  readonly topic: string
  readonly qos: QoS
}

/** What a process noted, from its start to its end. */
export interface Life {
  readonly tried: readonly number[]
  readonly accepted: readonly number[]
  readonly rejected: readonly string[]
  readonly handed: readonly number[]
  readonly handled: readonly number[]
  readonly errors: readonly string[]
}

export interface KillsRun {
  readonly lives: Readonly<Record<Side, readonly Life[]>>
  readonly wires: Readonly<Record<Side, readonly WireEntry[]>>
  /** Keys that their stores hold in the end, beside the one of the owner. */
  readonly left: Readonly<Record<Side, readonly string[]>>
  readonly kills: number
  readonly cuts: number
  /** What went wrong beside the messages: a process that ended by itself, a run that stood still. */
  readonly faults: readonly string[]
  /** ms */
  readonly took: number
}

/** Of a topic, all messages have one QoS: between those of different QoS there is no order to keep [MQTT-4.6.0-6]. */
export const TOPICS: readonly Topic[] = ([1, 2, 1, 2] as const).map((qos, at) => ({ topic: `kills/${at}`, qos }))

/** Moments of a kill: so many ms from the start, where a process opens its store; or packets, in the midst of its work. */
const EARLY = { share: 0.3, ms: 400 }
const PACKETS = 800
/**
 * ms behind such a packet, and how often what the process sends in these is lost on its way: what it did then, only its
 * store knows.
 */
const LATER = { ms: 15, share: 0.5, lost: 0.7 }
/** ms after which a process that does not come to so many packets is killed all the same. */
const IMPATIENCE = 4_000

export async function runProcessKills(plan: KillsPlan): Promise<KillsRun> {
  const started = performance.now()
  const { seed, protocolVersion, sync, victims } = plan
  const folder = mkdtempSync(join(tmpdir(), 'emqtt-process-kills-'))
  await using broker = await startBroker({ ...plan, ...NO_CHAOS, restarts: 0 })
  const faults: string[] = []
  const giveUp = AbortSignal.timeout(plan.patience)
  const gaveUp = new Promise<never>((_, reject) => {
    giveUp.addEventListener('abort', () => reject(giveUp.reason), { once: true })
  })
  gaveUp.catch(() => {})
  const fates = (side: Side) =>
    plan.cuts === 0 ? [] : planFates({ ...plan, ...NO_CHAOS, messages: plan.cuts * 40 }, side)
  const proxies = {
    writer: await startChaosProxy(broker.port, fates('writer')),
    reader: await startChaosProxy(broker.port, fates('reader')),
  }
  const sides: Record<Side, Victim> = { writer: await newVictim('writer'), reader: await newVictim('reader') }
  async function newVictim(role: Side): Promise<Victim> {
    const wire = await startWireLog(proxies[role].port, protocolVersion, () => sides[role].lives.length)
    const settings = {
      ...{ role, protocolVersion, sync, topics: TOPICS },
      url: `mqtt://127.0.0.1:${wire.port}`,
      clientId: `${role}-${seed}`,
      directory: join(folder, role),
    }
    return new Victim(settings, wire, folder, faults)
  }
  const { writer, reader } = sides
  const random = { writer: randomOf(seed), reader: randomOf(seed + 0x51ed2701) }
  let done = 0
  const left: Record<Side, string[]> = { writer: [], reader: [] }
  const killAll = async (role: Side): Promise<void> => {
    const victim = sides[role]
    const mine = victims.includes(role)
      ? Math.floor(plan.kills / victims.length) + (role === victims[0] ? plan.kills % victims.length : 0)
      : 0
    for (let kill = 0; kill < mine; kill++) {
      await Promise.race([momentOf(random[role], victim.wire), gaveUp])
      await victim.kill()
      done++
      victim.start()
    }
  }

  try {
    for (const victim of [reader, writer]) {
      const subscribed = victim.wire.next(({ type }) => type === 'suback')
      victim.start()
      await Promise.race([subscribed, gaveUp])
    }
    await Promise.race([Promise.all([killAll('writer'), killAll('reader')]), gaveUp])
    // It comes to work once more before it stops.
    await Promise.race([writer.wire.next(({ what, type }) => what === 'sent' && type === 'publish'), gaveUp])
    await Promise.race([writer.finish(), gaveUp])
    // Behind all others, of somebody whom nobody cuts: when they are answered, nothing is left to come.
    const end = 1 + Math.max(...writer.lives.flatMap(({ tried }) => tried))
    const last = TOPICS.map((_, at) => end + ((at - end) % TOPICS.length) + TOPICS.length)
    const answered = Promise.all(last.map((message) => answerTo(message, reader.wire)))
    const stranger = await connect(`mqtt://127.0.0.1:${broker.port}`, { protocolVersion, reconnect: false })
    for (const message of last) {
      const { topic, qos } = TOPICS[message % TOPICS.length] as Topic
      await stranger.publish(topic, payloadOf(message), { qos })
    }
    await stranger.stop()
    await Promise.race([answered, gaveUp])
    await Promise.race([reader.finish(), gaveUp])
    for (const side of ['writer', 'reader'] as const) left[side] = await keysIn(sides[side].directory)
  } catch (error) {
    // A run that stands still is judged by what it did.
    if (!giveUp.aborted) throw error
    faults.push(`the run stood still after ${done} kills`)
  } finally {
    await Promise.all([writer.kill(), reader.kill()])
    await Promise.all([writer.wire.close(), reader.wire.close()])
    await Promise.all(Object.values(proxies).map((proxy) => proxy.close()))
    rmSync(folder, { recursive: true, force: true })
  }
  return {
    lives: { writer: writer.lives, reader: reader.lives },
    wires: { writer: writer.wire.entries, reader: reader.wire.entries },
    left,
    kills: done,
    cuts: proxies.writer.cuts + proxies.reader.cuts,
    faults,
    took: performance.now() - started,
  }
}

const NO_CHAOS = { messages: 0, qos: 2, early: true, restarts: 0 } as const

/** One after another: processes with one store and one client id. */
class Victim {
  readonly lives: Life[] = []
  readonly wire: WireLog
  readonly #settings: Omit<LifeSettings, 'file' | 'first'>
  readonly #folder: string
  readonly #faults: string[]
  #child: ChildProcess | undefined
  #ended: Promise<unknown[]> | undefined

  constructor(settings: Omit<LifeSettings, 'file' | 'first'>, wire: WireLog, folder: string, faults: string[]) {
    this.wire = wire
    this.#settings = settings
    this.#folder = folder
    this.#faults = faults
  }

  get directory(): string {
    return this.#settings.directory
  }

  get #file(): string {
    return join(this.#folder, `${this.#settings.role}-${this.lives.length}.txt`)
  }

  start(): void {
    const { lives } = this
    const settings: LifeSettings = {
      ...this.#settings,
      file: this.#file,
      first:
        this.#settings.role === 'reader'
          ? lives.length
          : lives.reduce((next, { tried }) => Math.max(next, (tried.at(-1) ?? -1) + 1), 0),
    }
    const program = join(ROOT, 'test', 'chaos', 'kill-process.mjs')
    this.#child = fork(program, [JSON.stringify(settings)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    this.#ended = once(this.#child, 'exit')
  }

  /** Resolves when it is dead, and all that it sent is in the log. */
  async kill(): Promise<void> {
    if (!this.#child) return
    this.#child.kill('SIGKILL')
    await this.#end('SIGKILL')
  }

  /** Has it do what is left to do, and resolves when it has ended. */
  async finish(): Promise<void> {
    this.#child?.send('finish')
    await this.#end(0)
  }

  async #end(expected: 0 | 'SIGKILL'): Promise<void> {
    const [code, signal] = (await this.#ended) as [number | null, NodeJS.Signals | null]
    if ((signal ?? code) !== expected)
      this.#faults.push(`the ${this.#settings.role} ended with ${signal ?? code} in its life ${this.lives.length}`)
    this.#child = undefined
    await this.wire.settled()
    this.lives.push(readLife(this.#file))
  }
}

/** Resolves when it is time to kill the process that was just started. */
async function momentOf(random: () => number, wire: WireLog): Promise<void> {
  const [which, where, later] = [random(), random(), random()]
  if (which < EARLY.share) {
    await wait(where * EARLY.ms)
    return
  }
  let packets = Math.floor(where * PACKETS)
  const inTheMidst = wire.next(() => packets-- <= 0)
  const impatient = new AbortController()
  await Promise.race([inTheMidst, wait(IMPATIENCE, undefined, { signal: impatient.signal }).catch(() => {})])
  impatient.abort()
  if (later > LATER.share) return
  if (later < LATER.share * LATER.lost) wire.swallow()
  await wait((later / LATER.share) * LATER.ms)
}

/** Resolves when the reader has answered a message, and so has handled all before it. */
async function answerTo(message: number, wire: WireLog): Promise<void> {
  const { packetId, qos } = await wire.next((entry) => entry.message === message && entry.what === 'got')
  const type = qos === 1 ? 'puback' : 'pubrec'
  await wire.next((entry) => entry.what === 'sent' && entry.type === type && entry.packetId === packetId)
}

async function keysIn(directory: string): Promise<string[]> {
  // As it was built: native code is not for what runs these files.
  const { fileStore } = createRequire(import.meta.url)('../../dist/store/file/index.cjs')
  const store: SessionStore = fileStore(directory)
  const { entries } = await store.open()
  await store.close()
  return [...entries].map(([key]) => key).filter((key) => key !== 'owner')
}

/** A process that was killed before it began has no file. */
function readLife(file: string): Life {
  const life = { tried: [], accepted: [], rejected: [], handed: [], handled: [], errors: [] } as {
    [K in keyof Life]: Life[K][number][]
  }
  let text = ''
  try {
    text = readFileSync(file, 'utf8')
  } catch {}
  for (const line of text.split('\n').slice(0, -1)) {
    const [word = '', number = '', ...rest] = line.split(' ')
    if (word === 'error') life.errors.push([number, ...rest].join(' '))
    else if (word === 'rejected') life.rejected.push([number, ...rest].join(' '))
    else life[word as 'tried'].push(Number(number))
  }
  return life as Life
}
