/** The life of one client from its options to its last line, however the command ends. */

import { Client, type ClientOptions } from '../platform/node/index.js'
import { exitCodeOf, interrupted, wrongUsage } from './failure.js'
import { type LogLevel, logPackets } from './log.js'
import { say } from './output.js'

const SIGNALS = ['SIGINT', 'SIGTERM'] as const
type Signal = (typeof SIGNALS)[number]

export interface Session {
  readonly options: ClientOptions
  readonly logLevel: LogLevel
  /** What there is to do until `ended`. A signal in the midst of it is a failure. */
  work(client: Client, ended: AbortSignal): Promise<void>
  /** Where the command stays afterwards: until this resolves or a signal comes, either of which is a good end. */
  readonly stay?: Promise<void>
}

/**
 * Does the work of a session with a client, and resolves once nothing of the client is left: it said DISCONNECT where
 * it was connected. Rejects with what went wrong: a lost connection, a signal too early, or the work's own error.
 */
export async function run({ options, logLevel, work, stay }: Session): Promise<void> {
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
  const listener = (signal: Signal): void => onSignal(signal)
  for (const signal of SIGNALS) process.on(signal, listener)

  const ending = new AbortController()
  try {
    const tooEarly = signalled.then((signal) => Promise.reject(interrupted(signal)))
    await Promise.race([work(client, ending.signal), lost, tooEarly])
    if (stay !== undefined) await Promise.race([stay, lost, signalled])
  } finally {
    ending.abort()
    await client.disconnect().catch(() => {})
    await client.stop()
    for (const signal of SIGNALS) process.off(signal, listener)
  }
}

function clientOf(options: ClientOptions): Client {
  try {
    return new Client(options)
  } catch (error) {
    throw wrongUsage((error as Error).message)
  }
}
