/** Publishing and receiving over WebSocket in Chromium, each figure in a browser process of its own. */

const CONTENDERS = ['emqtt', 'MQTT.js', 'paho-mqtt', 'limit']

/** The other side's frames hold 4 KiB; the limit publishes a burst in one frame, as we do. */
const SITUATIONS = [
  { direction: 'publish', qos: 0, size: 16 },
  { direction: 'publish', qos: 0, size: 256 },
  { direction: 'publish', qos: 1, size: 16 },
  { direction: 'publish', qos: 1, size: 256 },
  { direction: 'receive', qos: 0, size: 16 },
  { direction: 'receive', qos: 1, size: 16 },
]

/** The faster of the others. */
const bestOf = ({ direction, qos }) => (direction === 'receive' && qos === 0 ? 'paho-mqtt' : 'MQTT.js')

/** @type {import('../part.mjs').Part} */
export const browser = {
  title: 'Chromium',
  says: 'publishing and receiving over WebSocket in Chromium',
  cases: SITUATIONS.map((situation) => ({
    name: nameOf(situation),
    program: 'browser',
    peer: { program: 'page', job: situation },
    contenders: Object.fromEntries(CONTENDERS.map((client) => [client, { ...situation, client }])),
  })),
  rows: SITUATIONS.map((situation) => ({
    name: `Chromium, ${situation.direction} QoS ${situation.qos}, ${situation.size} B`,
    unit: 'messages/s',
    case: nameOf(situation),
    figure: 'rate',
    target: { least: 1, of: bestOf(situation) },
  })),
}

function nameOf({ direction, qos, size }) {
  return `browser/${direction}/QoS ${qos}/${size} B`
}
