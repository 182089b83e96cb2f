/** A row of the table of options: how one is written, what its help says, and what it does to the client's options. */

import type { ClientOptions, ProtocolVersion, TlsOptions, WillOptions } from '../platform/node/index.js'

/** The client's options while the rows fill them in, from the first row to the last. */
export interface Draft extends ClientOptions {
  host: string
  protocolVersion: ProtocolVersion
  tls?: TlsOptions
  will?: WillOptions
}

export interface Extras {
  /** Text of the value when the option is not given; for a `[value]`, also when it is given alone. */
  readonly default?: string
  /** Text of the value of an option given alone, where that is not the default. */
  readonly alone?: string
  readonly required?: true
  /** The option that this one is about. */
  readonly needs?: string
  /** Another long name. */
  readonly alias?: string
}

export interface Row<V = unknown> extends Extras {
  /** As commander reads them: a `<value>` must follow, a `[value]` may. */
  readonly flags: string
  readonly about: string
  /** The heading of the help that it stands under. */
  readonly group?: string
  /** Throws commander's InvalidArgumentError, which says what was expected. */
  parse(text: string, previous: V | undefined): V
  set(draft: Draft, value: V): void
}

export function row<V, const E extends Extras>(
  flags: string,
  about: string,
  parse: (text: string, previous: V | undefined) => V,
  extras: E,
  set: (draft: Draft, value: V) => void = () => {},
): Row<V> & E {
  return { flags, about, parse, set, ...extras }
}

/** Rows that stand under one heading of the help. */
export function under<R extends object>(group: string, rows: R): R {
  return Object.fromEntries(Object.entries(rows).map(([key, one]) => [key, { ...one, group }])) as R
}

/** What a table of rows gives; undefined is a value without a default that was not given. */
export type Values<T> = {
  readonly [K in keyof T]: T[K] extends Row<infer V>
    ? T[K] extends { readonly default: string } | { readonly required: true }
      ? V
      : V | undefined
    : never
}

// A switch: off, and on when it stands alone.
export const OFF = { default: 'false', alone: 'true' } as const
