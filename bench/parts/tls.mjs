/** Publishing and receiving over TLS: what the client adds to what TLS costs anybody. */

import { cpuRow, publishCase, rateRow, receiveCase, showSize } from '../wire/cases.mjs'

const WHAT = [0, 1].flatMap((qos) => [16, 256].map((size) => ({ qos, size, transport: 'tls', rounds: 2 })))
const DIRECTIONS = { publish: publishCase, receive: receiveCase }

const CASES = Object.entries(DIRECTIONS).flatMap(([direction, makeCase]) =>
  WHAT.map((what) => {
    const name = `QoS ${what.qos}, ${showSize(what.size)}`
    const theCase = makeCase({ name: `tls/${direction}/${name}`, ...what })
    const title = `${direction}, TLS, ${name}`
    return { theCase, rows: [rateRow(theCase, title), cpuRow(theCase, title)] }
  }),
)

/** @type {import('../part.mjs').Part} */
export const tls = {
  title: 'TLS',
  says: 'messages per second over TLS, and the CPU of each',
  cases: CASES.map(({ theCase }) => theCase),
  rows: CASES.flatMap(({ rows }) => rows),
}
