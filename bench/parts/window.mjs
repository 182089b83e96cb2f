/** Whether a large send window costs: up to all packet ids under way against few. */

import { publishCase, rateRow } from '../wire/cases.mjs'

/** Two halves go in turn: 65,534 is all packet ids but one. */
const POINTS = [10, 100, 1_000, 10_000, 65_534].map((x) => ({
  x,
  theCase: publishCase({
    name: `window/${x.toLocaleString('en-US')} under way`,
    qos: 1,
    size: 16,
    window: x,
    clients: ['emqtt', 'MQTT.js'],
  }),
}))
const [, , few, , all] = POINTS.map(({ theCase }) => theCase)

/** @type {import('../part.mjs').Part} */
export const window = {
  title: 'Send window',
  says: 'publishing at QoS 1 with more and more messages under way',
  cases: POINTS.map(({ theCase }) => theCase),
  rows: [
    rateRow(few, 'publish, QoS 1, 1,000 under way'),
    rateRow(all, 'publish, QoS 1, 65,534 under way', { least: 0.85, of: 'emqtt', case: few.name }),
  ],
  curves: [
    {
      name: 'window of messages under way',
      says: 'At QoS 1, 16 B, to a peer that acknowledges at once. A few under way wait for the network in turn.',
      x: 'messages under way',
      points: POINTS.map(({ x, theCase }) => ({ x, case: theCase.name })),
      figures: [{ figure: 'cpu', name: 'CPU to publish', unit: 'µs per message' }],
    },
  ],
}
