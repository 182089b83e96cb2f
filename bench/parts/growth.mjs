/** How time and memory of ours grow with what there is: each point of a curve is a case. */

import { LARGEST_PAYLOAD } from '../growth-wire.mjs'

/** In messages in flight: 65,535 Packet Identifiers less the 35 that the client keeps free for SUBSCRIBE and UNSUBSCRIBE. */
const WINDOW = 65_500
const MIB = 2 ** 20

/**
 * A curve: its program at each x, which is its job's `of`. Points past `slow` take so long that they are taken once.
 *
 * @typedef {Omit<import('../part.mjs').Curve, 'points'> & {
 *   program: string, of: string, xs: readonly number[], slow?: number, job?: object, peer?: (x: number) => object,
 * }} Growth
 */

/** @type {readonly Growth[]} */
const GROWTHS = [
  {
    name: 'messages in flight',
    says: 'At QoS 1; none is acknowledged before all are there. 65,500 is the most: the client keeps 35 Packet Identifiers free for SUBSCRIBE and UNSUBSCRIBE.',
    x: 'messages in flight',
    program: 'growth-in-flight',
    of: 'count',
    xs: [1, 16, 256, 4_096, 16_384, WINDOW],
    peer: (hold) => ({ hold }),
    figures: [
      { figure: 'cpu', name: 'CPU to publish', unit: 'µs', per: 'message' },
      { figure: 'memory', name: 'Memory in flight', unit: 'B', per: 'message' },
    ],
  },
  ...[false, true].map((wildcards) => ({
    name: wildcards ? 'handlers with wildcards' : 'handlers',
    says: 'Each handler has a filter of its own; all are attached at once, and each message, QoS 0 and 16 B, is for one of them in an order that no cache foresees: beside it, what a bare map of as many topics takes, whose entries do not fit into the caches either.',
    x: 'handlers',
    program: 'growth-handlers',
    of: 'count',
    xs: [1, 10, 100, 1_000, 10_000, 100_000],
    job: { wildcards },
    figures: [
      { figure: 'cpu', name: 'CPU to receive and route', unit: 'µs per message' },
      { figure: 'bare', name: 'CPU of a bare map', unit: 'µs per topic' },
      { figure: 'subscribe', name: 'CPU to subscribe', unit: 'µs', per: 'handler' },
      { figure: 'memory', name: 'Memory', unit: 'B', per: 'handler' },
    ],
  })),
  {
    name: 'filters in one SUBSCRIBE',
    says: 'The packet may have 268,435,455 B behind its fixed header: with these filters, of 19 B, more than 12 million of them.',
    x: 'filters',
    program: 'growth-filters',
    of: 'count',
    xs: [1, 10, 100, 1_000, 10_000, 100_000],
    figures: [
      { figure: 'time', name: 'Time until SUBACK', unit: 'µs', per: 'filter' },
      { figure: 'memory', name: 'Memory', unit: 'B', per: 'filter' },
    ],
  },
  ...[true, false].map((out) => ({
    name: out ? 'payload out' : 'payload in',
    says: 'At QoS 1, to the largest that fits into the Remaining Length, 268,435,455. Of the peak, 1 B per byte is the payload itself.',
    x: 'bytes of payload',
    program: 'growth-payload',
    of: 'size',
    xs: [0, 16, 256, 4_096, 65_536, MIB, 16 * MIB, LARGEST_PAYLOAD],
    job: { out },
    figures: [
      { figure: 'cpu', name: out ? 'CPU to publish' : 'CPU to receive', unit: 'ns', per: 'byte' },
      { figure: 'peak', name: 'Peak of memory, with itself', unit: 'B of RSS', per: 'byte' },
    ],
  })),
  {
    name: 'connections',
    says: 'In one process, over TCP, up to 256 of them being made at a time.',
    x: 'connections',
    program: 'growth-connections',
    of: 'count',
    xs: [1, 10, 100, 1_000, 10_000],
    figures: [
      { figure: 'cpu', name: 'CPU to connect', unit: 'µs', per: 'connection' },
      { figure: 'memory', name: 'Memory at rest', unit: 'B', per: 'connection' },
    ],
  },
  {
    name: 'offline queue',
    says: 'At QoS 1, 16 B of payload, published before there is a connection. The options are the defaults: 128 MiB may wait, of which a million of these need 32; and no limit in messages.',
    x: 'messages queued',
    program: 'growth-queue',
    of: 'count',
    xs: [1_000, 10_000, 100_000, 300_000, 1_000_000],
    slow: 300_000,
    figures: [
      { figure: 'queue', name: 'CPU to queue', unit: 'µs', per: 'message' },
      { figure: 'drain', name: 'CPU until acknowledged', unit: 'µs', per: 'message' },
      { figure: 'memory', name: 'Memory in the queue', unit: 'B', per: 'message' },
    ],
  },
]

const nameCase = (curve, x) => `growth/${curve}/${x}`

/** @type {import('../part.mjs').Part} */
export const growth = {
  title: 'How it grows',
  says: 'how time and memory grow with messages, handlers, filters, bytes and connections',
  cases: GROWTHS.flatMap(({ name, program, of, xs, slow = Infinity, job, peer }) =>
    xs.map((x) => ({
      name: nameCase(name, x),
      program,
      peer: { program: 'growth', job: peer?.(x) },
      contenders: { emqtt: { ...job, [of]: x } },
      node: ['--expose-gc'],
      ...(x > slow && { rounds: 1 }),
    })),
  ),
  rows: [],
  curves: GROWTHS.map(({ name, says, x, xs, figures }) => ({
    name,
    says,
    x,
    figures,
    points: xs.map((at) => ({ x: at, case: nameCase(name, at) })),
  })),
}
