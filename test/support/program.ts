/** A broker that is a program of its own: started in a folder of its own, and gone with us, however we end. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { waitForPorts } from './ports.js'
import { findProgram } from './setup.mjs'

export interface Program {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  readonly ports: readonly number[]
  /** How long it may take to listen, and to end, ms. */
  readonly patience: number
  /** Gets what it prints. */
  readonly heard?: (text: string) => void
}

export interface RunningProgram {
  readonly ended: boolean
  /** Waits for the end; SIGKILL follows a SIGTERM that takes too long. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
}

/** A folder for a broker's files, and the end of it. */
export function makeFolder(name: string): { folder: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), `emqtt-${name}-`))
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  process.once('exit', remove)
  return {
    folder,
    remove: () => {
      process.off('exit', remove)
      remove()
    },
  }
}

/** Resolves once it listens; rejects with what it printed. */
export async function startProgram(program: Program): Promise<RunningProgram> {
  const { command, args, env, ports, patience, heard } = program
  const child = spawn(...mortal(command, [...args]), {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  const keep = (text: string): void => {
    log += text
    heard?.(text)
  }
  const gone = new AbortController()
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  child.stdout.setEncoding('utf8').on('data', keep)
  child.stderr.setEncoding('utf8').on('data', keep)
  child.once('error', (error) => keep(String(error)))
  child.once('close', () => {
    process.off('exit', kill)
    gone.abort(new Error(`${basename(command)} ended`))
  })

  const running: RunningProgram = {
    get ended() {
      return gone.signal.aborted
    },
    async end(signal) {
      if (gone.signal.aborted) return
      const impatience = setTimeout(kill, patience)
      const closed = once(child, 'close')
      child.kill(signal)
      await closed
      clearTimeout(impatience)
    },
  }
  try {
    await waitForPorts(ports, patience, gone.signal)
  } catch (error) {
    await running.end('SIGKILL')
    throw new Error(`${basename(command)} does not start: ${(error as Error).message}\n${log}`)
  }
  return running
}

/** Has Linux end the program with us, however we end: a worker of vitest whose test hangs is killed without a word. */
function mortal(program: string, args: string[]): [string, string[]] {
  const setpriv = findProgram('setpriv')
  return setpriv === undefined ? [program, args] : [setpriv, ['--pdeathsig', 'KILL', program, ...args]]
}
