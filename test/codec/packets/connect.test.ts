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
      'connect.protocolVersion: expected MQTT at level 4 or 5, or MQIsdp at level 3, got another protocol',
    ],
    [
      'the name of 3.1 with the level of 3.1.1',
      VERSIONS,
      wrap('10', '0006 4d5149736470 04 02 0000 0000'),
      0x84,
      'connect.protocolVersion: expected MQTT at level 4 or 5, or MQIsdp at level 3, got MQIsdp at level 4',
    ],
    [
      'the name of 3.1.1 with the level of 3.1',
      VERSIONS,
      wrap('10', '0004 4d515454 03 02 0000 0000'),
      0x84,
      'connect.protocolVersion: expected MQTT at level 4 or 5, or MQIsdp at level 3, got MQTT at level 3',
    ],
    [
      'an unknown level [MQTT-3.1.2-2]',
      VERSIONS,
      wrap('10', '0004 4d515454 06 02 0000 00 0000'),
      0x84,
      'connect.protocolVersion: expected MQTT at level 4 or 5, or MQIsdp at level 3, got MQTT at level 6',
    ],
    [
      'the bit of a bridge in 5.0',
      VERSIONS,
      wrap('10', '0004 4d515454 85 02 0000 00 0000'),
      0x84,
      'connect.protocolVersion: expected MQTT at level 4 or 5, or MQIsdp at level 3, got MQTT at level 133',
    ],
    [
      'the reserved flag [MQTT-3.1.2-3]',
      4,
      wrap('10', `${head[4]} 03 0000 0000`),
      0x81,
      'connect.Connect Flags: expected a reserved flag of 0, got 1',
    ],
    [
      'the reserved flag [MQTT-3.1.2-3]',
      5,
      wrap('10', `${head[5]} 03 0000 00 0000`),
      0x81,
      'connect.Connect Flags: expected a reserved flag of 0, got 1',
    ],
    [
      'Will QoS 3 [MQTT-3.1.2-12]',
      5,
      wrap('10', `${head[5]} 1e 0000 00 0000 00 ${str('w')} 0000`),
      0x81,
      'connect.will.qos: expected 0, 1 or 2, got 3',
    ],
    [
      'Will QoS without a Will [MQTT-3.1.2-11]',
      4,
      wrap('10', `${head[4]} 0a 0000 0000`),
      0x81,
      'connect.will: expected Will QoS and Will Retain of 0 without a Will, got others',
    ],
    [
      'Will Retain without a Will [MQTT-3.1.2-13]',
      5,
      wrap('10', `${head[5]} 22 0000 00 0000`),
      0x81,
      'connect.will: expected Will QoS and Will Retain of 0 without a Will, got others',
    ],
    [
      'a password without user name [MQTT-3.1.2-22 of 3.1.1]',
      3,
      wrap('10', `${head[3]} 42 0000 ${str('c')} ${str('p')}`),
      0x81,
      'connect.username: expected one with a password before MQTT 5.0, got none',
    ],
    [
      'a password without user name [MQTT-3.1.2-22 of 3.1.1]',
      4,
      wrap('10', `${head[4]} 42 0000 ${str('c')} ${str('p')}`),
      0x81,
      'connect.username: expected one with a password before MQTT 5.0, got none',
    ],
    [
      'no client id without Clean Session [MQTT-3.1.3-8 of 3.1.1]',
      4,
      wrap('10', `${head[4]} 00 0000 0000`),
      0x85,
      'connect.clientId: expected one without Clean Session, got none',
    ],
    [
      'a wildcard in the Will Topic [MQTT-4.7.1-1 of 3.1.1]',
      4,
      wrap('10', `${head[4]} 06 0000 0000 ${str('a/#')} 0000`),
      0x90,
      'connect.will.topic: expected a Topic Name, got another text',
    ],
    [
      'an empty Will Topic [MQTT-4.7.3-1]',
      4,
      wrap('10', `${head[4]} 06 0000 0000 0000 0000`),
      0x90,
      'connect.will.topic: expected a Topic Name, got another text',
    ],
    ['half a protocol name', 4, '10 01 00', 0x81, 'connect.protocolName: expected 2 B, got 1 B before the end'],
    ['no level', 4, '10 06 0004 4d515454', 0x81, 'connect.protocolVersion: expected 1 B, got 0 B before the end'],
    ['no flags', 4, wrap('10', head[4]), 0x81, 'connect.Connect Flags: expected 1 B, got 0 B before the end'],
    [
      'half a Keep Alive',
      4,
      wrap('10', `${head[4]} 02 00`),
      0x81,
      'connect.keepAlive: expected 2 B, got 1 B before the end',
    ],
    [
      'a cut Will Topic',
      4,
      wrap('10', `${head[4]} 06 0000 0000 0005 77`),
      0x81,
      'connect.will.topic: expected 5 B, got 1 B before the end',
    ],
    [
      'a cut Will payload',
      4,
      wrap('10', `${head[4]} 06 0000 0000 ${str('w')} 0005 77`),
      0x81,
      'connect.will.payload: expected 5 B, got 1 B before the end',
    ],
    [
      'a missing client id [MQTT-3.1.3-3]',
      4,
      wrap('10', `${head[4]} 02 0000`),
      0x81,
      'connect.clientId: expected 2 B, got 0 B before the end',
    ],
    [
      'a missing user name [MQTT-3.1.2-17]',
      5,
      wrap('10', `${head[5]} 82 0000 00 0000`),
      0x81,
      'connect.username: expected 2 B, got 0 B before the end',
    ],
    [
      'a missing password [MQTT-3.1.2-19]',
      5,
      wrap('10', `${head[5]} 42 0000 00 0000`),
      0x81,
      'connect.password: expected 2 B, got 0 B before the end',
    ],
    [
      'a password that is shorter than announced',
      5,
      wrap('10', `${head[5]} 42 0000 00 0000 0003 7070`),
      0x81,
      'connect.password: expected 3 B, got 2 B before the end',
    ],
    [
      'bytes after the end',
      4,
      wrap('10', `${head[4]} 02 0000 ${str('c')} 00`),
      0x81,
      'connect: expected its end, got 1 more bytes',
    ],
    [
      'Authentication Data without a method (§3.1.2.11.10)',
      5,
      wrap('10', `${head[5]} 02 0000 05 16 0002 0001 0000`),
      0x82,
      'connect.properties.authenticationMethod: expected one with authenticationData, got none',
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
      'connect.protocolVersion: expected 5, got 4',
    ],
    [
      'a Keep Alive above 65535',
      5,
      { ...good, keepAlive: 65_536 },
      RangeError,
      'connect.keepAlive: expected an integer from 0 to 65535, got 65536',
    ],
    [
      'a fraction as Keep Alive',
      5,
      { ...good, keepAlive: 0.5 },
      RangeError,
      'connect.keepAlive: expected an integer from 0 to 65535, got 0.5',
    ],
    [
      'text as Keep Alive',
      5,
      { ...good, keepAlive: '60' },
      TypeError,
      'connect.keepAlive: expected an integer from 0 to 65535, got "60"',
    ],
    ['a number as client id', 5, { ...good, clientId: 5 }, TypeError, 'connect.clientId: expected a string, got 5'],
    [
      'a lone surrogate in the client id [MQTT-1.5.4-1]',
      5,
      { ...good, clientId: 'a\ud800' },
      RangeError,
      'connect.clientId: expected text without U+0000 and lone surrogates, got one at 1',
    ],
    [
      'U+0000 in the user name [MQTT-1.5.4-2]',
      5,
      { ...good, username: 'a\0' },
      RangeError,
      'connect.username: expected text without U+0000 and lone surrogates, got one at 1',
    ],
    [
      'a user name above 65535 bytes',
      5,
      { ...good, username: 'ü'.repeat(32_768) },
      RangeError,
      `connect.username: expected text of at most 65535 bytes in UTF-8, got 65536`,
    ],
    ['text as password', 5, { ...good, password: 'secret' }, TypeError, 'connect.password: expected a Uint8Array'],
    [
      'a password above 65535 bytes',
      5,
      { ...good, password: new Uint8Array(65_536) },
      RangeError,
      'connect.password: expected at most 65535 bytes, got 65536',
    ],
    [
      'a password without user name [MQTT-3.1.2-22 of 3.1.1]',
      4,
      { ...old, password: new Uint8Array(1) },
      RangeError,
      'connect.username: expected one with a password before MQTT 5.0, got undefined',
    ],
    [
      'no client id without Clean Session [MQTT-3.1.3-7 of 3.1.1]',
      4,
      { ...old, clientId: '', cleanStart: false },
      RangeError,
      'connect.clientId: expected one without cleanStart before MQTT 5.0, got ""',
    ],
    [
      'text as Clean Start',
      5,
      { ...good, cleanStart: 'yes' },
      TypeError,
      'connect.cleanStart: expected true or false, got "yes"',
    ],
    [
      'text as bridge mode',
      4,
      { ...old, bridgeMode: 'yes' },
      TypeError,
      'connect.bridgeMode: expected true or false, got "yes"',
    ],
    [
      'bridge mode in 5.0',
      5,
      { ...good, bridgeMode: true },
      RangeError,
      'connect.bridgeMode: expected false in MQTT 5.0, got true',
    ],
    [
      'Will QoS 3 [MQTT-3.1.2-12]',
      5,
      { ...good, will: { ...will, qos: 3 } },
      RangeError,
      'connect.will.qos: expected an integer from 0 to 2, got 3',
    ],
    [
      'a wildcard in the Will Topic',
      5,
      { ...good, will: { ...will, topic: '+' } },
      RangeError,
      'connect.will.topic: expected a Topic Name: at least one character, no + and #, got "+"',
    ],
    [
      'an empty Will Topic',
      5,
      { ...good, will: { ...will, topic: '' } },
      RangeError,
      'connect.will.topic: expected a Topic Name: at least one character, no + and #, got ""',
    ],
    [
      'text as Will payload',
      5,
      { ...good, will: { ...will, payload: 'x' } },
      TypeError,
      'connect.will.payload: expected a Uint8Array',
    ],
    [
      'a number as Will Retain',
      5,
      { ...good, will: { ...will, retain: 1 } },
      TypeError,
      'connect.will.retain: expected true or false, got 1',
    ],
    [
      'properties in 3.1.1',
      4,
      { ...old, properties: { receiveMaximum: 1 } },
      RangeError,
      'connect.properties: expected none before MQTT 5.0, got "receiveMaximum"',
    ],
    [
      'Will properties in 3.1.1',
      4,
      { ...old, will: { ...will, properties: { contentType: 'a' } } },
      RangeError,
      'connect.will.properties: expected none before MQTT 5.0, got "contentType"',
    ],
    [
      'Authentication Data without a method',
      5,
      { ...good, properties: { authenticationData: new Uint8Array(1) } },
      TypeError,
      'connect.properties.authenticationMethod: expected a string with authenticationData, got undefined',
    ],
  ])

  it('never prints a password', () => {
    const packet = { ...good, password: 'hunter2' } as never
    expect(() => encodePacket(packet, 5)).not.toThrow(/hunter2/)
  })
})
