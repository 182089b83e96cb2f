/** The life of one client from its options to its last line, however the command ends. */

import { Client, type ClientOptions } from '../platform/node/index.js'
import { exitCodeOf, interrupted, timedOut, wrongUsage } from './failure.js'
import { type LogLevel, logPackets } from './log.js'
import { say } from './output.js'

const SIGNALS = ['SIGINT', 'SIGTERM'] as const
type Signal = (typeof SIGNALS)[number]

export interface Session {
  readonly options: ClientOptions
  readonly logLevel: LogLevel
  /** Longest that it may take, seconds. */
  readonly timeout: number | undefined
  /** What there is to do until `ended`. A signal or the timeout in the midst of it is a failure. */
  work(client: Client, ended: AbortSignal): Promise<void>
  /** Where the command stays afterwards: until this resolves, a signal or the timeout; all are a good end. */
  readonly stay?: Promise<void>
}

/**
 * Does the work of a session with a client, and resolves once nothing of the client is left: it said DISCONNECT where
 * it was connected. Rejects with what went wrong: a lost connection, a signal or the timeout too early, or the work's
 * own error.
 */
export async function run({ options, logLevel, timeout, work, stay }: Session): Promise<void> {
  const client = clientOf(options)
  client.on('packetsend', ({ type }) => {
    if (type === 'connect' || type === 'disconnect') say(`Client ${client.clientId} sent ${type.toUpperCase()}`)
  })
  logPackets(client, logLevel)

  const lost = new Promise<never>((_, reject) => {
    client.on('disconnect', ({ error }) => reject(error))
  })
  lost.catch(() => {})

  let onSignal: (signal: Signal) => void = () => {}
  const signalled = new Promise<Signal>((resolve) => {
    onSignal = (signal) => {
      resolve(signal)
      // A second one is for whoever does not want to wait for DISCONNECT.
      onSignal = (again) => process.exit(exitCodeOf(again))
    }
  })
  for (const signal of SIGNALS) process.on(signal, () => onSignal(signal))

  const ending = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const overdue = new Promise<number>((resolve) => {
    if (timeout !== undefined) timer = setTimeout(resolve, timeout * 1000, timeout)
  })
  try {
    const tooEarly = signalled.then((signal) => Promise.reject(interrupted(signal)))
    const tooLate = overdue.then((seconds) => Promise.reject(timedOut(seconds)))
    await Promise.race([work(client, ending.signal), lost, tooEarly, tooLate])
    if (stay !== undefined) await Promise.race([stay, lost, signalled, overdue])
  } finally {
    clearTimeout(timer)
    ending.abort()
    await client.disconnect().catch(() => {})
    await client.stop()
    // What is left is output that nobody may read. The listeners stay: a signal that is on its way when the last one is
    // taken off is lost.
    onSignal = (signal) => process.exit(exitCodeOf(signal))
  }
}

function clientOf(options: ClientOptions): Client {
  try {
    return new Client(options)
  } catch (error) {
    throw wrongUsage((error as Error).message)
  }
}
