/** Has the clients of a process lose their connections again and again, and measures what the process holds. */

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { ProtocolVersion } from '../../platform/node/index.js'
import { startMosquitto } from '../support/mosquitto.js'
import { ROOT } from '../support/setup.mjs'
import { describeSample, ENOUGH, findGrowth, GROWTH, growthOf, HEADING, type Sample } from './soak-figures.js'
import { ENDINGS, type Ending, startSoakProxy } from './soak-proxy.js'

/** What the measured process is told. */
export interface SoakSettings {
  readonly urls: Readonly<Record<'tcp' | 'ws', string>>
  readonly protocolVersion: ProtocolVersion
  /** The folder of the stores; undefined keeps the sessions in memory. */
  readonly storeIn: string | undefined
}

export interface SoakPlan {
  /** How often each of the two connections is ended. */
  readonly endings: number
  /** How, in turn. */
  readonly how: readonly Ending[]
  /** ms between two endings of a connection. */
  readonly every: number
  /** Endings between two samples. */
  readonly sampleEvery: number
  readonly store: 'memory' | 'file'
}

export interface SoakRun {
  readonly samples: readonly Sample[]
  /** What must not happen: a client that gave up, an error. */
  readonly faults: readonly string[]
}

type Told =
  | { ready: true }
  | { ended: true }
  | { connected: 'tcp' | 'ws' }
  | { fault: string }
  | { sample: Omit<Sample, 'at'> }

export async function runSoak(plan: SoakPlan, seen: (sample: Sample) => void = () => {}): Promise<SoakRun> {
  await using broker = await startMosquitto({ config: ['max_inflight_messages 100', 'max_queued_messages 0'] })
  const proxies = {
    tcp: await startSoakProxy(broker.ports.mqtt, 'tcp'),
    ws: await startSoakProxy(broker.ports.ws, 'ws'),
  }
  const storeIn = plan.store === 'file' ? mkdtempSync(join(tmpdir(), 'emqtt-soak-')) : undefined
  const child = fork(join(ROOT, 'test', 'chaos', 'soak-process.mjs'), [], {
    execArgv: ['--expose-gc', '--no-warnings'],
  })
  const started = performance.now()
  const faults: string[] = []
  const connected = { tcp: 0, ws: 0 }
  let heard = (): void => {}
  let sampled = (_: Sample): void => {}
  const over = new Promise<never>((_, reject) =>
    child.once('exit', (code, signal) => reject(new Error(`the measured process ended: ${code ?? signal}`))),
  )
  over.catch(() => {})
  const told = (wanted: 'ready' | 'ended'): Promise<unknown> =>
    Promise.race([new Promise<void>((resolve) => child.on('message', (one: Told) => wanted in one && resolve())), over])
  child.on('message', (one: Told) => {
    if ('connected' in one) connected[one.connected]++
    if ('fault' in one) faults.push(one.fault)
    if ('sample' in one) sampled({ at: performance.now() - started, ...one.sample })
    heard()
  })
  /** Resolves when both clients have made `count` connections. */
  const reconnected = async (count: number): Promise<void> => {
    while (Math.min(connected.tcp, connected.ws) < count)
      await Promise.race([over, new Promise<void>((resolve) => (heard = resolve))])
  }
  const samples: Sample[] = []
  const measure = async (): Promise<void> => {
    const sample = new Promise<Sample>((resolve) => (sampled = resolve))
    child.send('measure')
    samples.push(await Promise.race([sample, over]))
    seen(samples.at(-1) as Sample)
  }

  try {
    const ready = told('ready')
    const settings: SoakSettings = {
      urls: { tcp: `mqtt://127.0.0.1:${proxies.tcp.port}`, ws: `ws://127.0.0.1:${proxies.ws.port}/mqtt` },
      protocolVersion: 5,
      storeIn,
    }
    child.send(settings)
    await ready
    await reconnected(1)
    let next = performance.now()
    for (let ended = 0; ended < plan.endings; ended++) {
      if (ended % plan.sampleEvery === 0) await measure()
      next = Math.max(performance.now(), next + plan.every)
      await Promise.race([wait(next - performance.now()), over])
      const how = plan.how[ended % plan.how.length] as Ending
      await Promise.race([Promise.all([proxies.tcp.end(how), proxies.ws.end(how)]), over])
      await reconnected(ended + 2)
    }
    await measure()
    const ended = told('ended')
    const exited = once(child, 'exit')
    child.send('end')
    await ended
    const [code] = await exited
    if (code !== 0) faults.push(`the measured process ended with ${code}`)
  } finally {
    child.kill('SIGKILL')
    await Promise.all([proxies.tcp.close(), proxies.ws.close()])
    if (storeIn) rmSync(storeIn, { recursive: true, force: true })
  }
  return { samples, faults }
}

/** The long form: `npm run soak`. Resolves to whether all is flat. */
export async function soakForLong(): Promise<boolean> {
  const minutes = Number(process.env.EMQTT_SOAK_MINUTES ?? 30)
  if (!(minutes >= ENOUGH)) throw new RangeError(`EMQTT_SOAK_MINUTES: expected at least ${ENOUGH}, got ${minutes}`)
  const store = process.env.EMQTT_SOAK_STORE ?? 'memory'
  if (store !== 'memory' && store !== 'file')
    throw new RangeError(`EMQTT_SOAK_STORE: expected memory or file, got ${store}`)
  const every = 5_000
  console.log(`${minutes} minutes, sessions in ${store}, both connections ended each ${every / 1_000} s`)
  console.log(HEADING)
  const plan = { endings: Math.round((minutes * 60_000) / every), how: ENDINGS, every, sampleEvery: 12, store } as const
  const { samples, faults } = await runSoak(plan, (sample) => console.log(describeSample(sample)))
  const found = [...faults, ...findGrowth(samples, GROWTH.long)]
  console.log(`heap and external memory: ${growthOf(samples).toFixed(0)} B with each connection`)
  console.log(found.length === 0 ? 'FLAT' : found.map((one) => `NOT FLAT: ${one}`).join('\n'))
  return found.length === 0
}
