/** This client, as the README has it. */

import { connect as connectClient } from '../../dist/node/index.js'

/** @param {{ url: string, version: 4 | 5, ca?: string }} job */
export async function connect({ url, version, ca }) {
  const client = await connectClient(url, { protocolVersion: version, ...(ca && { tls: { ca } }) })
  return {
    publish: (topic, payload, options) => client.publish(topic, payload, options),
    makePublisher(topic, options, done, failed) {
      return (payload) => void client.publish(topic, payload, options).then(done, failed)
    },
    async subscribe(filter, qos, take) {
      await client.subscribe(filter, { qos }, (message) => take(message.payload, message))
    },
    close: () => client.disconnect(),
  }
}
