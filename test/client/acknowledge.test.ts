import { describe, expect, test } from 'vitest'
import type { Message } from '../../src/index.js'
import { nameOf, short } from '../session/bench.js'
import { connected, granted, noUnhandledRejections, publish, reconnected, record, state, VERSIONS } from './bench.js'

noUnhandledRejections()

/** A client that got a message of each QoS, which its handlers kept. */
async function holding(options: object, version: 3 | 4 | 5) {
  const bench = await connected({ protocolVersion: version, cleanStart: false, ...options })
  const messages: Message[] = []
  await granted(
    bench,
    bench.client.subscribe('t', { qos: 2 }, (message) => void messages.push(message)),
  )
  bench.peer.send(publish('t', '0'), publish('t', '1', 1, 1), publish('t', '2', 2, 2))
  await bench.host.advance(0)
  expect(messages.map((message) => message.text())).toEqual(['0', '1', '2'])
  const wire = async (): Promise<string[]> => {
    await bench.host.advance(0)
    return bench.peer.take().map(short)
  }
  return { ...bench, messages, wire }
}

for (const version of VERSIONS) {
  describe(nameOf(version), () => {
    test('autoAck true acknowledges all but QoS 0, and completes QoS 2', async () => {
      const { wire, peer } = await holding({}, version)
      expect(await wire()).toEqual(['puback 1', 'pubrec 2'])
      peer.send({ type: 'pubrel', packetId: 2 })
      expect(await wire()).toEqual(['pubcomp 2'])
    })

    test.each([false, 'never'])(
      'autoAck %s leaves it to the application, by message or by Packet Identifier',
      async (autoAck) => {
        for (const by of ['message', 'id']) {
          const { wire, peer, messages, client } = await holding({ autoAck }, version)
          expect(await wire()).toEqual([])
          messages[0]?.ack()
          if (by === 'message') messages[2]?.ack()
          else client.pubrec(2)
          expect(await wire(), 'QoS 1 came first').toEqual([])
          if (by === 'message') messages[1]?.ack()
          else client.puback(1)
          expect(await wire()).toEqual(['puback 1', 'pubrec 2'])
          messages[1]?.ack()
          messages[2]?.ack()
          expect(await wire(), 'a second time has no effect').toEqual([])
          peer.send({ type: 'pubrel', packetId: 2 })
          expect(await wire()).toEqual(autoAck === false ? ['pubcomp 2'] : [])
          if (autoAck === 'never') {
            client.pubcomp(2)
            expect(await wire()).toEqual(['pubcomp 2'])
          }
        }
      },
    )

    test.each([true, false])(
      'autoAck %s sends PUBREL by itself, and pubrel and pubcomp have nothing to do',
      async (autoAck) => {
        const { client, peer, wire } = await holding({ autoAck }, version)
        await wire()
        const publishing = client.publish('t', 'x', { qos: 2 })
        const { packetId } = await peer.next('publish')
        peer.send({ type: 'pubrec', packetId: packetId as number })
        expect(await wire()).toEqual([`pubrel ${packetId}`])
        expect(() => client.pubrel(packetId as number)).toThrow(RangeError)
        expect(() => client.pubcomp(2)).toThrow(RangeError)
        peer.send({ type: 'pubcomp', packetId: packetId as number })
        await publishing
      },
    )

    test("with 'never' a listener of `packetreceive` can answer PUBREC and PUBREL as they come", async () => {
      const { client, peer, wire } = await holding({ autoAck: 'never' }, version)
      const events = record(client)
      client.on('packetreceive', (packet) => {
        if (packet.type === 'pubrec') client.pubrel(packet.packetId)
        else if (packet.type === 'pubrel') client.pubcomp(packet.packetId)
      })
      const publishing = client.publish('t', 'x', { qos: 2 })
      const { packetId } = await peer.next('publish')
      peer.send({ type: 'pubrec', packetId: packetId as number })
      expect(await wire()).toEqual([`pubrel ${packetId}`])
      peer.send({ type: 'pubcomp', packetId: packetId as number })
      await publishing
      client.puback(1)
      client.pubrec(2)
      peer.send({ type: 'pubrel', packetId: 2 })
      expect(await wire()).toEqual(['puback 1', 'pubrec 2', 'pubcomp 2'])
      expect(events).toEqual([])
    })

    test('Reason Codes and properties reach the wire in 5.0; before, the one is left out and the other refused', async () => {
      const { client, peer, host } = await holding({ autoAck: 'never' }, version)
      const said5 = { reasonString: 'why', userProperties: [['k', 'v']] as [string, string][] }
      const properties = version === 5 ? said5 : {}
      if (version < 5) expect(() => client.puback(1, 0, said5)).toThrow('expected none before MQTT 5.0')
      client.puback(1, 0x10, properties)
      client.pubrec(2, 0, properties)
      await host.advance(0)
      peer.send({ type: 'pubrel', packetId: 2 })
      client.pubcomp(2, 0x92, properties)
      const publishing = client.publish('t', 'x', { qos: 2 })
      publishing.catch(() => {})
      await host.advance(0)
      const said = peer.take()
      const out = said.pop() as { packetId: number }
      peer.send({ type: 'pubrec', packetId: out.packetId })
      client.pubrel(out.packetId, 0x92, properties)
      await host.advance(0)
      const five = version === 5
      const expected = (type: string, packetId: number, code: number) => ({
        type,
        packetId,
        reasonCode: five ? code : 0,
        properties: five ? properties : {},
      })
      expect([...said, ...peer.take()]).toEqual([
        expected('puback', 1, 0x10),
        expected('pubrec', 2, 0),
        expected('pubcomp', 2, 0x92),
        expected('pubrel', out.packetId, 0x92),
      ])
      await client.stop()
    })

    test('what is no Reason Code is refused and nothing is sent', async () => {
      const { client, wire } = await holding({ autoAck: 'never' }, version)
      if (version === 5) {
        expect(() => client.puback(1, 1)).toThrow(RangeError)
        expect(() => client.pubrec(2, 0x92)).toThrow(RangeError)
      }
      expect(() => client.puback(7)).toThrow('puback.packetId')
      expect(() => client.pubrec(1)).toThrow('pubrec.packetId')
      expect(() => client.pubrel(1)).toThrow('pubrel.packetId')
      expect(() => client.pubcomp(2)).toThrow('pubcomp.packetId')
      expect(() => client.puback(0)).toThrow(RangeError)
      expect(await wire()).toEqual([])
      client.puback(1)
      expect(await wire()).toEqual(['puback 1'])
    })

    test('PUBREC above 0x80 refuses the message: the exchange is over (5.0)', async () => {
      const { client, wire, peer } = await holding({ autoAck: 'never' }, version)
      client.puback(1)
      client.pubrec(2, 0x97)
      expect(await wire()).toEqual(['puback 1', version === 5 ? 'pubrec 2 0x97' : 'pubrec 2'])
      if (version < 5) return
      peer.send(publish('t', 'again', 2, 2))
      await wire()
      client.pubrec(2)
      expect(await wire()).toEqual(['pubrec 2'])
    })

    test("'never' through a reconnect: what was owed is owed, and the promise is kept", async () => {
      const { client, peer, host, wire } = await holding({ autoAck: 'never' }, version)
      const publishing = client.publish('t', 'x', { qos: 2 })
      const { packetId } = await peer.next('publish')
      peer.send({ type: 'pubrec', packetId: packetId as number })
      await wire()
      peer.drop()
      const next = await reconnected(host, { sessionPresent: version > 3 })
      expect(next.peer.take().filter(({ type }) => type !== 'subscribe')).toEqual([])
      expect(await state(publishing)).toBe('pending')
      client.pubrel(packetId as number)
      await host.advance(0)
      expect(next.peer.take().map(short)).toContain(`pubrel ${packetId}`)
      next.peer.send({ type: 'pubcomp', packetId: packetId as number })
      expect(await publishing).toMatchObject({ packetId })
      await client.stop()
      expect(host.pendingTimers).toBe(0)
    })

    test('an ack of a message whose connection is gone has no effect', async () => {
      const { client, peer, host, messages } = await holding({ autoAck: false }, version)
      peer.drop()
      messages[1]?.ack()
      const next = await reconnected(host, { sessionPresent: version > 3 })
      messages[1]?.ack()
      await host.advance(0)
      expect(next.peer.take().filter(({ type }) => type === 'puback')).toEqual([])
      await client.stop()
    })
  })
}

test('autoAck is one of three', async () => {
  await expect(connected({ autoAck: 'sometimes' as 'never' })).rejects.toThrow('autoAck')
})
