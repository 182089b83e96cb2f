/** Exchanges of 3.1.1 in virtual time: identifiers, DUP, sessions and their order (§2.3.1, §3.1.2.4, §3.3, §4.3 to §4.6). */

import { describe, expect, test } from 'vitest'
import { Bench } from '../session/bench.js'

const bench = (): Bench => new Bench(4)

describe('3.1.1: Packet Identifiers', () => {
  test('are unused ones for each new PUBLISH, SUBSCRIBE and UNSUBSCRIBE [MQTT-2.3.1-2] [MQTT-4.3.2-1] [MQTT-4.3.3-1]', () => {
    const client = bench().connect()
    client.publish(1, 'a')
    client.publish(2, 'b')
    client.subscribe('s')
    client.unsubscribe('u')
    expect(client.wire()).toEqual(['publish 1 a', 'publish 2 b', 'subscribe 3 s', 'unsubscribe 4 u'])
    client.receive({ type: 'puback', packetId: 1 }, { type: 'suback', packetId: 3, reasonCodes: [0] })
    // Once round: of 1 to 4 only 1 and 3 are free again.
    for (let packetId = 5; packetId <= 65_535; packetId++) {
      client.publish(1, 'x')
      client.receive({ type: 'puback', packetId })
    }
    client.sent()
    client.publish(1, 'c')
    client.subscribe('t')
    client.publish(1, 'd')
    expect(client.wire()).toEqual(['publish 1 c', 'subscribe 3 t', 'publish 5 d'])
  })

  test('stay the same when the packet is sent again, until its last answer [MQTT-2.3.1-3]', () => {
    const client = new Bench(4, { retryInterval: 1_000 }).connect()
    client.publish(1, 'a')
    client.publish(2, 'b')
    client.publish(2, 'c')
    client.receive({ type: 'pubrec', packetId: 3 })
    client.sent()
    expect(client.tick(1_000).wire().sort()).toEqual(['publish 1 dup a', 'publish 2 dup b', 'pubrel 3'])
    expect(client.cut().resume().wire().sort()).toEqual(['publish 1 dup a', 'publish 2 dup b', 'pubrel 3'])
    client.publish(1, 'd')
    expect(client.wire(), 'none of those in use').toEqual(['publish 4 d'])
  })

  test('of answers are those of the PUBLISH [MQTT-2.3.1-6] [MQTT-3.3.4-1]', () => {
    const client = bench().connect()
    client.deliver(1, 0x1234, 'a').deliver(2, 0x4321, 'b').deliver(0, undefined, 'c')
    for (const delivery of client.deliveries()) client.settle(delivery)
    expect(client.wire()).toEqual([`puback ${0x1234}`, `pubrec ${0x4321}`])
    expect(client.receive({ type: 'pubrel', packetId: 0x4321 }).wire()).toEqual([`pubcomp ${0x4321}`])
    client.publish(2, 'd')
    client.sent()
    expect(client.receive({ type: 'pubrec', packetId: 1 }).wire()).toEqual(['pubrel 1'])
  })
})

describe('3.1.1: a session', () => {
  test('goes on after CleanSession 0: what was not acknowledged, and what was received and not released [MQTT-3.1.2-4]', () => {
    const client = bench().connect({}, { cleanStart: false })
    client.publish(1, 'a')
    client.publish(2, 'b')
    client.receive({ type: 'pubrec', packetId: 2 })
    client.deliver(2, 9, 'c')
    for (const delivery of client.deliveries()) client.settle(delivery)
    client.sent()
    expect(client.cut().resume().wire().sort()).toEqual(['publish 1 dup a', 'pubrel 2'])
    client.deliver(2, 9, 'c', { dup: true })
    expect(client.wire()).toEqual(['pubrec 9'])
    expect(
      client.news().filter((each) => each.startsWith('message')),
      'it was delivered before',
    ).toEqual([])
  })

  test('is a new one after CleanSession 1: nothing of the last one is used [MQTT-3.1.2-6]', () => {
    const client = bench().connect({}, { cleanStart: true })
    client.deliver(2, 9, 'old')
    for (const delivery of client.deliveries()) client.settle(delivery)
    client.publish(1, 'a')
    client.publish(2, 'b')
    client.receive({ type: 'pubrec', packetId: 2 })
    client.sent()
    client.cut().connect({}, { cleanStart: true })
    expect(client.wire(), 'a new message, no PUBREL of the last session').toEqual(['publish 3 a'])
    client.events()
    client.deliver(2, 9, 'new')
    expect(client.news()).toEqual(['message new'])
  })
})

describe('3.1.1: sending', () => {
  test('DUP is of the sending alone: 0 the first time, whatever was received [MQTT-3.3.1-3]', () => {
    const client = bench().connect()
    client.deliver(1, 1, 'a', { dup: true })
    client.publish(1, 'a')
    expect(client.wire()).toEqual(['publish 1 a'])
    expect(client.cut().resume().wire()).toEqual(['publish 1 dup a'])
  })

  test('QoS 1: the message stays unacknowledged until PUBACK, and then is over [MQTT-4.3.2-1]', () => {
    const client = bench().connect()
    client.publish(1, 'a')
    expect(client.wire(), 'DUP 0').toEqual(['publish 1 a'])
    expect(client.cut().resume().wire()).toEqual(['publish 1 dup a'])
    client.receive({ type: 'puback', packetId: 1 })
    expect(client.news()).toContain('acknowledged a')
    expect(client.cut().resume().wire()).toEqual([])
  })

  test('QoS 2: PUBREL follows PUBREC, and PUBLISH is not sent after it [MQTT-4.3.3-1]', () => {
    const client = bench().connect()
    client.publish(2, 'a')
    expect(client.wire(), 'DUP 0').toEqual(['publish 1 a'])
    expect(client.cut().resume().wire()).toEqual(['publish 1 dup a'])
    expect(client.receive({ type: 'pubrec', packetId: 1 }).wire()).toEqual(['pubrel 1'])
    expect(client.cut().resume().wire()).toEqual(['pubrel 1'])
    client.receive({ type: 'pubcomp', packetId: 1 })
    expect(client.cut().resume().wire()).toEqual([])
  })
})

describe('3.1.1: a connection', () => {
  test('idle for the Keep Alive sends PINGREQ, and no later [MQTT-3.1.2-23]', () => {
    const client = bench().connect({}, { keepAlive: 10 })
    client.tick(6_000).publish(1, 'a')
    client.receive({ type: 'puback', packetId: 1 })
    client.sent()
    expect(client.session.deadline, 'from the last packet that was sent').toBe(16_000)
    expect(client.tick(9_999).wire()).toEqual([])
    expect(client.tick(1).wire()).toEqual(['pingreq'])
  })
})
