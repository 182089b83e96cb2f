/** What a command prints, as a text that is kept in `golden/` and read by whoever wants to know how it looks. */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { expect } from 'vitest'
import type { Ending } from './command.js'

const FOLDER = new URL('golden/', import.meta.url)
const UPDATE = 'UPDATE_GOLDEN'

/** The names of the texts that are kept. */
export function goldenNames(): string[] {
  return readdirSync(FOLDER).map((file) => basename(file, '.txt'))
}

/** Compares with the text that is kept. It is written only when somebody says so in the environment, and never by CI. */
export function expectGolden(name: string, text: string): void {
  const file = new URL(`${name}.txt`, FOLDER)
  if (process.env[UPDATE] === '1' && process.env.CI === undefined) {
    mkdirSync(FOLDER, { recursive: true })
    writeFileSync(file, text)
  }
  expect(text, `as in golden/${name}.txt; where the change is meant, run with ${UPDATE}=1`).toBe(
    readFileSync(file, 'utf8'),
  )
}

/**
 * The command as it is typed, the lines of stdin behind `0|`, those of stdout behind `1|`, of stderr behind `2|`, and
 * the exit code.
 *
 * @param replaced What is different on each machine and each time, and what it reads as
 */
export function transcript(
  argv: readonly string[],
  { code, stdout, stderr }: Ending,
  replaced: Readonly<Record<string, string>>,
  stdin = '',
): string {
  const command = `$ ${['emqtt', ...argv].map(typed).join(' ')}`
  const lines = [command, ...marked('0|', stdin), ...marked('1|', stdout), ...marked('2|', stderr)]
  let text = `${lines.join('\n')}\nexit ${code}\n`
  for (const [value, name] of Object.entries(replaced)) {
    // A port is a number of its own: its digits may well stand in a payload.
    text = /^\d+$/.test(value)
      ? text.replaceAll(new RegExp(`(?<!\\w)${value}(?!\\w)`, 'g'), name)
      : text.replaceAll(value, name)
  }
  return text.replace(/emqtt-\S+-[0-9a-f]{20}/g, '<id>').replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, '<time>')
}

function typed(word: string): string {
  return /^[\w./:=-]+$/.test(word) ? word : `'${word}'`
}

function marked(mark: string, text: string): string[] {
  if (text === '') return []
  const lines = text.split('\n')
  const last = lines.pop()!
  return [
    ...lines.map((line) => `${mark} ${line}`.trimEnd()),
    ...(last === '' ? [] : [`${mark} ${last}`, `${mark}\\ no newline at the end`]),
  ]
}
