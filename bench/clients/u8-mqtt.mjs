/**
 * u8-mqtt, with a stream of ours (`with_stream`), the only way to TCP_NODELAY. It has no QoS 2, and 0.6.7 cannot publish at
 * QoS 0: `post` rejects with "Cannot set properties of null (setting 'pkt_id')", and nothing is sent.
 */

import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { mqtt_v4, mqtt_v5 } from 'u8-mqtt'
import WebSocket from 'ws'

/** @param {{ url: string, version: 4 | 5, ca?: string }} job */
export async function connect({ url, version, ca }) {
  const client = (version === 5 ? mqtt_v5 : mqtt_v4)({ log_conn() {} })
  const socket = await openSocket(url, ca)
  if (url.startsWith('ws')) client.with_websock(socket)
  else client.with_stream(socket)
  await client.connect()
  return {
    async publish(topic, payload) {
      const [, error] = await client.send(topic, payload)
      if (error) throw new Error(`u8-mqtt: ${error}`)
    },
    makePublisher(topic, _options, done, failed) {
      const answered = ([, error]) => (error ? failed(new Error(`u8-mqtt: ${error}`)) : done())
      return (payload) => void client.send(topic, payload).then(answered, failed)
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
