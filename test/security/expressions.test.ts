/** No regular expression sees what a peer wrote: each one that there is stands here, with what it sees. */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

/** How many there are in a file, and where their text comes from: the application, the user, this machine, ourselves. */
const KNOWN: Record<string, readonly [count: number, sees: string]> = {
  'src/codec/reason.ts': [1, 'names of Reason Codes, from our own table'],
  'src/session/journal.ts': [1, "keys of the application's own store"],
  'platform/shared/endpoint.ts': [3, 'the options host and path'],
  'platform/node/connect-errors.ts': [1, 'codes of errors, from the tables of Node and OpenSSL'],
  'platform/node/file-store/database.ts': [3, "names of files in the store's directory"],
  'platform/node/file-store/directory.ts': [1, "names of files in the store's directory"],
  'platform/node/file-store/failures.ts': [2, 'what the system and LevelDB say of the disk'],
  'platform/node/file-store/witness.ts': [1, "a file in the store's directory"],
  'platform/scram/saslprep.ts': [1, "the application's user name and password"],
  'platform/scram/stringprep.ts': [1, 'our own table'],
  'cli/args.ts': [4, 'the arguments of the command line'],
  'cli/main.ts': [1, 'the arguments of the command line'],
  'cli/values.ts': [3, 'the arguments of the command line'],
}

/** Methods of strings that make a regular expression of whatever they are given. */
const HIDDEN = new Set(['search', 'matchAll'])

const files = ['src', 'platform', 'cli'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .map((name) => join(folder, name)),
)

function countExpressions(text: string): number {
  let count = 0
  const visit = (node: ts.Node): void => {
    const hidden = ts.isPropertyAccessExpression(node) && HIDDEN.has(node.name.text)
    // As a value; as a type it makes none.
    const named = ts.isIdentifier(node) && node.text === 'RegExp' && !ts.isTypeReferenceNode(node.parent)
    if (ts.isRegularExpressionLiteral(node) || named || hidden) count++
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile('file.ts', text, ts.ScriptTarget.Latest, true))
  return count
}

describe('regular expressions', () => {
  it('are only those whose text no peer wrote: a new one is to be said here, with what it sees', () => {
    const found = files.map(
      (file) => [file.replaceAll('\\', '/'), countExpressions(readFileSync(file, 'utf8'))] as const,
    )
    const known = Object.fromEntries(Object.entries(KNOWN).map(([file, [count]]) => [file, count]))
    expect(Object.fromEntries(found.filter(([, count]) => count > 0))).toEqual(known)
  })

  it.each([
    ['const a = /x/', 1],
    ["new RegExp('x')", 1],
    ["RegExp('x').test(y)", 1],
    ["text.search('x')", 1],
    ["text.split('/')", 0],
    ['function measure(pattern: RegExp) {}', 0],
    ['// no /comment/', 0],
  ])('in %j are counted: %i', (text, count) => {
    expect(countExpressions(text)).toBe(count)
  })
})
