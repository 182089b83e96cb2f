/** The topics of the part `handlers`, and the filters that its handlers have: one for each topic. Messages go to the topics in turn. */

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
