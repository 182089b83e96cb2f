import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { emqtt } from './command.js'

const PAGE = readFileSync(new URL('../../docs/command-line.md', import.meta.url), 'utf8')

/** The first cells of the tables, in which the options stand. */
const NAMED = PAGE.split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => line.split(' | ')[0])
  .join(' ')

describe.each(['pub', 'sub', 'connect'])('docs/command-line.md has what emqtt %s --help says', (command) => {
  it('the options, short and long', async () => {
    const { stdout } = await emqtt(command, '--help')
    const options = [...stdout.matchAll(/^ {2}(?:(-\w), )?(--[\w-]+)/gm)].flatMap(([, short, long]) => [short, long])
    expect(options.length).toBeGreaterThan(40)
    for (const option of options) if (option !== undefined) expect(NAMED).toContain(`\`${option}\``)
  })

  it('the exit codes and the variables', async () => {
    const { stdout } = await emqtt(command, '--help')
    const codes = [...stdout.matchAll(/^ {2}(\d+) /gm)].map(([, code]) => code)
    expect(codes).toEqual(['0', '1', '2', '124', '130'])
    for (const code of codes) expect(PAGE).toMatch(new RegExp(`^\\| ${code}[ ,]`, 'm'))
    for (const [variable] of stdout.matchAll(/EMQTT_[A-Z]+/g)) expect(PAGE).toContain(`| \`${variable}\` |`)
  })
})

it('docs/command-line.md tells of no option that there is not', async () => {
  const help = (await Promise.all(['pub', 'sub', 'connect'].map((command) => emqtt(command, '--help'))))
    .map(({ stdout }) => stdout)
    .join('')
  for (const [option] of NAMED.matchAll(/--[a-z][\w-]+/gi)) {
    // The reference's other name, which no help needs to show.
    if (option !== '--repeat-count') expect(help).toMatch(new RegExp(`${option}\\b`))
  }
})
