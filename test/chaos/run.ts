/** Runs a plan: a writer and a reader, each behind a proxy of its own, and a broker. What they did comes back as a log. */

import { setImmediate as turn } from 'node:timers/promises'
import { Client, connect, RefusedError } from '../../platform/node/index.js'
import { ExchangeLog, messagesIn, payloadOf, type Side } from '../support/exchange-log.js'
import { randomOf } from '../support/random.js'
import { startBroker } from './broker.js'
import { type ChaosPlan, LONGEST_FILLING, planFates, WINDOW } from './plan.js'
import { startChaosProxy } from './proxy.js'
import { countTimers, describeLeaks } from './resources.js'

export interface ChaosRun {
  readonly log: ExchangeLog
  /** How many messages were published: numbers from 0. */
  readonly messages: number
  readonly cuts: number
  /** How often the broker was. */
  readonly restarts: number
  /** Connections beyond the first of each client. */
  readonly reconnects: number
  /** What went wrong beside the messages: promises that did not settle, what was left open, a run that stood still. */
  readonly faults: readonly string[]
  /** ms */
  readonly took: number
}

const TOPICS = 4
/** How far the writer may be ahead of the reader, so that both are cut in the midst of work. */
const LEAD = 200
/** Messages of the reader's between two calls of other kinds. */
const CALL_EVERY = 100

export function topicOf(message: number): string {
  return `chaos/${message % TOPICS}`
}

export async function runChaos(plan: ChaosPlan): Promise<ChaosRun> {
  const started = performance.now()
  const { protocolVersion, qos, seed } = plan
  await using broker = await startBroker(plan)
  const proxies = {
    writer: await startChaosProxy(broker.port, planFates(plan, 'writer')),
    reader: await startChaosProxy(broker.port, planFates(plan, 'reader')),
  }
  const before = countTimers()
  const log = new ExchangeLog()
  const faults: string[] = []
  const giveUp = AbortSignal.timeout(plan.patience)
  const gaveUp = new Promise<never>((_, reject) => {
    giveUp.addEventListener('abort', () => reject(giveUp.reason), { once: true })
  })
  gaveUp.catch(() => {})
  const options = {
    protocolVersion,
    cleanStart: false,
    // A hole in the network is noticed by it.
    keepAlive: 1,
    connectTimeout: 3_000,
    maxInflight: WINDOW,
    reconnect: { minDelay: 2, maxDelay: 4, retryFirst: true },
  } as const
  const clientOf = (side: Side): Client => {
    const url = `mqtt://127.0.0.1:${proxies[side].port}`
    const client = new Client({ ...options, url, clientId: `${side}-${seed}` })
    log.follow(side, client)
    client.on('error', (error) => faults.push(`the ${side} raised an error: ${error.message}`))
    client.on('close', ({ error }) => error && faults.push(`the ${side} gave up: ${error.message}`))
    return client
  }
  const writer = clientOf('writer')
  const reader = clientOf('reader')

  const random = randomOf(seed + 1)
  /** What has to settle, whichever way, before the run is over. */
  const pending = new Set<Promise<unknown>>()
  const settles = (promise: Promise<unknown>): void => {
    const forget = (): void => void pending.delete(promise)
    pending.add(promise)
    promise.then(forget, forget)
  }
  let published = 0
  let highest = -1
  let movement: Movement | undefined
  let last = (_: number): void => {}
  const handle = (message: { payload: Uint8Array; qos: 0 | 1 | 2 }): Promise<void> | undefined => {
    const [number = -1] = messagesIn(message.payload)
    log.delivered(number, message.qos)
    highest = Math.max(highest, number)
    movement?.resolve()
    movement = undefined
    last(number)
    if (number % CALL_EVERY === 0) settles(number % (2 * CALL_EVERY) === 0 ? reader.ping() : subscribeElsewhere(reader))
    // Handlers that end out of order, and that a cut finds at work.
    if (number % 8 !== 0) return undefined
    const work = someTurns(1 + (number % 24))
    settles(work)
    return work
  }
  /** Resolves when the reader has come nearer. */
  const readerMoves = async (): Promise<void> => {
    movement ??= newMovement()
    await Promise.race([movement.promise, gaveUp])
  }
  let allCut = false
  const over = Promise.all([proxies.writer.over, proxies.reader.over]).then(() => {
    allCut = true
  })
  const lane = async (): Promise<void> => {
    while (published < plan.messages || !allCut) {
      if (published - highest > LEAD) {
        await readerMoves()
        continue
      }
      const number = published++
      const filling = '.'.repeat(Math.floor(random() * LONGEST_FILLING))
      try {
        await writer.publish(topicOf(number), payloadOf(number) + filling, { qos })
        log.settled(number, qos)
      } catch (error) {
        if (!(error instanceof RefusedError)) throw error
        log.refused(number, qos)
      }
    }
  }
  const counted = { writer: 0, reader: 0 }
  const endLife = (endedAt: number): void => {
    const cuts = { writer: proxies.writer.cuts - counted.writer, reader: proxies.reader.cuts - counted.reader }
    Object.assign(counted, { writer: proxies.writer.cuts, reader: proxies.reader.cuts })
    for (const side of ['writer', 'reader'] as const) cuts[side] += broker.hangUps(`${side}-${seed}`)
    log.lives.push({ endedAt, saved: new Set(), refused: new Set(), hungUp: 0, cuts })
  }
  const restartAll = async (): Promise<void> => {
    for (let done = 1; done <= plan.restarts; done++) {
      while (highest < (plan.messages * done) / (plan.restarts + 1)) await readerMoves()
      endLife(performance.now())
      await (done % 2 === 0 ? broker.stop() : broker.kill())
      await broker.start()
    }
  }

  try {
    await Promise.race([Promise.all([reader.connect(), writer.connect()]), gaveUp])
    // Aedes has a session only for those who have subscribed to something.
    const subscribed = [reader.subscribe('chaos/#', { qos }, handle), writer.subscribe('elsewhere', () => {})]
    await Promise.race([Promise.all(subscribed), gaveUp])
    const lanes = Promise.all(Array.from({ length: WINDOW + 10 }, lane))
    await Promise.race([Promise.all([lanes, over, restartAll()]), gaveUp])
    // Behind all others, of somebody whom nobody cuts: when it has come, nothing is left to come.
    const end = published
    const ended = new Promise<void>((resolve) => {
      last = (number) => number === end && resolve()
    })
    const stranger = await connect(`mqtt://127.0.0.1:${broker.port}`, { protocolVersion, reconnect: false })
    await stranger.publish(topicOf(end), payloadOf(end), { qos })
    await stranger.stop()
    await Promise.race([ended, gaveUp])
    while (pending.size > 0) await Promise.race([Promise.allSettled(pending), gaveUp])
    await Promise.race([Promise.all([reader.disconnect(), writer.disconnect()]), gaveUp])
  } catch (error) {
    // A run that stands still is judged by what it did.
    if (!giveUp.aborted) throw error
    faults.push(`the run stood still: ${published} published, ${highest} came, ${pending.size} calls are pending`)
  } finally {
    await Promise.all([reader.stop(), writer.stop()])
    faults.push(...(await describeLeaks(before, Object.values(proxies))))
    await Promise.all(Object.values(proxies).map((proxy) => proxy.close()))
  }
  endLife(Infinity)
  const { writer: mine, reader: theirs } = proxies
  return {
    log,
    faults,
    messages: published,
    restarts: plan.restarts,
    cuts: mine.cuts + theirs.cuts,
    reconnects: mine.connections + theirs.connections - 2,
    took: performance.now() - started,
  }
}

interface Movement {
  readonly promise: Promise<void>
  resolve(): void
}

function newMovement(): Movement {
  let resolve = (): void => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}

async function someTurns(count: number): Promise<void> {
  for (let done = 0; done < count; done++) await turn()
}

async function subscribeElsewhere(client: Client): Promise<void> {
  const elsewhere = await client.subscribe('elsewhere', () => {})
  await elsewhere.unsubscribe()
}
