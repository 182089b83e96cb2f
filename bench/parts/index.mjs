/** The parts of the measurements, in the order in which they are run and shown. */

import { codec } from './codec.mjs'
import { allocation } from './allocation.mjs'
import { browser } from './browser.mjs'
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
  growth,
  allocation,
  browser,
}
