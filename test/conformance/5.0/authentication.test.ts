/** MQTT 5.0, §3.15 and §4.12: AUTH and enhanced authentication. */

import { describe, expect, test } from 'vitest'
import type { PacketInput } from '../../../src/codec/index.js'
import { type Authenticator, type ClientOptions, CoreClient } from '../../../src/index.js'
import { connected, failure } from '../../client/bench.js'
import type { ScriptedPeer } from '../../support/scripted-peer.js'
import { settled, VirtualHost } from '../../support/virtual-host.js'

const METHOD = 'TEST'
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

const authenticator: Authenticator = {
  method: METHOD,
  start: () => bytes('first'),
  next: () => bytes('answer'),
  finish: () => undefined,
}

const auth = (reasonCode: number, properties: object = {}): PacketInput => ({
  type: 'auth',
  reasonCode,
  properties: { authenticationMethod: METHOD, ...properties },
})

/** CONNECT was sent and not answered. */
async function opened(own: Partial<Authenticator> = {}, options: ClientOptions = {}) {
  const host = new VirtualHost()
  const enhancedAuth = { ...authenticator, ...own }
  const client = new CoreClient({ protocolVersion: 5, reconnect: false, enhancedAuth, ...options }, host)
  const connecting = client.connect()
  connecting.catch(() => {})
  const peer = await host.peer()
  const connect = await peer.next('connect')
  return { client, host, peer, connect, connecting }
}

/** CONNACK came, with these properties. */
async function authenticated(own: Partial<Authenticator> = {}, options: ClientOptions = {}, properties: object = {}) {
  const bench = await opened(own, options)
  bench.peer.send({ type: 'connack', properties: { authenticationMethod: METHOD, ...properties } })
  await bench.connecting
  await bench.host.advance(0)
  return bench
}

/** A peer that broke the protocol is told so and left. */
async function expectLeft(peer: ScriptedPeer, reasonCode: number): Promise<void> {
  await settled()
  expect(peer.take()).toMatchObject([{ type: 'disconnect', reasonCode }])
  expect(peer.ended).toBe('closed')
}

describe('AUTH', () => {
  test('5.0: with flags other than 0 is malformed, and ends the network connection [MQTT-3.15.1-1]', async () => {
    for (let flags = 1; flags < 16; flags++) {
      const { peer } = await authenticated()
      // A Reason Code of 0x18 and the method: but for its flags it could be one.
      peer.sendBytes(Uint8Array.of(0xf0 | flags, 9, 0x19, 7, 0x15, 0, 4, ...bytes(METHOD)))
      await expectLeft(peer, 0x81)
    }
  })

  for (const [what, name, clause] of [
    ['Reason String', 'reasonString', '3.15.2-2'],
    ['User Property', 'userProperties', '3.15.2-3'],
  ] as const) {
    test(`5.0: has no ${what}, and so none that would make it too large for the server [MQTT-${clause}]`, async () => {
      // Fixed header 2, Reason Code 1, Property Length 1, method 3 + 4, data 3 + 6.
      const { client, peer } = await authenticated({}, {}, { maximumPacketSize: 20 })
      const again = client.reauthenticate()
      again.catch(() => {})
      await settled()
      expect(peer.writes.at(-1)).toBeLessThanOrEqual(20)
      peer.send(auth(0x18, { reasonString: 'why', userProperties: [['a', 'b']] }))
      await settled()
      const sent = peer.take()
      expect(sent).toHaveLength(2)
      for (const packet of sent) {
        expect(packet.type).toBe('auth')
        expect(packet).not.toHaveProperty(`properties.${name}`)
      }
      peer.send(auth(0))
      await again
      await client.disconnect()
    })
  }

  test('5.0: of the server is answered with one of Reason Code 0x18 [MQTT-4.12.0-3]', async () => {
    const { client, peer, connecting } = await opened()
    for (let round = 0; round < 3; round++) {
      peer.send(auth(0x18))
      expect(await peer.next('auth')).toMatchObject({ reasonCode: 0x18 })
    }
    peer.send({ type: 'connack', properties: { authenticationMethod: METHOD } })
    await connecting
    const again = client.reauthenticate()
    expect(await peer.next('auth')).toMatchObject({ reasonCode: 0x19 })
    peer.send(auth(0x18))
    expect(await peer.next('auth'), 'in a re-authentication, too').toMatchObject({ reasonCode: 0x18 })
    peer.send(auth(0))
    await again
    await client.disconnect()
  })

  test('5.0: has the method of CONNECT, each time it is sent [MQTT-4.12.0-5]', async () => {
    const { peer, connect } = await opened()
    expect(connect.properties).toMatchObject({ authenticationMethod: METHOD })
    for (let round = 0; round < 3; round++) {
      peer.send(auth(0x18))
      expect((await peer.next('auth')).properties).toMatchObject({ authenticationMethod: METHOD })
    }
  })

  test('5.0: with another method than that of CONNECT is not taken, nor is such a CONNACK [MQTT-4.12.0-5]', async () => {
    const other = { authenticationMethod: 'OTHER' }
    for (const packet of [auth(0x18, other), { type: 'connack', properties: other }, { type: 'connack' }] as const) {
      const { peer } = await opened()
      peer.send(packet)
      await expectLeft(peer, 0x82)
    }
  })

  test('5.0: is not sent where CONNECT had no method [MQTT-4.12.0-7]', async () => {
    const { client, peer, connect } = await connected({ protocolVersion: 5, reconnect: false })
    expect(connect.properties).not.toHaveProperty('authenticationMethod')
    for (const asked of [undefined, authenticator]) {
      expect(await failure(client.reauthenticate(asked))).toBeInstanceOf(Error)
    }
    await settled()
    expect(peer.take()).toEqual([])
    peer.send(auth(0x19))
    await expectLeft(peer, 0x82)
  })
})

describe('re-authentication', () => {
  test('5.0: begins with AUTH 0x19 of the method of CONNECT, and no other can be asked for [MQTT-4.12.1-1]', async () => {
    const { client, peer } = await authenticated()
    const again = client.reauthenticate()
    expect(await peer.next('auth')).toMatchObject({
      reasonCode: 0x19,
      properties: { authenticationMethod: METHOD },
    })
    peer.send(auth(0))
    await again
    await failure(client.reauthenticate({ ...authenticator, method: 'OTHER' }))
    await settled()
    expect(peer.take()).toEqual([])
    await client.disconnect()
  })

  test('5.0: that fails ends the network connection, with a DISCONNECT that says so [MQTT-4.12.1-2]', async () => {
    const { client, peer } = await authenticated({ next: () => Promise.reject(new Error('no key')) })
    const again = failure(client.reauthenticate())
    await peer.next('auth')
    peer.send(auth(0x18))
    await settled()
    const sent = peer.take()
    expect(sent).toMatchObject([{ type: 'disconnect' }])
    expect(sent[0]).toHaveProperty(
      'reasonCode',
      expect.toSatisfy((code: number) => code >= 0x80),
    )
    expect(peer.ended).toBeDefined()
    await again
  })
})
