/** Publishing and receiving over WebSocket: what the client adds to what frames cost anybody. */

import { cpuRow, publishCase, rateRow, receiveCase, showSize } from '../wire/cases.mjs'

const WHAT = [0, 1].flatMap((qos) => [16, 256].map((size) => ({ qos, size, transport: 'ws', rounds: 2 })))
const DIRECTIONS = { publish: publishCase, receive: receiveCase }

const CASES = Object.entries(DIRECTIONS).flatMap(([direction, makeCase]) =>
  WHAT.map((what) => {
    const name = `QoS ${what.qos}, ${showSize(what.size)}`
    const theCase = makeCase({ name: `websocket/${direction}/${name}`, ...what })
    const title = `${direction}, WebSocket, ${name}`
    return { theCase, rows: [rateRow(theCase, title), cpuRow(theCase, title)] }
  }),
)

/** @type {import('../part.mjs').Part} */
export const websocket = {
  title: 'WebSocket',
  says: 'messages per second over WebSocket, and the CPU of each',
  cases: CASES.map(({ theCase }) => theCase),
  rows: CASES.flatMap(({ rows }) => rows),
}
