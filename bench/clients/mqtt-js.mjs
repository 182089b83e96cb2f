/**
 * MQTT.js. `publish` with a callback, as its README has it, is its fastest; at QoS 0 it calls back once the socket takes
 * more, so that its back pressure is used.
 */

import mqtt from 'mqtt'

/**
 * By QoS. At QoS 0 each message that waits for the socket is a listener of its `drain`, which are taken off one by one:
 * with 1,000 of them each message costs 1.7 times as much.
 */
export const BEST_UNDER_WAY = { 0: 16 }

/** @param {{ url: string, version: 4 | 5, ca?: string, noDelay?: boolean }} job */
export async function connect({ url, version, ca, noDelay = false }) {
  const client = await mqtt.connectAsync(url, { protocolVersion: version, ca })
  // It leaves Nagle's algorithm on and has no option for it: who knows that goes to the socket.
  if (noDelay) client.stream.setNoDelay(true)
  return {
    publish: (topic, payload, options) => client.publishAsync(topic, payload, options),
    makePublisher(topic, options, done, failed) {
      const called = (error) => (error ? failed(error) : done())
      return (payload) => void client.publish(topic, payload, options, called)
    },
    async subscribe(filter, qos, take) {
      client.on('message', (_topic, payload, packet) => take(payload, packet))
      await client.subscribeAsync(filter, { qos })
    },
    close: () => client.endAsync(),
  }
}
