/**
 * Node as a host of the core: sockets, a clock, timers, randomness. `node:tls`, `ws` and `http` are loaded when they
 * are first needed, so that a command line over TCP starts in half the time.
 */

import type { Platform } from '../../src/index.js'
import { createClock } from '../shared/clock.js'
import { setTimer } from '../shared/timer.js'
import { nodeEndpoints } from './endpoints.js'
import { pooledRandom } from './random.js'
import { SocketTransport } from './socket-transport.js'
import { dialTcp } from './tcp.js'
import { dialTls } from './tls.js'
import { watchSleep } from './watch-sleep.js'
import { openNodeWebSocket } from './websocket.js'

const now = createClock(Date.now, steady)

export const nodePlatform: Platform = {
  endpoints: nodeEndpoints,

  async open(endpoint, options, handlers, signal) {
    switch (endpoint.transport) {
      case 'tcp':
        return new SocketTransport(await dialTcp(endpoint, options, signal), endpoint, handlers)
      case 'tls':
        return new SocketTransport(await dialTls(endpoint, options, signal), endpoint, handlers)
      default:
        return openNodeWebSocket(endpoint, options, handlers, signal)
    }
  },

  now,
  wallClock: Date.now,
  setTimer,

  // After the microtasks, so that a loop of `await publish(…)` fills one write, and after pending I/O, so that such a
  // loop, which `nextTick` would let run for ever, leaves the sockets their turn.
  defer: (callback) => void setImmediate(callback),

  random: pooledRandom,
  watch: (changed) => watchSleep(now, changed),
}

/** What `performance.now` would say, which Node loads eight modules for at its first call. */
function steady(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1_000 + nanoseconds / 1_000_000
}
