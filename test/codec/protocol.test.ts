import { describe, expect, it } from 'vitest'
import * as protocol from '../../src/codec/protocol.js'

describe('packet types (§2.1.2, Table 2-1)', () => {
  it('are numbered as the standard does', () => {
    expect([undefined, ...protocol.PACKET_TYPES]).toEqual([
      undefined,
      'connect',
      'connack',
      'publish',
      'puback',
      'pubrec',
      'pubrel',
      'pubcomp',
      'subscribe',
      'suback',
      'unsubscribe',
      'unsuback',
      'pingreq',
      'pingresp',
      'disconnect',
      'auth',
    ])
  })

  it('have a bit each, as has the Will', () => {
    const { CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP } = protocol
    const { SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, DISCONNECT, AUTH, WILL } = protocol
    const bits = {
      CONNECT,
      CONNACK,
      PUBLISH,
      PUBACK,
      PUBREC,
      PUBREL,
      PUBCOMP,
      SUBSCRIBE,
      SUBACK,
      UNSUBSCRIBE,
      UNSUBACK,
    }
    for (const [name, bit] of Object.entries({ ...bits, DISCONNECT, AUTH })) {
      const carrier = name.toLowerCase() as protocol.PacketType
      expect(bit, name).toBe(2 ** (protocol.PACKET_TYPES.indexOf(carrier) + 1))
      expect(protocol.carrierBit(carrier), name).toBe(bit)
    }
    expect(WILL).toBe(1)
    expect(protocol.carrierBit('will')).toBe(WILL)
  })
})
