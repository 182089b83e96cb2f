/** A client on a virtual host: connections are in memory and the clock moves when a test says so. */

import { afterEach, beforeEach, expect } from 'vitest'
import type { Packet, PacketInput } from '../../src/codec/index.js'
import { type ClientOptions, CoreClient, type QoS } from '../../src/index.js'
import type { ScriptedPeer } from '../support/scripted-peer.js'
import { VirtualHost } from '../support/virtual-host.js'

export const VERSIONS = [3, 4, 5] as const

export type Connack = Omit<Extract<PacketInput, { type: 'connack' }>, 'type'>

export interface Connected {
  client: CoreClient
  host: VirtualHost
  peer: ScriptedPeer
  connect: Extract<Packet, { type: 'connect' }>
}

export async function connected(
  options: ClientOptions = {},
  connack: Connack = {},
  host = new VirtualHost(),
): Promise<Connected> {
  const client = new CoreClient(options, host)
  const connecting = client.connect()
  const peer = await host.peer(host.peers.length)
  const connect = await peer.accept(connack)
  await connecting
  await host.advance(0)
  return { client, host, peer, connect }
}

/** The client's next connection, accepted. */
export async function reconnected(
  host: VirtualHost,
  connack: Connack = {},
): Promise<{ peer: ScriptedPeer; connect: Extract<Packet, { type: 'connect' }> }> {
  const next = host.peer(host.peers.length)
  await host.advance(host.nextTimer)
  const peer = await next
  const connect = await peer.accept(connack)
  await host.advance(0)
  return { peer, connect }
}

/** A PUBLISH from the server. */
export function publish(
  topic: string,
  payload: string,
  qos: QoS = 0,
  packetId?: number,
  more: object = {},
): PacketInput {
  return { type: 'publish', topic, qos, packetId, payload: new TextEncoder().encode(payload), ...more }
}

/** Subscribes, and has the server grant it. */
export async function granted<T>({ peer, host }: Connected, subscribing: Promise<T>): Promise<T> {
  const { packetId, subscriptions } = await peer.next('subscribe')
  peer.send({ type: 'suback', packetId, reasonCodes: subscriptions.map(({ qos }) => qos) })
  const result = await subscribing
  await host.advance(0)
  return result
}

/** What a promise rejects with. */
export async function failure(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  try {
    await promise
  } catch (error) {
    return error as Error & Record<string, unknown>
  }
  throw new Error('expected a rejection')
}

/** How a promise stands: its value, its error, or `pending`. */
export async function state(promise: Promise<unknown>): Promise<unknown> {
  return Promise.race([
    promise.then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    ),
    new Promise((resolve) => setImmediate(() => setImmediate(() => resolve('pending')))),
  ])
}

/** Records events as `name` and, where it says something, a detail. */
export function record(client: CoreClient): string[] {
  const events: string[] = []
  client.on('connect', ({ sessionPresent }) => events.push(`connect ${sessionPresent}`))
  client.on('disconnect', ({ error, reasonCode, retry, delay }) => {
    events.push(
      ['disconnect', error && codeOf(error), reasonCode, retry && `retry ${delay}`]
        .filter((part) => part !== undefined && part !== false)
        .join(' '),
    )
  })
  client.on('reconnecting', ({ attempt, delay }) => events.push(`reconnecting ${attempt} ${delay}`))
  client.on('resubscribe', ({ results }) =>
    events.push(`resubscribe ${results.map(({ filter, reasonCode }) => `${filter} ${reasonCode}`)}`),
  )
  client.on('redirect', ({ servers, permanent, hops, followed }) =>
    events.push(
      `redirect ${hops} ${permanent ? 'for good' : 'for now'} ${followed ? '' : 'not '}followed ${servers.join(' ')}`,
    ),
  )
  client.on('message', (message) => events.push(`message ${message.text()}`))
  client.on('drop', (message) => events.push(`drop ${message.text()}`))
  client.on('error', (error) => events.push(`error ${codeOf(error)}`))
  client.on('close', ({ error }) => events.push(`close${error ? ` ${codeOf(error)}` : ''}`))
  return events
}

export function codeOf(error: unknown): string {
  return (error as { code?: string }).code ?? (error as Error).message
}

/** Fails a test during which a rejection was left to the process. */
export function noUnhandledRejections(): void {
  const unhandled: unknown[] = []
  const listener = (reason: unknown): void => void unhandled.push(reason)
  beforeEach(() => void process.on('unhandledRejection', listener))
  afterEach(async () => {
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
    process.off('unhandledRejection', listener)
    expect(unhandled.splice(0)).toEqual([])
  })
}

/** A signal that never aborts, and that counts who listens to it. */
export function countedSignal() {
  let listening = 0
  const signal = {
    aborted: false,
    reason: undefined,
    addEventListener: () => listening++,
    removeEventListener: () => listening--,
  }
  return { signal, listening: () => listening }
}
