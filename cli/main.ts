/** The command `emqtt`: finds the command to run, loads nothing else, and turns its end into an exit code. */

import { Failure, inOurWords, wrongUsage } from './failure.js'
import { say } from './output.js'

const HELP = `Usage: emqtt pub | sub [--help]

  emqtt pub -t <topic> --payload <payload>   publish a message
  emqtt sub -t <filter>                      subscribe, and print the payloads that arrive
  emqtt connect                              connect, and stay connected

  emqtt <command> --help                     the options of a command
  emqtt --version                            the version of this program
`

const COMMANDS = ['pub', 'sub', 'connect'] as const
type CommandName = (typeof COMMANDS)[number]

const [name = '', ...argv] = process.argv.slice(2)

async function dispatch(): Promise<void> {
  if (isCommand(name)) return run(name, argv)
  switch (name) {
    case 'help':
      if (argv.length === 1 && isCommand(argv[0]!)) return run(argv[0], ['--help'])
      if (argv.length > 0) throw wrongUsage(`there is no help about ${argv.map(nameOf).join(' ')}`)
      process.stdout.write(HELP)
      return
    case '--help':
      process.stdout.write(HELP)
      return
    case '--version':
      process.stdout.write(`${await version()}\n`)
      return
    case '':
      throw wrongUsage('which command, pub, sub or connect?')
    default:
      throw wrongUsage(`there is no ${name.startsWith('-') ? 'option' : 'command'} ${nameOf(name)}${suggestion()}`)
  }
}

/** As much of an argument as is a name: the rest may be a password, as in a URL or behind `=`. */
function nameOf(argument: string): string {
  return /^[^=:@]*/.exec(argument)![0]
}

function isCommand(word: string): word is CommandName {
  return (COMMANDS as readonly string[]).includes(word)
}

async function run(command: CommandName, rest: readonly string[]): Promise<void> {
  const commands = await import('./commands.js')
  return commands[command](rest)
}

/** For `publish` and `subscribe`, as many call them, and for what was begun. */
function suggestion(): string {
  const meant = COMMANDS.find((command) => name.startsWith(command) || (name.length > 1 && command.startsWith(name)))
  return meant === undefined ? '' : ` (Did you mean ${meant}?)`
}

/** Of the package that this file is a part of, built or not. */
async function version(): Promise<string> {
  const { readFileSync } = await import('node:fs')
  for (let folder = new URL('./', import.meta.url); ; folder = new URL('../', folder)) {
    try {
      const { name, version } = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8'))
      if (name === 'emqtt') return version
    } catch (error) {
      if (new URL('../', folder).href === folder.href) throw error
    }
  }
}

/** Says why on one line; answers with the exit code. */
function report(error: unknown): number {
  const { message } = error as Error
  const command = isCommand(name) ? `emqtt ${name}` : 'emqtt'
  // The client throws these two for what it cannot do, such as a topic with a wildcard: the caller said it.
  const misused = error instanceof TypeError || error instanceof RangeError
  const exitCode = error instanceof Failure ? error.exitCode : misused ? 2 : 1
  say(`${command}: ${inOurWords(message)}${exitCode === 2 ? ` (see ${command} --help)` : ''}`)
  return exitCode
}

let failed = false

/** Only the first failure counts: stdout may break under a command, which then fails for it. */
function fail(error: unknown): void {
  if (failed) return
  failed = true
  process.exitCode = report(error)
}

// A help that `head` has seen enough of is no failure; what `sub` does then is its own affair.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') fail(error)
})

dispatch().catch(fail)
