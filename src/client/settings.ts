/** The options of a client, checked, with their defaults: what is wrong is said before anything is connected. */

import { checkBoolean, checkInteger, isBytes } from '../codec/fields.js'
import { measurePacket } from '../codec/packet.js'
import type { Connect } from '../codec/packets/connect.js'
import type { ProtocolVersion } from '../codec/protocol.js'
import { outOfRange, wrongType } from '../errors.js'
import type { Journal } from '../session/journal.js'
import { recordCodec } from '../session/record-codec.js'
import type { Authenticator } from './authenticator.js'
import { KEEPER, type Keeper } from './keeper.js'
import type {
  BacklogOptions,
  ClientOptions,
  Credentials,
  OutboxOptions,
  Password,
  ReconnectOptions,
  ReconnectPolicy,
  RedirectPolicy,
  Username,
} from './options.js'
import { encodeText } from './text.js'

export interface Settings {
  readonly name?: string
  readonly version: ProtocolVersion
  readonly username?: Username
  readonly password?: Password
  readonly credentials?: () => Credentials | Promise<Credentials>
  /** ms */
  readonly connectTimeout: number
  /** ms */
  readonly ackTimeout: number
  /** ms; Infinity is never */
  readonly retryInterval: number
  readonly maxInflight: number
  readonly forcePing: boolean
  readonly retryCalls: boolean
  readonly autoAck: boolean | 'never'
  readonly backlog: Required<BacklogOptions>
  readonly outbox: Required<OutboxOptions>
  readonly keeper: Keeper | undefined
  readonly journal: Journal | undefined
  readonly enhancedAuth?: Authenticator
  readonly followServerReference: boolean | RedirectPolicy
  readonly reconnect: ReconnectOptions | ReconnectPolicy
  /** Whether the first connection, too, is tried again. */
  readonly retryFirst: boolean
  /** Whether each attempt brings a user name or a password of its own. */
  readonly freshCredentials: boolean
  /** The CONNECT of the first connection, but for the credentials. */
  readonly connect: Connect
}

const MAX_MS = 2_147_483_647

/** Every option there is, with its default, so that a misspelt one is said instead of ignored. */
const DEFAULTS = {
  name: undefined,
  url: undefined,
  servers: undefined,
  host: undefined,
  port: undefined,
  transport: undefined,
  tls: undefined,
  tcp: undefined,
  webSocket: undefined,
  path: undefined,
  protocolVersion: 4,
  clientId: undefined,
  cleanStart: true,
  username: undefined,
  password: undefined,
  credentials: undefined,
  keepAlive: 60,
  forcePing: false,
  connectTimeout: 60_000,
  ackTimeout: 30_000,
  retryInterval: 30_000,
  maxInflight: Infinity,
  bridgeMode: false,
  will: undefined,
  properties: undefined,
  enhancedAuth: undefined,
  autoAck: true,
  backlog: {},
  store: undefined,
  outbox: {},
  followServerReference: true,
  reconnect: {},
  retryCalls: true,
  signal: undefined,
} satisfies { [K in keyof Required<ClientOptions>]: ClientOptions[K] }

const BACKLOG: Required<BacklogOptions> = { maxMessages: 1_000, maxBytes: 16_777_216, overflow: 'drop-oldest' }

const OUTBOX: Required<OutboxOptions> = {
  maxMessages: Infinity,
  maxBytes: 134_217_728,
  maxAge: Infinity,
  whenFull: 'reject',
  offlineQos0: 'queue',
}

const RANGES: { readonly [K in keyof ClientOptions]?: readonly [least: number, most: number] } = {
  protocolVersion: [3, 5],
  keepAlive: [0, 65_535],
  connectTimeout: [1, MAX_MS],
  ackTimeout: [1, MAX_MS],
  retryInterval: [0, MAX_MS],
  maxInflight: [1, 65_535],
}

/** Throws TypeError or RangeError that names the option. `random` gives what a client id is made of. */
export function settle(options: ClientOptions, random: (size: number) => Uint8Array): Settings {
  const given = withDefaults(options)
  const { protocolVersion: version, cleanStart, bridgeMode, keepAlive, will } = given
  const properties: Connect['properties'] = { ...given.properties }
  const backlog = checkBacklog(given.backlog)
  checkAuthentication(given.enhancedAuth, version, properties)
  const keeper = keeperOf(given)
  // What Clean Session 0 means in 3.x takes both in 5.0 (§3.1.2.11.2).
  if (version === 5 && !cleanStart) properties.sessionExpiryInterval ??= 0xffffffff
  const connect: Connect = {
    type: 'connect',
    protocolVersion: version,
    bridgeMode,
    cleanStart,
    keepAlive,
    clientId: given.clientId ?? (version === 5 ? '' : newClientId(random)),
    will: will && {
      topic: will.topic,
      payload: encodeText('will.payload', will.payload ?? ''),
      qos: will.qos ?? 0,
      retain: will.retain ?? false,
      properties: will.properties ?? {},
    },
    username: undefined,
    password: undefined,
    properties,
  }
  measurePacket(connect, version)
  checkCredential('username', given.username)
  checkCredential('password', given.password)
  checkCredentials(given)
  const reconnect = checkReconnect(given.reconnect)
  // No further name behind `...given`: V8 would keep a description of all of them, 1 KiB, for each client.
  return {
    version,
    connect,
    keeper,
    journal: keeper?.journal(recordCodec),
    retryFirst: 'retryFirst' in reconnect && reconnect.retryFirst === true,
    freshCredentials: [given.username, given.password, given.credentials].some((value) => typeof value === 'function'),
    ...given,
    retryInterval: given.retryInterval || Infinity,
    reconnect,
    backlog,
    outbox: checkOutbox(given.outbox),
  }
}

type Given = ClientOptions & Required<Pick<ClientOptions, KeysWithDefault>>
type KeysWithDefault = {
  [K in keyof typeof DEFAULTS]: (typeof DEFAULTS)[K] extends undefined ? never : K
}[keyof typeof DEFAULTS]

function withDefaults(options: ClientOptions): Given {
  const given: Record<string, unknown> = { ...DEFAULTS }
  // What a store is for: to go on with the session.
  if (options.store !== undefined) given.cleanStart = false
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(DEFAULTS, name)) throw new TypeError(`${name}: there is no such option`)
    if (value === undefined) continue
    const range = RANGES[name as keyof ClientOptions]
    if (range && value !== given[name]) checkInteger(value, ...range, name)
    if (typeof given[name] === 'boolean' && !mayAlsoBe(name, value)) checkBoolean(value, name)
    given[name] = value
  }
  return given as unknown as Given
}

/** Options that are a boolean or something else. */
function mayAlsoBe(name: string, value: unknown): boolean {
  return name === 'autoAck' ? value === 'never' : typeof value === 'function' && name === 'followServerReference'
}

/** 22 characters: 3.1 asks for at most 23. */
function newClientId(random: (size: number) => Uint8Array): string {
  return `emqtt-${Array.from(random(8), (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}

/** The value itself is a secret, so only its type is told. */
function checkCredential(name: 'username' | 'password', value: unknown): void {
  if (value === undefined || typeof value === 'string' || typeof value === 'function') return
  if (name === 'password' && isBytes(value)) return
  throw new TypeError(`${name}: expected a string or a function, got ${typeof value}`)
}

function checkCredentials({ credentials, username, password }: ClientOptions): void {
  if (credentials === undefined) return
  if (typeof credentials !== 'function')
    throw new TypeError(`credentials: expected a function, got ${typeof credentials}`)
  for (const [name, value] of Object.entries({ username, password }))
    if (value !== undefined) throw new TypeError(`${name}: expected none beside credentials, which gives it`)
}

function checkBacklog(value: BacklogOptions): Required<BacklogOptions> {
  const backlog = checkNames('backlog', value, BACKLOG)
  checkInteger(backlog.maxMessages, 1, 65_535, 'backlog.maxMessages')
  checkInteger(backlog.maxBytes, 1, MAX_MS, 'backlog.maxBytes')
  checkChoice('backlog.overflow', backlog.overflow, ['drop-oldest', 'drop-newest', 'wait'])
  return backlog
}

function checkOutbox(value: OutboxOptions): Required<OutboxOptions> {
  const outbox = checkNames('outbox', value, OUTBOX)
  for (const name of ['maxMessages', 'maxBytes', 'maxAge'] as const)
    if (outbox[name] !== Infinity) checkInteger(outbox[name], 1, Number.MAX_SAFE_INTEGER, `outbox.${name}`)
  checkChoice('outbox.whenFull', outbox.whenFull, ['reject', 'drop-oldest', 'drop-newest', 'latest-per-topic'])
  checkChoice('outbox.offlineQos0', outbox.offlineQos0, ['queue', 'drop'])
  return outbox
}

function keeperOf({ store, clientId }: ClientOptions): Keeper | undefined {
  if (store === undefined) return undefined
  const keeper = (store as { [KEEPER]?: Keeper } | null)?.[KEEPER]
  if (!keeper)
    throw wrongType(
      'store',
      'that of emqtt/store/file or emqtt/store/indexeddb, or keepSession() of emqtt/store',
      store,
    )
  // The next process has to be taken for the same client.
  if (!clientId) throw outOfRange('clientId', 'one, as there is a store', clientId)
  return keeper
}

/** What is given, over the defaults; like the options themselves, a misspelt one is said. */
function checkNames<T extends object>(field: string, value: Partial<T>, defaults: T): T {
  if (typeof value !== 'object' || value === null) throw wrongType(field, 'an object', value)
  const entries = Object.entries(value)
  for (const [name] of entries)
    if (!Object.hasOwn(defaults, name)) throw new TypeError(`${field}.${name}: there is no such option`)
  return { ...defaults, ...Object.fromEntries(entries.filter(([, option]) => option !== undefined)) }
}

export function checkChoice(field: string, value: unknown, choices: readonly unknown[]): void {
  if (!choices.includes(value)) throw outOfRange(field, `one of ${choices.join(', ')}`, value)
}

function checkAuthentication(
  authenticator: Authenticator | undefined,
  version: ProtocolVersion,
  { authenticationMethod, authenticationData }: Connect['properties'],
): void {
  // They would be a half of it only: the server's answer needs somebody, too.
  if (authenticationMethod !== undefined || authenticationData !== undefined)
    throw new TypeError('properties.authenticationMethod: expected none, use enhancedAuth: { method, start, next }')
  if (authenticator === undefined) return
  if (version !== 5) throw outOfRange('enhancedAuth', 'protocolVersion 5', version)
  const { method, start, next, finish = next } = authenticator
  if (typeof method !== 'string' || [start, next, finish].some((step) => typeof step !== 'function'))
    throw new TypeError('enhancedAuth: expected { method, start, next }, a string and functions')
}

function checkReconnect(value: boolean | ReconnectOptions | ReconnectPolicy): ReconnectPolicy | ReconnectOptions {
  if (typeof value === 'function') return value
  if (typeof value === 'boolean') return value ? {} : { maxAttempts: 0 }
  if (typeof value !== 'object' || value === null) {
    throw wrongType('reconnect', 'a boolean, an object or a function', value)
  }
  const { maxAttempts = Infinity, minDelay = 0, maxDelay = 0, retryFirst = false } = value
  if (maxAttempts !== Infinity) checkInteger(maxAttempts, 0, MAX_MS, 'reconnect.maxAttempts')
  checkInteger(minDelay, 0, MAX_MS, 'reconnect.minDelay')
  checkInteger(maxDelay, 0, MAX_MS, 'reconnect.maxDelay')
  checkBoolean(retryFirst, 'reconnect.retryFirst')
  return value
}
