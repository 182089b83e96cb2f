import { describe, expect, it } from 'vitest'
import { encodePacket } from '../../../src/codec/index.js'
import { matchesGolden, refusesBytes, refusesInput } from '../support/tables.js'
import { bytes, decode, hex, str, VERSIONS, wrap } from '../support/wire.js'

const head = { 3: '0006 4d5149736470 03', 4: '0004 4d515454 04', 5: '0004 4d515454 05' } as const

describe('CONNECT', () => {
  matchesGolden('connect')

  it('takes defaults for what is left out', () => {
    expect(hex(encodePacket({ type: 'connect', protocolVersion: 4 }, 4))).toBe('100c00044d515454040200000000')
  })

  it('gives the password and the Will payload as bytes', () => {
    const digits = wrap('10', `${head[4]} c6 0000 ${str('c')} ${str('w')} 0000 ${str('u')} 0001 ff`)
    expect(decode(digits, 4)[0]).toMatchObject({
      will: { topic: 'w', payload: new Uint8Array(0), qos: 0, retain: false },
      username: 'u',
      password: bytes('ff'),
    })
  })

  it('reads client ids longer than the 23 characters that 3.1 recommends', () => {
    const clientId = 'x'.repeat(40)
    const packet = { type: 'connect', protocolVersion: 3, clientId } as const
    expect(decode(hex(encodePacket(packet, 3)), 3)[0]).toMatchObject({ clientId })
  })

  refusesBytes([
    [
      'another protocol name [MQTT-3.1.2-1]',
      VERSIONS,
      wrap('10', '0004 4d515458 05 02 0000 00 0000'),
      0x84,
      'protocolVersion',
    ],
    [
      'the name of 3.1 with the level of 3.1.1',
      VERSIONS,
      wrap('10', '0006 4d5149736470 04 02 0000 0000'),
      0x84,
      'level 4',
    ],
    ['the name of 3.1.1 with the level of 3.1', VERSIONS, wrap('10', '0004 4d515454 03 02 0000 0000'), 0x84, 'level 3'],
    ['an unknown level [MQTT-3.1.2-2]', VERSIONS, wrap('10', '0004 4d515454 06 02 0000 00 0000'), 0x84, 'level 6'],
    ['the bit of a bridge in 5.0', VERSIONS, wrap('10', '0004 4d515454 85 02 0000 00 0000'), 0x84, 'level 133'],
    ['the reserved flag [MQTT-3.1.2-3]', 4, wrap('10', `${head[4]} 03 0000 0000`), 0x81, 'reserved'],
    ['the reserved flag [MQTT-3.1.2-3]', 5, wrap('10', `${head[5]} 03 0000 00 0000`), 0x81, 'reserved'],
    ['Will QoS 3 [MQTT-3.1.2-12]', 5, wrap('10', `${head[5]} 1e 0000 00 0000 00 ${str('w')} 0000`), 0x81, 'will.qos'],
    ['Will QoS without a Will [MQTT-3.1.2-11]', 4, wrap('10', `${head[4]} 0a 0000 0000`), 0x81, 'connect.will'],
    ['Will Retain without a Will [MQTT-3.1.2-13]', 5, wrap('10', `${head[5]} 22 0000 00 0000`), 0x81, 'connect.will'],
    [
      'a password without user name [MQTT-3.1.2-22 of 3.1.1]',
      3,
      wrap('10', `${head[3]} 42 0000 ${str('c')} ${str('p')}`),
      0x81,
      'username',
    ],
    [
      'a password without user name [MQTT-3.1.2-22 of 3.1.1]',
      4,
      wrap('10', `${head[4]} 42 0000 ${str('c')} ${str('p')}`),
      0x81,
      'username',
    ],
    [
      'no client id without Clean Session [MQTT-3.1.3-8 of 3.1.1]',
      4,
      wrap('10', `${head[4]} 00 0000 0000`),
      0x85,
      'clientId',
    ],
    [
      'a wildcard in the Will Topic [MQTT-4.7.1-1 of 3.1.1]',
      4,
      wrap('10', `${head[4]} 06 0000 0000 ${str('a/#')} 0000`),
      0x90,
      'will.topic',
    ],
    ['an empty Will Topic [MQTT-4.7.3-1]', 4, wrap('10', `${head[4]} 06 0000 0000 0000 0000`), 0x90, 'will.topic'],
    ['a missing client id [MQTT-3.1.3-3]', 4, wrap('10', `${head[4]} 02 0000`), 0x81, 'clientId'],
    ['a missing user name [MQTT-3.1.2-17]', 5, wrap('10', `${head[5]} 82 0000 00 0000`), 0x81, 'username'],
    ['a missing password [MQTT-3.1.2-19]', 5, wrap('10', `${head[5]} 42 0000 00 0000`), 0x81, 'password'],
    [
      'a password that is shorter than announced',
      5,
      wrap('10', `${head[5]} 42 0000 00 0000 0003 7070`),
      0x81,
      'password',
    ],
    ['bytes after the end', 4, wrap('10', `${head[4]} 02 0000 ${str('c')} 00`), 0x81, 'its end'],
    [
      'Authentication Data without a method (§3.1.2.11.10)',
      5,
      wrap('10', `${head[5]} 02 0000 05 16 0002 0001 0000`),
      0x82,
      'authenticationMethod',
    ],
  ])

  const good = { type: 'connect', protocolVersion: 5, clientId: 'c' }
  const old = { ...good, protocolVersion: 4 }
  const will = { topic: 'w', payload: new Uint8Array(0), qos: 0, retain: false }
  refusesInput([
    [
      'another version than the one that is encoded',
      5,
      { ...good, protocolVersion: 4 },
      RangeError,
      'connect.protocolVersion',
    ],
    ['a Keep Alive above 65535', 5, { ...good, keepAlive: 65_536 }, RangeError, 'connect.keepAlive'],
    ['a fraction as Keep Alive', 5, { ...good, keepAlive: 0.5 }, RangeError, 'connect.keepAlive'],
    ['text as Keep Alive', 5, { ...good, keepAlive: '60' }, TypeError, 'connect.keepAlive'],
    ['a number as client id', 5, { ...good, clientId: 5 }, TypeError, 'connect.clientId'],
    [
      'a lone surrogate in the client id [MQTT-1.5.4-1]',
      5,
      { ...good, clientId: 'a\ud800' },
      RangeError,
      'connect.clientId',
    ],
    ['U+0000 in the user name [MQTT-1.5.4-2]', 5, { ...good, username: 'a\0' }, RangeError, 'connect.username'],
    ['a user name above 65535 bytes', 5, { ...good, username: 'ü'.repeat(32_768) }, RangeError, 'connect.username'],
    ['text as password', 5, { ...good, password: 'secret' }, TypeError, 'connect.password'],
    ['a password above 65535 bytes', 5, { ...good, password: new Uint8Array(65_536) }, RangeError, 'connect.password'],
    [
      'a password without user name [MQTT-3.1.2-22 of 3.1.1]',
      4,
      { ...old, password: new Uint8Array(1) },
      RangeError,
      'connect.username',
    ],
    [
      'no client id without Clean Session [MQTT-3.1.3-7 of 3.1.1]',
      4,
      { ...old, clientId: '', cleanStart: false },
      RangeError,
      'connect.clientId',
    ],
    ['text as Clean Start', 5, { ...good, cleanStart: 'yes' }, TypeError, 'connect.cleanStart'],
    ['bridge mode in 5.0', 5, { ...good, bridgeMode: true }, RangeError, 'connect.bridgeMode'],
    ['Will QoS 3 [MQTT-3.1.2-12]', 5, { ...good, will: { ...will, qos: 3 } }, RangeError, 'connect.will.qos'],
    ['a wildcard in the Will Topic', 5, { ...good, will: { ...will, topic: '+' } }, RangeError, 'connect.will.topic'],
    ['an empty Will Topic', 5, { ...good, will: { ...will, topic: '' } }, RangeError, 'connect.will.topic'],
    ['text as Will payload', 5, { ...good, will: { ...will, payload: 'x' } }, TypeError, 'connect.will.payload'],
    ['a number as Will Retain', 5, { ...good, will: { ...will, retain: 1 } }, TypeError, 'connect.will.retain'],
    ['properties in 3.1.1', 4, { ...old, properties: { receiveMaximum: 1 } }, RangeError, 'connect.properties'],
    [
      'Will properties in 3.1.1',
      4,
      { ...old, will: { ...will, properties: { contentType: 'a' } } },
      RangeError,
      'connect.will.properties',
    ],
    [
      'Authentication Data without a method',
      5,
      { ...good, properties: { authenticationData: new Uint8Array(1) } },
      TypeError,
      'connect.properties.authenticationMethod',
    ],
  ])

  it('never prints a password', () => {
    const packet = { ...good, password: 'hunter2' } as never
    expect(() => encodePacket(packet, 5)).not.toThrow(/hunter2/)
  })
})
