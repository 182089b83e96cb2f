/** Takes figures: each in a fresh process, with a fresh peer, all contenders of a case in turn, round by round. */

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** ms after which a figure that does not come is given up. */
const PATIENCE = 120_000

/**
 * All figures of the cases: by case, contender and name, one number for each round.
 *
 * @param {readonly import('./part.mjs').Case[]} cases
 * @param {{ rounds: number, tell: (text: string) => void }} options
 * @returns {Promise<Record<string, Record<string, { figures: Record<string, number[]>, failures: string[] }>>>}
 */
export async function measure(cases, { rounds, tell }) {
  const found = Object.fromEntries(
    cases.map(({ name, contenders }) => [
      name,
      Object.fromEntries(Object.keys(contenders).map((contender) => [contender, { figures: {}, failures: [] }])),
    ]),
  )
  for (let round = 0; round < rounds; round++)
    for (const [at, theCase] of cases.entries()) {
      if (round >= (theCase.rounds ?? rounds)) continue
      tell(`round ${round + 1} of ${rounds}, ${at + 1} of ${cases.length}: ${theCase.name}`)
      for (const contender of inTurn(Object.keys(theCase.contenders), round)) {
        const { figures, failures } = found[theCase.name][contender]
        try {
          for (const [name, number] of Object.entries(await takeFigure(theCase, contender)))
            figures[name] = [...(figures[name] ?? []), number]
        } catch (error) {
          failures.push(error.message)
        }
      }
    }
  return found
}

/** Another is the first in each round, so that nobody always comes after the same one. */
function inTurn(names, round) {
  const first = round % names.length
  return [...names.slice(first), ...names.slice(0, first)]
}

/**
 * @param {import('./part.mjs').Case} theCase
 * @param {string} contender
 * @param {readonly string[]} [node] Further flags of Node for the program.
 * @returns {Promise<Record<string, number>>}
 */
export async function takeFigure(theCase, contender, node = []) {
  const peer = theCase.peer && start('peers', theCase.peer.program, theCase.peer.job ?? {})
  try {
    const job = { ...theCase.contenders[contender], ...(await peer?.answer()) }
    const program = start('programs', theCase.program, job, [...(theCase.node ?? []), ...node])
    try {
      return await Promise.race([program.answer(), ...(peer ? [peer.failure] : [])])
    } finally {
      await program.end()
    }
  } finally {
    await peer?.end()
  }
}

/** A process that is sent its job, and answers once. */
function start(folder, name, job, execArgv = []) {
  const child = fork(fileURLToPath(new URL(`${folder}/${name}.mjs`, import.meta.url)), {
    execArgv,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let said = ''
  child.stderr.on('data', (chunk) => {
    said = (said + chunk).slice(-2_000)
  })
  // Not `close`: it does not come where we were the one who disconnected.
  const closed = once(child, 'exit')
  const failure = closed.then(([code, signal]) =>
    Promise.reject(new Error(`${name} ended with ${signal ?? code}: ${said}`)),
  )
  const answered = Promise.race([once(child, 'message').then(([message]) => message), failure])
  for (const promise of [failure, answered]) promise.catch(() => {})
  child.send(job)
  return {
    /** Rejects when it ends. Who talks to a peer that is gone may wait for ever. */
    failure,
    async answer() {
      let timer
      const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`${name} did not answer in ${PATIENCE} ms`)), PATIENCE)
      })
      return Promise.race([answered, late]).finally(() => clearTimeout(timer))
    },
    /** A program that has answered ends by itself, so that a profile of it is written; others are ended. */
    async end() {
      if (child.connected) child.disconnect()
      const timer = setTimeout(() => child.kill('SIGKILL'), 5_000)
      await closed
      clearTimeout(timer)
    },
  }
}
