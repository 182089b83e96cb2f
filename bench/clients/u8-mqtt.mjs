/**
 * u8-mqtt, with a stream of ours (`with_stream`), the only way to TCP_NODELAY and to back pressure: its promise of QoS 0
 * is about nothing, and a loop over it alone would fill the memory. It has no QoS 2.
 */

import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { mqtt_v4, mqtt_v5 } from 'u8-mqtt'
import WebSocket from 'ws'
import { watchStream, watchWebSocket } from './pressure.mjs'

/** @param {{ url: string, version: 4 | 5, ca?: string }} job */
export async function connect({ url, version, ca }) {
  const client = (version === 5 ? mqtt_v5 : mqtt_v4)({ log_conn() {} })
  const socket = await openSocket(url, ca)
  if (url.startsWith('ws')) client.with_websock(socket)
  else client.with_stream(socket)
  await client.connect()
  const pressure = url.startsWith('ws') ? watchWebSocket(socket) : watchStream(socket)

  const publish = async (topic, payload, { qos }) => {
    const answer = await client.pub({ topic, payload, qos })
    if (qos === 0) return pressure.full() ? pressure.drained() : undefined
    if (answer[1]) throw new Error(`u8-mqtt: ${answer[1]}`)
  }
  return {
    publish,
    makePublisher(topic, { qos }, done, failed) {
      const written = () => (pressure.full() ? pressure.drained().then(done) : done())
      const answered = ([, error]) => (error ? failed(new Error(`u8-mqtt: ${error}`)) : done())
      const next = qos === 0 ? written : answered
      return (payload) => void client.pub({ topic, payload, qos }).then(next, failed)
    },
    async subscribe(filter, qos, take) {
      client.on_topic(filter, (packet) => take(packet.payload, packet))
      await client.subscribe([[filter, { qos }]])
    },
    close: () => client.disconnect(),
  }
}

async function openSocket(url, ca) {
  const { protocol, hostname: host, port } = new URL(url)
  // It waits for `open` itself.
  if (protocol === 'ws:') return new WebSocket(url, ['mqtt'], { perMessageDeflate: false })
  const options = { host, port: Number(port), noDelay: true }
  const socket = protocol === 'mqtts:' ? connectTls({ ...options, ca }) : connectTcp(options)
  await once(socket, protocol === 'mqtts:' ? 'secureConnect' : 'connect')
  return socket
}
