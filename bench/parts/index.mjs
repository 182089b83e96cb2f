/** The parts of the measurements, in the order in which they are run and shown. */

import { allocation } from './allocation.mjs'
import { browser } from './browser.mjs'
import { codec } from './codec.mjs'
import { command } from './command.mjs'
import { connections } from './connections.mjs'
import { growth } from './growth.mjs'
import { handlers } from './handlers.mjs'
import { latency } from './latency.mjs'
import { publish } from './publish.mjs'
import { receive } from './receive.mjs'
import { size } from './size.mjs'
import { tls } from './tls.mjs'
import { websocket } from './websocket.mjs'
import { window } from './window.mjs'

/** @type {Readonly<Record<string, import('../part.mjs').Part>>} */
export const PARTS = {
  codec,
  publish,
  receive,
  latency,
  window,
  handlers,
  connections,
  command,
  size,
  allocation,
  websocket,
  tls,
  browser,
  growth,
}
