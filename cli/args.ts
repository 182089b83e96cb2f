/** What may be said on the command line, as one table: commander's definitions, the help and the client's options. */

import { Command, CommanderError, Option } from 'commander'
import type { ClientOptions, ProtocolVersion, TlsOptions, WillOptions } from '../platform/node/index.js'
import { wrongUsage } from './failure.js'
import { localEnd, randomClientId, readNamedFile } from './local.js'
import { collected, filled, flag, oneOf, qos, seconds, text, topicName, wholeNumber } from './values.js'

/** The client's options while the rows fill them in, from the first row to the last. */
interface Draft extends ClientOptions {
  host: string
  protocolVersion: ProtocolVersion
  tls?: TlsOptions
  will?: WillOptions
}

interface Extras {
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

interface Row<V = unknown> extends Extras {
  /** As commander reads them: a `<value>` must follow, a `[value]` may. */
  readonly flags: string
  readonly about: string
  /** Throws commander's InvalidArgumentError, which says what was expected. */
  parse(text: string, previous: V | undefined): V
  set(draft: Draft, value: V): void
}

function row<V, const E extends Extras>(
  flags: string,
  about: string,
  parse: (text: string, previous: V | undefined) => V,
  extras: E,
  set: (draft: Draft, value: V) => void = () => {},
): Row<V> & E {
  return { flags, about, parse, set, ...extras }
}

/** What a table of rows gives; undefined is a value without a default that was not given. */
type Values<T> = {
  readonly [K in keyof T]: T[K] extends Row<infer V>
    ? T[K] extends { readonly default: string } | { readonly required: true }
      ? V
      : V | undefined
    : never
}

// A switch: off, and on when it stands alone.
const OFF = { default: 'false', alone: 'true' } as const

const connection = {
  host: row(
    '-h, --host [host]',
    'name or IP address of the server',
    filled,
    { default: 'localhost' },
    (draft, host) => {
      draft.host = host
    },
  ),
  port: row(
    '-p, --port <port>',
    'port of the server (default: 1883, or 8883 with --enable-ssl)',
    wholeNumber(1, 65_535),
    {},
    (draft, port) => {
      draft.port = port
    },
  ),
  iface: row('-I, --iface <iface>', 'network interface or local IP address to use', filled, {}, (draft, iface) => {
    draft.tcp = localEnd(iface, draft.host)
  }),
  protocolVersion: row(
    '-V, --protocol-version [version]',
    'v3.1, v3.1.1 or v5',
    oneOf({ 'v3.1': 3, 'v3.1.1': 4, v5: 5 } as const),
    { default: 'v5' },
    (draft, version) => {
      draft.protocolVersion = version
    },
  ),
  username: row('-u, --username <username>', 'user name for the server', text, {}, (draft, username) => {
    draft.username = username
  }),
  password: row('-P, --password <password>', 'password for the user name', text, {}, (draft, password) => {
    draft.password = password
  }),
  clientid: row(
    '-C, --clientid <clientid>',
    'client identifier (default: emqtt-<hostname>-<random hexadecimal digits>)',
    text,
    {},
    (draft, clientId) => {
      draft.clientId = clientId
    },
  ),
  keepalive: row(
    '-k, --keepalive [seconds]',
    'longest silence before a PINGREQ, 0 for none',
    wholeNumber(0, 65_535),
    { default: '300' },
    (draft, keepAlive) => {
      draft.keepAlive = keepAlive
    },
  ),
  willTopic: row(
    '--will-topic <topic>',
    'topic of the will, the message that the server sends when this client vanishes',
    topicName,
    {},
    (draft, topic) => {
      draft.will = { topic }
    },
  ),
  willPayload: row(
    '--will-payload <payload>',
    'payload of the will',
    text,
    { needs: 'willTopic' },
    (draft, payload) => {
      draft.will = { ...draft.will!, payload }
    },
  ),
  willQos: row('--will-qos [qos]', 'QoS of the will', qos, { alone: '0', needs: 'willTopic' }, (draft, qos) => {
    draft.will = { ...draft.will!, qos }
  }),
  willRetain: row(
    '--will-retain [bool]',
    'whether the will is retained',
    flag,
    { alone: 'true', needs: 'willTopic' },
    (draft, retain) => {
      draft.will = { ...draft.will!, retain }
    },
  ),
  enableWebsocket: row(
    '--enable-websocket [bool]',
    'connect over WebSocket, at the path /mqtt',
    flag,
    OFF,
    (draft, on) => {
      if (on) draft.transport = 'ws'
    },
  ),
  enableSsl: row(
    '--enable-ssl [bool]',
    'connect over TLS; with --enable-websocket, over wss',
    flag,
    OFF,
    (draft, on) => {
      if (!on) return
      draft.transport = draft.transport === 'ws' ? 'wss' : 'tls'
      draft.tls = { minVersion: 'TLSv1.2' }
    },
  ),
  // The reference speaks TLS 1.2 alone unless told otherwise. Said to be a default, that would only keep a server from
  // using the better 1.3; said by the user, it is exactly the version to use.
  tlsVersion: row(
    '--tls-version [version]',
    'speak only tlsv1.3, tlsv1.2, tlsv1.1 or tlsv1 (default: tlsv1.2 or later)',
    oneOf({ 'tlsv1.3': 'TLSv1.3', 'tlsv1.2': 'TLSv1.2', 'tlsv1.1': 'TLSv1.1', tlsv1: 'TLSv1' } as const),
    { alone: 'tlsv1.2', needs: 'enableSsl' },
    (draft, version) => {
      draft.tls = { ...draft.tls, minVersion: version, maxVersion: version }
      // OpenSSL 3 has no cipher for these at its default level.
      if (version === 'TLSv1' || version === 'TLSv1.1') draft.tls.ciphers = 'DEFAULT:@SECLEVEL=0'
    },
  ),
  CAfile: row(
    '--CAfile <file>',
    "certificates of the authorities to trust, PEM (default: those of Node's)",
    filled,
    { needs: 'enableSsl' },
    (draft, path) => {
      draft.tls = { ...draft.tls, ca: readNamedFile('--CAfile', path) }
    },
  ),
  cert: row('--cert <file>', 'certificate of this client, PEM', filled, { needs: 'enableSsl' }, (draft, path) => {
    const pem = readNamedFile('--cert', path)
    draft.tls = { ...draft.tls, cert: pem }
    if (pem.includes('PRIVATE KEY-----')) draft.tls.key = pem
  }),
  key: row(
    '--key <file>',
    'private key for --cert, PEM (default: in the same file)',
    filled,
    { needs: 'enableSsl' },
    (draft, path) => {
      draft.tls = { ...draft.tls, key: readNamedFile('--key', path) }
    },
  ),
  sni: row(
    '--sni <name>',
    "name that the server's certificate must bear (default: the host, also as --sni true)",
    filled,
    { needs: 'enableSsl' },
    (draft, name) => {
      if (name !== 'true') draft.tls = { ...draft.tls, servername: name }
    },
  ),
  verify: row(
    '--verify [bool]',
    "whether the server's certificate is verified",
    flag,
    { default: 'true', needs: 'enableSsl' },
    (draft, on) => {
      if (!on) draft.tls = { ...draft.tls, rejectUnauthorized: false }
    },
  ),
  logLevel: row(
    '--log-level [level]',
    'more lines on stderr: info tells what the server answered, debug every packet',
    oneOf({ error: 'error', warning: 'warning', info: 'info', debug: 'debug' } as const),
    { default: 'warning' },
  ),
}

const publishing = {
  ...connection,
  topic: row('-t, --topic <topic>', 'topic to publish to', topicName, { required: true }),
  qos: row('-q, --qos [qos]', 'QoS of the message: 0, 1 or 2', qos, { default: '0' }),
  retain: row('-r, --retain [bool]', 'whether the message is retained', flag, OFF),
  payload: row('--payload <payload>', 'the message', text, {}),
  file: row('--file <file>', 'file with the message, in place of --payload', filled, {}),
  repeat: row('--repeat [count]', 'how often the message is published', wholeNumber(1, 2 ** 32 - 1), { default: '1' }),
  repeatDelay: row(
    '--repeat-delay [seconds]',
    'wait between the delivery of one and the publishing of the next',
    seconds,
    { default: '0', alias: '--repeat-count' },
  ),
  maxInflight: row(
    '--max-inflight <count>',
    'most messages of QoS 1 and 2 under way at once (default: what the server takes)',
    wholeNumber(1, 65_535),
    {},
    (draft, count) => {
      draft.maxInflight = count
    },
  ),
}

const subscribing = {
  ...connection,
  topic: row('-t, --topic <filter>', 'topic filter to subscribe to; may be given again for more', collected, {
    required: true,
  }),
  qos: row('-q, --qos [qos]', 'highest QoS at which messages are sent here: 0, 1 or 2', qos, { default: '0' }),
  retainAsPublish: row('--retain-as-publish [bool]', 'keep the retain flag as published (v5)', flag, OFF),
  retainHandling: row(
    '--retain-handling [0-2]',
    'retained messages come 0 always, 1 for a new subscription, 2 never (v5)',
    oneOf({ '0': 0, '1': 1, '2': 2 } as const),
    { default: '0' },
  ),
  print: row(
    '--print [what]',
    'as-string: the payload as text; size: how many bytes it has (default: its bytes)',
    oneOf({ size: 'size', 'as-string': 'as-string' } as const),
    { alone: 'as-string' },
  ),
}

interface Tables {
  pub: typeof publishing
  sub: typeof subscribing
  connect: typeof connection
}

const TABLES: Tables = { pub: publishing, sub: subscribing, connect: connection }

const ABOUT = {
  pub: 'Publishes a message, or the same message several times, and exits.',
  sub: 'Subscribes, and prints the payload of each message to stdout, one per line, until interrupted.',
  connect: 'Connects, and stays connected until interrupted.',
}

const USAGE = {
  pub: '-t <topic> (--payload <payload> | --file <file>) [options]',
  sub: '-t <filter> [options]',
  connect: '[options]',
}

const EXIT_CODES = `
Exit codes: 0 done; 1 refused by the server, not connected, or the connection was lost;
2 the command line is wrong; 130 or 143 interrupted before it was done.`

export interface Parsed<N extends keyof Tables> {
  values: Values<Tables[N]>
  options: ClientOptions
}

/** Reads the arguments after `emqtt <name>`. Undefined when they asked for the help, which is on stdout then. */
export function parse<N extends keyof Tables>(name: N, argv: readonly string[]): Parsed<N> | undefined {
  const table: Record<string, Row> = TABLES[name]
  const command = new Command(`emqtt ${name}`)
    .usage(USAGE[name])
    .description(ABOUT[name])
    .helpOption('--help', 'print this')
    .addHelpText('after', EXIT_CODES)
    .configureHelp({ optionDescription: ({ description }) => description })
    .configureOutput({ writeErr: () => {} })
    .exitOverride()
  for (const one of Object.values(table)) for (const option of optionsOf(one)) command.addOption(option)

  try {
    command.parse(argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return undefined
    // The sentences of commander may have a second line: "(Did you mean …?)".
    throw wrongUsage(error.message.replace(/^error: /, '').replaceAll('\n', ' '))
  }

  const values: Record<string, unknown> = command.opts()
  for (const [key, { flags, needs }] of Object.entries(table)) {
    if (needs !== undefined && command.getOptionValueSource(key) === 'cli' && !values[needs]) {
      throw wrongUsage(`${longName(flags)} needs ${longName(table[needs]!.flags)}`)
    }
  }
  return { values: values as Values<Tables[N]>, options: toClientOptions(table, values) }
}

/** A second option that writes to the same value. */
class Alias extends Option {
  constructor(
    flags: string,
    private readonly of: Option,
  ) {
    super(flags)
    this.hideHelp()
  }

  override attributeName(): string {
    return this.of.attributeName()
  }
}

function optionsOf({ flags, about, parse, alias, ...rest }: Row): Option[] {
  const aboutDefault =
    rest.default === undefined || rest.default === 'false' ? about : `${about} (default: ${rest.default})`
  const option = new Option(flags, aboutDefault)
  const options = [option]
  if (alias !== undefined) options.push(new Alias(flags.replace(/^.*--[^ ]+/, alias), option))
  for (const each of options) {
    each.argParser(parse).preset(rest.alone ?? rest.default)
  }
  if (rest.default !== undefined) option.default(parse(rest.default, undefined))
  if (rest.required) option.makeOptionMandatory()
  return options
}

function longName(flags: string): string {
  return /--[^ ]+/.exec(flags)![0]
}

function toClientOptions(table: Record<string, Row>, values: Record<string, unknown>): ClientOptions {
  // The payloads of a pipe are to be complete: a lost connection ends the command instead of leaving a gap in silence.
  const draft: Draft = { host: 'localhost', protocolVersion: 5, reconnect: false }
  for (const [key, { set }] of Object.entries(table)) {
    if (values[key] !== undefined) set(draft, values[key])
  }
  if (draft.tls?.cert !== undefined && draft.tls.key === undefined) {
    throw wrongUsage('--cert needs --key: its file holds no private key')
  }
  if (draft.tls?.key !== undefined && draft.tls.cert === undefined) throw wrongUsage('--key needs --cert')
  draft.port ??= draft.tls === undefined ? 1883 : 8883
  draft.clientId ??= randomClientId(draft.protocolVersion)
  return draft
}
