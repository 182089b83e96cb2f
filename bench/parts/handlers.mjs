/** Messages per second by how many handlers there are: the messages go to all of them in turn. */

const MANY = 10_000
/** The circle of messages that the peer sends from. */
const MESSAGES = 10_000
const PAYLOAD = 'x'.repeat(16)

/** Messages that are asked for at once, by contender: as many as make the way there and back small. */
const BURSTS = { emqtt: 100_000, 'u8-mqtt': 20_000, limit: 100_000 }
/** u8-mqtt tries each filter, one after the other. */
const BURSTS_OF_MANY = { ...BURSTS, 'u8-mqtt': 100 }

function theCase(name, kind, handlers, bursts) {
  const shared = { handlers, kind, payload: PAYLOAD }
  return {
    name: `handlers/${name}`,
    program: 'handlers',
    peer: { program: 'topics', job: { topics: handlers, messages: MESSAGES, payload: PAYLOAD } },
    contenders: Object.fromEntries(
      Object.entries(bursts).map(([client, burst]) => [client, { ...shared, client, burst }]),
    ),
  }
}

/** @type {import('../part.mjs').Part} */
export const handlers = {
  title: 'Handlers',
  says: 'messages per second with one handler, and with ten thousand',
  cases: [
    theCase('1', 'exact', 1, BURSTS),
    theCase('10,000 exact', 'exact', MANY, BURSTS_OF_MANY),
    theCase('10,000 with wildcards', 'wildcards', MANY, BURSTS_OF_MANY),
  ],
  rows: [
    { name: 'QoS 0, 16 B, 1 handler', case: '1' },
    { name: '10,000 handlers, exact filters', case: '10,000 exact', least: 0.7 },
    { name: '10,000 handlers, filters with wildcards', case: '10,000 with wildcards', least: 0.4 },
  ].map(({ name, case: of, least }) => ({
    name,
    unit: 'messages/s',
    case: `handlers/${of}`,
    figure: 'rate',
    ...(least && { target: { least, of: 'emqtt', case: 'handlers/1' } }),
  })),
}
