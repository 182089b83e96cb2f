/**
 * One connection of each client of the part `connections`: the same CONNECT in 5.0, with a Client Identifier and a keep
 * alive of a minute. It is open when its CONNACK has come.
 */

import { once } from 'node:events'
import { connect as connectSocket } from 'node:net'

const KEEP_ALIVE = 60

/** By name: from the URL to what opens one by its Client Identifier and gives what tells whether it is there. */
export const CONNECTIONS = { emqtt: prepareEmqtt, 'MQTT.js': prepareMqttJs, 'u8-mqtt': prepareU8, limit: prepareSocket }

async function prepareEmqtt(url) {
  const { connect } = await import('../dist/node/index.js')
  return async (clientId) => {
    const client = await connect(url, { protocolVersion: 5, clientId, keepAlive: KEEP_ALIVE })
    return () => client.status === 'connected'
  }
}

async function prepareMqttJs(url) {
  const { default: mqtt } = await import('mqtt')
  return async (clientId) => {
    const client = await mqtt.connectAsync(url, { protocolVersion: 5, clientId, keepalive: KEEP_ALIVE })
    return () => client.connected
  }
}

async function prepareU8(url) {
  const { mqtt_v5 } = await import('u8-mqtt/esm/node/v5.js')
  const { hostname, port } = new URL(url)
  return async (clientId) => {
    let alive = true
    // Without its log, which it writes by default.
    const client = mqtt_v5({ log_conn() {} }).with_tcp(Number(port), hostname)
    client.on_disconnect = () => {
      alive = false
    }
    await client.connect({ client_id: clientId, keep_alive: KEEP_ALIVE, flags: { clean_start: true } })
    return () => alive
  }
}

/** What is possible at all: a bare socket, its CONNECT, and somebody who hears what comes. */
async function prepareSocket(url) {
  const { encodePacket } = await import('../dist/codec/index.js')
  const { hostname, port } = new URL(url)
  return async (clientId) => {
    const socket = connectSocket({ host: hostname, port: Number(port), noDelay: true })
    socket.write(encodePacket({ type: 'connect', protocolVersion: 5, clientId, keepAlive: KEEP_ALIVE }, 5))
    const [chunk] = await once(socket, 'data')
    if (chunk[0] !== 0x20 || chunk[3] !== 0) throw new Error(`no CONNACK that accepts: ${chunk.toString('hex')}`)
    socket.on('data', ignore)
    return () => socket.readyState === 'open'
  }
}

function ignore() {}
