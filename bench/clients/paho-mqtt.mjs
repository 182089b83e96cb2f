/**
 * paho-mqtt, which is for browsers: 3.1.1 over WebSocket. In Node it is given the WebSocket of `ws`; without a
 * localStorage it keeps its messages in an object. It has no back pressure: we look at its WebSocket.
 */

import Paho from 'paho-mqtt'
import WebSocket from 'ws'
import { END_TOPIC } from '../wire/payloads.mjs'

/** Bytes that wait for the socket. */
const HIGH_WATER = 256 * 1024

/** @param {{ url: string }} job */
export async function connect({ url }) {
  let socket
  globalThis.WebSocket = class extends WebSocket {
    constructor(address, protocols) {
      super(address, protocols, { perMessageDeflate: false })
      socket = this
    }
  }
  const client = new Paho.Client(url, 'bench-paho')
  await new Promise((onSuccess, onFailure) =>
    client.connect({ mqttVersion: 4, onSuccess, onFailure: ({ errorMessage }) => onFailure(new Error(errorMessage)) }),
  )
  const pressure = watchWebSocket(socket)
  let delivered = () => {}
  let ended = () => {}
  client.onMessageDelivered = ({ destinationName }) => (destinationName === END_TOPIC ? ended() : delivered())
  return {
    async publish(topic, payload, { qos }) {
      const end = new Promise((resolve) => {
        ended = resolve
      })
      client.publish(topic, payload, qos)
      await end
    },
    makePublisher(topic, { qos }, done) {
      // At QoS 0 it says "delivered" before it sends.
      delivered = qos > 0 ? done : () => (pressure.full() ? pressure.drained().then(done) : done())
      return (payload) => client.publish(topic, payload, qos)
    },
    async subscribe(filter, qos, take) {
      client.onMessageArrived = (message) => take(message.payloadBytes, message)
      await new Promise((onSuccess, onFailure) => client.subscribe(filter, { qos, onSuccess, onFailure }))
    },
    close: async () => client.disconnect(),
  }
}

/** Whether it has too much to send, and when no more. A WebSocket has no event for it. */
function watchWebSocket(socket) {
  let draining
  const poll = (resolve) => {
    if (socket.bufferedAmount > HIGH_WATER / 4) return void setImmediate(poll, resolve)
    draining = undefined
    resolve()
  }
  return {
    full: () => draining !== undefined || socket.bufferedAmount > HIGH_WATER,
    drained() {
      draining ??= new Promise(poll)
      return draining
    },
  }
}
