/** What a server of 3.1.1 must not send: the client leaves it, on that connection alone, and says nothing more. */

import { describe, expect, test } from 'vitest'
import { connected, record } from '../client/bench.js'
import { bytes } from '../codec/support/wire.js'
import { settled } from '../support/virtual-host.js'

describe('3.1.1: the connection is closed', () => {
  test.each([
    ['a surrogate in a text [MQTT-1.5.3-1]', '30 05 0003 eda080'],
    ['an overlong form in a text [MQTT-1.5.3-1]', '30 04 0002 c0af'],
    ['a text that ends within a character [MQTT-1.5.3-1]', '30 03 0001 c3'],
    ['U+0000 in a text [MQTT-1.5.3-2]', '30 05 0003 610062'],
    ['U+0000 in a text beyond ASCII [MQTT-1.5.3-2]', '30 05 0003 c3a400'],
    ['wrong flags of PUBACK [MQTT-2.2.2-2]', '41 02 0001'],
    ['wrong flags of SUBACK [MQTT-2.2.2-2]', '98 03 0001 00'],
    ['wrong flags of PINGRESP [MQTT-2.2.2-2]', 'd2 00'],
    ['DUP in PUBREL [MQTT-2.2.2-2] [MQTT-3.6.1-1]', '6a 02 0001'],
    ['no flags in PUBREL [MQTT-2.2.2-2] [MQTT-3.6.1-1]', '60 02 0001'],
    ['both bits of QoS in PUBLISH [MQTT-3.3.1-4]', '36 05 0001 61 0001'],
    ['SUBACK for nothing [MQTT-4.8.0-1]', '90 03 0009 00'],
    ['a second CONNACK [MQTT-4.8.0-1]', '20 02 00 00'],
  ])('after %s', async (_, digits) => {
    const bad = await connected({ protocolVersion: 4, reconnect: false })
    const other = await connected({ protocolVersion: 4, reconnect: false })
    const events = record(bad.client)
    bad.peer.sendBytes(bytes(digits))
    await settled()
    expect(bad.peer.ended).toBe('closed')
    expect(bad.peer.take(), 'DISCONNECT would say that all is well').toEqual([])
    expect(events.map((event) => event.split(' ')[0])).toEqual(['disconnect', 'close'])
    expect(other.peer.ended, 'the other connection').toBeUndefined()
    await other.client.disconnect()
  })
})
