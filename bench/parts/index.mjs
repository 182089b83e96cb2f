/** The parts of the measurements, in the order in which they are run and shown. */

import { allocation } from './allocation.mjs'
import { browser } from './browser.mjs'
import { command } from './command.mjs'

/** @type {Readonly<Record<string, import('../part.mjs').Part>>} */
export const PARTS = {
  command,
  allocation,
  browser,
}
