/** MQTT 5.0, §3.14 and §4.13: how a network connection ends, and that it does. */

import { expect, test } from 'vitest'
import { CoreClient } from '../../../src/index.js'
import { connected, failure, publish } from '../../client/bench.js'
import { settled, VirtualHost } from '../../support/virtual-host.js'

test('5.0: a DISCONNECT whose reserved flags are not 0 is answered with DISCONNECT 0x81 [MQTT-3.14.1-1]', async () => {
  for (let flags = 1; flags < 16; flags++) {
    const { peer } = await connected({ protocolVersion: 5, reconnect: false })
    peer.sendBytes(Uint8Array.of(0xe0 | flags, 0))
    await settled()
    expect(peer.take()).toMatchObject([{ type: 'disconnect', reasonCode: 0x81 }])
    expect(peer.ended).toBe('closed')
  }
})

test('5.0: nothing is sent after DISCONNECT [MQTT-3.14.4-1]', async () => {
  const { client, peer, host } = await connected({ protocolVersion: 5, reconnect: false })
  peer.lingers = true
  peer.send(publish('t', 'in', 1, 5))
  const ending = client.disconnect()
  client.publish('t', 'late', { qos: 1 }).catch(() => {})
  client.subscribe('late').catch(() => {})
  peer.send(publish('t', 'late', 1, 6), { type: 'pubrel', packetId: 7 })
  await host.advance(120_000)
  const sent = peer.take().map(({ type }) => type)
  expect(sent.slice(sent.indexOf('disconnect'))).toEqual(['disconnect'])
  peer.finish()
  await ending
})

test('5.0: nothing is sent after a DISCONNECT that says what the server did wrong [MQTT-3.14.4-1]', async () => {
  const { client, peer, host } = await connected({ protocolVersion: 5, reconnect: false })
  client.publish('t', 'open', { qos: 1 }).catch(() => {})
  await settled()
  peer.take()
  peer.lingers = true
  // QoS 3, and behind it what would be answered.
  peer.sendBytes(Uint8Array.of(0x36, 0, 0x62, 2, 0, 9))
  client.publish('t', 'late').catch(() => {})
  await host.advance(120_000)
  expect(peer.take()).toMatchObject([{ type: 'disconnect', reasonCode: 0x81 }])
  peer.finish()
})

test('5.0: after DISCONNECT the client closes the network connection, as does one that tells of an error [MQTT-3.14.4-2]', async () => {
  const { client, peer, host } = await connected({ protocolVersion: 5 })
  const ending = client.disconnect()
  await peer.next('disconnect')
  await host.advance(0)
  expect(peer.ended).toBe('closed')
  await ending
  const hostile = (await connected({ protocolVersion: 5, reconnect: false })).peer
  hostile.send({ type: 'connack' })
  await settled()
  expect(hostile.take()).toMatchObject([{ type: 'disconnect', reasonCode: 0x82 }])
  expect(hostile.ended).toBe('closed')
})

test('5.0: after a CONNACK from 0x80 the client closes the network connection [MQTT-4.13.2-1]', async () => {
  for (const reasonCode of [0x80, 0x87, 0x97]) {
    const host = new VirtualHost()
    const connecting = failure(new CoreClient({ protocolVersion: 5 }, host).connect())
    const peer = await host.peer()
    await peer.accept({ reasonCode })
    await host.advance(0)
    expect(peer.ended).toBe('closed')
    expect(await connecting).toMatchObject({ reasonCode })
  }
})

test('5.0: after a DISCONNECT of the server from 0x80 the client closes the network connection [MQTT-4.13.2-1]', async () => {
  for (const reasonCode of [0x80, 0x8b, 0x8e]) {
    const { peer, host } = await connected({ protocolVersion: 5, reconnect: false })
    peer.send({ type: 'disconnect', reasonCode })
    await host.advance(0)
    expect(peer.take()).toEqual([])
    expect(peer.ended).toBeDefined()
  }
})
