/** What is allocated for each message: with the client alone, and over a socket, where Node's own is in it. */

import { shapeOf } from '../allocation-clients.mjs'

const CONTENDERS = ['emqtt', 'MQTT.js', 'limit']

/** Nothing is collected while it is counted, and V8 optimises at the same place in each run. */
const NODE = ['--expose-gc', '--min-semi-space-size=256', '--max-semi-space-size=256', '--single-threaded']

const SITUATIONS = ['memory', 'socket'].flatMap((over) =>
  ['publish', 'receive'].flatMap((direction) => [0, 1, 2].map((qos) => ({ over, direction, qos }))),
)

/** @type {import('../part.mjs').Part} */
export const allocation = {
  title: 'Allocation',
  says: 'the bytes that are allocated for each message',
  cases: SITUATIONS.map((job) => ({
    name: nameOf(job),
    program: 'allocation',
    node: NODE,
    // What an application is handed is the same over a socket.
    contenders: Object.fromEntries(
      CONTENDERS.map((client) => [client, { ...job, client, ...(client === 'limit' && { over: 'memory' }) }]),
    ),
    ...(job.over === 'socket' && { peer: { program: 'small-server', job: shapeOf(job.qos) } }),
    // It does not vary.
    rounds: job.over === 'memory' ? 1 : 2,
  })),
  rows: SITUATIONS.flatMap((job) =>
    ['heap', 'external'].map((figure) => ({
      name: `${job.direction} QoS ${job.qos}, 16 B, ${job.over === 'memory' ? 'the client alone' : 'over TCP'}: ${figure}`,
      unit: 'B/message',
      case: nameOf(job),
      figure,
    })),
  ),
}

function nameOf({ over, direction, qos }) {
  return `allocation/${over}/${direction}/QoS ${qos}`
}
