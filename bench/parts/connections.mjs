/** Many connections of one process: the time until all are there, and the memory of each. */

const CONNECTIONS = 5_000

/** @type {import('../part.mjs').Part} */
export const connections = {
  title: 'Connections',
  says: 'time and memory of 5,000 connections of one process',
  cases: [
    {
      name: 'connections/5,000',
      program: 'connections',
      node: ['--expose-gc'],
      peer: { program: 'connacks', job: { connections: CONNECTIONS } },
      contenders: Object.fromEntries(
        ['emqtt', 'MQTT.js', 'u8-mqtt', 'limit'].map((client) => [client, { client, connections: CONNECTIONS }]),
      ),
    },
  ],
  rows: [
    { name: 'until all are connected', unit: 'ms', figure: 'time', target: { most: 0.7, of: 'MQTT.js' } },
    { name: 'heap of each', unit: 'KiB', figure: 'heap', target: { most: 6 } },
    { name: 'memory of each in all (RSS)', unit: 'KiB', figure: 'rss', target: { most: 13 } },
  ].map(({ name, ...row }) => ({ name: `5,000 connections, ${name}`, case: 'connections/5,000', ...row })),
}
