/** Who acknowledges messages, and with which calls: `autoAck`, `message.ack`, `puback`, `pubrec`, `pubrel`, `pubcomp`. */

import { describe, expect, test } from 'vitest'
import type { Client, Message } from '../../platform/node/index.js'
import { type Conversation, expectSilence, meet, startPeer } from './peer.js'

const USER: [string, string][] = [['why', 'because']]
const BOTH = { reasonString: 'why', userProperties: USER }

function publish(server: Conversation, packetId: number, qos: 1 | 2): void {
  server.send({ type: 'publish', topic: 't', payload: new Uint8Array(), qos, packetId })
}

function nextMessage(client: Client): Promise<Message> {
  return new Promise((resolve) => client.once('message', resolve))
}

/** The next packet of the server's of this type, once the client has worked on it. */
function heard(client: Client, type: 'pubrec' | 'pubrel'): Promise<void> {
  return new Promise((resolve) => {
    const dispose = client.on('packetreceive', (packet) => {
      if (packet.type !== type) return
      dispose()
      setImmediate(resolve)
    })
  })
}

describe('autoAck', () => {
  test('true acknowledges a message when its handler is done', async () => {
    await using peer = await startPeer()
    const { client, server } = await meet(peer)
    await using _ = client
    let done = (): void => {}
    const work = new Promise<void>((resolve) => {
      done = resolve
    })
    const message = new Promise<Message>((resolve) =>
      client.on('message', (message) => {
        resolve(message)
        return work
      }),
    )
    publish(server, 9, 1)
    await message
    await expectSilence(client, server)
    done()
    expect(await server.next('puback')).toMatchObject({ packetId: 9, reasonCode: 0 })
    publish(server, 10, 2)
    expect(await server.next('pubrec')).toMatchObject({ packetId: 10 })
    server.send({ type: 'pubrel', packetId: 10 })
    expect(await server.next('pubcomp')).toMatchObject({ packetId: 10 })
  })

  test('false leaves it to message.ack(), and finishes QoS 2 by itself', async () => {
    await using peer = await startPeer()
    const { client, server } = await meet(peer, { protocolVersion: 5, autoAck: false })
    await using _ = client
    for (const qos of [1, 2] as const) {
      const next = nextMessage(client)
      publish(server, qos, qos)
      const message = await next
      await expectSilence(client, server)
      message.ack(0x10, BOTH)
      const ack = await server.next(qos === 1 ? 'puback' : 'pubrec')
      expect(ack).toMatchObject({ packetId: qos, reasonCode: 0x10, properties: BOTH })
    }
    server.send({ type: 'pubrel', packetId: 2 })
    expect(await server.next('pubcomp')).toMatchObject({ packetId: 2, reasonCode: 0 })
  })

  test("'never' leaves both directions of QoS 2 to the application", async () => {
    await using peer = await startPeer()
    const { client, server } = await meet(peer, { protocolVersion: 5, autoAck: 'never' })
    await using _ = client
    const next = nextMessage(client)
    publish(server, 5, 2)
    await next
    client.pubrec(5)
    await server.next('pubrec')
    const pubrel = heard(client, 'pubrel')
    server.send({ type: 'pubrel', packetId: 5 })
    await pubrel
    await expectSilence(client, server)
    client.pubcomp(5)
    expect(await server.next('pubcomp')).toMatchObject({ packetId: 5, reasonCode: 0 })

    const published = client.publish('t', '', { qos: 2 })
    const packetId = (await server.next('publish')).packetId as number
    const pubrec = heard(client, 'pubrec')
    server.send({ type: 'pubrec', packetId })
    await pubrec
    await expectSilence(client, server)
    client.pubrel(packetId)
    expect(await server.next('pubrel')).toMatchObject({ packetId, reasonCode: 0 })
    server.send({ type: 'pubcomp', packetId })
    expect(await published).toMatchObject({ packetId })
  })
})

describe('the calls of their own', () => {
  // For each: what makes the client owe this answer, with which Packet Identifier, and a code other than 0.
  const calls = [
    ['puback', 0x10, (client: Client, server: Conversation, id: number) => arrive(client, server, id, 1)],
    ['pubrec', 0x10, (client: Client, server: Conversation, id: number) => arrive(client, server, id, 2)],
    ['pubrel', 0x92, send],
    ['pubcomp', 0x92, (client: Client, server: Conversation, id: number) => release(client, server, id)],
  ] as const

  async function arrive(client: Client, server: Conversation, packetId: number, qos: 1 | 2): Promise<number> {
    const next = nextMessage(client)
    publish(server, packetId, qos)
    await next
    return packetId
  }

  async function send(client: Client, server: Conversation): Promise<number> {
    client.publish('t', '', { qos: 2 }).catch(() => {})
    const packetId = (await server.next('publish')).packetId as number
    const pubrec = heard(client, 'pubrec')
    server.send({ type: 'pubrec', packetId })
    await pubrec
    return packetId
  }

  async function release(client: Client, server: Conversation, id: number): Promise<number> {
    await arrive(client, server, id, 2)
    client.pubrec(id)
    await server.next('pubrec')
    const pubrel = heard(client, 'pubrel')
    server.send({ type: 'pubrel', packetId: id })
    await pubrel
    return id
  }

  test.each(calls)(
    '%s takes a Packet Identifier, a Reason Code and properties, and refuses what waits for no such answer',
    async (type, code, owe) => {
      await using peer = await startPeer()
      const { client, server } = await meet(peer, { protocolVersion: 5, autoAck: 'never' })
      await using _ = client
      const one = await owe(client, server, 11)
      client[type](one)
      expect(await server.next(type)).toEqual({ type, packetId: one, reasonCode: 0, properties: {} })
      const two = await owe(client, server, 12)
      client[type](two, code)
      expect(await server.next(type)).toEqual({ type, packetId: two, reasonCode: code, properties: {} })
      const three = await owe(client, server, 13)
      client[type](three, 0, BOTH)
      expect(await server.next(type)).toEqual({ type, packetId: three, reasonCode: 0, properties: BOTH })

      expect(() => client[type](4_000)).toThrow(RangeError)
      expect(() => client[type](4_000)).toThrow(`${type}.packetId`)
      const four = await owe(client, server, 14)
      expect(() => client[type](four, 0x01)).toThrow(`${type}.reasonCode`)
      await expectSilence(client, server)
    },
  )
})
