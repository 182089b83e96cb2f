/** The command `emqtt`: finds the command to run, loads nothing else, and turns its end into an exit code. */

import { Failure, wrongUsage } from './failure.js'
import { say } from './output.js'

const HELP = `Usage: emqtt pub | sub [--help]

  emqtt pub -t <topic> --payload <payload>   publish a message
  emqtt sub -t <filter>                      subscribe, and print the payloads that arrive
  emqtt connect                              connect, and stay connected

  emqtt <command> --help                     the options of a command
  emqtt --version                            the version of this program
`

const [name = '', ...argv] = process.argv.slice(2)

async function dispatch(): Promise<void> {
  switch (name) {
    case 'pub':
    case 'sub':
    case 'connect': {
      const commands = await import('./commands.js')
      return commands[name](argv)
    }
    case '--help':
      process.stdout.write(HELP)
      return
    case '--version':
      process.stdout.write(`${await version()}\n`)
      return
    case '':
      throw wrongUsage('which command, pub or sub?')
    default:
      throw wrongUsage(`there is no ${name.startsWith('-') ? 'option' : 'command'} ${name}`)
  }
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
  const command = ['pub', 'sub', 'connect'].includes(name) ? `emqtt ${name}` : 'emqtt'
  // The client throws these two for what it cannot do, such as a topic with a wildcard: the caller said it.
  const misused = error instanceof TypeError || error instanceof RangeError
  const exitCode = error instanceof Failure ? error.exitCode : misused ? 2 : 1
  say(`${command}: ${message}${exitCode === 2 ? ` (see ${command} --help)` : ''}`)
  return exitCode
}

// A help that `head` has seen enough of is no failure; what `sub` does then is its own affair.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') process.exitCode = report(error)
})

dispatch().catch((error) => {
  process.exitCode = report(error)
})
