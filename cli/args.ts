/** Reads the command line: commander's definitions, the help and the client's options, all from the tables of options. */

import { Command, CommanderError, Option } from 'commander'
import type { ClientOptions } from '../platform/node/index.js'
import { wrongUsage } from './failure.js'
import { randomClientId } from './local.js'
import { ABOUT, TABLES, type Tables } from './options.js'
import type { Draft, Row, Values } from './rows.js'

export interface Parsed<N extends keyof Tables> {
  values: Values<Tables[N]>
  options: ClientOptions
}

/** Reads the arguments after `emqtt <name>`. Undefined when they asked for the help, which is on stdout then. */
export function parse<N extends keyof Tables>(
  name: N,
  argv: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
): Parsed<N> | undefined {
  const table: Record<string, Row> = TABLES[name]
  const { usage, what, after } = ABOUT[name]
  const command = new Command(`emqtt ${name}`)
    .usage(usage)
    .description(what)
    .addHelpText('after', after)
    .configureHelp({ optionDescription: ({ description }) => description })
    .configureOutput({ writeErr: () => {} })
    .exitOverride()
  for (const one of Object.values(table)) for (const option of optionsOf(one)) command.addOption(option)
  command.addHelpOption(new Option('--help', 'print this').helpGroup('Command:'))

  try {
    command.parse(argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return undefined
    // The sentences of commander may have a second line: "(Did you mean …?)".
    // Of an option that nobody knows its name alone: behind a misspelt one there may be a password.
    const unknown = error.code === 'commander.unknownOption'
    const said = unknown ? error.message.replace(/'(--[^=]*|-.).*'/s, "'$1'") : error.message
    throw wrongUsage(said.replace(/^error: /, '').replaceAll('\n', ' '))
  }

  const values: Record<string, unknown> = command.opts()
  for (const [key, { flags, needs }] of Object.entries(table)) {
    if (needs !== undefined && command.getOptionValueSource(key) === 'cli' && !values[needs]) {
      throw wrongUsage(`${longName(flags)} needs ${longName(table[needs]!.flags)}`)
    }
  }
  return { values: values as Values<Tables[N]>, options: toClientOptions(table, values, environment) }
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

function optionsOf({ flags, about, group, parse, alias, ...rest }: Row): Option[] {
  const aboutDefault =
    rest.default === undefined || rest.default === 'false' ? about : `${about} (default: ${rest.default})`
  const option = new Option(flags, aboutDefault).helpGroup(`${group}:`)
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

function toClientOptions(
  table: Record<string, Row>,
  values: Record<string, unknown>,
  environment: NodeJS.ProcessEnv,
): ClientOptions {
  // The payloads of a pipe are to be complete: a lost connection ends the command instead of leaving a gap in silence.
  const draft: Draft = { host: 'localhost', protocolVersion: 5, reconnect: false }
  for (const [key, { set }] of Object.entries(table)) {
    if (values[key] !== undefined) set(draft, values[key])
  }
  if (draft.tls?.cert !== undefined && draft.tls.key === undefined) {
    throw wrongUsage('--cert needs --key: its file holds no private key')
  }
  if (draft.tls?.key !== undefined && draft.tls.cert === undefined) throw wrongUsage('--key needs --cert')
  addCredentials(draft, environment)
  draft.port ??= draft.tls === undefined ? 1883 : 8883
  draft.clientId ??= randomClientId(draft.protocolVersion)
  return draft
}

/** What the options leave open is taken from the environment. A variable that is empty is one that is not set. */
function addCredentials(draft: Draft, { EMQTT_USERNAME, EMQTT_PASSWORD }: NodeJS.ProcessEnv): void {
  if (draft.username === undefined && EMQTT_USERNAME) draft.username = EMQTT_USERNAME
  if (draft.password === undefined && EMQTT_PASSWORD) draft.password = EMQTT_PASSWORD
  // [MQTT-3.1.2-22] of 3.1.1. The client knows of it, but not where the password came from.
  if (draft.password !== undefined && draft.username === undefined && draft.protocolVersion < 5) {
    throw wrongUsage('a password needs --username (or EMQTT_USERNAME) in MQTT v3.1 and v3.1.1')
  }
}
