/** The cases of publishing and receiving over a wire, which several parts have. */

/**
 * Who there is: the client's file, and what is special. `most` messages are received at a time, where it would take many
 * seconds to work off what the buffers of the sockets alone hold.
 */
const CLIENTS = {
  emqtt: { client: 'emqtt' },
  'MQTT.js': { client: 'mqtt-js' },
  'u8-mqtt': { client: 'u8-mqtt', most: 10_000 },
  'paho-mqtt': { client: 'paho-mqtt', version: 4, most: 20_000 },
  limit: { client: 'limit' },
}

/** What a client cannot do; its file says why. */
const MISSING = {
  'u8-mqtt': ({ qos, direction }) => qos === 2 || (qos === 0 && direction === 'publish'),
  'paho-mqtt': ({ transport }) => transport !== 'ws',
}

function clientsFor(what) {
  return Object.keys(CLIENTS).filter((name) => !MISSING[name]?.(what))
}

export function showSize(size) {
  return size < 1024 ? `${size} B` : `${size / 1024} KiB`
}

/** 1,000 messages, or 4 MiB. */
function windowFor(size) {
  return Math.min(1_000, (4 * 2 ** 20) / size)
}

/**
 * @param {{ name: string, qos: 0 | 1 | 2, size: number, version?: 4 | 5, transport?: 'tcp' | 'tls' | 'ws', window?: number,
 *   loop?: boolean, clients?: readonly string[], broker?: boolean, rounds?: number }} what
 * @returns {import('../part.mjs').Case}
 */
export function publishCase(what) {
  const { name, qos, size, version = 5, transport = 'tcp', window = windowFor(size), loop, broker, rounds } = what
  const { clients = clientsFor({ qos, transport, direction: 'publish' }) } = what
  const payloads = Math.floor(window / 2)
  const job = { qos, size, payloads, loop, version }
  return {
    name,
    program: 'publish',
    rounds,
    peer: broker
      ? // What may be under way must be what the client keeps under way.
        { program: 'counting-mosquitto', job: { config: [`max_inflight_messages ${window}`, 'max_queued_messages 0'] } }
      : { program: 'acknowledging', job: { transport, payloads } },
    contenders: Object.fromEntries(clients.map((client) => [client, { ...job, ...CLIENTS[client] }])),
  }
}

/**
 * @param {{ name: string, qos: 0 | 1 | 2, size: number, version?: 4 | 5, transport?: 'tcp' | 'tls' | 'ws',
 *   clients?: readonly string[], broker?: boolean, rounds?: number }} what
 * @returns {import('../part.mjs').Case}
 */
export function receiveCase({ name, qos, size, version = 5, transport = 'tcp', broker, rounds, ...rest }) {
  const { clients = clientsFor({ qos, transport, direction: 'receive' }) } = rest
  return {
    name,
    program: 'receive',
    rounds,
    peer: broker
      ? { program: 'publishing-mosquitto', job: { version, qos, size } }
      : { program: 'sending', job: { transport, qos, size } },
    contenders: Object.fromEntries(
      clients.map((client) => [client, { qos, size, version, reports: broker, ...CLIENTS[client] }]),
    ),
  }
}

/** @param {import('../part.mjs').Case} theCase @param {import('../part.mjs').Target} [target] */
export function rateRow(theCase, name, target) {
  return { name, unit: 'messages/s', case: theCase.name, figure: 'rate', target }
}

/** @param {import('../part.mjs').Case} theCase @param {import('../part.mjs').Target} [target] */
export function cpuRow(theCase, name, target) {
  return { name: `${name}, CPU of each`, unit: 'µs', case: theCase.name, figure: 'cpu', target }
}

/**
 * A part of its own: publishing and receiving over a transport, small messages.
 *
 * @param {'tls' | 'ws'} transport
 * @param {string} title
 * @returns {import('../part.mjs').Part}
 */
export function transportPart(transport, title) {
  const whats = [0, 1].flatMap((qos) => [16, 256].map((size) => ({ qos, size, transport, rounds: 2 })))
  const cases = Object.entries({ publish: publishCase, receive: receiveCase }).flatMap(([direction, makeCase]) =>
    whats.map((what) => {
      const name = `${direction}, ${title}, QoS ${what.qos}, ${showSize(what.size)}`
      return { name, theCase: makeCase({ name, ...what }) }
    }),
  )
  return {
    title,
    says: `messages per second over ${title}, and the CPU of each`,
    cases: cases.map(({ theCase }) => theCase),
    rows: cases.flatMap(({ name, theCase }) => [rateRow(theCase, name), cpuRow(theCase, name)]),
  }
}
