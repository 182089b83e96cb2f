/** What the suite wants to know of a broker: where it listens, and what it cannot do. */

import type { ClientOptions, ProtocolVersion } from '../../platform/node/index.js'

export type Scheme = 'mqtt' | 'mqtts' | 'ws' | 'wss'

export interface RunningBroker extends AsyncDisposable {
  readonly urls: Readonly<Partial<Record<Scheme, string>>>
  /** What every client needs here: a CA, credentials. */
  readonly options?: ClientOptions
}

/** That a broker lacks a behaviour. The suite demands that it fails in just this way, so that the table stays true. */
export interface Lack {
  /** Versions in which it does; all, unless said. */
  readonly versions?: readonly ProtocolVersion[]
  /** A piece of the error with which the behaviour fails. */
  readonly seen: string
  /** What it does instead, for docs/brokers.md. */
  readonly instead: string
}

export interface BrokerKind {
  readonly name: string
  /** The version that the table is about, and where it comes from. */
  readonly origin: string
  readonly versions: readonly ProtocolVersion[]
  readonly schemes: readonly Scheme[]
  /** By the title of the behaviour. */
  readonly lacks: Readonly<Record<string, Lack | readonly Lack[]>>
  start(): Promise<RunningBroker>
}

/** The lack of a behaviour in a version, if it has it. */
export function lackOf(kind: BrokerKind, title: string, version: ProtocolVersion): Lack | undefined {
  return [kind.lacks[title] ?? []].flat().find(({ versions }) => versions?.includes(version) ?? true)
}
