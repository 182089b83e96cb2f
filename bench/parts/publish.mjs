/** How fast messages are published, and what each costs: to a peer that acknowledges at once, and through mosquitto. */

import { cpuRow, publishCase, rateRow, showSize } from '../wire/cases.mjs'

/** Against a peer that costs nothing, so that it is the client that is measured. */
const AT_ONCE = [
  { qos: 0, size: 16, rate: { least: 6, of: 'MQTT.js' }, cpu: { most: 0.8 } },
  { qos: 1, size: 16, rate: { least: 8, of: 'MQTT.js' }, cpu: { most: 1.5 } },
  { qos: 2, size: 16, rate: { least: 12, of: 'MQTT.js' }, cpu: { most: 2 } },
  { qos: 1, size: 16, version: 4 },
  { qos: 0, size: 256 },
  { qos: 1, size: 256 },
  { qos: 0, size: 16_384 },
  { qos: 1, size: 16_384 },
].map(({ rate, cpu, ...what }) => {
  const name = `QoS ${what.qos}, ${showSize(what.size)}${what.version === 4 ? ', 3.1.1' : ''}`
  const theCase = publishCase({ name: `publish/at once/${name}`, ...what })
  const title = `publish, null broker, ${name}`
  return { theCase, rows: [rateRow(theCase, title, rate), cpuRow(theCase, title, cpu)] }
})

const LOOP = publishCase({
  name: 'publish/await in a loop/QoS 0, 16 B',
  qos: 0,
  size: 16,
  loop: true,
  clients: ['emqtt', 'MQTT.js'],
})

const THROUGH_MOSQUITTO = [
  { qos: 0, rate: { least: 1.15, of: 'MQTT.js' }, cpu: { most: 0.35, of: 'MQTT.js' } },
  { qos: 1, rate: { least: 0.95, of: 'MQTT.js' } },
  { qos: 2, rate: { least: 0.95, of: 'MQTT.js' } },
].map(({ qos, rate, cpu }) => {
  const theCase = publishCase({ name: `publish/mosquitto/QoS ${qos}, 16 B`, qos, size: 16, broker: true })
  const title = `publish, mosquitto, QoS ${qos}, 16 B`
  return { theCase, rows: [rateRow(theCase, title, rate), cpuRow(theCase, title, cpu)] }
})

/** @type {import('../part.mjs').Part} */
export const publish = {
  title: 'Publishing',
  says: 'messages per second that are published, and the CPU of each',
  cases: [...AT_ONCE.map(({ theCase }) => theCase), LOOP, ...THROUGH_MOSQUITTO.map(({ theCase }) => theCase)],
  rows: [
    ...AT_ONCE.flatMap(({ rows }) => rows),
    rateRow(LOOP, '`await publish` in a loop, QoS 0, 16 B', { least: 5, of: 'MQTT.js' }),
    ...THROUGH_MOSQUITTO.flatMap(({ rows }) => rows),
  ],
}
