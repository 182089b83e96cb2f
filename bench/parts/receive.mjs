/** How fast messages are received, and what each costs: from a peer with ready-made bytes, and from mosquitto. */

import { cpuRow, rateRow, receiveCase, showSize } from '../wire/cases.mjs'

const FROM_PEER = [
  { qos: 0, size: 16, rate: { least: 4, of: 'MQTT.js' } },
  { qos: 0, size: 256, rate: { least: 4, of: 'MQTT.js' } },
  { qos: 0, size: 16_384, rate: { least: 1.3, of: 'MQTT.js' } },
  { qos: 1, size: 16, rate: { least: 10, of: 'MQTT.js' } },
  { qos: 2, size: 16, rate: { least: 15, of: 'MQTT.js' } },
  { qos: 1, size: 16, version: 4 },
].map(({ rate, ...what }) => {
  const name = `QoS ${what.qos}, ${showSize(what.size)}${what.version === 4 ? ', 3.1.1' : ''}`
  const theCase = receiveCase({ name: `receive/peer/${name}`, ...what })
  return { theCase, rows: [rateRow(theCase, `receive, ${name}`, rate), cpuRow(theCase, `receive, ${name}`)] }
})

/** Mosquitto with one publisher is slower than most who receive: it is their CPU that tells. */
const FROM_MOSQUITTO = [0, 1].map((qos) => {
  const theCase = receiveCase({ name: `receive/mosquitto/QoS ${qos}, 16 B`, qos, size: 16, broker: true })
  const title = `receive, mosquitto, QoS ${qos}, 16 B`
  return { theCase, rows: [rateRow(theCase, title), cpuRow(theCase, title)] }
})

/** @type {import('../part.mjs').Part} */
export const receive = {
  title: 'Receiving',
  says: 'messages per second that are received, and the CPU of each',
  cases: [...FROM_PEER, ...FROM_MOSQUITTO].map(({ theCase }) => theCase),
  rows: [...FROM_PEER, ...FROM_MOSQUITTO].flatMap(({ rows }) => rows),
}
