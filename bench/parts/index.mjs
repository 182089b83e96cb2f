/** The parts of the measurements, in the order in which they are run and shown. */

import { codec } from './codec.mjs'
import { command } from './command.mjs'
import { growth } from './growth.mjs'
import { connections } from './connections.mjs'
import { handlers } from './handlers.mjs'
import { size } from './size.mjs'

/** @type {Readonly<Record<string, import('../part.mjs').Part>>} */
export const PARTS = {
  codec,
  handlers,
  connections,
  size,
  command,
  growth,
}
