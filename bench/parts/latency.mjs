/** How long one waits through mosquitto, with nothing else under way: for an acknowledgement, and for an answer. */

const job = { version: 5 }

const ACKNOWLEDGEMENT = {
  name: 'latency/acknowledgement of QoS 1',
  program: 'acknowledgement',
  peer: { program: 'counting-mosquitto' },
  contenders: {
    emqtt: { ...job, client: 'emqtt' },
    'MQTT.js': { ...job, client: 'mqtt-js' },
    'u8-mqtt': { ...job, client: 'u8-mqtt' },
    limit: { ...job, client: 'limit' },
  },
}

/** MQTT.js as it comes waits 40 ms in each answer for an acknowledgement of TCP; `noDelay` is what one can do about it. */
const REQUESTS = [
  { name: 'one process', apart: false, noDelay: false },
  { name: 'one process, Nagle off by hand', apart: false, noDelay: true },
  { name: 'two processes, Nagle off by hand', apart: true, noDelay: true },
].map(({ name, apart, noDelay }) => ({
  name: `latency/request and answer/${name}`,
  program: 'request',
  // 40 ms each: one round of it says it.
  rounds: noDelay ? undefined : 1,
  peer: { program: 'mosquitto' },
  contenders: {
    emqtt: { ...job, client: 'emqtt', apart },
    'MQTT.js': { ...job, client: 'mqtt-js', apart, noDelay, times: noDelay ? undefined : 50 },
    limit: { ...job, client: 'limit-request', apart },
  },
}))

/** @type {import('../part.mjs').Part} */
export const latency = {
  title: 'Latency',
  says: 'the time to an acknowledgement, and from a request to its answer, through mosquitto',
  cases: [ACKNOWLEDGEMENT, ...REQUESTS],
  rows: [
    {
      name: 'QoS 1 ack, one after the other, p50',
      unit: 'µs',
      case: ACKNOWLEDGEMENT.name,
      figure: 'p50',
      target: { most: 1.05, of: 'MQTT.js' },
    },
    {
      name: 'QoS 1 ack, one after the other, p99',
      unit: 'µs',
      case: ACKNOWLEDGEMENT.name,
      figure: 'p99',
      target: { most: 0.6, of: 'MQTT.js' },
    },
    ...REQUESTS.map(({ name }) => ({
      name: `QoS 1 request and reply, ${name.split('/')[2]}, p50`,
      unit: 'µs',
      case: name,
      figure: 'p50',
      target: { most: 120 },
    })),
  ],
}
