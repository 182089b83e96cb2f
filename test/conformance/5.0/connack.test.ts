/** MQTT 5.0, §3.2: what CONNACK binds the client to. */

import { expect, test } from 'vitest'
import { CoreClient } from '../../../src/index.js'
import { failure } from '../../client/bench.js'
import { Bench } from '../../session/bench.js'
import { VirtualHost } from '../../support/virtual-host.js'

test('5.0: Session Present where the client has no session ends the network connection [MQTT-3.2.2-4]', async () => {
  const host = new VirtualHost()
  const connecting = new CoreClient({ protocolVersion: 5, cleanStart: true }, host).connect()
  const peer = await host.peer()
  await peer.accept({ sessionPresent: true })
  await host.advance(0)
  expect(peer.take()).toMatchObject([{ type: 'disconnect', reasonCode: 0x82 }])
  expect(peer.ended).toBe('closed')
  expect(await failure(connecting)).toMatchObject({ code: 'PROTOCOL_ERROR' })
})

test('5.0: Session Present 0 has the client drop its session: what it owes goes out as new messages [MQTT-3.2.2-5]', () => {
  const bench = new Bench(5).connect()
  bench.publish(1, 'first')
  bench.publish(1, 'owed')
  bench.publish(2, 'released')
  bench.sent()
  bench.receive({ type: 'puback', packetId: 1 }, { type: 'pubrec', packetId: 3 })
  bench.deliver(2, 7, 'in')
  bench.settle(bench.deliveries()[0])
  expect(bench.wire()).toEqual(['pubrel 3', 'pubrec 7'])
  bench.cut().connect({ sessionPresent: false })
  expect(bench.wire(), 'neither DUP, nor the old identifier, nor PUBREL').toEqual(['publish 4 owed'])
  bench.news()
  bench.deliver(2, 7, 'new')
  expect(bench.news(), 'the identifiers of the server begin anew').toEqual(['message new'])
})

/** What CONNACK said, the message that is above it, and one that is within. */
const LIMITS = [
  ['3.2.2-11', 'above the Maximum QoS', { maximumQos: 1 }, [2, 'm', {}], [1, 'm', {}]],
  ['3.2.2-11', 'above a Maximum QoS of 0', { maximumQos: 0 }, [1, 'm', {}], [0, 'm', {}]],
  ['3.2.2-14', 'with RETAIN 1', { retainAvailable: false }, [0, 'm', { retain: true }], [0, 'm', {}]],
  ['3.2.2-15', 'above the Maximum Packet Size', { maximumPacketSize: 15 }, [1, 'abcd', {}], [1, 'abc', {}]],
] as const

for (const [clause, what, properties, [qos, payload, more], [qosWithin, payloadWithin, moreWithin]] of LIMITS) {
  test(`5.0: no message ${what} of CONNACK is sent, new or from before [MQTT-${clause}]`, () => {
    const bench = new Bench(5).connect({ properties })
    expect(() => bench.publish(qos, payload, more)).toThrow()
    expect(bench.wire()).toEqual([])
    expect(bench.publish(qosWithin, payloadWithin, moreWithin)).toBe(true)
    const late = new Bench(5)
    late.publish(qos, payload, more)
    late.connect({ properties })
    expect(late.wire(), 'that waited for a connection').toEqual([])
    const again = new Bench(5).connect()
    again.publish(qos, payload, more)
    again.sent()
    again.cut().resume({ properties })
    expect(again.wire(), 'that was sent to a server that took it').toEqual([])
  })
}

test('5.0: no packet of any kind above the Maximum Packet Size of CONNACK is sent [MQTT-3.2.2-15]', () => {
  const bench = new Bench(5).connect({ properties: { maximumPacketSize: 30 } })
  bench.deliver(1, 1, 'in').deliver(2, 2, 'in')
  bench.subscribe('f'.repeat(30), 's')
  bench.unsubscribe('f'.repeat(30), 'u')
  expect(() => bench.publish(0, 'm'.repeat(30))).toThrow()
  const properties = { reasonString: 'x'.repeat(30) }
  for (const delivery of bench.deliveries()) bench.settle(delivery, 0, properties)
  bench.receive({ type: 'pubrel', packetId: 2 })
  bench.session.disconnect(4, properties)
  expect(bench.sent()).toEqual([
    { type: 'puback', packetId: 1, reasonCode: 0, properties: {} },
    { type: 'pubrec', packetId: 2, reasonCode: 0, properties: {} },
    { type: 'pubcomp', packetId: 2, reasonCode: 0, properties: {} },
    { type: 'disconnect', reasonCode: 4, properties: {} },
  ])
})
