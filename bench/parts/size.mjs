/** What a page loads: the whole of each client as its package ships it, and what a bundler makes of a small program. */

/** The same program for each: connect, subscribe, publish. */
const PROGRAMS = {
  emqtt: `
    import { connect } from 'emqtt'
    connect('ws://localhost:1883/mqtt').then(async (client) => {
      await client.subscribe('a/+', ({ topic, payload }) => console.log(topic, payload))
      await client.publish('a/b', 'hello')
    })`,
  'MQTT.js': `
    import mqtt from 'mqtt'
    mqtt.connectAsync('ws://localhost:1883/mqtt').then(async (client) => {
      client.on('message', (topic, payload) => console.log(topic, payload))
      await client.subscribeAsync('a/+')
      await client.publishAsync('a/b', 'hello')
    })`,
  'u8-mqtt': `
    import { mqtt_v5 } from 'u8-mqtt/esm/web/v5.js'
    const client = mqtt_v5().with_websock('ws://localhost:1883/mqtt')
    client.connect({ client_id: 'a' }).then(async () => {
      client.on_topic('a/+', ({ topic, payload }) => console.log(topic, payload))
      await client.subscribe('a/+')
      await client.publish({ topic: 'a/b', payload: 'hello', qos: 1 })
    })`,
  'paho-mqtt': `
    import Paho from 'paho-mqtt'
    const client = new Paho.Client('ws://localhost:1883/mqtt', 'a')
    client.onMessageArrived = ({ destinationName, payloadBytes }) => console.log(destinationName, payloadBytes)
    client.connect({
      onSuccess() {
        client.subscribe('a/+')
        client.send('a/b', 'hello')
      },
    })`,
}

const URL = `'ws://localhost:1883/mqtt'`

/** @type {import('../part.mjs').Part} */
export const size = {
  title: 'Size',
  says: 'bytes of what a page loads',
  cases: [
    {
      name: 'size/as shipped',
      program: 'size',
      rounds: 1,
      contenders: {
        emqtt: { file: '../dist/umd/emqtt.min.js', start: `emqtt.connect(${URL})` },
        'MQTT.js': { file: 'node_modules/mqtt/dist/mqtt.min.js', start: `mqtt.connect(${URL})` },
        // A module, without QoS 2.
        'u8-mqtt': {
          file: 'node_modules/u8-mqtt/esm/web/index.min.js',
          source: `
            import { mqtt_v5 } from './node_modules/u8-mqtt/esm/web/index.min.js'
            mqtt_v5().with_websock(${URL})`,
        },
        // Without 5.0.
        'paho-mqtt': {
          file: 'node_modules/paho-mqtt/paho-mqtt-min.js',
          start: `new Paho.Client(${URL}, 'a').connect()`,
        },
      },
    },
    {
      name: 'size/bundled',
      program: 'size',
      rounds: 1,
      contenders: {
        emqtt: { source: PROGRAMS.emqtt, alias: { emqtt: '../dist/browser/index.js' } },
        'MQTT.js': { source: PROGRAMS['MQTT.js'] },
        'u8-mqtt': { source: PROGRAMS['u8-mqtt'] },
        'paho-mqtt': { source: PROGRAMS['paho-mqtt'] },
      },
    },
  ],
  rows: [
    ...rowsOf('all of it as shipped', 'size/as shipped', 15_000),
    ...rowsOf('connect, subscribe and publish, bundled', 'size/bundled', 10_000),
  ],
}

function rowsOf(name, theCase, most) {
  return [
    { figure: 'minified', name: `${name}, minified` },
    { figure: 'gzip', name: `${name}, gzip -9` },
    { figure: 'brotli', name: `${name}, brotli 11`, target: { most } },
  ].map((row) => ({ ...row, unit: 'B', case: theCase }))
}
