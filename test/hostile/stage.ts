/** Where hostile cases are played: a client, its server, and what must be seen of both, in memory or over sockets. */

import { Client } from '../../platform/node/index.js'
import { reasonName } from '../../src/codec/index.js'
import { type ClientOptions, CoreClient, type DisconnectEvent, isMqttError, type MqttError } from '../../src/index.js'
import { play, type Step, type Wire, within } from '../support/scenario.js'
import { VirtualHost } from '../support/virtual-host.js'
import { memoryWire, type ScenarioServer } from '../support/wires.js'
import type { Case } from './case.js'
import { reopening } from './phases.js'

/** A client and the ends of its connections, in order. */
export interface Stage {
  readonly client: CoreClient
  wire(): Promise<Wire>
  /** Lets what is due happen: the next attempt to connect, the handing out of messages. */
  goOn(): Promise<void>
}

export type Theatre = (options: ClientOptions) => Stage

/** Time and network are virtual. */
export function memoryStage(options: ClientOptions): Stage {
  const host = new VirtualHost()
  let count = 0
  return {
    client: new CoreClient(options, host),
    wire: async () => memoryWire(await host.peer(count++)),
    goOn: () => host.advance(0),
  }
}

/** The server is for one client at a time. */
export function socketStage(server: ScenarioServer): Theatre {
  return (options) => ({
    client: new Client({ ...options, ...server.options, url: server.url }),
    wire: () => server.wire(),
    goOn: async () => {},
  })
}

const PATIENCE = 10_000
const PING: readonly Step[] = [{ expect: 'pingreq' }, { send: 'd0 00' }]

/** Plays a case; rejects where the client did not do as it must. */
export async function playCase(hostile: Case, theatre: Theatre): Promise<void> {
  const { version, phase, reaction, options, before = [], send } = hostile
  const {
    client,
    wire: next,
    goOn,
  } = theatre({
    protocolVersion: version,
    clientId: 'hostile',
    cleanStart: false,
    keepAlive: 0,
    reconnect: { minDelay: 0, maxDelay: 0, retryFirst: true },
    ...phase.options,
    ...options,
  })
  const errors: Error[] = []
  const ends: DisconnectEvent[] = []
  client.on('error', (error) => errors.push(error))
  client.on('disconnect', (end) => ends.push(end))
  const left = new Promise<Error>((resolve) => client.on('reconnecting', ({ error }) => resolve(error)))
  let connects = 0
  const back = new Promise<void>((resolve) =>
    client.on('connect', () => {
      if (++connects === (phase.connected ? 2 : 1)) resolve()
    }),
  )

  const connecting = quiet(client.connect())
  const wire = await within(next(), PATIENCE)
  await play(phase.opening(version), wire)
  if (phase.connected) {
    await within(connecting, PATIENCE)
    await goOn()
  }
  const asked = phase.ask && quiet(phase.ask(client))
  await play([...phase.asked, ...before, { send }], wire)

  if (reaction.kind === 'goes on') {
    await play(
      reaction.answers.map((expect) => ({ expect })),
      wire,
    )
    // Where the hostile packet was CONNACK itself, the client is connected already.
    if (hostile.packet !== 'CONNACK') await play(phase.finish(version), wire)
    await within(Promise.all([connecting, asked]), PATIENCE)
    await ping(client, wire)
    check(ends.length === 0, 'the connection ended')
  } else {
    const said: Step[] =
      version === 5 && reaction.kind === 'violation' ? [{ expect: `disconnect 0x${reaction.code.toString(16)}` }] : []
    await play([...said, { closed: true }], wire)
    if (reaction.kind === 'violation') judge(await within(left, PATIENCE), reaction)
    const retry = reaction.kind === 'violation' || reaction.retry
    check(ends.length === (phase.connected ? 1 : 0), `it heard of ${ends.length} ends`)
    for (const end of ends) {
      check(end.retry === retry, `it ${end.retry ? 'tries again' : 'gives up'}`)
      const expected = reaction.kind === 'violation' ? symbolOf(reaction.code) : reaction.code
      check(isMqttError(end.error) && end.error.code === expected, `the error is ${describeError(end.error)}`)
    }
    // What broke may have been the network: where it is tried again, what was asked goes on or is told.
    const outcome = asked?.then(
      () => 'resolves',
      () => 'rejects',
    )
    if (retry) {
      await goOn()
      const second = await within(next(), PATIENCE)
      await play([...reopening(phase, version), ...phase.again(version)], second)
      await within(Promise.all([connecting, back]), PATIENCE)
      if (outcome) check((await within(outcome, PATIENCE)) === phase.outcome, `what was asked not ${phase.outcome}`)
      await ping(client, second)
    } else {
      if (outcome) check((await within(outcome, PATIENCE)) === 'rejects', 'what was asked was not given up')
      check(client.status === 'closed', `it is ${client.status}`)
    }
  }
  await within(client.stop(), PATIENCE)
  check(errors.length === 0, `an error had nowhere to go: ${errors.map(describeError)}`)
}

/** The error says what came and what was expected, and names the code; before CONNACK it is the cause of another. */
function judge(error: Error, { code, says }: { code: number; says: string }): void {
  const cause = (error.cause ?? error) as MqttError
  const told = describeError(error)
  check(isMqttError(error) && error.retryable, `not to be tried again: ${told}`)
  check(error.message.includes(cause.message), `without its cause: ${told}`)
  check(
    cause.name === 'ProtocolError' && cause.reasonCode === code,
    `another code than ${code}: ${describeError(cause)}`,
  )
  check(error.code === symbolOf(code), `another code than ${symbolOf(code)}: ${told}`)
  check(/: expected .+, got .+/.test(cause.message), `does not say what was expected and what came: ${cause.message}`)
  check(cause.message.includes(says), `does not say ${says}: ${cause.message}`)
}

async function ping(client: CoreClient, wire: Wire): Promise<void> {
  const pong = quiet(client.ping())
  await play(PING, wire)
  await within(pong, PATIENCE)
}

/** As the error has it: `PROTOCOL_ERROR`. */
function symbolOf(code: number): string {
  return reasonName(code).toUpperCase().replaceAll(' ', '_')
}

/** It may reject before anybody looks. */
function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}

function check(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise)
}

function describeError(error: unknown): string {
  const { name, code, message } = error as MqttError
  return `${name} ${code}: ${message}`
}
