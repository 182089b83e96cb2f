/** A broker that is a program of its own: started in a folder of its own, ended with all that it started. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mortal } from '../support/mosquitto.js'
import { waitForPorts } from '../support/ports.js'

/** How long a program may take to listen, ms: RabbitMQ takes 10 s on a busy machine. */
const PATIENCE = 60_000

export interface Program {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  readonly ports: readonly number[]
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

/** Starts it and waits until it listens; resolves to what ends it. Fails with what it printed. */
export async function startProgram({ command, args, env, ports }: Program): Promise<() => Promise<void>> {
  const [program, given] = mortal(command, [...args])
  const child = spawn(program, given, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let log = ''
  const gone = new AbortController()
  child.stdout.setEncoding('utf8').on('data', (text) => {
    log += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    log += text
  })
  child.once('error', (error) => gone.abort(error))
  child.once('close', () => gone.abort(new Error(`${command} ended`)))
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  const end = async (): Promise<void> => {
    process.off('exit', kill)
    if (gone.signal.aborted) return
    const closed = once(child, 'close')
    kill()
    await closed
  }
  try {
    await waitForPorts(ports, PATIENCE, gone.signal)
  } catch (error) {
    await end()
    throw new Error(`${command} does not start: ${(error as Error).message}\n${log}`)
  }
  return end
}
