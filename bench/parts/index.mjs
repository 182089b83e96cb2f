/** The parts of the measurements, in the order in which they are run and shown. */

import { command } from './command.mjs'
import { growth } from './growth.mjs'

/** @type {Readonly<Record<string, import('../part.mjs').Part>>} */
export const PARTS = {
  command,
  growth,
}
