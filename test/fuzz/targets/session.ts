/**
 * A session through anything: what an application asks for, what a server sends, rightly or not, connections that end and
 * come back, and time. Whatever happens, it sends nothing that the standard forbids; and when in the end the server answers
 * all, nothing is left over.
 */

import { Choices } from '../choices.js'
import { ACTIONS, type Action } from '../session/actions.js'
import { drawSetting } from '../session/draw.js'
import { finish } from '../session/finish.js'
import { Run } from '../session/run.js'
import { show } from '../show.js'

export function fuzz(input: Uint8Array): void {
  play(input)
}

/** The input, for a reader: what happened until it went wrong. */
export function explain(input: Uint8Array): string[] {
  const log: string[] = []
  try {
    play(input, log)
  } catch (error) {
    log.push(`it went wrong: ${(error as Error).stack}`)
  }
  return log
}

function play(input: Uint8Array, log?: string[]): void {
  const choices = new Choices(input)
  const setting = drawSetting(choices)
  log?.push(show(setting))
  const run = new Run(setting, log)
  while (choices.left > 0) {
    const action = ACTIONS[choices.below(ACTIONS.length)] as Action
    action(run, choices)
    run.drain()
  }
  finish(run)
}
