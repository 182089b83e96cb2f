/** docs/parity.md: each of its rows has a test that is there, and nothing that needs a row is without one. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { ROOT } from '../support/setup.mjs'
import { titlesOf } from '../support/titles.js'
import { carriersOf, demands } from './facts.js'
import { REFERENCE } from './reference.js'
import { codeOf, complaints, type Demand, filesOf, parseTables, type Row } from './table.js'

const DOCUMENT = readFileSync(join(ROOT, 'docs/parity.md'), 'utf8')

let titles: Map<string, Set<string>>
let needed: Demand[]
beforeAll(async () => {
  ;[titles, needed] = await Promise.all([titlesOf(filesOf(parseTables(DOCUMENT))), demands()])
})

const all = (document: string): string[] => complaints(document, titles, [...REFERENCE, ...needed])

/** For each property row its packets, in order. */
function packetsOf(rows: readonly Row[]): Record<string, string[]> {
  const properties = rows.filter(({ section }) => section === 'Properties')
  return Object.fromEntries(
    properties.map(({ cells }) => [codeOf(cells.here)[0], (cells.packets as string).split(', ').sort()]),
  )
}

test('each row of the table names tests that there are, and nothing is without a row', () => {
  expect(all(DOCUMENT)).toEqual([])
})

test('each property names the packets that may carry it', () => {
  const carriers = [...carriersOf()].map(([name, packets]) => [name, packets.sort()])
  expect(packetsOf(parseTables(DOCUMENT))).toEqual(Object.fromEntries(carriers))
})

describe('a document is refused', () => {
  /** The complaints that a change of the document brings. */
  function brought(change: (document: string) => string): string[] {
    const changed = change(DOCUMENT)
    expect(changed).not.toBe(DOCUMENT)
    const before = all(DOCUMENT)
    return all(changed).filter((complaint) => !before.includes(complaint))
  }

  /** Without the rows that begin so. */
  const without =
    (begin: string) =>
    (document: string): string =>
      document
        .split('\n')
        .filter((line) => !line.startsWith(begin))
        .join('\n')

  test.each([
    ['| `keepalive` |', 'ClientOptions: keepAlive has no row'],
    ['| `will_retain` |', 'WillOptions: will.retain has no row'],
    ['| `ssl_opts: cert', 'TlsOptions: tls.key has no row'],
    ['| `pause/1` |', 'Client: client.pause has no row'],
    ['| `pubrel/3` |', 'README of emqtt for Erlang: pubrel/3 has no row'],
    ['| `Topic-Alias` |', 'Properties: topicAlias has no row'],
    ['| `nl` |', 'SubscribeOptions: noLocal has no row'],
    ['| `-q`, `--qos` |', 'emqtt pub --help: -q has no row'],
    ['| `--sni`, later |', 'emqtt connect --help: --sni has no row'],
    ['| the end of the process |', "ClientEvents: on('close') has no row"],
  ])('without the row %s', (begin, complaint) => {
    expect(brought(without(begin)).join('\n')).toContain(complaint)
  })

  const KEEPALIVE = /(\| `keepalive` \|.*\| )test\/parity\/.* \|\n/
  test.each([
    ['a row without a test', '', 'has no test'],
    ['a row that puts it off', 'TODO', 'expected "file › title", got TODO'],
    [
      'a test file that is not there',
      'test/parity/none.test.ts › it works',
      'there is no file test/parity/none.test.ts',
    ],
    [
      'a title that the file does not have',
      'test/parity/timing.test.ts › keepAlive > is',
      'has no test "keepAlive > is"',
    ],
    [
      'a test without a connection',
      'test/client/settings.test.ts › options of the user are never written to',
      'test/client/settings.test.ts has no real connection',
    ],
  ])('with %s', (_, proof, complaint) => {
    const complaints = brought((document) => document.replace(KEEPALIVE, `$1${proof} |\n`))
    expect(complaints).toHaveLength(1)
    expect(complaints[0]).toMatch(/^Start options: `keepalive` `keepAlive`: /)
    expect(complaints[0]).toContain(complaint)
  })
})
