/** The topics of the part `handlers`, and the filters that its handlers have: one for each topic. */

/** A prime, so that neighbours in time are not neighbours in any table, and part of the circle is of all of it. */
const STRIDE = 7_919

/** How a handler asks for the messages of the topic with this number. */
const FILTERS = {
  exact: topicOf,
  wildcards: (number) => `bench/room/${number}/${number % 2 === 0 ? '+' : '#'}`,
}

/** @param {number} number */
export function topicOf(number) {
  return `bench/room/${number}/temperature`
}

/**
 * @param {'exact' | 'wildcards'} kind
 * @param {number} count
 */
export function makeFilters(kind, count) {
  return Array.from({ length: count }, (_, number) => FILTERS[kind](number))
}

/**
 * The number of the topic of each message, in the order of sending, over and over.
 * @param {number} count Of topics.
 * @param {number} length Of the circle: a multiple of `count`.
 */
export function orderTopics(count, length) {
  return Array.from({ length }, (_, at) => (at * STRIDE) % count)
}
