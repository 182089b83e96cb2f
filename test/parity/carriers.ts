/** How an application sends properties in each packet, and how it reads those that the server sent, over a real socket. */

import { Client, type ClientOptions, type Message } from '../../platform/node/index.js'
import type { Packet, Properties } from '../../src/codec/index.js'
import { type Conversation, meet, type Peer } from './peer.js'

export type Carrier = Packet['type'] | 'will'

/** A session that outlives its connection, so that DISCONNECT may say how long [§3.14.2.2.2]. */
const LASTING: ClientOptions = { protocolVersion: 5, properties: { sessionExpiryInterval: 60 } }

/**
 * Runs `act` with a connected client and its server; what it answers with, once the client is stopped. Where it rejects
 * nothing may have been sent but CONNECT and DISCONNECT.
 */
async function together<T>(
  peer: Peer,
  options: ClientOptions,
  act: (client: Client, server: Conversation) => Promise<T>,
): Promise<T> {
  const { client, server } = await meet(peer, { ...LASTING, ...options })
  const [outcome] = await Promise.allSettled([act(client, server)])
  await client.stop()
  await server.closed
  if (outcome.status === 'fulfilled') return outcome.value
  const sent = server.heard.map(({ packet }) => packet.type).join(' ')
  if (!PRELUDES.includes(sent)) throw new Error(`sent ${sent}`)
  throw outcome.reason
}

/** What a client may have sent before its application says something that it refuses. */
const PRELUDES = ['connect disconnect', 'connect publish disconnect', 'connect pubrec disconnect']

/** What an application says in CONNECT is looked at when it makes the client. */
async function connected(peer: Peer, options: ClientOptions): Promise<Extract<Packet, { type: 'connect' }>> {
  const { client, connect } = await meet(peer, { protocolVersion: 5, ...options })
  await client.stop()
  return connect
}

/** A message of the server's, as a listener has it, which acknowledges nothing by itself. */
async function receive(client: Client, server: Conversation, properties: Properties, qos: 0 | 1 | 2): Promise<Message> {
  const heard = new Promise<Message>((resolve) => client.once('message', resolve))
  server.send({
    type: 'publish',
    topic: 't',
    payload: new Uint8Array(),
    qos,
    packetId: qos === 0 ? undefined : 7,
    properties,
  })
  return heard
}

async function acknowledge(peer: Peer, type: 'puback' | 'pubrec', properties: Properties): Promise<Properties> {
  return together(peer, { autoAck: false }, async (client, server) => {
    await receive(client, server, {}, type === 'puback' ? 1 : 2)
    client[type](7, 0, properties)
    return (await server.next(type)).properties
  })
}

/** What the server saw of `properties` that the application put into a packet. Rejects where the client refused them. */
export const SENDERS: { readonly [C in Carrier]?: (peer: Peer, properties: Properties) => Promise<Properties> } = {
  connect: async (peer, properties) => (await connected(peer, { properties })).properties,
  will: async (peer, properties) =>
    (await connected(peer, { will: { topic: 'w', properties } })).will?.properties ?? {},
  publish: (peer, properties) =>
    together(peer, {}, async (client, server) => {
      await client.publish('t', '', { properties })
      return (await server.next('publish')).properties
    }),
  puback: (peer, properties) => acknowledge(peer, 'puback', properties),
  pubrec: (peer, properties) => acknowledge(peer, 'pubrec', properties),
  pubrel: (peer, properties) =>
    together(peer, { autoAck: 'never' }, async (client, server) => {
      const pubrec = received(client, 'pubrec')
      client.publish('t', '', { qos: 2 }).catch(() => {})
      const { packetId } = await server.next('publish')
      server.send({ type: 'pubrec', packetId: packetId as number })
      await pubrec
      client.pubrel(packetId as number, 0, properties)
      return (await server.next('pubrel')).properties
    }),
  pubcomp: (peer, properties) =>
    together(peer, { autoAck: 'never' }, async (client, server) => {
      const message = await receive(client, server, {}, 2)
      message.ack()
      await server.next('pubrec')
      const pubrel = received(client, 'pubrel')
      server.send({ type: 'pubrel', packetId: 7 })
      await pubrel
      client.pubcomp(7, 0, properties)
      return (await server.next('pubcomp')).properties
    }),
  subscribe: (peer, properties) =>
    together(peer, {}, async (client, server) => {
      const [packet] = await Promise.all([answerSubscribe(server), client.subscribe('f', { properties })])
      return packet.properties
    }),
  unsubscribe: (peer, properties) =>
    together(peer, {}, async (client, server) => {
      const [packet] = await Promise.all([answerUnsubscribe(server), client.unsubscribe('f', { properties })])
      return packet.properties
    }),
  disconnect: (peer, properties) =>
    together(peer, {}, async (client, server) => {
      await client.disconnect({ properties })
      return (await server.next('disconnect')).properties
    }),
}

async function answerSubscribe(
  server: Conversation,
  properties: Properties = {},
): Promise<Extract<Packet, { type: 'subscribe' }>> {
  const packet = await server.next('subscribe')
  server.send({ type: 'suback', packetId: packet.packetId, reasonCodes: [0], properties })
  return packet
}

async function answerUnsubscribe(
  server: Conversation,
  properties: Properties = {},
): Promise<Extract<Packet, { type: 'unsubscribe' }>> {
  const packet = await server.next('unsubscribe')
  server.send({ type: 'unsuback', packetId: packet.packetId, reasonCodes: [0], properties })
  return packet
}

/** The next packet of this type, as the event `packetreceive` shows it. */
function received<T extends Packet['type']>(client: Client, type: T): Promise<Extract<Packet, { type: T }>> {
  return new Promise((resolve) => {
    client.on('packetreceive', (packet) => {
      if (packet.type === type) resolve(packet as Extract<Packet, { type: T }>)
    })
  })
}

/** What the application reads of properties that the server put into a packet. */
export const READERS: { readonly [C in Carrier]?: (peer: Peer, properties: Properties) => Promise<Properties> } = {
  async connack(peer, properties) {
    await using client = new Client({ ...LASTING, url: peer.url, reconnect: false })
    const [result] = await Promise.all([
      client.connect(),
      peer.conversation().then((server) => server.accept({ properties })),
    ])
    return result.properties
  },
  publish: (peer, properties) =>
    together(
      peer,
      {},
      async (client, server) => (await receive(client, server, properties, 0)).properties as Properties,
    ),
  puback: (peer, properties) =>
    together(peer, {}, async (client, server) => {
      const published = client.publish('t', '', { qos: 1 })
      const { packetId } = await server.next('publish')
      server.send({ type: 'puback', packetId: packetId as number, properties })
      return (await published).properties
    }),
  pubrec: (peer, properties) =>
    together(peer, {}, async (client, server) => {
      const pubrec = received(client, 'pubrec')
      client.publish('t', '', { qos: 2 }).catch(() => {})
      const { packetId } = await server.next('publish')
      server.send({ type: 'pubrec', packetId: packetId as number, properties })
      return (await pubrec).properties
    }),
  pubrel: (peer, properties) =>
    together(peer, {}, async (client, server) => {
      const pubrel = received(client, 'pubrel')
      await receive(client, server, {}, 2)
      const { packetId } = await server.next('pubrec')
      server.send({ type: 'pubrel', packetId, properties })
      await server.next('pubcomp')
      return (await pubrel).properties
    }),
  pubcomp: (peer, properties) =>
    together(peer, {}, async (client, server) => {
      const published = client.publish('t', '', { qos: 2 })
      const { packetId } = await server.next('publish')
      server.send({ type: 'pubrec', packetId: packetId as number })
      await server.next('pubrel')
      server.send({ type: 'pubcomp', packetId: packetId as number, properties })
      return (await published).properties
    }),
  suback: (peer, properties) =>
    together(peer, {}, async (client, server) => {
      const [subscription] = await Promise.all([client.subscribe('f'), answerSubscribe(server, properties)])
      return subscription.properties
    }),
  unsuback: (peer, properties) =>
    together(peer, {}, async (client, server) => {
      const [result] = await Promise.all([client.unsubscribe('f'), answerUnsubscribe(server, properties)])
      return result.properties
    }),
  disconnect: (peer, properties) =>
    together(peer, {}, async (client, server) => {
      const ended = new Promise<Properties>((resolve) =>
        client.once('disconnect', ({ properties }) => resolve(properties)),
      )
      server.send({ type: 'disconnect', reasonCode: 0x98, properties })
      return ended
    }),
  async auth(peer, properties) {
    const { client, server } = await meetWithMethod(peer)
    await using _ = client
    const auth = received(client, 'auth')
    const again = client.reauthenticate()
    await server.next('auth')
    server.send({ type: 'auth', reasonCode: 0, properties: { authenticationMethod: 'm', ...properties } })
    await again
    return (await auth).properties
  },
}

/** A client that authenticates by the method `m`, which asks for nothing. */
function meetWithMethod(peer: Peer): ReturnType<typeof meet> {
  const enhancedAuth = { method: 'm', start: () => undefined, next: () => undefined }
  return meet(peer, { protocolVersion: 5, enhancedAuth }, { properties: { authenticationMethod: 'm' } })
}
