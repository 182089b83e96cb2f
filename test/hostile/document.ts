/** docs/hostile.md, made from the matrix: rule by rule, what a client does about it. */

import type { ProtocolVersion } from '../../src/codec/index.js'
import { hex } from '../session/bench.js'
import type { Case, Reaction } from './case.js'
import { allCases, PHASE_NAMES, VERSIONS } from './matrix.js'
import { PHASES, type Phase } from './phases.js'

const HEAD = `# Hostile servers

What the client does about a server that breaks the protocol: each rule that a server can break, broken once in each packet, in
each version, in each phase of a connection. This page is made from the tests (test/hostile), which play every case:
\`UPDATE_DOCS=1 npx vitest run test/hostile/document.test.ts\` writes it, and a test fails where it is not what they say.

A server that breaks the protocol is told so and left:

- In 5.0 it gets DISCONNECT with the Reason Code that the table names, also before CONNACK: a client may send packets as soon as
  it has sent CONNECT (§3.1.4), and should send this one (§4.13.1). In 3.x there is nothing to say. Then the connection is closed.
- The event \`disconnect\` has a \`ProtocolError\`: \`code\` and \`reasonCode\` are those of 5.0 in all versions, and the message says the
  packet and the field, what was expected and what came. Before CONNACK it is the \`cause\` of what \`connect\` rejects with.
- It may have been a broken network, so the client connects again (\`retry\` of the event; [connecting.md](connecting.md)); before the
  first CONNACK only with \`reconnect.retryFirst\`. On the next connection messages and calls that were under way go on; a ping or a
  re-authentication rejects.
- What is wrong inside a packet is found before anybody asks whether the packet may come now. So it is the same in each phase.

How each case is seen: bytes on the wire, the end of the connection, the error, what was asked for being done on the next
connection, no uncaught exception and no unhandled rejection; and another client in the same process exchanges messages all
the while and misses none. All cases are played in memory, and each way to break a rule over TCP and over a WebSocket, too.

In the tables, **0x81** and so on are left as above, with this Reason Code; **closed** is the same in 3.x. **goes on** is what no
rule forbids, or what the standard has an answer for. **ends** is the server's own end of the connection. An empty cell is a case
that does not exist in this version. The number is how many ways to break the rule are played in each phase; the fields they are
in follow the rule. Clauses are those of 5.0, unless there is none; where a rule reads the same in 3.1.1, its number there is not
repeated.
`

const TEXT = { 5: '5.0', 4: '3.1.1', 3: '3.1' } as const

function reactionOf(reaction: Reaction, version: ProtocolVersion): string {
  if (reaction.kind === 'violation') return version === 5 ? `0x${hex(reaction.code).slice(2).toUpperCase()}` : 'closed'
  if (reaction.kind === 'ends') return reaction.retry ? 'ends, again' : 'ends, for good'
  return reaction.answers.length === 0
    ? 'goes on'
    : `goes on: ${reaction.answers.map((each) => each.toUpperCase().replace('0X', '0x')).join(', ')}`
}

/** Those of the row, as few words as tell them. */
function phasesOf(cases: readonly Case[]): string {
  const names = new Set(cases.map(({ phase }) => phase.name))
  const versions = new Set(cases.map(({ version }) => version))
  const possible = PHASE_NAMES.map((name) => PHASES[name] as Phase).filter(({ versions: own }) =>
    own.some((version) => versions.has(version)),
  )
  const missing = possible.filter(({ name }) => !names.has(name))
  if (missing.length === 0) return 'each'
  if (missing.length < names.size) return `each but ${missing.map(({ name }) => name).join(', ')}`
  return possible
    .filter(({ name }) => names.has(name))
    .map(({ name }) => name)
    .join(', ')
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group) group.push(item)
    else groups.set(keyOf(item), [item])
  }
  return groups
}

/** What happens in these cases, by version. */
function outcomes(cases: readonly Case[]): string[] {
  return VERSIONS.map((version) => {
    const own = cases.filter((each) => each.version === version)
    return [...new Set(own.map(({ reaction }) => reactionOf(reaction, version)))].join(' or ')
  })
}

/** The cases of one rule, those together in whose phases the same happens; a phase of 5.0 alone says nothing of the others. */
function byOutcome(cases: readonly Case[]): Case[][] {
  const groups: { said: string[]; own: Case[] }[] = []
  const phases = [...groupBy(cases, ({ phase }) => phase.name).values()]
  const versionsOf = (own: readonly Case[]) => (own[0] as Case).phase.versions.length
  for (const own of phases.sort((a, b) => versionsOf(b) - versionsOf(a))) {
    const said = outcomes(own)
    const alone = versionsOf(own) === 1
    const same = groups.find((each) => (alone ? each.said[0] === said[0] : each.said.join() === said.join()))
    if (same) same.own.push(...own)
    else groups.push({ said, own: [...own] })
  }
  return groups.map(({ own }) => own)
}

function rowsOf(cases: readonly Case[]): string[] {
  const [{ rule }] = cases as [Case]
  const clauses = VERSIONS.flatMap((version) => {
    const own = cases.filter((each) => each.version === version)
    const said = [...new Set(own.map(({ clause }) => clause))]
    return said.map((clause) => ({ version: TEXT[version], clause }))
  })
  const five = clauses.filter(({ version }) => version === '5.0').map(({ clause }) => clause)
  const others = [...new Set(clauses.filter(({ clause }) => !five.includes(clause)).map(({ clause }) => clause))]
  const clause = [...five, ...others.map((each) => `${each} of 3.1.1`)].join(', ')
  const fields = [...new Set(cases.map(({ way }) => way?.replace('properties.', '')).filter(Boolean))]
  const what = fields.length === 0 ? rule : `${rule}: ${fields.join(', ')}`
  return byOutcome(cases).map((own) => {
    const each = groupBy(own, ({ phase, version }) => `${phase.name} ${version}`)
    const ways = Math.max(...[...each.values()].map(({ length }) => length))
    return `| ${what} | ${clause} | ${ways} | ${phasesOf(own)} | ${outcomes(own).join(' | ')} |`
  })
}

export function makeDocument(): string {
  const cases = allCases()
  const counts = VERSIONS.map((version) => {
    return `${cases.filter((each) => each.version === version).length} in ${TEXT[version]}`
  })
  const sections = [...groupBy(cases, ({ packet }) => packet)].map(([packet, own]) => {
    const table = [...groupBy(own, ({ rule }) => rule).values()].flatMap(rowsOf)
    return [
      `## ${packet === packet.toUpperCase() ? packet : `A ${packet}`}`,
      '',
      '| what the server does | clause | ways | phases | 5.0 | 3.1.1 | 3.1 |',
      '| --- | --- | --- | --- | --- | --- | --- |',
      ...table,
      '',
    ].join('\n')
  })
  const phases = PHASE_NAMES.map((name) => PHASES[name] as Phase).map(
    ({ name, versions }) => `${name}${versions.length === 1 ? ' (5.0)' : ''}`,
  )
  const summary = `There are ${cases.length} cases: ${counts.join(', ')}. The phases are: ${phases.join('; ')}.\n`
  return [HEAD, summary, ...sections, TAIL].join('\n')
}

const TAIL = `## A WebSocket

| what the server does | clause | what the client does | test |
| --- | --- | --- | --- |
| a text frame | [MQTT-6.0.0-1] | closes with 1003, connects again | test/hostile/websocket.test.ts |
| no sub-protocol, or another one | [MQTT-6.0.0-4] | \`WEBSOCKET_SUBPROTOCOL\`, for good | test/hostile/websocket.test.ts |
| packets across frames and fragments, byte by byte; many in one frame | [MQTT-6.0.0-2] | reads them | test/hostile/websocket.test.ts |

## Memory

| what the server does | what the client keeps | test |
| --- | --- | --- |
| announces a packet of 256 MiB | what came of it, and no more than 16 KiB beyond | test/hostile/memory.test.ts |
| sends a packet slowly (5.0) | room for one packet of our Maximum Packet Size | test/hostile/memory.test.ts |
`
