/** A writer and a reader through a mosquitto that is killed at seeded moments: what they did, as a log. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client, connect, type ProtocolVersion, type QoS, RefusedError } from '../../platform/node/index.js'
import { ExchangeLog, type Life, messagesIn, payloadOf } from './exchange-log.js'
import { startMosquitto } from './mosquitto.js'
import { randomOf } from './random.js'

export interface KillPlan {
  readonly seed: number
  readonly kills: number
  /** Messages, of QoS 1 and 2 at random. */
  readonly messages: number
  readonly protocolVersion: ProtocolVersion
  /** `max_inflight_messages` of mosquitto. */
  readonly brokerInflight: number
  /** Of the whole run, ms. */
  readonly patience: number
}

export interface KillRun {
  readonly log: ExchangeLog
  /** What mosquitto said, over all of its lives. */
  readonly mosquitto: string
  /** ms. */
  readonly took: number
}

/** Publishes that are not acknowledged yet, at most. */
const OUTSTANDING = 100

export async function runKills(plan: KillPlan): Promise<KillRun> {
  const started = performance.now()
  const { kills, messages, protocolVersion } = plan
  const random = randomOf(plan.seed)
  const database = mkdtempSync(join(tmpdir(), 'emqtt-kills-'))
  const brokerLog = join(database, 'mosquitto.log')
  await using broker = await startMosquitto({
    config: [
      'persistence true',
      `persistence_location ${database}/`,
      'autosave_on_changes true',
      'autosave_interval 1',
      // 20 unless told otherwise. With 0, mosquitto 2.0.11 does not keep the exchanges of QoS 2.
      `max_inflight_messages ${plan.brokerInflight}`,
      // Each packet that it takes and sends. To a file, because what it prints stays in its buffer when it is killed.
      'log_type debug',
      `log_dest file ${brokerLog}`,
    ],
  })
  const log = new ExchangeLog()
  const giveUp = AbortSignal.timeout(plan.patience)
  const gaveUp = new Promise<never>((_, reject) => {
    giveUp.addEventListener('abort', () => reject(giveUp.reason), { once: true })
  })
  gaveUp.catch(() => {})
  const options = { protocolVersion, cleanStart: false, url: broker.urls.mqtt, reconnect: () => 10 } as const
  await using reader = new Client({ ...options, clientId: `reader-${plan.seed}` })
  await using writer = new Client({ ...options, clientId: `writer-${plan.seed}` })
  log.follow('reader', reader)
  log.follow('writer', writer)
  await Promise.all([reader.connect(), writer.connect()])

  const lastHeard = new Set<number>()
  let heard = (): void => {}
  /** What the handler still does. */
  let working: Promise<unknown> = Promise.resolve()
  await reader.subscribe('kill/#', { qos: 2 }, (message) => {
    const [number = -1] = messagesIn(message.payload)
    log.delivered(number, message.qos)
    if (number >= messages) {
      lastHeard.add(number)
      heard()
    }
    // A handler that takes its time leaves exchanges open for a kill to break.
    if (number % 16 !== 0) return undefined
    const work = sleep(number % 5)
    working = Promise.all([working, work])
    return work
  })

  const publish = async (number: number, qos: QoS): Promise<void> => {
    try {
      await writer.publish(`kill/${qos}`, payloadOf(number), { qos })
      log.settled(number, qos)
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error
      log.refused(number, qos)
    }
  }
  /**
   * Two messages behind all others: when they have come, nothing is left to come. They are of somebody whom the broker
   * has nothing to remember of.
   */
  const publishLast = async (first: number): Promise<void> => {
    const all = new Promise<void>((resolve) => {
      heard = () => lastHeard.has(first) && lastHeard.has(first + 1) && resolve()
    })
    await using last = await connect(broker.urls.mqtt, { protocolVersion, reconnect: false })
    await last.publish('kill/1', payloadOf(first), { qos: 1 })
    await last.publish('kill/2', payloadOf(first + 1), { qos: 2 })
    await Promise.race([all, gaveUp])
    await working
  }
  const both = [reader, writer]
  let mosquitto = ''
  const endLife = (endedAt: number): void => {
    const all = readFileSync(brokerLog, 'utf8')
    const said = all.slice(mosquitto.length)
    mosquitto = all
    const saved = messagesIn(readFileSync(join(database, 'mosquitto.db')))
    log.lives.push({ endedAt, saved, ...refusalsIn(said) })
  }
  const restart = async (end: () => Promise<void>): Promise<void> => {
    const endedAt = performance.now()
    await end()
    endLife(endedAt)
    const back = both.map((client) => new Promise<void>((resolve) => client.once('connect', () => resolve())))
    await broker.start()
    await Promise.race([Promise.all(back), gaveUp])
  }

  try {
    const points = pickPoints(random, kills, messages)
    const published = publishAll(messages, random, publish, giveUp)
    const killed = killAtPoints(points, published, random, both, () => restart(broker.kill))
    await Promise.race([Promise.all([killed, published.all]), gaveUp])
    await publishLast(messages)
    // What a broker kept and forgot to send, it sends after a restart in good order.
    await restart(broker.stop)
    await publishLast(messages + 2)
    await Promise.all([reader.disconnect(), writer.disconnect()])
    endLife(Infinity)
  } catch (error) {
    // A run that stands still is judged by what it did.
    if (!giveUp.aborted) throw error
    endLife(Infinity)
  } finally {
    rmSync(database, { recursive: true, force: true })
  }
  return { log, mosquitto, took: performance.now() - started }
}

/**
 * Seen with mosquitto 2.0.11: a writer whose exchanges fill its `max_inflight_messages` is answered 0x97, Quota
 * Exceeded. In 3.x the answer goes out without it and looks like any other, and the connection is closed.
 */
function refusalsIn(said: string): Pick<Life, 'refused' | 'hungUp'> {
  const answer =
    /Sending (?:PUBACK|PUBREC) to writer-\d+ \(m(\d+), rc(\d+)\)\n(.*Bad socket read\/write on client writer)?/g
  const refusals = [...said.matchAll(answer)].filter(([, , reasonCode]) => Number(reasonCode) >= 0x80)
  return {
    refused: new Set(refusals.map(([, packetId]) => Number(packetId))),
    hungUp: refusals.filter(([, , , hungUp]) => hungUp !== undefined).length,
  }
}

interface Published {
  readonly all: Promise<void>
  /** Resolves when that many are acknowledged. */
  reaches(count: number): Promise<void>
}

function publishAll(
  count: number,
  random: () => number,
  publish: (number: number, qos: QoS) => Promise<void>,
  giveUp: AbortSignal,
): Published {
  let settled = 0
  let next = 0
  const waiting: { count: number; resolve: () => void }[] = []
  const lane = async (): Promise<void> => {
    while (next < count && !giveUp.aborted) {
      await publish(next++, random() < 0.5 ? 1 : 2)
      settled++
      for (const { resolve } of waiting.filter(({ count }) => count === settled)) resolve()
    }
  }
  const all = Promise.all(Array.from({ length: OUTSTANDING }, lane)).then(() => {})
  return {
    all,
    reaches: (wanted) =>
      settled >= wanted ? Promise.resolve() : new Promise((resolve) => waiting.push({ count: wanted, resolve })),
  }
}

async function killAtPoints(
  points: readonly number[],
  published: Published,
  random: () => number,
  clients: readonly Client[],
  kill: () => Promise<void>,
): Promise<void> {
  for (const point of points) {
    await published.reaches(point)
    // Some packets later, in the midst of what one of the clients does; or a little later still, while both are idle.
    const client = clients[random() < 0.5 ? 0 : 1] as Client
    let packets = Math.floor(random() * 40)
    const inTheMidst = new Promise<void>((resolve) => {
      const stopListening = client.on(random() < 0.5 ? 'packetsend' : 'packetreceive', () => {
        if (packets-- > 0) return
        stopListening()
        resolve()
      })
    })
    // A broker that refuses all that the writer sends has no packets for the reader.
    await Promise.race([inTheMidst, published.reaches(point + OUTSTANDING)])
    const pause = random() < 0.5 ? 0 : random() * 5
    if (pause > 0) await sleep(pause)
    await kill()
  }
}

/** In order; not so late that too few packets would follow. */
function pickPoints(random: () => number, kills: number, messages: number): number[] {
  return Array.from({ length: kills }, () => Math.floor(random() * (messages - OUTSTANDING))).sort((a, b) => a - b)
}
