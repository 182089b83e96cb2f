/** The parts of the measurements, in the order in which they are run and shown. */

import { command } from './command.mjs'
import { latency } from './latency.mjs'
import { publish } from './publish.mjs'
import { receive } from './receive.mjs'
import { tls } from './tls.mjs'
import { websocket } from './websocket.mjs'
import { window } from './window.mjs'

/** @type {Readonly<Record<string, import('../part.mjs').Part>>} */
export const PARTS = {
  publish,
  receive,
  latency,
  window,
  websocket,
  tls,
  command,
}
