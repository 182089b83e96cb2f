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
import { RECONNECT } from './reconnect.js'
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
  readonly reconnect: Required<ReconnectOptions> | ReconnectPolicy
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

/** The whole numbers that an option may be, beside its default; `none` is no limit. */
const RANGES: Readonly<Record<string, readonly [least: number, most: number, none?: number]>> = {
  protocolVersion: [3, 5],
  keepAlive: [0, 65_535],
  connectTimeout: [1, MAX_MS],
  ackTimeout: [1, MAX_MS],
  retryInterval: [0, MAX_MS],
  maxInflight: [1, 65_535],
  'backlog.maxMessages': [1, 65_535],
  'backlog.maxBytes': [1, MAX_MS],
  'outbox.maxMessages': [1, Number.MAX_SAFE_INTEGER],
  'outbox.maxBytes': [1, Number.MAX_SAFE_INTEGER, Infinity],
  'outbox.maxAge': [1, Number.MAX_SAFE_INTEGER],
  'reconnect.maxAttempts': [0, MAX_MS],
  'reconnect.minDelay': [0, MAX_MS],
  'reconnect.maxDelay': [0, MAX_MS],
}

const CHOICES: Readonly<Record<string, readonly string[]>> = {
  'backlog.overflow': ['drop-oldest', 'drop-newest', 'wait'],
  'outbox.whenFull': ['reject', 'drop-oldest', 'drop-newest', 'latest-per-topic'],
  'outbox.offlineQos0': ['queue', 'drop'],
}

/** Throws TypeError or RangeError that names the option. `random` gives what a client id is made of. */
export function settle(options: ClientOptions, random: (size: number) => Uint8Array): Settings {
  // What a store is for: to go on with the session.
  const defaults = { ...DEFAULTS, cleanStart: options.store === undefined }
  const given = checkOptions('', options, defaults as unknown as Given)
  const { protocolVersion: version, cleanStart, bridgeMode, keepAlive, will } = given
  const properties: Connect['properties'] = { ...given.properties }
  const backlog = checkOptions('backlog', given.backlog, BACKLOG)
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
    retryFirst: typeof reconnect === 'object' && reconnect.retryFirst,
    freshCredentials: [given.username, given.password, given.credentials].some((value) => typeof value === 'function'),
    ...given,
    retryInterval: given.retryInterval || Infinity,
    reconnect,
    backlog,
    outbox: checkOptions('outbox', given.outbox, OUTBOX),
  }
}

type Given = ClientOptions & Required<Pick<ClientOptions, KeysWithDefault>>
type KeysWithDefault = {
  [K in keyof typeof DEFAULTS]: (typeof DEFAULTS)[K] extends undefined ? never : K
}[keyof typeof DEFAULTS]

/** What is given, over the defaults, all of it checked; `group` is the option that these are in. */
function checkOptions<T extends object>(group: string, given: Partial<T>, defaults: T): T {
  if (typeof given !== 'object' || given === null) throw wrongType(group || 'options', 'an object', given)
  const entries = Object.entries(given)
  // Most clients want the same: they share it.
  if (entries.length === 0) return defaults
  const checked: T = { ...defaults }
  for (const [key, value] of entries) {
    const field = group ? `${group}.${key}` : key
    if (!Object.hasOwn(defaults, key)) throw new TypeError(`${field}: there is no such option`)
    const name = key as keyof T
    const usual = defaults[name]
    if (value === undefined || value === usual) continue
    const range = RANGES[field]
    const choices = CHOICES[field]
    if (choices) checkChoice(field, value, choices)
    else if (range && value !== range[2]) checkInteger(value, range[0], range[1], field)
    else if (typeof usual === 'boolean' && !mayAlsoBe(field, value)) checkBoolean(value, field)
    checked[name] = value as T[keyof T]
  }
  return checked
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

function checkReconnect(value: boolean | ReconnectOptions | ReconnectPolicy): Settings['reconnect'] {
  if (typeof value === 'function') return value
  if (typeof value === 'boolean') return { ...RECONNECT, maxAttempts: value ? Infinity : 0 }
  if (typeof value === 'object') return checkOptions('reconnect', value, RECONNECT)
  throw wrongType('reconnect', 'a boolean, an object or a function', value)
}
