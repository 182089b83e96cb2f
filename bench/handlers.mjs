/**
 * The clients of the part `handlers`: each with as many handlers as filters, all of them granted. What they give asks the
 * peer for so and so many messages.
 */

import { once } from 'node:events'
import { connect as connectSocket } from 'node:net'
import { encodePacket } from '../dist/codec/index.js'
import { connect } from '../dist/node/index.js'
import { DECODERS } from './codecs/decoders.mjs'
import { topicOf } from './topics.mjs'

/** By name: `(url, filters, hear) => ask`, where `hear(number)` gives what takes the length of each payload. */
export const CLIENTS = { emqtt: openEmqtt, 'u8-mqtt': openU8, limit: openLimit }

const ASK = 'bench/ask'

/** A call for each handler, as an application has them. */
async function openEmqtt(url, filters, hear) {
  const client = await connect(url, { protocolVersion: 5 })
  await Promise.all(
    filters.map((filter, number) => {
      const take = hear(number)
      return client.subscribe(filter, ({ payload }) => take(payload.length))
    }),
  )
  return (count) => client.publish(ASK, String(count))
}

/** One SUBSCRIBE for all: what it awaits it gives up after a few seconds. Its handlers are made known beside. */
async function openU8(url, filters, hear) {
  const { mqtt_v5 } = await import('u8-mqtt/esm/node/v5.js')
  const { hostname, port } = new URL(url)
  // Without its log, which it writes by default.
  const client = mqtt_v5({ log_conn() {} }).with_tcp(Number(port), hostname)
  await client.connect({ client_id: 'bench', flags: { clean_start: true } })
  for (const [number, filter] of filters.entries()) {
    const take = hear(number)
    client.on_topic(filter, ({ payload }) => take(payload.length))
  }
  await client.subscribe(filters)
  // At QoS 0 its publish fails in this version.
  return (count) => client.publish({ topic: ASK, payload: String(count), qos: 1 })
}

/** What is possible at all: a bare socket, the limit of decoding, and one look into a table of all topics that come. */
async function openLimit(url, filters, hear) {
  const { hostname, port } = new URL(url)
  const socket = connectSocket(Number(port), hostname)
  await once(socket, 'connect')
  socket.write(encodePacket({ type: 'connect', protocolVersion: 5 }, 5))
  await once(socket, 'data')
  const handlers = new Map(filters.map((_, number) => [topicOf(number), hear(number)]))
  const decode = DECODERS.limit.open(5, ({ topic, payload }) => handlers.get(topic)(payload.length))
  socket.on('data', decode)
  return (count) => socket.write(encodePacket({ type: 'publish', topic: ASK, payload: Buffer.from(String(count)) }, 5))
}
