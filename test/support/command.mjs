/** Runs a command in a process group of its own, so that nothing it started outlives it, or us. */

import { spawn } from 'node:child_process'

const SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])
const windows = process.platform === 'win32'

/** @type {Set<number>} */
const groups = new Set()

/**
 * Resolves when the command ended and its output is complete; never rejects. `code` is null when it could not be
 * started, was killed, or took longer than `timeout` ms.
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, timeout?: number }} [options]
 * @returns {Promise<{ code: number | null, output: string, ms: number }>}
 */
export function run(command, args, { cwd, env, timeout } = {}) {
  const started = performance.now()
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: !windows,
      shell: windows && command === 'npm',
    })
    const pid = child.pid
    let output = ''
    const collect = (/** @type {Buffer} */ chunk) => {
      output += chunk
    }
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    const timer = setTimeout(
      () => {
        output += `\n${command} was stopped: it took longer than ${(timeout ?? 0) / 1000} s.\n`
        if (pid) killGroup(pid)
      },
      timeout ?? 2 ** 31 - 1,
    )
    const done = (/** @type {number | null} */ code) => {
      clearTimeout(timer)
      if (pid) forget(pid)
      resolve({ code, output, ms: performance.now() - started })
    }
    child.on('error', (error) => {
      output += `${error.message}\n`
      done(null)
    })
    // What the command left behind would also hold its output open, and `close` would never come.
    child.on('exit', () => pid && killGroup(pid))
    child.on('close', done)
    if (pid) remember(pid)
  })
}

/** @param {number} pid */
function killGroup(pid) {
  try {
    process.kill(windows ? pid : -pid, 'SIGKILL')
  } catch {
    // It is gone already.
  }
}

/** @param {number} pid */
function remember(pid) {
  if (groups.size === 0) for (const signal of SIGNALS) process.on(signal, onSignal)
  groups.add(pid)
}

/** @param {number} pid */
function forget(pid) {
  groups.delete(pid)
  if (groups.size === 0) for (const signal of SIGNALS) process.off(signal, onSignal)
}

// A group of its own does not hear the Ctrl-C of our terminal, so we pass it on, and then die of it as we would have.
/** @param {NodeJS.Signals} signal */
function onSignal(signal) {
  for (const pid of groups) {
    killGroup(pid)
    forget(pid)
  }
  process.kill(process.pid, signal)
}
