/**
 * What a part of the measurements is: data, which `measure.mjs` works off and `report.mjs` shows.
 *
 * A case is one situation, in which each contender is measured in a fresh process, in turn with the others, round by
 * round. Its numbers are looked at through rows (a table, a target) and curves (how they grow).
 *
 * @typedef {Readonly<Record<string, unknown>>} Job What a program or a peer is to do: data that survives a fork.
 *
 * @typedef {object} Peer What the contenders talk to: a fresh process for each figure.
 * @property {string} program A file of bench/peers. It sends `{ url, … }` when it is ready; that is added to the job.
 * @property {Job} [job]
 *
 * @typedef {object} Case
 * @property {string} name Unique in all parts: `publish/at once/QoS 1/16 B`.
 * @property {string} program A file of bench/programs, the same for all contenders, which checks that the bytes and the
 *   counts are right, and then sends its numbers: `{ rate: 123456, cpu: 0.4 }`. An error in it is shown for the figure.
 * @property {Readonly<Record<string, Job>>} contenders By the name that is shown: `emqtt`, `MQTT.js` …, and `limit` for
 *   what is possible at all: a raw socket with the same bytes in the same shape.
 * @property {Peer} [peer]
 * @property {readonly string[]} [node] Flags of Node for the program: `['--expose-gc']`.
 * @property {number} [rounds] Where it is not as often as the rest: a long one, or one that does not vary.
 *
 * @typedef {object} Target What is wanted of ours: at least, or at most, so much; of another's number where `of` is there.
 * @property {number} [least]
 * @property {number} [most]
 * @property {string} [of] A contender; none: the number itself.
 * @property {string} [case] Where the other's number is of another case.
 *
 * @typedef {object} Row One line of the table.
 * @property {string} name
 * @property {string} unit `messages/s`, `µs` …
 * @property {string} case
 * @property {string} figure The name of the number: `rate`.
 * @property {Target} [target]
 *
 * @typedef {object} Curve How a number of ours grows: a plot, and a table beside it.
 * @property {string} name
 * @property {string} x What grows: `messages in flight`.
 * @property {readonly { x: number, case: string }[]} points
 * @property {string} [says] What has to be known to read it: options, what bounds x.
 * @property {readonly { figure: string, name: string, unit: string, per?: string }[]} figures `per` divides by x, and names
 *   the quotient: a curve bends up where that grows; without it, where the number itself does. A program may leave a
 *   figure out at an x at which it says nothing; there the curve has no point.
 *
 * @typedef {object} Part
 * @property {string} title Its heading in docs/performance.md.
 * @property {string} says One line for who asks which parts there are.
 * @property {readonly Case[]} cases
 * @property {readonly Row[]} rows
 * @property {readonly Curve[]} [curves]
 */

export {}
