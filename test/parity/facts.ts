/** What there is, from where it cannot drift: the types, the classes, the tables and the help. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { PROPERTY_SETS } from '../../src/codec/properties.js'
import { CoreClient, Message, Subscription } from '../../src/index.js'
import { emqtt } from '../cli/command.js'
import { ROOT } from '../support/setup.mjs'
import type { Demand } from './table.js'

/** The names that an interface declares. */
function membersOf(file: string, name: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(join(ROOT, file), 'utf8'), ts.ScriptTarget.ES2022)
  for (const statement of source.statements) {
    if (!ts.isInterfaceDeclaration(statement) || statement.name.text !== name) continue
    return statement.members.flatMap((member) =>
      member.name && ts.isIdentifier(member.name) ? [member.name.text] : [],
    )
  }
  throw new Error(`${file} has no interface ${name}`)
}

/** The public names of a class. */
function publicOf(made: { readonly prototype: object }): string[] {
  return Object.getOwnPropertyNames(made.prototype).filter((name) => name !== 'constructor')
}

const prefixed = (prefix: string, names: readonly string[]): string[] => names.map((name) => prefix + name)

const OPTIONS = 'Start options|Options of later versions|Beyond the reference'
const TYPES = 'src/client/options.ts'

/** All that needs a row. */
export async function demands(): Promise<Demand[]> {
  const here = (sections: string, origin: string, names: readonly string[]): Demand => ({
    sections,
    origin,
    names,
    column: 'here',
  })
  const nested = {
    will: 'WillOptions',
    reconnect: 'ReconnectOptions',
    tls: 'TlsOptions',
    webSocket: 'WebSocketOptions',
  }
  const flags = await Promise.all(['pub', 'sub', 'connect'].map(flagsOf))
  return [
    here(OPTIONS, 'ClientOptions', membersOf(TYPES, 'ClientOptions')),
    here('Beyond the reference', 'BacklogOptions', membersOf(TYPES, 'BacklogOptions')),
    ...Object.entries(nested).map(([option, type]) =>
      here(OPTIONS, type, prefixed(`${option}.`, membersOf(TYPES, type))),
    ),
    here('Publish options|Beyond the reference', 'PublishOptions', membersOf(TYPES, 'PublishOptions')),
    here('Subscription options', 'SubscribeOptions', membersOf(TYPES, 'SubscribeOptions')),
    here('Functions|Messages and events', 'Client', prefixed('client.', publicOf(CoreClient))),
    here(
      'Messages and events',
      'Message',
      prefixed('message.', [
        ...publicOf(Message),
        'topic',
        'payload',
        'qos',
        'retain',
        'dup',
        'packetId',
        'properties',
      ]),
    ),
    here(
      'Messages and events',
      'Subscription',
      prefixed('subscription.', [...publicOf(Subscription), 'filters', 'reasonCodes', 'properties']),
    ),
    here(
      'Messages and events|Beyond the reference',
      'ClientEvents',
      membersOf('src/client/results.ts', 'ClientEvents').map((name) => `on('${name}')`),
    ),
    here('Properties', 'Properties', [...carriersOf().keys()]),
    ...flags.map(({ command, names }) => here('Command line|Beyond the reference', `emqtt ${command} --help`, names)),
  ]
}

/** For each property the packets that may carry it. */
export function carriersOf(): Map<string, string[]> {
  const carriers = new Map<string, string[]>()
  for (const { carrier, byName } of Object.values(PROPERTY_SETS)) {
    const packet = carrier === 'will' ? 'Will' : carrier.toUpperCase()
    for (const name of byName.keys()) carriers.set(name, [...(carriers.get(name) ?? []), packet])
  }
  return carriers
}

/** What the built command's help lists. */
async function flagsOf(command: string): Promise<{ command: string; names: string[] }> {
  const { stdout } = await emqtt(command, '--help')
  const names = [...stdout.matchAll(/^ {2}(?:(-\w), )?(--[\w-]+)/gm)].flatMap(([, short, long]) => [
    ...(short ? [short] : []),
    long as string,
  ])
  return { command, names }
}
